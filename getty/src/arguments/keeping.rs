//! Which lines one process is to keep, and how.

use std::ffi::{OsStr, OsString};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::{ArgumentError, Options};
use crate::line::LineName;
use crate::speed::Speeds;

/// `--lines`, `--lines-from` and what is said with them.
#[derive(Debug)]
pub(crate) struct Keeping {
    /// Which lines.
    pub(crate) wanted: Wanted,
    /// The speeds of those that are named here.
    pub(crate) speeds: Speeds,
    /// What `TERM` shall be on them.
    pub(crate) term: Option<OsString>,
    /// The options of all.
    pub(crate) options: Options,
    /// `--ready-fd`
    pub(crate) ready_fd: Option<RawFd>,
}

/// Which lines are to be kept.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// `--lines`
    pub(crate) names: Vec<LineName>,
    /// `--lines-from`: files and folders in the format of ttys.d(5).
    pub(crate) sources: Vec<PathBuf>,
}

impl Wanted {
    /// Adds the lines in `list`, with commas between them.
    ///
    /// # Errors
    /// If one of them is no line.
    pub(super) fn name(&mut self, list: &OsStr) -> Result<(), ArgumentError> {
        for name in list.as_bytes().split(|&byte| byte == b',').map(OsStr::from_bytes) {
            let line = LineName::parse(name).map_err(|e| ArgumentError::Line(name.to_owned(), e))?;
            if !self.names.contains(&line) {
                self.names.push(line);
            }
        }
        Ok(())
    }

    /// Whether neither option was given.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.sources.is_empty()
    }
}
