//! The demo: the sandbox with a person at its terminal.

use tests::outcome::Outcome;
use tests::people::{ALICE, BOB};
use tests::terminal::Terminal;
use tests::{ensure, ensure_eq};

use crate::case::{Case, outside};
use crate::outer;

pub(crate) const CASES: &[Case] = &[outside!(the_demo_takes_one_person_after_another_and_ctrl_bracket_leaves)];

// A terminal of this case's plays the host's.
fn the_demo_takes_one_person_after_another_and_ctrl_bracket_leaves() -> Outcome {
    let mut terminal = Terminal::open()?;
    let sandbox = terminal.start(outer::demo()?.env("TERM", "vt100"))?;
    terminal.expect("log in as alice, bob or root")?;
    for person in [&ALICE, &BOB] {
        terminal.log_in(person)?;
        ensure_eq!(terminal.shell("id -un")?, person.name);
        ensure_eq!(terminal.shell("echo $TERM")?, "vt100");
        terminal.enter("exit")?;
    }
    terminal.expect("login: ")?;
    ensure!(!sandbox.ended_within(std::time::Duration::ZERO)?, "the demo has ended by itself");
    terminal.send("\x1d")?;
    ensure_eq!(sandbox.status()?, 0);
    ensure!(!outer::subtree(sandbox.pid())?.exists(), "the cgroup is left");
    Ok(())
}
