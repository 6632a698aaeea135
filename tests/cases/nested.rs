//! A login inside a session: `su` asks PAM for a session too, and is part of the one it is in.

use tests::outcome::Outcome;
use tests::people::{ALICE, BOB};
use tests::process;
use tests::visit::{self, Visit};
use tests::{ensure, ensure_eq};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[inside!(su_inside_a_session_succeeds_and_is_no_session_of_its_own)];

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
