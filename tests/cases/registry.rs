//! What can go wrong around logind: the bus, runtime directories in use, many logins at once, numbers used again.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use tests::guest::Guest;
use tests::outcome::{Failure, Outcome};
use tests::people::{ALICE, BOB};
use tests::process::Process;
use tests::run::run;
use tests::strace::{Call, Tracer};
use tests::visit::{self, RUNTIME, Visit, file_of, is_active, manager};
use tests::{ensure, ensure_eq, init, wait};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(sessions_outlive_a_killed_bus_and_the_next_one_tells_of_them),
    inside!(a_bus_killed_inside_a_login_leaves_a_login_and_no_leak),
    inside!(an_end_that_came_while_there_was_no_logind_is_told_of_by_the_next),
    inside!(a_runtime_directory_in_use_goes_at_logout),
    inside!(a_leader_that_is_gone_before_its_answer_leaves_nothing),
    inside!(fifty_logins_at_once_are_fifty_sessions),
    inside!(who_logged_in_without_logind_keeps_the_runtime_directory_until_the_logout),
    inside!(a_leader_that_was_moved_to_another_cgroup_keeps_its_session),
    inside!(a_process_with_the_number_of_a_leader_that_is_gone_is_not_the_leader),
    inside!(a_state_file_with_another_start_time_is_of_a_session_that_is_gone),
];

fn is_on_the_bus(session: &str) -> Outcome {
    wait::until("logind is on the bus", || Ok(manager(&["GetSession", "s", session])?.status.success().then_some(())))
}

// Somebody on the system bus, and what the manager told there.
struct Monitor(Process);

impl Monitor {
    const HEARD: &str = "/tmp/heard";

    fn start() -> Outcome<Self> {
        let rule = "type='signal',interface='org.freedesktop.login1.Manager'";
        let mut monitor = Command::new("dbus-monitor");
        let monitor = Self(Process::start(monitor.args(["--system", rule]).stdout(File::create(Self::HEARD)?))?);
        monitor.hears("NameAcquired")?;
        Ok(monitor)
    }

    fn heard(&self) -> Outcome<String> {
        Ok(fs::read_to_string(Self::HEARD)?)
    }

    fn hears(&self, text: &str) -> Outcome {
        wait::until_in(Path::new("/tmp"), &format!("the bus tells of {text}"), || {
            Ok(self.heard()?.contains(text).then_some(()))
        })
    }

    fn stop(self) -> Outcome {
        self.0.signal(Signal::TERM)?;
        self.0.ended()
    }
}

fn sessions_outlive_a_killed_bus_and_the_next_one_tells_of_them() -> Outcome {
    visit::forget_users_soon()?;
    let mut first = Visit::begin(&ALICE)?;
    let session = first.session()?;
    let before = fs::read_to_string(file_of(&session))?;
    let bus = Process::find(init::pid("bus")?)?;
    bus.signal(Signal::KILL)?;
    bus.ended()?;
    init::ready("bus")?;
    is_on_the_bus(&session)?;

    let monitor = Monitor::start()?;
    let mut second = Visit::begin(&BOB)?;
    let other = second.session()?;
    monitor.hears("member=SessionNew")?;
    ensure_eq!(second.leave()?, 0);
    monitor.hears("member=SessionRemoved")?;
    let told = monitor.heard()?;
    ensure!(told.contains(&format!("string \"{other}\"")), "nothing is told of session {other}:\n{told}");
    ensure!(!told.contains(&format!("string \"{session}\"")), "session {session} noticed:\n{told}");
    monitor.stop()?;

    ensure_eq!(fs::read_to_string(file_of(&session))?, before);
    ensure_eq!(first.shell("test -w $XDG_RUNTIME_DIR && echo still")?, "still");
    ensure_eq!(first.leave()?, 0);
    visit::nothing_left()
}

fn a_bus_killed_inside_a_login_leaves_a_login_and_no_leak() -> Outcome {
    visit::forget_users_soon()?;
    // Without the private door the bus is the only way.
    let (door, aside) = ("/run/session-rs/login1", "/run/session-rs/aside");
    fs::rename(door, aside)?;
    let mut met = 0;
    for nth in 1..=8 {
        let bus = Process::find(init::pid("bus")?)?;
        let tracer = Tracer::kill_at(&bus, &Call::new("sendmsg", nth))?;
        let guest = Guest::stay(&ALICE)?;
        tracer.detach()?;
        met += u32::from(bus.ended_within(std::time::Duration::ZERO)?);
        init::ready("bus")?;
        if let Some(session) = guest.session()? {
            is_active(&session).map_err(|failure| failure.during(format!("sendmsg no. {nth}")))?;
        }
        guest.leave()?;
        visit::nothing_left().map_err(|failure| failure.during(format!("sendmsg no. {nth}")))?;
        let guest = on_the_bus_again()?;
        guest.leave()?;
        visit::nothing_left()?;
    }
    ensure!(met >= 4, "the bus was killed in {met} of 8 logins only");
    Ok(fs::rename(aside, door)?)
}

fn an_end_that_came_while_there_was_no_logind_is_told_of_by_the_next() -> Outcome {
    visit::forget_users_soon()?;
    let guest = Guest::stay(&ALICE)?;
    let session = guest.session()?.ok_or_else(|| Failure::new("a login without a session"))?;
    init::stop("logind")?;
    let monitor = Monitor::start()?;
    guest.process.signal(Signal::KILL)?;
    guest.process.ended()?;
    init::start("logind")?;
    monitor.hears("member=SessionRemoved")?;
    monitor.hears("member=UserRemoved")?;
    let told = monitor.heard()?;
    ensure!(told.contains(&format!("string \"{session}\"")), "nothing is told of session {session}:\n{told}");
    monitor.stop()?;
    visit::nothing_left()
}

// Logs in until logind, which is looking for the bus, has found it.
fn on_the_bus_again() -> Outcome<Guest> {
    wait::until("a login through the new bus has a session", || {
        let guest = Guest::stay(&ALICE)?;
        if guest.session()?.is_some() {
            return Ok(Some(guest));
        }
        guest.leave()?;
        Ok(None)
    })
}

fn a_runtime_directory_in_use_goes_at_logout() -> Outcome {
    visit::forget_users_soon()?;
    let mut visit = Visit::begin(&ALICE)?;
    let runtime =
        visit.shell("mkdir -p $XDG_RUNTIME_DIR/deep/mount; touch $XDG_RUNTIME_DIR/open; echo $XDG_RUNTIME_DIR")?;
    run("mount", &["-t", "tmpfs", "tmpfs", &format!("{runtime}/deep/mount")])?.well()?;
    fs::write(format!("{runtime}/deep/mount/kept"), "")?;
    // Somebody who is not of the session works in it.
    let mut user = Command::new("tail");
    user.args(["-f", &format!("{runtime}/open")]).current_dir(format!("{runtime}/deep")).stdout(Stdio::null());
    let user = Process::start(&mut user)?;
    let inner = Process::start(
        Command::new("tail")
            .args(["-f", "/dev/null"])
            .current_dir(format!("{runtime}/deep/mount"))
            .stdout(Stdio::null()),
    )?;
    ensure_eq!(visit.leave()?, 0);
    visit::nothing_left()?;
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    ensure!(!mounts.contains(RUNTIME), "mounted is still:\n{mounts}");
    for process in [user, inner] {
        process.signal(Signal::KILL)?;
        process.ended()?;
    }
    let visit = Visit::begin(&ALICE)?;
    ensure_eq!(visit::names_in(&runtime)?, Vec::<String>::new());
    ensure_eq!(visit.leave()?, 0);
    visit::nothing_left()
}

fn a_leader_that_is_gone_before_its_answer_leaves_nothing() -> Outcome {
    visit::forget_users_soon()?;
    let logind = Process::find(init::pid("logind")?)?;
    logind.signal(Signal::STOP)?;
    let guest = Guest::come(&ALICE)?;
    // The request waits in the socket when the module waits for its answer.
    wait::until("the login waits for logind", || {
        let call = fs::read_to_string(format!("/proc/{}/syscall", guest.process.pid()))?;
        let waits = ["7 ", "271 "].iter().any(|poll| call.starts_with(poll)); // poll, ppoll
        Ok(waits.then_some(()))
    })?;
    guest.process.signal(Signal::KILL)?;
    guest.process.ended()?;
    logind.signal(Signal::CONT)?;
    let other = Guest::stay(&BOB)?;
    ensure!(other.session()?.is_some(), "the next login has no session");
    other.leave()?;
    visit::nothing_left()
}

fn fifty_logins_at_once_are_fifty_sessions() -> Outcome {
    const MANY: usize = 50;
    visit::forget_users_soon()?;
    let people = [&ALICE, &BOB];
    let mut visits = Vec::new();
    for _ in 0..MANY {
        visits.push(Visit::at_the_door()?);
    }
    // Each waits for the other before it is logged in: all passwords are given at once.
    for (number, visit) in visits.iter_mut().enumerate() {
        visit.terminal.enter(people[number % 2].name)?;
    }
    for visit in &mut visits {
        visit.terminal.expect("assword: ")?;
    }
    for (number, visit) in visits.iter_mut().enumerate() {
        visit.terminal.enter(people[number % 2].name)?;
    }
    let mut sessions = Vec::new();
    for visit in &mut visits {
        visit.terminal.expect("$ ")?;
        sessions.push(visit.session()?);
    }
    sessions.sort();
    sessions.dedup();
    ensure!(!sessions.contains(&String::new()), "a login has no session");
    ensure_eq!(sessions.len(), MANY);
    let listed = manager(&["ListSessions"])?.well()?.stdout;
    ensure!(listed.starts_with(&format!("a(susso) {MANY} ")), "{listed}");
    ensure_eq!(run("who", &[])?.well()?.stdout.lines().count(), MANY);
    for visit in &visits {
        visit.terminal.enter("exit")?;
    }
    for visit in &visits {
        ensure_eq!(visit.login.status()?, 0);
    }
    ensure_eq!(run("who", &[])?.well()?.stdout, "");
    visit::nothing_left()
}

fn a_leader_that_was_moved_to_another_cgroup_keeps_its_session() -> Outcome {
    visit::forget_users_soon()?;
    let guest = Guest::stay(&ALICE)?;
    let session = guest.session()?.ok_or_else(|| Failure::new("a login without a session"))?;
    let elsewhere = "/sys/fs/cgroup/elsewhere";
    fs::create_dir(elsewhere)?;
    fs::write(format!("{elsewhere}/cgroup.procs"), guest.process.pid().to_string())?;
    // What came before the end of another session has been dealt with by then, and so has the end of its user.
    let fence = Guest::stay(&BOB)?;
    fence.leave()?;
    let runtime = format!("{RUNTIME}/{}", BOB.uid);
    wait::until_in(Path::new(RUNTIME), "bob is gone", || Ok((!Path::new(&runtime).exists()).then_some(())))?;
    is_active(&session)?;
    ensure!(Path::new(&format!("{RUNTIME}/{}", ALICE.uid)).exists(), "alice has no runtime directory any more");
    guest.leave()?;
    visit::nothing_left()
}

fn who_logged_in_without_logind_keeps_the_runtime_directory_until_the_logout() -> Outcome {
    visit::forget_users_soon()?;
    init::stop("logind")?;
    let mut visit = Visit::begin(&ALICE)?;
    ensure_eq!(visit.session()?, "");
    init::start("logind")?;
    // The directory of somebody else goes, which was made later.
    let guest = Guest::stay(&BOB)?;
    guest.leave()?;
    let runtime = format!("{RUNTIME}/{}", BOB.uid);
    wait::until_in(
        Path::new(RUNTIME),
        "bob's directory is gone",
        || Ok((!Path::new(&runtime).exists()).then_some(())),
    )?;
    ensure_eq!(visit.shell("test -w $XDG_RUNTIME_DIR && echo still")?, "still");
    ensure_eq!(visit.leave()?, 0);
    visit::nothing_left()
}

fn a_process_with_the_number_of_a_leader_that_is_gone_is_not_the_leader() -> Outcome {
    visit::forget_users_soon()?;
    let guest = Guest::stay(&ALICE)?;
    let session = guest.session()?.ok_or_else(|| Failure::new("no session"))?;
    init::stop("logind")?;
    let leader = guest.process.pid();
    guest.process.signal(Signal::KILL)?;
    guest.process.status()?;
    let stranger = numbered(leader)?;
    init::start("logind")?;
    visit::gone(&session)?;
    visit::nothing_left()?;
    ensure!(!stranger.ended_within(std::time::Duration::ZERO)?, "the stranger was taken for the leader and ended");
    stranger.signal(Signal::KILL)
}

// A process with this number: the kernel counts on from what it is told (proc_sys_kernel(5)), in this pid namespace.
fn numbered(wanted: u32) -> Outcome<Process> {
    fs::create_dir_all("/tmp/proc")?;
    run("mount", &["-t", "proc", "proc", "/tmp/proc"])?.well()?;
    wait::until("a process has the wanted number", || {
        fs::write("/tmp/proc/sys/kernel/ns_last_pid", (wanted - 1).to_string())?;
        let process = Process::start(Command::new("tail").args(["-f", "/dev/null"]).stdout(Stdio::null()))?;
        if process.pid() == wanted {
            return Ok(Some(process));
        }
        process.signal(Signal::KILL)?; // somebody else was faster
        process.status()?;
        Ok(None)
    })
}

fn a_state_file_with_another_start_time_is_of_a_session_that_is_gone() -> Outcome {
    visit::forget_users_soon()?;
    let guest = Guest::stay(&ALICE)?;
    let session = guest.session()?.ok_or_else(|| Failure::new("no session"))?;
    init::stop("logind")?;
    let file = file_of(&session);
    let start = visit::state(&file, "LEADER_START_TIME")?.ok_or_else(|| Failure::new("no start time"))?;
    let text = fs::read_to_string(&file)?.replace(&format!("LEADER_START_TIME={start}\n"), "LEADER_START_TIME=1\n");
    let without_number: String =
        text.lines().filter(|line| !line.starts_with("LEADER_PIDFDID")).map(|line| format!("{line}\n")).collect();
    fs::write(&file, without_number)?;
    init::start("logind")?;
    // Its processes are in the scope: it closes, and nobody is killed for it.
    ensure_eq!(visit::state(&file, "STATE")?, Some("closing".to_owned()));
    guest.leave()?;
    visit::nothing_left()
}
