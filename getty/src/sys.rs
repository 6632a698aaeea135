//! The calls that no safe crate wraps: ioctls on a terminal, signal dispositions, closing what was inherited.

#![expect(unsafe_code, reason = "ioctl(2), sigaction(2) and close_range(2) have no safe wrapper")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use linux_raw_sys::general::termios;
use linux_raw_sys::ioctl::{
    KDGETMODE, KDGKBLED, KDGKBMODE, KDSETMODE, KDSKBMODE, TIOCGETD, TIOCGLCKTRMIOS, TIOCNOTTY, TIOCSCTTY, TIOCSETD,
    TIOCSLCKTRMIOS, TIOCVHANGUP, VT_GETMODE, VT_SETMODE,
};
use nix::sys::signal::{SigHandler, Signal, signal};

/// Makes `line` the controlling terminal of this session leader, and takes it from another session that has it
/// (`TIOCSCTTY(2const)` with argument 1).
///
/// # Errors
/// `EPERM` if this process leads no session or has another terminal, or if the line belongs to another session and
/// `CAP_SYS_ADMIN` is missing.
pub(crate) fn steal_controlling_terminal(line: BorrowedFd<'_>) -> io::Result<()> {
    let steal: libc::c_int = 1;
    // SAFETY: `line` is open, and TIOCSCTTY takes its argument by value.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), TIOCSCTTY as libc::Ioctl, steal) };
    done(rc)
}

/// Gives up `terminal`, the controlling terminal of this process (`TIOCNOTTY(2const)`).
///
/// The leader's session loses it as a whole; its foreground processes get `SIGHUP` and `SIGCONT`.
///
/// # Errors
/// `ENOTTY` if it is not the controlling terminal.
pub(crate) fn give_up_controlling_terminal(terminal: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: `terminal` is open, and TIOCNOTTY takes no argument.
    let rc = unsafe { libc::ioctl(terminal.as_raw_fd(), TIOCNOTTY as libc::Ioctl) };
    done(rc)
}

/// Hangs `line` up: every file that is open on it, this one too, is dead for ever (`vhangup(2)`, on any terminal).
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN`.
pub(crate) fn hang_up(line: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: `line` is open, and TIOCVHANGUP takes no argument.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), TIOCVHANGUP as libc::Ioctl) };
    done(rc)
}

/// What makes characters of what comes over `line`: `N_TTY` and the like (`TIOCGETD(2const)`). Every terminal says so, also
/// one whose discipline knows no modes.
///
/// # Errors
/// `ENOTTY` if it is no terminal.
pub(crate) fn discipline(line: BorrowedFd<'_>) -> io::Result<libc::c_int> {
    let mut discipline: libc::c_int = 0;
    // SAFETY: `line` is open, and TIOCGETD writes one int to the place it is given.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), TIOCGETD as libc::Ioctl, &raw mut discipline) };
    done(rc).map(|()| discipline)
}

/// Sets it (`TIOCSETD(2const)`).
///
/// # Errors
/// `EIO` if the line was hung up, `EBUSY` if somebody does not let go of it for five seconds.
pub(crate) fn set_discipline(line: BorrowedFd<'_>, discipline: libc::c_int) -> io::Result<()> {
    // SAFETY: `line` is open, and TIOCSETD reads one int from the place it is given.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), TIOCSETD as libc::Ioctl, &raw const discipline) };
    done(rc)
}

/// How the keyboard of a virtual terminal gives characters: `K_UNICODE` and the like (`ioctl_kd(2)`, KDGKBMODE).
///
/// # Errors
/// `ENOTTY` if `line` is no virtual terminal.
pub(crate) fn keyboard_mode(line: BorrowedFd<'_>) -> io::Result<libc::c_int> {
    let mut mode: libc::c_int = 0;
    // SAFETY: `line` is open, and KDGKBMODE writes one int to the place it is given.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), KDGKBMODE as libc::Ioctl, &raw mut mode) };
    done(rc).map(|()| mode)
}

/// Sets how the keyboard of a virtual terminal gives characters (`ioctl_kd(2)`, KDSKBMODE).
///
/// # Errors
/// `ENOTTY` if `line` is no virtual terminal, `EPERM` without `CAP_SYS_TTY_CONFIG`, `EINVAL` for a mode that is none.
pub(crate) fn set_keyboard_mode(line: BorrowedFd<'_>, mode: libc::c_int) -> io::Result<()> {
    // SAFETY: `line` is open, and KDSKBMODE takes its argument by value.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), KDSKBMODE as libc::Ioctl, libc::c_long::from(mode)) };
    done(rc)
}

/// The flags of the keys that lock, and of how they are by default in the high four bits (`ioctl_kd(2)`, KDGKBLED).
///
/// # Errors
/// `ENOTTY` if `line` is no virtual terminal.
pub(crate) fn keyboard_lights(line: BorrowedFd<'_>) -> io::Result<u8> {
    let mut flags: libc::c_char = 0;
    // SAFETY: `line` is open, and KDGKBLED writes one char to the place it is given.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), KDGKBLED as libc::Ioctl, &raw mut flags) };
    done(rc).map(|()| flags.to_ne_bytes()[0])
}

/// Whether a virtual terminal shows text or what a program draws: `KD_TEXT`, `KD_GRAPHICS` (`ioctl_kd(2)`, KDGETMODE).
///
/// # Errors
/// `ENOTTY` if `line` is no virtual terminal.
pub(crate) fn display_mode(line: BorrowedFd<'_>) -> io::Result<libc::c_int> {
    let mut mode: libc::c_int = 0;
    // SAFETY: `line` is open, and KDGETMODE writes one int to the place it is given.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), KDGETMODE as libc::Ioctl, &raw mut mode) };
    done(rc).map(|()| mode)
}

/// Sets what a virtual terminal shows (`ioctl_kd(2)`, KDSETMODE).
///
/// # Errors
/// As [`set_keyboard_mode`].
pub(crate) fn set_display_mode(line: BorrowedFd<'_>, mode: libc::c_int) -> io::Result<()> {
    // SAFETY: `line` is open, and KDSETMODE takes its argument by value.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), KDSETMODE as libc::Ioctl, libc::c_long::from(mode)) };
    done(rc)
}

/// `struct vt_mode` of linux/vt.h.
#[repr(C)]
#[derive(Default)]
struct VtMode {
    mode: libc::c_char,
    waitv: libc::c_char,
    relsig: libc::c_short,
    acqsig: libc::c_short,
    frsig: libc::c_short,
}

const _: () = assert!(size_of::<VtMode>() == 8);

/// Who is asked before the kernel switches away from a virtual terminal: `VT_AUTO`, `VT_PROCESS` (`ioctl_vt(2)`,
/// VT_GETMODE).
///
/// # Errors
/// `ENOTTY` if `line` is no virtual terminal.
pub(crate) fn switching_mode(line: BorrowedFd<'_>) -> io::Result<u8> {
    let mut mode = VtMode::default();
    // SAFETY: `line` is open, and VT_GETMODE writes one struct vt_mode to the place it is given.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), VT_GETMODE as libc::Ioctl, &raw mut mode) };
    done(rc).map(|()| mode.mode.to_ne_bytes()[0])
}

/// Sets who is asked, with no signals (`ioctl_vt(2)`, VT_SETMODE).
///
/// # Errors
/// As [`set_keyboard_mode`].
pub(crate) fn set_switching_mode(line: BorrowedFd<'_>, mode: u8) -> io::Result<()> {
    let mode = VtMode { mode: libc::c_char::from_ne_bytes([mode]), ..VtMode::default() };
    // SAFETY: `line` is open, and VT_SETMODE reads one struct vt_mode from the place it is given.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), VT_SETMODE as libc::Ioctl, &raw const mode) };
    done(rc)
}

/// Whether some of the modes of `line` are locked, so that setting them changes nothing (`TIOCGLCKTRMIOS(2const)`).
///
/// # Errors
/// `ENOTTY` if it is no terminal.
pub(crate) fn has_locked_modes(line: BorrowedFd<'_>) -> io::Result<bool> {
    let mut locked = UNLOCKED;
    // SAFETY: `line` is open, and TIOCGLCKTRMIOS writes one struct termios of the kernel's to the place it is given.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), TIOCGLCKTRMIOS as libc::Ioctl, &raw mut locked) };
    let flags = locked.c_iflag | locked.c_oflag | locked.c_cflag | locked.c_lflag;
    done(rc).map(|()| flags != 0 || locked.c_line != 0 || locked.c_cc.iter().any(|&key| key != 0))
}

/// Unlocks all modes of `line` (`TIOCSLCKTRMIOS(2const)`).
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN`.
pub(crate) fn unlock_modes(line: BorrowedFd<'_>) -> io::Result<()> {
    let unlocked = UNLOCKED;
    // SAFETY: `line` is open, and TIOCSLCKTRMIOS reads one struct termios of the kernel's from the place it is given.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), TIOCSLCKTRMIOS as libc::Ioctl, &raw const unlocked) };
    done(rc)
}

const UNLOCKED: termios = termios { c_iflag: 0, c_oflag: 0, c_cflag: 0, c_lflag: 0, c_line: 0, c_cc: [0; 19] };

/// Ignores `which` from now on (`signal(2)`).
///
/// # Errors
/// `EINVAL` for SIGKILL and SIGSTOP.
pub(crate) fn ignore(which: Signal) -> io::Result<()> {
    // SAFETY: SIG_IGN installs no handler that could run in the wrong place.
    unsafe { signal(which, SigHandler::SigIgn) }.map(drop).map_err(io::Error::from)
}

/// Gives the signal of this number its default effect (`signal(2)`); also one of the real-time signals.
///
/// # Errors
/// `EINVAL` for SIGKILL, SIGSTOP, the signals that libc keeps for itself, and a number that is no signal's.
pub(crate) fn restore_default(number: libc::c_int) -> io::Result<()> {
    // SAFETY: SIG_DFL installs no handler that could run in the wrong place.
    let before = unsafe { libc::signal(number, libc::SIG_DFL) };
    if before == libc::SIG_ERR { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Lets every file from descriptor `first` on be closed by the next exec (`close_range(2)`, CLOSE_RANGE_CLOEXEC).
///
/// # Errors
/// `ENOSYS` before Linux 5.9, `EINVAL` before 5.11.
pub(crate) fn close_on_exec_from(first: libc::c_uint) -> io::Result<()> {
    let last = libc::c_uint::MAX;
    // SAFETY: close_range takes numbers only, and with this flag it closes nothing that somebody here still owns.
    let rc = unsafe { libc::syscall(libc::SYS_close_range, first, last, libc::CLOSE_RANGE_CLOEXEC) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn done(rc: libc::c_int) -> io::Result<()> {
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
