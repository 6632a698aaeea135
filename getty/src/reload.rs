//! Asking every getty that waits to read its issue again (`--reload`).

use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, Timespec, Timestamps, UTIME_NOW, futimens, openat};
use rustix::io::Errno;
use thiserror::Error;

use crate::paths;

/// Why nobody could be asked.
#[derive(Debug, Error)]
#[error("cannot touch {}: {source}", path.display())]
pub(crate) struct NotAsked {
    path: &'static Path,
    source: Errno,
}

/// Touches the file that waiting gettys watch, agettys too.
///
/// # Errors
/// If that is not allowed; only root may.
pub(crate) fn ask() -> Result<(), NotAsked> {
    let failed = |source| NotAsked { path: Path::new(paths::RELOAD), source };
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = openat(CWD, paths::RELOAD, flags, Mode::RUSR | Mode::WUSR).map_err(failed)?;
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    futimens(&file, &Timestamps { last_access: now, last_modification: now }).map_err(failed)
}
