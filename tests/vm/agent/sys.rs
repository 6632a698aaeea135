//! The console's ioctls that no safe crate offers.
#![expect(unsafe_code, reason = "four ioctls")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use linux_raw_sys::ioctl::{KDGETMODE, KDGKBMODE, KDSETMODE, KDSKBMODE};
use nix::libc;

/// Whether the kernel draws characters on the screen: KD_TEXT or KD_GRAPHICS (`ioctl_console(2)`, KDGETMODE).
///
/// # Errors
/// What the ioctl says.
pub(crate) fn screen_mode(terminal: BorrowedFd<'_>) -> io::Result<libc::c_int> {
    read(terminal, KDGETMODE)
}

/// `ioctl_console(2)`, KDSETMODE.
///
/// # Errors
/// What the ioctl says.
pub(crate) fn set_screen_mode(terminal: BorrowedFd<'_>, mode: libc::c_int) -> io::Result<()> {
    set(terminal, KDSETMODE, mode)
}

/// What the kernel makes of the keys: K_RAW to K_OFF (`ioctl_console(2)`, KDGKBMODE).
///
/// # Errors
/// What the ioctl says.
pub(crate) fn keyboard_mode(terminal: BorrowedFd<'_>) -> io::Result<libc::c_int> {
    read(terminal, KDGKBMODE)
}

/// `ioctl_console(2)`, KDSKBMODE.
///
/// # Errors
/// What the ioctl says.
pub(crate) fn set_keyboard_mode(terminal: BorrowedFd<'_>, mode: libc::c_int) -> io::Result<()> {
    set(terminal, KDSKBMODE, mode)
}

fn read(terminal: BorrowedFd<'_>, request: u32) -> io::Result<libc::c_int> {
    let mut mode: libc::c_int = 0;
    // SAFETY: the two requests that come here write one int, and `mode` is one that lives until the call returns.
    let rc = unsafe { libc::ioctl(terminal.as_raw_fd(), request.into(), &raw mut mode) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(mode) }
}

fn set(terminal: BorrowedFd<'_>, request: u32, mode: libc::c_int) -> io::Result<()> {
    // SAFETY: the two requests that come here take their argument by value.
    let rc = unsafe { libc::ioctl(terminal.as_raw_fd(), request.into(), libc::c_long::from(mode)) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
