//! su and sudo as the module's hosts: from outside they open a session, inside one they set nothing and succeed.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rustix::process::Signal;
use tests::outcome::Outcome;
use tests::people::{ALICE, BOB, Person, ROOT};
use tests::process;
use tests::terminal::Terminal;
use tests::visit::{self, Visit};
use tests::{ensure, ensure_eq, peers, run};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(su_from_outside_opens_a_session),
    inside!(su_for_one_command_from_outside_opens_a_session_as_long),
    inside!(a_killed_su_leaves_nothing_behind),
    inside!(su_inside_a_session_sets_nothing_and_succeeds),
    inside!(without_a_bus_su_inside_a_session_sets_nothing_either, "--no-bus"),
    inside!(sudo_inside_a_session_sets_nothing_and_succeeds),
    inside!(sudo_from_outside_opens_a_session),
];

/// What a shell prints of the session it takes itself to be in.
const VARIABLES: &str = "echo $XDG_SESSION_ID$XDG_RUNTIME_DIR$XDG_SEAT$XDG_VTNR$XDG_SESSION_TYPE$XDG_SESSION_CLASS";

/// Starts `command` on a terminal outside any session, up to the prompt of the shell it gives to a person.
fn shell_of(command: &mut Command) -> Outcome<Visit> {
    let mut terminal = Terminal::open()?;
    let login = terminal.start(command)?;
    terminal.expect("$ ")?;
    Ok(Visit { terminal, login })
}

/// Sees that the visit's shell, started from outside by `service`, is in a session of `person`'s: its name.
fn is_registered(visit: &mut Visit, person: &Person, service: &str) -> Outcome<String> {
    let session = visit.session()?;
    ensure!(!session.is_empty(), "no session:\n{}", visit.terminal.screen());
    ensure_eq!(visit.shell("id -un")?, person.name);
    ensure_eq!(visit.shell("echo $XDG_RUNTIME_DIR")?, format!("/run/user/{}", person.uid));
    let line = visit.terminal.line().to_owned();
    let expected = [("UID", &*person.uid.to_string()), ("SERVICE", service), ("TTY", &line), ("REMOTE", "0")];
    visit::state_is(&visit::file(&session), &expected)?;
    let shell: u32 = visit.shell("echo $$")?.parse()?;
    ensure_eq!(process::cgroup(shell)?, format!("/user.slice/user-{}.slice/session-{session}.scope", person.uid));
    Ok(session)
}

fn su_from_outside_opens_a_session() -> Outcome {
    let before = process::all()?;
    let mut visit = shell_of(Command::new("su").args(["-", "alice"]))?;
    let session = is_registered(&mut visit, &ALICE, "su-l")?;
    ensure_eq!(visit.leave()?, 0);
    visit::gone(&session)?;
    visit::as_before(&before)
}

fn su_for_one_command_from_outside_opens_a_session_as_long() -> Outcome {
    let before = process::all()?;
    let ran = run::run("su", &["-", "alice", "-c", "echo id=$XDG_SESSION_ID; ls /run/systemd/sessions"])?.well()?;
    let session = ran.stdout.lines().next().and_then(|line| line.strip_prefix("id=")).unwrap_or_default().to_owned();
    ensure!(!session.is_empty() && ran.stdout.lines().any(|line| line == session), "no session:\n{}", ran.stdout);
    visit::gone(&session)?;
    visit::as_before(&before)
}

fn a_killed_su_leaves_nothing_behind() -> Outcome {
    let before = process::all()?;
    let mut visit = shell_of(Command::new("su").args(["-", "alice"]))?;
    let session = visit.session()?;
    visit.login.signal(Signal::KILL)?;
    visit.login.status()?;
    drop(visit); // the line is hung up, which ends the shell
    visit::gone(&session)?;
    visit::as_before(&before)
}

/// Types a step to another user and sees that it succeeded and is no session: the state files are as before.
fn steps_inside(visit: &mut Visit, command: &str, password: Option<&str>, who: &Person) -> Outcome {
    let (session, scope) = (visit.session()?, visit.shell("cat /proc/self/cgroup")?);
    let known = visit::sessions()?;
    visit.terminal.enter(command)?;
    if let Some(password) = password {
        visit.terminal.expect("assword: ")?;
        visit.terminal.enter(password)?;
    }
    visit.terminal.expect(if who.uid == 0 { "# " } else { "$ " })?;
    ensure_eq!(visit.shell("id -un")?, who.name);
    ensure_eq!((command, visit.shell(VARIABLES)?), (command, String::new()));
    ensure_eq!(visit.shell("cat /proc/self/cgroup")?, scope);
    ensure_eq!(visit::sessions()?, known);
    visit.terminal.enter("exit")?;
    visit.terminal.expect("$ ")?;
    ensure_eq!(visit.session()?, session);
    visit::state_is(&visit::file(&session), &[("STATE", "active")])
}

fn su_inside_a_session_sets_nothing_and_succeeds() -> Outcome {
    let before = process::all()?;
    let mut visit = Visit::begin(&ALICE)?;
    steps_inside(&mut visit, "su - bob", Some("bob"), &BOB)?;
    steps_inside(&mut visit, "su -", Some("root"), &ROOT)?;
    steps_inside(&mut visit, "su - alice", Some("alice"), &ALICE)?;
    ensure_eq!(visit.leave()?, 0);
    visit::as_before(&before)
}

fn without_a_bus_su_inside_a_session_sets_nothing_either() -> Outcome {
    su_inside_a_session_sets_nothing_and_succeeds()
}

fn install_sudo() -> Outcome {
    peers::install("sudo")?;
    fs::write("/etc/sudoers", "root ALL=(ALL:ALL) ALL\nalice ALL=(ALL:ALL) ALL\n")?;
    fs::set_permissions("/etc/sudoers", Permissions::from_mode(0o440))?;
    Ok(())
}

fn sudo_inside_a_session_sets_nothing_and_succeeds() -> Outcome {
    install_sudo()?;
    let before = process::all()?;
    let mut visit = Visit::begin(&ALICE)?;
    steps_inside(&mut visit, "sudo -k -p Password:\\  -i", Some("alice"), &ROOT)?;
    steps_inside(&mut visit, "sudo -k -p Password:\\  -u bob -i", Some("alice"), &BOB)?;
    steps_inside(&mut visit, "sudo -k -p Password:\\  -s", Some("alice"), &ROOT)?;
    ensure_eq!(visit.leave()?, 0);
    visit::as_before(&before)
}

fn sudo_from_outside_opens_a_session() -> Outcome {
    install_sudo()?;
    let before = process::all()?;
    let mut visit = shell_of(Command::new("sudo").args(["-u", "alice", "-i"]))?;
    let session = is_registered(&mut visit, &ALICE, "sudo-i")?;
    ensure_eq!(visit.leave()?, 0);
    visit::gone(&session)?;
    visit::as_before(&before)
}
