//! The calls that no safe crate wraps: fork, and a descriptor that is known by its number.

#![expect(unsafe_code, reason = "fork(2) and fcntl(2) have no safe wrapper")]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use nix::unistd::ForkResult;
use rustix::process::Pid;

use super::program::ReadOnly;

/// `fork(2)`: none in the child, the child's number in the parent.
///
/// # Errors
/// `EAGAIN` or `ENOMEM`.
pub(crate) fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: this program has one thread, so the child inherits no lock that nobody holds.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => Ok(None),
        ForkResult::Parent { child } => Ok(Pid::from_raw(child.as_raw())),
    }
}

/// Lets the kernel map a page of `range` alone when it is needed, and none beside `range` with it (`madvise(2)`, MADV_RANDOM:
/// what it maps at once ends where the advice changes).
///
/// # Errors
/// As [`drop_file_pages`].
pub(crate) fn map_alone(range: &ReadOnly) -> io::Result<()> {
    let start = std::ptr::without_provenance_mut(range.start);
    // SAFETY: this advice changes when pages are read, and never what they hold.
    let rc = unsafe { libc::madvise(start, range.length, libc::MADV_RANDOM) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Unmaps the pages in `range` that this process holds of a file (`madvise(2)`, MADV_DONTNEED). They are read from the file
/// again when they are needed.
///
/// # Errors
/// `EINVAL` if it is no range of whole pages, `ENOMEM` if it is not mapped.
pub(crate) fn drop_file_pages(range: &ReadOnly) -> io::Result<()> {
    let start = std::ptr::without_provenance_mut(range.start);
    // SAFETY: `range` is a mapping that is not writable and never was, as its type says, so that each page comes back as
    // it was; code that runs in it faults it in again.
    let rc = unsafe { libc::madvise(start, range.length, libc::MADV_DONTNEED) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Takes over the descriptor `number` that this process was started with, before it opens any of its own.
///
/// # Errors
/// `EBADF` if it is not open, or one of the standard three.
pub(crate) fn take_inherited_fd(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl(2) with F_SETFD takes its argument by value and touches no memory of ours.
    let rc = unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
    if number <= libc::STDERR_FILENO || rc == -1 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: the descriptor is open, as fcntl just said, and nobody else here owns it: it was inherited, and it is taken
    // once, before the process opened any of its own.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
