//! The system calls that no safe crate offers: fork, the moment between fork and exec, an interface's flags.
#![expect(unsafe_code, reason = "fork, exec hooks and one ioctl")]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::signal::{SigHandler, SigSet, Signal};
use nix::unistd::ForkResult;
use rustix::io::FdFlags;

/// `fork(2)`: none in the child, the child's pid in the parent.
///
/// # Errors
/// `EAGAIN` or `ENOMEM`, as the system call says.
pub fn fork() -> io::Result<Option<nix::unistd::Pid>> {
    // SAFETY: the programs of this crate that fork have one thread, so the child inherits no lock that nobody holds.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => Ok(None),
        ForkResult::Parent { child } => Ok(Some(child)),
    }
}

/// What a started process is to its terminal (`setsid(2)`, `ioctl_tty(2)`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leading {
    /// A session of its own without a controlling terminal: what an init gives a getty or a daemon.
    Session,
    /// A session of its own whose controlling terminal is its standard input.
    Terminal,
}

/// Makes `command` start as a session leader with no signal blocked or ignored, also if nohup(1) runs us; `passed` stays
/// open in it under its number.
pub fn lead(command: &mut Command, leading: Leading, passed: Option<OwnedFd>) {
    let prepare = move || {
        nix::unistd::setsid()?;
        for signal in Signal::iterator().filter(|signal| !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP)) {
            // SAFETY: the default action calls nothing of ours.
            unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl) }?;
        }
        SigSet::empty().thread_set_mask()?;
        if leading == Leading::Terminal {
            rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
        }
        if let Some(fd) = &passed {
            rustix::io::fcntl_setfd(fd, FdFlags::empty())?;
        }
        Ok(())
    };
    // SAFETY: the closure makes system calls and allocates nothing.
    unsafe { command.pre_exec(prepare) };
}

/// Makes `command` get SIGTERM when the thread that starts it ends (`PR_SET_PDEATHSIG`), so that nothing runs on for nobody.
pub fn end_with_parent(command: &mut Command) {
    let prepare = || Ok(rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM))?);
    // SAFETY: the closure makes one system call and allocates nothing.
    unsafe { command.pre_exec(prepare) };
}

/// Closes every descriptor but the three standard ones at the next exec (`close_range(2)`).
///
/// # Errors
/// What the system call says.
pub fn keep_from_children() -> io::Result<()> {
    // SAFETY: the call changes a flag of descriptors and no memory.
    let rc = unsafe { libc::close_range(3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC as libc::c_int) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Sets `IFF_UP` on the loopback interface of this network namespace (`netdevice(7)`, SIOCSIFFLAGS).
///
/// # Errors
/// What `socket(2)` or the ioctl says; `EPERM` without `CAP_NET_ADMIN`.
pub fn loopback_up() -> io::Result<()> {
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::DGRAM, None)?;
    // SAFETY: an ifreq is plain bytes, for which zero is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = from.cast_signed();
    }
    #[expect(clippy::cast_possible_truncation, reason = "IFF_UP is 1")]
    let up = libc::IFF_UP as libc::c_short;
    request.ifr_ifru.ifru_flags = up;
    // SAFETY: `request` is a whole ifreq that lives until the call returns; the kernel only reads it.
    let rc = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
