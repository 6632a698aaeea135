//! lastlog2's database of last logins, where a machine has one: written by its own library, in a process of its own.
//!
//! The library brings SQLite along, and its locks. Neither belongs into a process that waits for a shell, and neither may
//! hold a login.

mod sys;

use std::ffi::CString;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Access, access};
use rustix::io::Errno;
use tracing::{debug, warn};
use utmp::WriteError;

use crate::{errand, paths};

/// The database may be locked by other logins for so long; the library waits by itself.
const PATIENCE: Duration = Duration::from_secs(2);

/// A login, as the database has it.
pub(super) struct Entry<'a> {
    pub(super) user: &'a str,
    /// In seconds since the epoch.
    pub(super) time: i64,
    pub(super) line: &'a str,
    pub(super) host: Option<&'a str>,
    /// PAM's service.
    pub(super) service: &'a str,
}

/// Writes `entry`, if there is a database and no module of the PAM stack writes it: `pam_lastlog2(8)` has brought the
/// library into this process then. What goes wrong is told here.
///
/// # Errors
/// If nothing can be written there at all: the disk is read-only.
pub(super) fn record(entry: &Entry<'_>) -> Result<(), WriteError> {
    let database = Path::new(paths::LASTLOG2);
    if !database.exists() || sys::is_loaded() {
        return Ok(());
    }
    // The library has no word for it.
    if let Err(Errno::ROFS) = access(database, Access::WRITE_OK) {
        return Err(WriteError::Open { path: database.to_owned(), source: Errno::ROFS.into() });
    }
    match errand::within(PATIENCE, || write(entry)) {
        Ok(Some(true)) => {}
        Ok(Some(false)) => debug!("lastlog2's database is not written"), // the errand has said why
        Ok(None) => warn!(database = paths::LASTLOG2, ?PATIENCE, "the last login is not recorded: no answer"),
        Err(error) => warn!(database = paths::LASTLOG2, %error, "the last login is not recorded"),
    }
    Ok(())
}

fn write(entry: &Entry<'_>) -> bool {
    let string = |text: &str| CString::new(text).unwrap_or_default(); // a name or a line has no NUL byte
    let (user, line, service) = (string(entry.user), string(entry.line), string(entry.service));
    let host = entry.host.map(string);
    let Some(library) = sys::Library::load() else {
        debug!("a database of lastlog2 without its library");
        return false;
    };
    match library.write(&user, entry.time, &line, host.as_deref(), &service) {
        Ok(()) => true,
        Err(code) => {
            warn!(database = paths::LASTLOG2, code, "the last login is not recorded");
            false
        }
    }
}
