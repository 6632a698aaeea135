//! The calls that no safe crate wraps: fork, and a descriptor that is known by its number.

#![expect(unsafe_code, reason = "fork(2) and fcntl(2) have no safe wrapper")]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use nix::unistd::ForkResult;
use rustix::process::Pid;

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
