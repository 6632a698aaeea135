//! The file-size limit, which must neither lose a record nor kill who writes it (setrlimit(2), RLIMIT_FSIZE).
//!
//! `pam_limits(8)` sets a user's limits in the process that writes his login's records. A write beyond the limit
//! brings SIGXFSZ, whose default ends the process: a login that dies at its bookkeeping.

use std::io;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Does `write`, which ends at offset `end` of a file, with the limit raised as far as that needs and put back after.
///
/// The limit is the whole process's; who calls has no thread that writes beside it.
///
/// # Errors
/// `EFBIG`, without an attempt, where the limit may not be raised; else what `write` says.
pub(crate) fn raised<T>(end: u64, write: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let before = getrlimit(Resource::Fsize);
    if before.current.is_none_or(|limit| end <= limit) {
        return write();
    }
    let wide = Rlimit { current: Some(end), maximum: before.maximum.map(|maximum| maximum.max(end)) };
    setrlimit(Resource::Fsize, wide).map_err(|_| Errno::FBIG)?;
    let outcome = write();
    setrlimit(Resource::Fsize, before)?;
    outcome
}
