//! Who may write now: our writers one after the other, and no wait that anybody else can stretch.
//!
//! Two locks, because one cannot do both. glibc's writers take a `fcntl(2)` lock on the record file itself; whoever may
//! read the file may hold that lock for ever (glibc bug 24492), so it is tried for a while and then written without.
//! Our writers exclude each other by `flock(2)` on a file of root's, which nobody else can open.
//!
//! The lock that strangers can hold comes first: who waits for it in vain does so beside the other writers, not in a
//! queue with them.

use std::fs::File;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags, fchmod, fcntl_lock, flock, mkdir, open};
use rustix::io::Errno;

/// How long glibc's lock on the record file is tried.
const FOREIGN_WAIT: Duration = Duration::from_millis(500);
/// How long our own lock is tried: a holder that takes longer was stopped or waits for a dying disk.
const OWN_WAIT: Duration = Duration::from_millis(1500);
/// The kernel has no event for a lock with a deadline.
const RETRY: Duration = Duration::from_millis(5);

/// The right to write, as far as it could be had; given up when dropped, glibc's when the record file is closed.
pub(crate) struct Writing {
    _own: Option<File>,
    is_alone: bool,
}

impl Writing {
    /// Whether no other writer of ours is at it: our lock could be had or, where there is no place for one, glibc's.
    pub(crate) const fn is_alone(&self) -> bool {
        self.is_alone
    }
}

/// Waits for both locks, then lets the caller write whether it got them or not: a record is never lost to a lock.
pub(crate) fn for_writing(records: &File, directory: &Path, name: &str) -> Writing {
    let has_foreign = try_until(FOREIGN_WAIT, || fcntl_lock(records, FlockOperation::NonBlockingLockExclusive));
    let own = own_file(directory, name).ok();
    let is_alone = match &own {
        Some(file) => try_until(OWN_WAIT, || flock(file, FlockOperation::NonBlockingLockExclusive)),
        None => has_foreign,
    };
    Writing { _own: own, is_alone }
}

/// Waits until no writer of glibc's is in the middle of a record, but not longer than for writing.
pub(crate) fn for_reading(records: &File) {
    try_until(FOREIGN_WAIT, || fcntl_lock(records, FlockOperation::NonBlockingLockShared));
}

/// Whether the lock was had. Ends at the first answer that is not "somebody holds it": there are file systems without
/// locks.
fn try_until(wait: Duration, attempt: impl Fn() -> Result<(), Errno>) -> bool {
    let deadline = Instant::now() + wait;
    loop {
        match attempt() {
            Err(Errno::AGAIN | Errno::ACCESS | Errno::INTR) if Instant::now() < deadline => sleep(RETRY),
            outcome => return outcome.is_ok(),
        }
    }
}

fn own_file(directory: &Path, name: &str) -> Result<File, Errno> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    in_directory(directory, || open(directory.join(name), flags, Mode::RUSR | Mode::WUSR).map(File::from))
}

/// Does what makes a file in `directory`, which in early boot nobody has made yet.
pub(crate) fn in_directory<T>(directory: &Path, attempt: impl Fn() -> Result<T, Errno>) -> Result<T, Errno> {
    match attempt() {
        Err(Errno::NOENT) => {
            make(directory)?;
            attempt()
        }
        outcome => outcome,
    }
}

/// Its mode must not depend on our umask: others have sockets there.
fn make(directory: &Path) -> Result<(), Errno> {
    match mkdir(directory, Mode::RWXU) {
        Ok(()) => {}
        Err(Errno::EXIST) => return Ok(()),
        Err(e) => return Err(e),
    }
    let made = open(directory, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    fchmod(made, Mode::RWXU | Mode::RGRP | Mode::XGRP | Mode::ROTH | Mode::XOTH)
}
