//! The same login asked of both daemons: ours, and the peer's (`--logind=elogind`), which our PAM module registers with by
//! the system bus. What either says of the session, the user and a wrong call must be the same.

use std::process::Command;

use tests::outcome::Outcome;
use tests::people::{ALICE, BOB};
use tests::run::{Ran, output};
use tests::visit::{self, Visit};
use tests::{ensure, ensure_eq, peers};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(of_a_login_our_logind_says_what_elogind_says),
    inside!(of_a_login_elogind_says_what_our_logind_says, "--logind=elogind"),
    inside!(a_wrong_call_is_answered_by_our_logind_as_by_elogind),
    inside!(a_wrong_call_is_answered_by_elogind_as_by_our_logind, "--logind=elogind"),
];

fn of_a_login_elogind_says_what_our_logind_says() -> Outcome {
    of_a_login_our_logind_says_what_elogind_says()
}

fn a_wrong_call_is_answered_by_elogind_as_by_our_logind() -> Outcome {
    a_wrong_call_is_answered_by_our_logind_as_by_elogind()
}

fn of_a_login_our_logind_says_what_elogind_says() -> Outcome {
    let mut alice = Visit::begin(&ALICE)?;
    let (session, line) = (alice.session()?, alice.terminal.line().to_owned());
    ensure!(!session.is_empty(), "no session:\n{}", alice.terminal.screen());
    ensure_eq!(alice.shell("echo $XDG_RUNTIME_DIR $XDG_SESSION_TYPE $XDG_SESSION_CLASS")?, "/run/user/4001 tty user");

    let leader = format!("Leader={}", alice.login.pid());
    let own = [format!("Id={session}"), format!("TTY={line}"), leader];
    let plain = "User=4001 Name=alice Remote=no Service=login Type=tty Class=user Active=yes State=active IdleHint=no LockedHint=no";
    let shown = loginctl(&["show-session", &session])?.well()?.stdout;
    holds(&shown, own.iter().map(String::as_str).chain(plain.split(' ')))?;

    let own = [format!("Display={session}"), format!("Sessions={session}")];
    let plain = "UID=4001 GID=4001 Name=alice RuntimePath=/run/user/4001 State=active IdleHint=no Linger=no";
    let shown = loginctl(&["show-user", "alice"])?.well()?.stdout;
    holds(&shown, own.iter().map(String::as_str).chain(plain.split(' ')))?;

    let file =
        [("UID", "4001"), ("USER", "alice"), ("ACTIVE", "1"), ("STATE", "active"), ("REMOTE", "0"), ("TYPE", "tty")];
    visit::state_is(&visit::file(&session), &file)?;
    visit::state_is(&visit::file(&session), &[("CLASS", "user"), ("SERVICE", "login"), ("TTY", &line)])?;
    let user = [("NAME", "alice"), ("STATE", "active"), ("DISPLAY", &session), ("SESSIONS", &session)];
    visit::state_is(&format!("{}/4001", visit::USERS), &user)?;

    ensure_eq!(alice.leave()?, 0);
    visit::gone(&session)?;
    loginctl(&["show-session", &session])?.refused()?;
    Ok(())
}

fn a_wrong_call_is_answered_by_our_logind_as_by_elogind() -> Outcome {
    let mut alice = Visit::begin(&ALICE)?;
    let mut bob = Visit::begin(&BOB)?;
    let his = bob.session()?;
    for (call, name) in [
        ("GetSession string:nosuch", "org.freedesktop.login1.NoSuchSession"),
        ("GetSessionByPID uint32:1", "org.freedesktop.login1.NoSessionForPID"),
        ("GetUser uint32:77777", "org.freedesktop.login1.NoSuchUser"),
        ("GetSeat string:seatnosuch", "org.freedesktop.login1.NoSuchSeat"),
        ("TerminateSession string:nosuch", "org.freedesktop.login1.NoSuchSession"),
        ("NoSuchMethod", "org.freedesktop.DBus.Error.UnknownMethod"),
        ("GetSession uint32:1", "org.freedesktop.DBus.Error.InvalidArgs"),
    ] {
        ensure_eq!((call, error_of(call)?), (call, name.to_owned()));
    }
    let end_his = format!(
        "dbus-send --system --print-reply --dest=org.freedesktop.login1 /org/freedesktop/login1 \
                           org.freedesktop.login1.Manager.TerminateSession string:{his} 2>&1"
    );
    let refused = alice.shell(&end_his)?;
    ensure!(refused.contains("Error"), "alice ended bob's session: {refused}");
    ensure_eq!(bob.shell("echo alive")?, "alive");
    ensure_eq!(alice.leave()?, 0);
    ensure_eq!(bob.leave()?, 0);
    Ok(())
}

/// The name of the error that a call of the manager is answered with: `Error org.freedesktop.login1.NoSuchSession: text`.
fn error_of(call: &str) -> Outcome<String> {
    let mut words = call.split(' ');
    let method = format!("org.freedesktop.login1.Manager.{}", words.next().unwrap_or_default());
    let mut command = Command::new("dbus-send");
    command.args(["--system", "--print-reply", "--dest=org.freedesktop.login1", "/org/freedesktop/login1"]);
    let said = output(command.arg(method).args(words))?.refused()?.stderr;
    let name = said.strip_prefix("Error ").and_then(|said| said.split(':').next());
    Ok(name.unwrap_or(&said).to_owned())
}

fn loginctl(words: &[&str]) -> Outcome<Ran> {
    output(peers::elogind_loginctl()?.arg("--no-pager").args(words))
}

fn holds<'a>(shown: &str, expected: impl Iterator<Item = &'a str>) -> Outcome {
    for row in expected {
        ensure!(shown.lines().any(|shown| shown == row), "it does not say {row}:\n{shown}");
    }
    Ok(())
}
