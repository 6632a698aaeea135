//! What logind needs and does not get: room in /run, cgroups, controllers.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit};
use tests::guest::Guest;
use tests::outcome::{Failure, Outcome};
use tests::people::{ALICE, BOB, ROOT};
use tests::process::{self, Process};
use tests::run::{output, run};
use tests::visit::{self, SESSIONS, Visit, file_of, is_active, manager};
use tests::{ensure, ensure_eq, init, wait};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(a_full_run_costs_the_session_and_not_the_login),
    inside!(a_run_that_fills_up_at_any_step_leaves_a_session_or_none),
    inside!(a_run_without_inodes_costs_the_session_and_not_the_login),
    inside!(a_state_file_that_found_no_room_is_written_once_there_is_some),
    inside!(a_scope_with_cgroups_of_its_own_goes_when_the_last_process_has),
    inside!(where_no_cgroup_can_be_made_a_person_logs_in_all_the_same),
    inside!(without_controllers_a_session_is_a_session),
    inside!(without_cgroups_a_session_is_a_session),
    inside!(what_cannot_be_asked_for_want_of_descriptors_is_not_taken_for_gone),
];

const PAGE: usize = 4096;

fn a_full_run_costs_the_session_and_not_the_login() -> Outcome {
    in_a_full_run("size=4m", || fill_run_but(0))
}

// Leaves so many pages of /run, which has a limit, free.
fn fill_run_but(pages: u64) -> Outcome {
    let mut filler = File::create("/run/filler")?;
    while filler.write_all(&[0; PAGE]).is_ok() {}
    let size = filler.metadata()?.len();
    Ok(filler.set_len(size - pages * PAGE as u64)?)
}

// A session whose file could not be written to the end is one all the same: for the next logind, and once there is room.
fn is_kept(session: &str) -> Outcome {
    for _ in 0..2 {
        let logind = Process::find(init::pid("logind")?)?;
        logind.signal(Signal::KILL)?;
        logind.ended()?;
        init::ready("logind")?;
        manager(&["GetSession", "s", session])?.well()?;
        fs::write("/run/filler", "")?;
    }
    is_active(session)
}

fn a_run_that_fills_up_at_any_step_leaves_a_session_or_none() -> Outcome {
    visit::forget_users_soon()?;
    run("mount", &["-o", "remount,size=4m", "/run"])?.well()?;
    let mut sessions = 0;
    for pages in 0..12 {
        fill_run_but(pages)?;
        let guest = Guest::stay(&ALICE)?;
        if let Some(session) = guest.session()? {
            sessions += 1;
            is_kept(&session).map_err(|failure| failure.during(format!("{pages} pages free")))?;
        }
        guest.leave()?;
        visit::nothing_left().map_err(|failure| failure.during(format!("{pages} pages free")))?;
    }
    ensure!((1..12).contains(&sessions), "{sessions} of 12 logins have a session");
    Ok(())
}

fn a_run_without_inodes_costs_the_session_and_not_the_login() -> Outcome {
    let filled = || {
        fs::create_dir("/run/filler")?;
        for number in 0.. {
            if File::create(format!("/run/filler/{number}")).is_err() {
                break;
            }
        }
        Ok(())
    };
    in_a_full_run("nr_inodes=400", filled)
}

fn a_state_file_that_found_no_room_is_written_once_there_is_some() -> Outcome {
    visit::forget_users_soon()?;
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    let path = manager(&["GetSession", "s", &session])?.well()?.stdout;
    let path = path.split('"').nth(1).unwrap_or_default().to_owned();
    run("mount", &["-o", "remount,size=4m", "/run"])?.well()?;
    fill_run_but(0)?;
    let mut busctl = visit::busctl();
    busctl.args([
        "call",
        "org.freedesktop.login1",
        &path,
        "org.freedesktop.login1.Session",
        "SetLockedHint",
        "b",
        "true",
    ]);
    output(&mut busctl)?.well()?;
    ensure_eq!(visit::state(&file_of(&session), "LOCKED_HINT")?, Some("0".to_owned()));
    fs::write("/run/filler", "")?;
    wait::until_in(Path::new(SESSIONS), "the file tells it", || {
        Ok((visit::state(&file_of(&session), "LOCKED_HINT")?.as_deref() == Some("1")).then_some(()))
    })?;
    ensure_eq!(visit.leave()?, 0);
    visit::nothing_left()
}

// A login that was there stays, one that comes is let in, and once there is room again all is as ever.
fn in_a_full_run(limit: &str, fill: impl Fn() -> Outcome) -> Outcome {
    visit::forget_users_soon()?;
    let mut before = Visit::begin(&BOB)?;
    let session = before.session()?;
    run("mount", &["-o", &format!("remount,{limit}"), "/run"])?.well()?;
    fill()?;
    let mut visit = Visit::begin(&ALICE)?;
    let none = visit.session()?;
    ensure!(none.is_empty(), "session {none} has no room for its files");
    ensure_eq!(visit.shell("id -un")?, "alice");
    is_active(&session)?;
    ensure_eq!(visit.leave()?, 0);
    let left = visit::names_in(SESSIONS)?;
    ensure!(left.iter().all(|name| name.starts_with(&session)), "besides {session} there is {left:?}");
    if Path::new("/run/filler").is_dir() {
        fs::remove_dir_all("/run/filler")?
    } else {
        fs::remove_file("/run/filler")?
    }
    run("mount", &["-o", "remount,size=64m,nr_inodes=0", "/run"])?.well()?;

    let mut visit = Visit::begin(&ALICE)?;
    is_active(&visit.session()?)?;
    ensure_eq!(visit.leave()?, 0);
    ensure_eq!(before.leave()?, 0);
    visit::nothing_left()
}

fn a_scope_with_cgroups_of_its_own_goes_when_the_last_process_has() -> Outcome {
    visit::forget_users_soon()?;
    let mut visit = Visit::begin(&ROOT)?;
    let session = visit.session()?;
    let scope = format!("/sys/fs/cgroup/user.slice/user-0.slice/session-{session}.scope");
    let stays = "exec >/dev/null 2>&1 </dev/null; echo $$ >/tmp/busy; mv /tmp/busy /tmp/stays; exec tail -f /dev/null";
    visit.shell(&format!("(setsid sh -c '{stays}' &)"))?;
    let busy: u32 = wait::until_in(Path::new("/tmp"), "a process stays", || {
        Ok(fs::read_to_string("/tmp/stays").ok().and_then(|pid| pid.trim().parse().ok()))
    })?;
    visit.shell(&format!("mkdir -p {scope}/a/b {scope}/empty && echo {busy} > {scope}/a/b/cgroup.procs"))?;
    let busy = Process::find(busy)?;
    ensure_eq!(visit.leave()?, 0);
    ensure_eq!(visit::state(&file_of(&session), "STATE")?, Some("closing".to_owned()));
    busy.signal(Signal::KILL)?;
    visit::nothing_left()
}

fn where_no_cgroup_can_be_made_a_person_logs_in_all_the_same() -> Outcome {
    visit::forget_users_soon()?;
    let most = "/sys/fs/cgroup/user.slice/cgroup.max.descendants";
    fs::write(most, "0")?;
    let mut visit = Visit::begin(&ALICE)?;
    ensure_eq!(visit.session()?, "");
    ensure_eq!(visit.leave()?, 0);
    visit::nothing_left()?;
    // Room for the slice, and none for the scope.
    fs::write(most, "1")?;
    let mut visit = Visit::begin(&ALICE)?;
    ensure_eq!(visit.session()?, "");
    ensure_eq!(visit.leave()?, 0);
    visit::nothing_left()?;
    fs::write(most, "max")?;
    let mut visit = Visit::begin(&ALICE)?;
    is_active(&visit.session()?)?;
    ensure_eq!(visit.leave()?, 0);
    visit::nothing_left()
}

fn without_controllers_a_session_is_a_session() -> Outcome {
    fs::write("/tmp/none", "")?;
    run("mount", &["--bind", "/tmp/none", "/sys/fs/cgroup/cgroup.controllers"])?.well()?;
    comes_and_goes(true)
}

fn without_cgroups_a_session_is_a_session() -> Outcome {
    run("umount", &["-l", "/sys/fs/cgroup"])?.well()?;
    fs::create_dir_all("/etc/systemd/logind.conf.d")?;
    fs::write("/etc/systemd/logind.conf.d/cgroups.conf", "[Login]\nManageCgroups=no\n")?;
    comes_and_goes(false)
}

fn comes_and_goes(has_scope: bool) -> Outcome {
    visit::forget_users_soon()?;
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    is_active(&session)?;
    let cgroup = process::cgroup(visit.login.pid())?;
    ensure_eq!(cgroup.ends_with(&format!("session-{session}.scope")), has_scope);
    ensure_eq!(visit.leave()?, 0);
    visit::nothing_left()
}

fn what_cannot_be_asked_for_want_of_descriptors_is_not_taken_for_gone() -> Outcome {
    visit::forget_users_soon()?;
    let (guest, fence) = (Guest::stay(&ALICE)?, Guest::stay(&ALICE)?);
    let [session, other] = [&guest, &fence].map(Guest::session);
    let none = || Failure::new("a login without a session");
    let (session, other) = (session?.ok_or_else(none)?, other?.ok_or_else(none)?);
    let scope = process::cgroup(guest.process.pid())?;
    let stays = Process::start(Command::new("tail").args(["-f", "/dev/null"]))?;
    fs::write(format!("/sys/fs/cgroup{scope}/cgroup.procs"), stays.pid().to_string())?;
    // Somebody else holds the life line for as long as the leader lives, so that its end is the last that is told.
    let life_line = OpenOptions::new().write(true).open(format!("{}.ref", file_of(&session)))?;
    guest.process.signal(Signal::KILL)?;
    guest.process.ended()?;
    wait::until_in(Path::new(SESSIONS), "the session is closing", || {
        Ok((visit::state(&file_of(&session), "STATE")?.as_deref() == Some("closing")).then_some(()))
    })?;

    limit_logind(Some(3))?;
    drop(life_line);
    // What happens after it is dealt with after it.
    fence.process.signal(Signal::KILL)?;
    wait::until("the other session is gone", || {
        Ok((!manager(&["GetSession", "s", &other])?.status.success()).then_some(()))
    })?;
    manager(&["GetSession", "s", &session])?.well()?;
    ensure_eq!(process::cgroup(stays.pid())?, scope);

    limit_logind(getrlimit(Resource::Nofile).maximum)?;
    stays.signal(Signal::KILL)?;
    visit::nothing_left()
}

// Lets logind have descriptors below this number only, beside those that it has.
fn limit_logind(current: Option<u64>) -> Outcome {
    let pid = Pid::from_raw(init::pid("logind")?.cast_signed());
    prlimit(pid, Resource::Nofile, Rlimit { current, ..getrlimit(Resource::Nofile) })?;
    Ok(())
}
