//! The road on a good day: a name typed on a line becomes a session, and its logout leaves nothing behind.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tests::outcome::Outcome;
use tests::people::{ALICE, BOB, ROOT};
use tests::process;
use tests::visit::{self, Visit};
use tests::{ensure, ensure_eq};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(a_name_and_a_password_become_a_shell_in_a_registered_session),
    inside!(without_a_bus_it_is_the_same_session, "--no-bus"),
    inside!(on_a_hybrid_host_it_is_the_same_session, "--hybrid"),
    inside!(on_a_hybrid_host_nothing_is_left_either, "--hybrid"),
    inside!(after_exit_and_the_stop_delay_nothing_is_left),
    inside!(three_people_at_once_each_have_a_session_and_leave_alone),
    inside!(a_user_on_two_lines_keeps_the_runtime_directory_until_both_are_left),
    inside!(a_user_who_comes_back_within_the_stop_delay_finds_the_runtime_directory),
    inside!(limits_that_pam_sets_are_in_force_in_the_shell),
    inside!(the_environment_comes_from_nothing_plus_pam),
    inside!(what_runs_on_after_logout_keeps_the_session_closing_until_it_ends),
];

fn a_name_and_a_password_become_a_shell_in_a_registered_session() -> Outcome {
    let mut visit = Visit::begin(&ALICE)?;
    let line = visit.terminal.line().to_owned();
    ensure_eq!(visit.shell("id -un; id -ru; id -gn")?, format!("alice\n{}\nalice", ALICE.uid));
    ensure_eq!(visit.shell("tty")?, format!("/dev/{line}"));
    ensure_eq!(visit.shell("pwd")?, ALICE.home);
    ensure_eq!(visit.shell("echo $0")?.starts_with('-'), true);
    let session = visit.session()?;
    ensure!(!session.is_empty(), "the shell has no XDG_SESSION_ID:\n{}", visit.terminal.screen());
    ensure_eq!(visit.shell("echo $XDG_RUNTIME_DIR")?, format!("/run/user/{}", ALICE.uid));
    ensure_eq!(visit.shell("echo $XDG_SESSION_TYPE $XDG_SESSION_CLASS")?, "tty user");
    ensure_eq!(visit.shell("echo $XDG_SEAT$XDG_VTNR$DBUS_SESSION_BUS_ADDRESS")?, "");

    let shell: u32 = visit.shell("echo $$")?.parse()?;
    let scope = format!("/user.slice/user-{}.slice/session-{session}.scope", ALICE.uid);
    ensure_eq!(process::cgroup(shell)?, scope);
    ensure_eq!(process::cgroup(visit.login.pid())?, scope);

    let runtime = fs::symlink_metadata(format!("/run/user/{}", ALICE.uid))?;
    ensure!(runtime.is_dir(), "the runtime directory is none: {runtime:?}");
    ensure_eq!((runtime.uid(), runtime.gid(), runtime.mode() & 0o7777), (ALICE.uid, ALICE.uid, 0o700));
    let file = format!("{}/{session}", visit::SESSIONS);
    ensure_eq!(visit::state(&file, "UID")?, Some(ALICE.uid.to_string()));
    ensure_eq!(visit::state(&file, "TTY")?, Some(line));
    ensure_eq!(visit::state(&file, "STATE")?, Some("active".to_owned()));
    ensure_eq!(visit::state(&file, "LEADER")?, Some(visit.login.pid().to_string()));
    ensure_eq!(visit.leave()?, 0);
    visit::gone(&session)
}

fn without_a_bus_it_is_the_same_session() -> Outcome {
    a_name_and_a_password_become_a_shell_in_a_registered_session()
}

fn on_a_hybrid_host_it_is_the_same_session() -> Outcome {
    a_name_and_a_password_become_a_shell_in_a_registered_session()
}

fn on_a_hybrid_host_nothing_is_left_either() -> Outcome {
    after_exit_and_the_stop_delay_nothing_is_left()
}

fn after_exit_and_the_stop_delay_nothing_is_left() -> Outcome {
    let before = process::all()?;
    let mut visit = Visit::begin(&ALICE)?;
    visit
        .shell("echo kept > $XDG_RUNTIME_DIR/file; mkdir -p $XDG_RUNTIME_DIR/a/b; ln -s /etc $XDG_RUNTIME_DIR/a/etc")?;
    let line = format!("/dev/{}", visit.terminal.line());
    ensure_eq!(fs::metadata(&line)?.uid(), ALICE.uid);
    let terminal = {
        let Visit { terminal, login } = visit;
        terminal.enter("exit")?;
        ensure_eq!(login.status()?, 0);
        terminal
    };
    let given_back = fs::metadata(&line)?;
    ensure_eq!((given_back.uid(), given_back.mode() & 0o7777), (0, 0o600));
    drop(terminal);
    visit::as_before(&before)?;
    ensure!(Path::new("/etc/passwd").exists(), "the symbolic link in the runtime directory was followed");
    Ok(())
}

fn three_people_at_once_each_have_a_session_and_leave_alone() -> Outcome {
    let mut visits = [Visit::begin(&ALICE)?, Visit::begin(&BOB)?, Visit::begin(&ROOT)?];
    let mut ids = Vec::new();
    for visit in &mut visits {
        ids.push(visit.session()?);
    }
    ids.sort();
    ids.dedup();
    ensure_eq!(ids.len(), 3);
    let [alice, mut bob, root] = visits;
    ensure_eq!(alice.leave()?, 0);
    ensure_eq!(bob.shell("test -w $XDG_RUNTIME_DIR && echo still")?, "still");
    ensure_eq!(root.leave()?, 0);
    ensure_eq!(bob.leave()?, 0);
    visit::nothing_left()
}

fn a_user_on_two_lines_keeps_the_runtime_directory_until_both_are_left() -> Outcome {
    let mut first = Visit::begin(&ALICE)?;
    let mut second = Visit::begin(&ALICE)?;
    let (one, two) = (first.session()?, second.session()?);
    ensure!(one != two, "both lines are session {one}");
    first.shell("echo shared > $XDG_RUNTIME_DIR/file")?;
    ensure_eq!(first.leave()?, 0);
    visit::gone(&one)?;
    ensure_eq!(second.shell("cat $XDG_RUNTIME_DIR/file")?, "shared");
    ensure_eq!(second.leave()?, 0);
    visit::nothing_left()
}

fn a_user_who_comes_back_within_the_stop_delay_finds_the_runtime_directory() -> Outcome {
    visit::forget_users_after("1h")?; // however slow the machine is
    let mut first = Visit::begin(&ALICE)?;
    let session = first.session()?;
    first.shell("echo mine > $XDG_RUNTIME_DIR/file")?;
    ensure_eq!(first.leave()?, 0);
    visit::gone(&session)?;
    let mut second = Visit::begin(&ALICE)?;
    ensure_eq!(second.shell("cat $XDG_RUNTIME_DIR/file")?, "mine");
    ensure_eq!(second.leave()?, 0);
    visit::forget_users_soon()?;
    visit::nothing_left()
}

fn limits_that_pam_sets_are_in_force_in_the_shell() -> Outcome {
    fs::write("/etc/security/limits.conf", "alice hard nofile 321\nalice soft nofile 123\n@alice - nproc 77\n")?;
    let mut visit = Visit::begin(&ALICE)?;
    ensure_eq!(visit.shell("ulimit -Hn; ulimit -Sn; ulimit -u")?, "321\n123\n77");
    ensure_eq!(visit.leave()?, 0);
    Ok(())
}

fn the_environment_comes_from_nothing_plus_pam() -> Outcome {
    fs::write("/etc/security/pam_env.conf", "FROM_PAM DEFAULT=yes\n")?;
    let mut visit = Visit::begin(&ALICE)?;
    let names =
        visit.shell("env | sed 's/=.*//' | sort | grep -v -e '^_$' -e ^SHLVL$ -e ^PWD$ -e ^OLDPWD$ | tr '\\n' ' '")?;
    let expected = "FROM_PAM HOME LOGNAME MAIL PATH SHELL TERM USER XDG_RUNTIME_DIR XDG_SESSION_CLASS XDG_SESSION_ID XDG_SESSION_TYPE";
    ensure_eq!(names.trim(), expected);
    ensure_eq!(visit.shell("echo $TERM $USER $LOGNAME $HOME $SHELL")?, "vt220 alice alice /home/alice /bin/bash");
    ensure_eq!(visit.leave()?, 0);
    Ok(())
}

fn what_runs_on_after_logout_keeps_the_session_closing_until_it_ends() -> Outcome {
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    let left: u32 =
        visit.shell("nohup sleep 1000 </dev/null >/dev/null 2>&1 & echo $!")?.lines().last().unwrap_or("").parse()?;
    let file = format!("{}/{session}", visit::SESSIONS);
    ensure_eq!(visit.leave()?, 0);
    tests::wait::until("the session is closing", || {
        Ok((visit::state(&file, "STATE")?.as_deref() == Some("closing")).then_some(()))
    })?;
    let left = process::Process::find(left)?;
    left.signal(rustix::process::Signal::KILL)?;
    visit::gone(&session)?;
    visit::nothing_left()
}
