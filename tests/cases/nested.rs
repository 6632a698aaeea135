//! Logins inside a session: `su`'s is part of it, one by a daemon that was started there is not.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tests::outcome::Outcome;
use tests::people::{ALICE, BOB, ROOT};
use tests::process;
use tests::visit::{self, Visit};
use tests::{ensure, ensure_eq};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(su_inside_a_session_succeeds_and_is_no_session_of_its_own),
    inside!(a_daemon_started_from_a_session_gives_those_it_serves_sessions_of_their_own),
];

fn su_inside_a_session_succeeds_and_is_no_session_of_its_own() -> Outcome {
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    for (su, kept) in [("su - bob", ""), ("su bob", session.as_str())] {
        visit.terminal.enter(su)?;
        visit.terminal.expect("assword: ")?;
        visit.terminal.enter(BOB.name)?;
        visit.terminal.expect("bob@")?;
        ensure_eq!(visit.shell("id -un")?, "bob");
        let known = visit.session()?;
        ensure_eq!((su, known.as_str()), (su, kept));
        let shell = visit.shell("echo $$")?.parse()?;
        let scope = process::cgroup(shell)?;
        ensure!(scope.ends_with(&format!("/session-{session}.scope")), "{su} is in {scope}");
        let mut sessions = visit::names_in(visit::SESSIONS)?;
        sessions.retain(|name| !name.ends_with(".ref"));
        ensure_eq!(sessions.join(" "), session);
        ensure_eq!(visit::names_in(visit::RUNTIME)?, [ALICE.uid.to_string()]);
        visit.terminal.enter("exit")?;
        ensure_eq!(visit.shell("id -un")?, "alice");
    }
    ensure_eq!(visit.leave()?, 0);
    visit::nothing_left()
}

fn a_daemon_started_from_a_session_gives_those_it_serves_sessions_of_their_own() -> Outcome {
    let mut root = Visit::begin(&ROOT)?;
    let session = root.session()?;
    // What sshd asks of PAM, in a process of the session: only the loginuid tells it from su.
    fs::write("/tmp/note", "#!/bin/sh\nprintf '%s' \"$XDG_SESSION_ID\" >/tmp/noted\n")?;
    fs::set_permissions("/tmp/note", fs::Permissions::from_mode(0o755))?;
    let stack = fs::read_to_string("/etc/pam.d/sshd")?;
    fs::write("/etc/pam.d/sshd", stack + "session required pam_exec.so /tmp/note\n")?;
    root.shell("pamtester sshd bob open_session")?;
    let bobs = fs::read_to_string("/tmp/noted")?;
    ensure!(!bobs.is_empty() && bobs != session, "bob's session is {bobs:?}, root's is {session}");
    visit::gone(&bobs)?;
    ensure_eq!(root.session()?, session);
    ensure_eq!(root.leave()?, 0);
    visit::nothing_left()
}
