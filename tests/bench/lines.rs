//! What six lines cost on which nobody types: one getty of ours that keeps them all, and six of the peer's.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tests::outcome::Outcome;
use tests::process::Process;
use tests::terminal::{Terminal, start_as_init};
use tests::{paths, peers, process};

use crate::daemon::memory;
use crate::figure::{amount, milliseconds, tell};
use crate::login::Whose;

const LINES: usize = 6;
/// How long nothing happens.
const QUIET: Duration = Duration::from_secs(10);

/// Measures all processes of the six lines together, once each line has its prompt.
///
/// # Errors
/// What did not come up; a skip without the peers.
pub(crate) fn measure(whose: Whose) -> Outcome {
    let mut terminals = Vec::new();
    for _ in 0..LINES {
        terminals.push(Terminal::open()?);
    }
    let began = Instant::now();
    let gettys = start(whose, &terminals)?;
    for terminal in &mut terminals {
        terminal.expect("login: ")?;
    }
    let prompted = began.elapsed();
    let before = wakings(&gettys)?;
    // Passing time is what is measured here.
    std::thread::sleep(QUIET);
    let woken = wakings(&gettys)? - before;
    let (mut private, mut written) = (0, 0);
    for getty in &gettys {
        let memory = memory(getty.pid())?;
        private += memory.private;
        written += memory.written;
    }
    tell("six lines: private (KB)", amount(private));
    tell("six lines: written (KB)", amount(written));
    tell("six lines: processes", amount(u64::try_from(gettys.len()).unwrap_or(u64::MAX)));
    tell("six lines: wakings in 10 s", amount(woken));
    tell("start to the sixth prompt (ms)", milliseconds(prompted));
    Ok(())
}

fn start(whose: Whose, terminals: &[Terminal]) -> Outcome<Vec<Process>> {
    match whose {
        Whose::Ours => {
            let lines = terminals.iter().map(Terminal::line).collect::<Vec<_>>().join(",");
            let mut getty = Command::new(Path::new(paths::PROGRAMS).join("getty"));
            Ok(vec![start_as_init(getty.args(["--lines", &lines]))?])
        }
        Whose::Theirs => terminals.iter().map(|terminal| start_as_init(&mut peers::agetty(terminal.line())?)).collect(),
    }
}

/// How often they went to sleep by themselves, which is how often they were woken.
fn wakings(gettys: &[Process]) -> Outcome<u64> {
    let mut sum = 0;
    for getty in gettys {
        sum += process::status_field(getty.pid(), "voluntary_ctxt_switches")?.parse::<u64>()?;
    }
    Ok(sum)
}
