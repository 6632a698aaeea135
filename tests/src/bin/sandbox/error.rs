//! Why a sandbox could not be had.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The exit status of a sandbox that failed itself, as `env(1)` and `timeout(1)` have it for what they run.
pub(crate) const FAILED: u8 = 125;

/// What stood in the way; printed as one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("must be run as root")]
    NotRoot,
    #[error("the demo needs a terminal; give a COMMAND to run without one")]
    NoTerminal,
    #[error("{0} (see sandbox --help)")]
    Usage(#[from] lexopt::Error),
    #[error("cannot be started in {}: the sandbox has its own; start it in a folder of yours", .0.display())]
    StartFolder(PathBuf),
    #[error("{} is missing: build the project first (make build)", .0.display())]
    NotBuilt(PathBuf),
    #[error("{} is missing: fetch the peers first (cases --peers)", .0.display())]
    NotFetched(PathBuf),
    #[error("{} holds something: --logs needs a new or an empty folder", .0.display())]
    NotEmpty(PathBuf),
    #[error("{} has no account {name}", .file.display())]
    NoAccount { file: PathBuf, name: &'static str },
    #[error("{service} {}", .how)]
    Service { service: &'static str, how: Ending },
    #[error("{program} failed; its last words: {words}")]
    Failed { program: &'static str, words: String },
    #[error("cannot run {}: {source}", .program.display())]
    Command { program: PathBuf, source: io::Error },
    #[error("getty ends at once, with status {0}")]
    Getty(u8),
    #[error("cannot {act} {}: {source}{}", .path.display(), hint(act, source))]
    System { act: &'static str, path: PathBuf, source: io::Error },
}

impl Error {
    /// The sandbox's exit status: that of a shell for a command that is not there or cannot be run.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Command { source, .. } if source.kind() == io::ErrorKind::NotFound => 127,
            Self::Command { .. } => 126,
            _ => FAILED,
        }
    }
}

/// How a service missed its start.
#[derive(Debug)]
pub(crate) enum Ending {
    /// It ended, with the last line of its log.
    Ended(String),
    /// It was not ready in time, with the last line of its log.
    Late(String),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(words) => write!(f, "ended before it was ready; its last words: {words}"),
            Self::Late(words) => write!(f, "was not ready in time; its last words: {words}"),
        }
    }
}

/// Says what was being done to what when the system refused.
pub(crate) trait Tried<T> {
    fn tried(self, act: &'static str, path: impl AsRef<Path>) -> Result<T, Error>;
}

impl<T, E: Into<io::Error>> Tried<T> for Result<T, E> {
    fn tried(self, act: &'static str, path: impl AsRef<Path>) -> Result<T, Error> {
        self.map_err(|source| Error::System { act, path: path.as_ref().to_owned(), source: source.into() })
    }
}

fn hint(act: &str, source: &io::Error) -> &'static str {
    match (act, source.raw_os_error()) {
        ("mount an overlay over", Some(libc::ENODEV)) => " (this kernel has no overlayfs)",
        ("mount an overlay over", Some(libc::EINVAL)) => " (is this an overlay on an overlay already?)",
        ("mount cgroup2 for", Some(libc::ENODEV)) => " (this kernel has no cgroup2)",
        (_, Some(libc::EPERM)) => " (root without the capability, as in a container?)",
        _ => "",
    }
}
