//! What an idle daemon costs: memory, threads, and how often it wakes in a minute in which nothing happens.

use std::time::Duration;

use tests::outcome::Outcome;

use crate::daemon::Daemon;
use crate::figure::{amount, tell};

/// How long nothing happens.
const QUIET: Duration = Duration::from_secs(60);
/// What the start set going is over by then: threads of its pool, the first answers on the bus.
const SETTLING: Duration = Duration::from_secs(15);

/// Measures a daemon to which nobody has spoken.
///
/// # Errors
/// That /proc cannot be read.
pub(crate) fn measure() -> Outcome {
    let daemon = Daemon::find()?;
    // Passing time is what is measured here.
    std::thread::sleep(SETTLING);
    let memory = daemon.memory()?;
    tell("idle: resident (KB)", amount(memory.resident));
    tell("idle: private (KB)", amount(memory.private));
    tell("idle: written (KB)", amount(memory.written));
    tell("idle: threads", amount(daemon.threads()?));
    let before = daemon.wakings()?;
    std::thread::sleep(QUIET);
    tell("idle: wakings in 60 s", amount(daemon.wakings()? - before));
    Ok(())
}
