//! What the sandbox's log says.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use crate::outcome::Outcome;
use crate::{paths, wait};

/// The lines with `word` in them, of all that was sent to the log before.
///
/// # Errors
/// That the log does not take a line more.
pub fn lines_about(word: &str) -> Outcome<Vec<String>> {
    // Lines come in the order in which they are sent.
    let end = format!("the log had {} bytes", fs::metadata(paths::MESSAGES)?.len());
    UnixDatagram::unbound()?.send_to(format!("<13>{end}").as_bytes(), paths::LOG_SOCKET)?;
    wait::until_in(Path::new(paths::LOGS), "all that was logged has come", || {
        let log = fs::read_to_string(paths::MESSAGES)?;
        let Some((before, _)) = log.split_once(&end) else { return Ok(None) };
        Ok(Some(before.lines().filter(|line| line.contains(word)).map(str::to_owned).collect()))
    })
}
