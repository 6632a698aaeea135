//! The log of our programs: each `tracing` event becomes one escaped line for the system's log daemon.
//!
//! Used by getty, login and logind (never by the PAM module, which lives in other people's processes). Spans are not
//! recorded: whatever a line must tell is a field of the event itself. No thread, no state kept between two lines
//! but the count of lines that found no way out.

mod line;
mod paths;
mod sink;
mod subscriber;

use tracing::Level;
use tracing::subscriber::SetGlobalDefaultError;

pub use line::Facility;

use paths::Paths;
use sink::{Sink, Stderr};
use subscriber::Syslog;

/// Sends every event of this process up to `max_level` to the system's log (`syslog(3)`).
///
/// One RFC 3164 datagram an event to `/dev/log`; without a log daemon the line goes to `/dev/kmsg` (root only), then
/// to stderr. With `also_stderr` it goes to stderr in any case. Sending never blocks; lines that found no way out are
/// counted, and the next line that finds one says how many. A descriptor is kept open `also_stderr`, as daemons log,
/// and otherwise none.
///
/// A line is `message key=value …`. Bytes that are not printable ASCII are written `\xNN`, so no field can break the
/// line or steer a terminal; a value with blanks, quotes or `=` stands in double quotes, so no field can pose as
/// another. Lines are cut at 900 bytes.
///
/// # Errors
/// If a subscriber is installed already.
pub fn install(
    identifier: &'static str,
    facility: Facility,
    also_stderr: bool,
    max_level: Level,
) -> Result<(), SetGlobalDefaultError> {
    let stderr = if also_stderr { Stderr::Always } else { Stderr::Fallback };
    set_global(identifier, facility, stderr, max_level)
}

/// Like [`install`] without `also_stderr`, for a program whose stderr may be the screen of somebody who has not
/// logged in: a terminal is never written to, not even when there is no log.
///
/// # Errors
/// If a subscriber is installed already.
pub fn install_off_terminals(
    identifier: &'static str,
    facility: Facility,
    max_level: Level,
) -> Result<(), SetGlobalDefaultError> {
    set_global(identifier, facility, Stderr::FallbackOffTerminals, max_level)
}

fn set_global(
    identifier: &'static str,
    facility: Facility,
    stderr: Stderr,
    max_level: Level,
) -> Result<(), SetGlobalDefaultError> {
    let sink = Sink::new(Paths::system(), stderr);
    let sink = if stderr == Stderr::Always { sink.with_socket() } else { sink };
    tracing::subscriber::set_global_default(Syslog { identifier, facility, max_level, sink })
}
