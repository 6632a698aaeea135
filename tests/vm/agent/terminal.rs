//! The virtual terminals themselves: which is in front, and in which modes a program may have left one.

use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use nix::libc::O_NOCTTY;
use nix::poll::{PollFd, PollFlags, poll};
use tests::outcome::{Failure, Outcome};
use tests::wait::Deadline;

use crate::sys::{keyboard_mode, screen_mode, set_keyboard_mode, set_screen_mode};

/// The terminal in front (sysfs-tty of the kernel's ABI).
const FRONT: &str = "/sys/class/tty/tty0/active";

// linux/kd.h. Their places in the lists are their values.
const SCREEN_MODES: [&str; 2] = ["KD_TEXT", "KD_GRAPHICS"];
const KEYBOARD_MODES: [&str; 5] = ["K_RAW", "K_XLATE", "K_MEDIUMRAW", "K_UNICODE", "K_OFF"];
const GRAPHICS: i32 = 1;
const OFF: i32 = 4;

/// Waits until the terminal is in front.
///
/// # Errors
/// Which is instead, once the deadline has passed.
pub(crate) fn await_front(vt: &str, deadline: Deadline) -> Outcome {
    let file = File::open(FRONT)?;
    let mut name = [0; 16];
    loop {
        let length = file.read_at(&mut name, 0)?;
        if name[..length].trim_ascii_end() == format!("tty{vt}").as_bytes() {
            return Ok(());
        }
        let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLPRI)];
        match poll(&mut fds, deadline.timeout()) {
            Ok(0) => {
                let instead = String::from_utf8_lossy(&name[..length]).into_owned();
                return Err(Failure::new(format!("tty{vt} does not come to the front, there is {instead}")));
            }
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Leaves the terminal as an X server that was killed does: nothing is drawn, and no key is translated.
///
/// # Errors
/// What the kernel says.
pub(crate) fn spoil(vt: &str) -> Outcome {
    let terminal = open(vt)?;
    set_screen_mode(terminal.as_fd(), GRAPHICS)?;
    set_keyboard_mode(terminal.as_fd(), OFF)?;
    Ok(())
}

/// The modes of the terminal and its keyboard, as `ioctl_console(2)` names them.
///
/// # Errors
/// What the kernel says.
pub(crate) fn mode(vt: &str) -> Outcome<String> {
    let terminal = open(vt)?;
    let name = |names: &[&'static str], mode: i32| usize::try_from(mode).ok().and_then(|mode| names.get(mode).copied());
    let screen = name(&SCREEN_MODES, screen_mode(terminal.as_fd())?);
    let keyboard = name(&KEYBOARD_MODES, keyboard_mode(terminal.as_fd())?);
    Ok(format!("{} {}", screen.unwrap_or("unknown"), keyboard.unwrap_or("unknown")))
}

fn open(vt: &str) -> Outcome<File> {
    let path = format!("/dev/tty{vt}");
    let terminal = OpenOptions::new().read(true).write(true).custom_flags(O_NOCTTY).open(&path);
    terminal.map_err(|error| Failure::from(error).during(path))
}
