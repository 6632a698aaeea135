//! The paths a log line can take.

use std::path::PathBuf;

/// Where log lines go on this machine, in order of preference.
#[derive(Debug)]
pub(crate) struct Paths {
    /// The log daemon's datagram socket (`syslog(3)`).
    pub(crate) log: PathBuf,
    /// The kernel's log, for as long as there is no log daemon (`Documentation/ABI/testing/dev-kmsg`).
    pub(crate) kmsg: PathBuf,
}

impl Paths {
    pub(crate) fn system() -> Self {
        Self { log: PathBuf::from("/dev/log"), kmsg: PathBuf::from("/dev/kmsg") }
    }
}
