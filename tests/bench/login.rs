//! From a getty's start to its prompt, from the password to the shell's first prompt, and what waits in memory meanwhile.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tests::outcome::{Failure, Outcome};
use tests::peers;
use tests::people::ALICE;
use tests::process::Process;
use tests::terminal::{Terminal, start_as_init};

use crate::daemon::memory;
use crate::figure::{amount, tell, tell_times};

const LOGINS: usize = 15;
const QUIET: Duration = Duration::from_secs(1);

/// Whose getty and login are measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Whose {
    Ours,
    /// util-linux's agetty and Debian's login, unpacked and not installed, with the same PAM stack `login`.
    Theirs,
}

/// Measures one login after another, each on a terminal of its own.
///
/// # Errors
/// What did not come up; a skip without the peers.
pub(crate) fn measure(whose: Whose) -> Outcome {
    // What a first login finds missing is there for all that are measured.
    hush()?;
    let (mut prompts, mut shells) = (Vec::new(), Vec::new());
    for turn in 0..=LOGINS {
        let mut terminal = Terminal::open()?;
        let began = Instant::now();
        let getty = start(whose, &terminal)?;
        terminal.expect("login: ")?;
        let prompted = began.elapsed();
        if turn == LOGINS {
            weigh("getty waiting for a name", &getty)?;
        }
        terminal.enter(ALICE.name)?;
        terminal.expect("assword: ")?;
        // agetty's second of waiting lets the kernel's lock for moves between cgroups fall asleep, and the next move waits
        // for it. Both chains are to meet it so.
        std::thread::sleep(QUIET);
        let began = Instant::now();
        terminal.enter(ALICE.name)?;
        terminal.expect("$ ")?;
        if turn > 0 {
            prompts.push(prompted);
            shells.push(began.elapsed());
        }
        if turn == LOGINS {
            weigh("login while the shell runs", &getty)?;
        }
        terminal.enter("exit")?;
        getty.ended()?;
        let _ = getty.status(); // reaped; how it ended is for the cases to judge
    }
    tell_times("getty's start to its prompt", prompts.into_iter());
    tell_times("password to the shell's prompt", shells.into_iter());
    Ok(())
}

/// Private is also what of a program's file no other process has mapped at the time; written never is another's.
fn weigh(name: &str, process: &Process) -> Outcome {
    let memory = memory(process.pid())?;
    tell(&format!("{name}: private (KB)"), amount(memory.private));
    tell(&format!("{name}: written (KB)"), amount(memory.written));
    Ok(())
}

fn start(whose: Whose, terminal: &Terminal) -> Outcome<Process> {
    match whose {
        Whose::Ours => terminal.getty(&[]),
        Whose::Theirs => start_as_init(&mut peers::agetty(terminal.line())?),
    }
}

/// No message of the day and no mail: both chains print the same.
fn hush() -> Outcome {
    let file = Path::new(ALICE.home).join(".hushlogin");
    fs::write(&file, "").map_err(|e| Failure::from(e).during(file.display()))
}
