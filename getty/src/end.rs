//! Why getty ended without becoming login.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::line::{LineError, NotALine};

/// What ended getty. The first three are no failures: nobody is there, or somebody went.
#[derive(Debug, Error)]
pub(crate) enum End {
    /// The line was hung up, or has nobody at its other end.
    #[error("the line was hung up")]
    HungUp,
    /// `--timeout` is over.
    #[error("nobody gave a name in time")]
    TimedOut,
    /// The person left: `^D` on an empty line.
    #[error("end of file")]
    Left,
    /// The argument names no line.
    #[error(transparent)]
    NotALine(#[from] NotALine),
    /// The line cannot be used.
    #[error(transparent)]
    Line(LineError),
    /// The line cannot be read or written any more.
    #[error("the line failed: {0}")]
    Failed(io::Error),
    /// login cannot begin where it was told to (`--chroot`, `--chdir`).
    #[error("cannot enter {}: {source}", folder.display())]
    Place {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// login cannot be run.
    #[error("cannot run {}: {source}", program.display())]
    Login {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl End {
    /// Whether there is no such device, or no hardware behind it.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Line(e) if e.is_absence())
    }

    /// Whether the line could not even be opened, so that a change of its device may help. One that fails later is changed by
    /// every attempt: its owner is set.
    pub(crate) fn is_of_device(&self) -> bool {
        use LineError::{Exchanged, HardLink, NotATerminal, Open, SymbolicLink};
        let is_unopened =
            |e: &LineError| matches!(e, Open { .. } | SymbolicLink(_) | HardLink(_) | NotATerminal(_) | Exchanged(_));
        matches!(self, Self::Line(e) if is_unopened(e))
    }

    /// Whether the next getty may take over at once, and init need not hear of a failure.
    pub(crate) fn is_ordinary(&self) -> bool {
        matches!(self, Self::HungUp | Self::TimedOut | Self::Left)
    }
}

/// A line that was hung up while it was being set up is no failure.
impl From<LineError> for End {
    fn from(error: LineError) -> Self {
        if error.is_hang_up() { Self::HungUp } else { Self::Line(error) }
    }
}
