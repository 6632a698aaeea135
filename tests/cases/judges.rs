//! Other people's programs ask our logind: both loginctls, libsystemd, busctl; on the bus, and without one by its own door.

use std::path::Path;
use std::process::Command;

use tests::outcome::Outcome;
use tests::people::{ALICE, BOB};
use tests::run::{Ran, output, run};
use tests::visit::{self, Visit};
use tests::{ensure, ensure_eq, paths, peers};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(elogind_loginctl_tells_the_truth),
    inside!(elogind_loginctl_tells_it_without_a_bus, "--no-bus"),
    inside!(systemd_loginctl_tells_the_truth),
    inside!(systemd_loginctl_tells_it_without_a_bus, "--no-bus"),
    inside!(a_person_may_end_their_own_session_and_nobody_elses),
    inside!(libsystemd_answers_for_our_sessions),
    inside!(libsystemd_answers_on_a_hybrid_host, "--hybrid"),
    inside!(busctl_finds_every_object_it_is_told_of),
];

/// The private door, for programs that believe it to be a bus.
const DOOR: &str = "unix:path=/run/session-rs/login1";

fn elogind_loginctl_tells_the_truth() -> Outcome {
    loginctl_tells_the_truth(&|words| with_door(peers::elogind_loginctl()?, words))
}

fn systemd_loginctl_tells_the_truth() -> Outcome {
    loginctl_tells_the_truth(&|words| {
        let mut command = peers::systemd_loginctl()?;
        command.args(["-M", ".host"]);
        with_door(command, words)
    })
}

fn elogind_loginctl_tells_it_without_a_bus() -> Outcome {
    elogind_loginctl_tells_the_truth()
}

fn systemd_loginctl_tells_it_without_a_bus() -> Outcome {
    systemd_loginctl_tells_the_truth()
}

type Ask<'a> = &'a dyn Fn(&[&str]) -> Outcome<Ran>;

fn loginctl_tells_the_truth(ask: Ask<'_>) -> Outcome {
    ask(&["list-sessions"])?.well()?.saying("No sessions")?;
    let mut alice = Visit::begin(&ALICE)?;
    let session = alice.session()?;
    lists_are_right(ask, &session, alice.terminal.line())?;
    properties_are_right(ask, &session, &alice)?;

    let bob = Visit::begin(&BOB)?;
    ask(&["terminate-session", &session])?.well()?;
    alice.login.ended()?;
    visit::gone(&session)?;
    ask(&["list-sessions", "--no-legend"])?.well()?.saying("bob")?.not_saying("alice")?;
    ask(&["show-session", &session])?.refused()?;
    ask(&["terminate-user", "bob"])?.well()?;
    bob.login.ended()?;
    visit::nothing_left()
}

fn lists_are_right(ask: Ask<'_>, session: &str, line: &str) -> Outcome {
    let uid = ALICE.uid.to_string();
    let rows = ask(&["list-sessions", "--no-legend"])?.well()?.stdout;
    let row = rows.split_whitespace().collect::<Vec<_>>();
    ensure!(row.starts_with(&[session, &uid, "alice"]) && row.contains(&line), "list-sessions:\n{rows}");
    ask(&["list-users", "--no-legend"])?.well()?.saying(&uid)?.saying("alice")?;
    ask(&["list-seats", "--no-legend"])?.well()?.saying("seat0")?;
    let status = ask(&["session-status", session])?.well()?.stdout;
    let squeezed = status.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in ["alice", &uid, line, "State: active", "Service: login", "class user"] {
        ensure!(squeezed.contains(expected), "session-status does not say {expected:?}:\n{status}");
    }
    ask(&["user-status", "alice"])?.well()?.saying(session)?;
    ask(&["seat-status", "seat0"])?.well()?.saying("seat0")?;
    Ok(())
}

fn properties_are_right(ask: Ask<'_>, session: &str, alice: &Visit) -> Outcome {
    let shown = ask(&["show-session", session])?.well()?.stdout;
    let leader = alice.login.pid();
    let own = [
        format!("Id={session}"),
        format!("User={}", ALICE.uid),
        format!("TTY={}", alice.terminal.line()),
        format!("Scope=session-{session}.scope"),
        format!("Leader={leader}"),
    ];
    let plain = ["Name=alice", "Remote=no", "Service=login", "Type=tty", "Class=user", "Active=yes", "State=active"];
    let hints = ["IdleHint=no", "LockedHint=no"];
    for expected in own.iter().map(String::as_str).chain(plain).chain(hints) {
        ensure!(shown.lines().any(|row| row == expected), "show-session does not say {expected}:\n{shown}");
    }
    let shown = ask(&["show-user", "alice"])?.well()?.stdout;
    let uid = ALICE.uid;
    let own = [
        format!("UID={uid}"),
        format!("GID={uid}"),
        format!("RuntimePath=/run/user/{uid}"),
        format!("Slice=user-{uid}.slice"),
        format!("Display={session}"),
        format!("Sessions={session}"),
    ];
    let plain = ["Name=alice", "State=active", "IdleHint=no", "Linger=no"];
    for expected in own.iter().map(String::as_str).chain(plain) {
        ensure!(shown.lines().any(|row| row == expected), "show-user does not say {expected}:\n{shown}");
    }
    Ok(())
}

fn a_person_may_end_their_own_session_and_nobody_elses() -> Outcome {
    let mut alice = Visit::begin(&ALICE)?;
    let mut bob = Visit::begin(&BOB)?;
    let (hers, his) = (alice.session()?, bob.session()?);
    let call = |member: &str, arguments: &str| {
        let address = visit::bus_address();
        format!(
            "busctl --address={address} call org.freedesktop.login1 /org/freedesktop/login1 \
             org.freedesktop.login1.Manager {member} {arguments} 2>&1"
        )
    };
    let refused = alice.shell(&call("TerminateSession", &format!("s {his}")))?;
    ensure!(refused.to_lowercase().contains("access denied") || refused.contains("authentication"), "{refused}");
    let refused = alice.shell(&call("KillSession", &format!("ssi {his} all 9")))?;
    ensure!(refused.to_lowercase().contains("access denied") || refused.contains("authentication"), "{refused}");
    let refused = alice.shell(&call("ReleaseSession", &format!("s {his}")))?;
    ensure!(!refused.is_empty(), "alice released bob's session");
    ensure_eq!(bob.shell("echo alive")?, "alive");
    let made = format!("'uusssssussbssa(sv)' {} 0 x tty user '' '' 0 '' '' 0 '' '' 0", ALICE.uid);
    let refused = alice.shell(&call("CreateSession", &made))?;
    ensure!(refused.to_lowercase().contains("denied"), "alice may create sessions: {refused}");
    alice.terminal.enter(&call("TerminateSession", &format!("s {hers}")))?;
    alice.login.ended()?;
    visit::gone(&hers)?;
    ensure_eq!(bob.leave()?, 0);
    Ok(())
}

fn libsystemd_answers_for_our_sessions() -> Outcome {
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    let shell = visit.shell("echo $$")?;
    let uid = ALICE.uid;
    let judge = format!("{}/judges/sd_login", paths::PROGRAMS);
    let said = run(&judge, &[&shell])?.well()?.stdout;
    for expected in [
        format!("sd_pid_get_session={session}"),
        format!("sd_pid_get_owner_uid=0:{uid}"),
        format!("sd_pid_get_slice=user-{uid}.slice"),
        "sd_session_is_active=1".into(),
        "sd_session_is_remote=0".into(),
        format!("sd_session_get_uid=0:{uid}"),
        "sd_session_get_state=active".into(),
        "sd_session_get_type=tty".into(),
        "sd_session_get_class=user".into(),
        "sd_session_get_service=login".into(),
        format!("sd_session_get_tty={}", visit.terminal.line()),
        format!("sd_get_sessions={session}"),
        "sd_get_seats=seat0".into(),
        format!("sd_uid_get_sessions={session}"),
        format!("sd_uid_get_sessions_active={session}"),
        "sd_uid_get_state=active".into(),
        format!("sd_uid_get_display={session}"),
    ] {
        ensure!(said.lines().any(|row| row == expected), "libsystemd does not say {expected}:\n{said}");
    }
    ensure_eq!(visit.leave()?, 0);
    Ok(())
}

fn libsystemd_answers_on_a_hybrid_host() -> Outcome {
    libsystemd_answers_for_our_sessions()
}

fn busctl_finds_every_object_it_is_told_of() -> Outcome {
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    let tree = output(visit::busctl().args(["tree", "--list", "org.freedesktop.login1"]))?.well()?.stdout;
    let objects = tree.lines().filter(|row| row.starts_with("/org/freedesktop/login1")).collect::<Vec<_>>();
    ensure!(objects.iter().any(|path| path.ends_with("/seat/seat0")), "no seat0 in\n{tree}");
    ensure!(objects.iter().any(|path| path.ends_with(&format!("/user/_{}", ALICE.uid))), "no alice in\n{tree}");
    for path in objects {
        output(visit::busctl().args(["introspect", "org.freedesktop.login1", path]))?.well()?;
    }
    let get = ["call", "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"];
    output(visit::busctl().args(get).args(["GetSession", "s", &session]))?.well()?.saying("session/")?;
    let pid = visit.login.pid().to_string();
    output(visit::busctl().args(get).args(["GetSessionByPID", "u", &pid]))?.well()?.saying("session/")?;
    output(visit::busctl().args(get).args(["GetSession", "s", "nosuch"]))?.refused()?;
    ensure_eq!(visit.leave()?, 0);
    Ok(())
}

fn with_door(mut command: Command, words: &[&str]) -> Outcome<Ran> {
    if !Path::new(paths::BUS).exists() {
        command.env("DBUS_SYSTEM_BUS_ADDRESS", DOOR);
    }
    output(command.arg("--no-pager").args(words))
}
