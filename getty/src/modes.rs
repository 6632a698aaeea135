//! The modes of the line: raw while a name is read, sane when login takes over. Speeds are in `speed`.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use libc::{
    BRKINT, CLOCAL, CREAD, CRTSCTS, CS7, CS8, CSIZE, CSTOPB, ECHO, ECHOCTL, ECHOE, ECHOK, ECHOKE, HUPCL, ICANON, ICRNL,
    IEXTEN, IMAXBEL, INPCK, ISIG, ISTRIP, IUCLC, IUTF8, IXON, OLCUC, ONLCR, OPOST, PARENB, PARODD, VDISCARD, VEOF,
    VEOL, VEOL2, VERASE, VINTR, VKILL, VLNEXT, VMIN, VQUIT, VREPRINT, VSTART, VSTOP, VSUSP, VTIME, VWERASE, XCASE,
};
use rustix::termios::{Action, Winsize, tcflow, tcgetwinsize, tcsetwinsize};
use termios::{TCSANOW, Termios, tcsetattr};

use crate::parity::Parity;
use crate::{sys, vt};

/// Whether the line is local, or a modem whose carrier counts (`--local-line`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum LocalLine {
    /// Ignore the carrier.
    Always,
    /// Heed it: its loss hangs the line up.
    Never,
    /// Leave it as it is.
    #[default]
    Auto,
}

/// What the command line says about the modes of the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Hardware {
    /// Whether the carrier counts.
    pub(crate) local: LocalLine,
    /// RTS/CTS flow control (`--flow-control`).
    pub(crate) flow_control: bool,
    /// Leave the control flags as they are (`--noreset`).
    pub(crate) keep: bool,
}

/// What kind of terminal a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TerminalKind {
    /// A VT of this machine; `utf8` if its keyboard gives UTF-8.
    Virtual {
        /// Whether the keyboard is in the kernel's Unicode mode.
        utf8: bool,
    },
    /// Everything else: a serial line, a pseudo terminal, a hypervisor's console.
    Other,
}

impl TerminalKind {
    /// Asks the line: only a VT has a keyboard.
    pub(crate) fn of(line: impl AsFd) -> Self {
        match sys::keyboard_mode(line.as_fd()) {
            Ok(mode) => Self::Virtual { utf8: mode == vt::K_UNICODE },
            Err(_) => Self::Other,
        }
    }

    /// Whether it is a VT.
    pub(crate) fn is_virtual(self) -> bool {
        matches!(self, Self::Virtual { .. })
    }
}

/// What the name that was typed tells about the terminal that it was typed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Habits {
    /// The key that erases a character.
    pub(crate) erase: u8,
    /// The key that erases a line.
    pub(crate) kill: u8,
    /// The parity of a terminal of seven bits.
    pub(crate) parity: Option<Parity>,
    /// Whether the terminal has capitals only.
    pub(crate) has_capitals_only: bool,
}

/// DEL and `^U` erase on every keyboard but old ones.
impl Default for Habits {
    fn default() -> Self {
        Self { erase: 0x7f, kill: control(b'U'), parity: None, has_capitals_only: false }
    }
}

/// Whether the modes of `line` say that what is typed on it is UTF-8 (IUTF8, termios(3)).
pub(crate) fn is_utf8(line: impl AsFd) -> bool {
    Termios::from_fd(line.as_fd().as_raw_fd()).is_ok_and(|modes| modes.c_iflag & IUTF8 != 0)
}

/// Gives the line the discipline that makes a terminal of it, and lets its output go on: whoever had it before may have
/// left it with another, which has neither modes nor characters, or stopped. Neither ends with a hang-up for as long as
/// they live.
///
/// # Errors
/// If somebody holds the discipline, or the line was hung up.
pub(crate) fn revive(line: impl AsFd) -> io::Result<()> {
    if sys::discipline(line.as_fd())? != N_TTY {
        sys::set_discipline(line.as_fd(), N_TTY)?;
    }
    Ok(tcflow(line, Action::OOn)?)
}

/// Unlocks the modes of the line if a program left them locked, as a splash screen does that was killed.
///
/// # Errors
/// If that is not allowed.
pub(crate) fn unlock(line: impl AsFd) -> io::Result<()> {
    if sys::has_locked_modes(line.as_fd())? { sys::unlock_modes(line.as_fd()) } else { Ok(()) }
}

/// The modes that the line had before getty changed them.
#[derive(Debug)]
pub(crate) struct SavedModes(Termios);

impl SavedModes {
    /// Reads the modes of `line`.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(crate) fn of(line: impl AsFd) -> io::Result<Self> {
        Termios::from_fd(line.as_fd().as_raw_fd()).map(Self)
    }

    /// Gives the modes back: for a getty that ends without a login.
    ///
    /// # Errors
    /// If they cannot be set.
    pub(crate) fn restore(&self, line: impl AsFd) -> io::Result<()> {
        set(line, &self.0)
    }
}

/// Raw, without an echo; output lines still end with CR and LF. BREAK is read as NUL.
///
/// Enter is read as `\n`, as it will be once lines are back: what is typed ahead has whole lines then.
///
/// # Errors
/// If the modes cannot be read or set.
pub(crate) fn make_raw(line: impl AsFd, kind: TerminalKind, hardware: Hardware) -> io::Result<()> {
    let mut modes = Termios::from_fd(line.as_fd().as_raw_fd())?;
    modes.c_iflag = ICRNL | utf8_flag(&modes, kind);
    modes.c_oflag = OPOST | ONLCR;
    modes.c_lflag = 0;
    if !hardware.keep {
        // Everything else in c_cflag is the speed.
        modes.c_cflag &= !(CSIZE | CSTOPB | PARENB | PARODD | CRTSCTS);
        modes.c_cflag |= CS8 | CREAD | HUPCL;
    }
    match hardware.local {
        LocalLine::Always => modes.c_cflag |= CLOCAL,
        LocalLine::Never => modes.c_cflag &= !CLOCAL,
        LocalLine::Auto => {}
    }
    if hardware.flow_control {
        modes.c_cflag |= CRTSCTS;
    }
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    set(line, &modes)
}

/// What every program expects of a terminal: lines, echo, signals, flow control, and the usual keys.
///
/// `habits` adds what the terminal needs besides: seven bits with parity, small letters for its capitals.
///
/// # Errors
/// If the modes cannot be read or set.
pub(crate) fn make_sane(line: impl AsFd, kind: TerminalKind, habits: Habits) -> io::Result<()> {
    let mut modes = Termios::from_fd(line.as_fd().as_raw_fd())?;
    modes.c_iflag = BRKINT | ICRNL | IMAXBEL | IXON | utf8_flag(&modes, kind);
    modes.c_oflag = OPOST | ONLCR;
    modes.c_lflag = ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE;
    modes.c_cc.fill(DISABLED);
    for (index, key) in KEYS {
        modes.c_cc[index] = key;
    }
    modes.c_cc[VERASE] = habits.erase;
    modes.c_cc[VKILL] = habits.kill;
    if let Some(parity) = habits.parity {
        modes.c_iflag |= INPCK | ISTRIP;
        modes.c_cflag = modes.c_cflag & !(CSIZE | PARODD) | CS7 | PARENB;
        modes.c_cflag |= if parity == Parity::Odd { PARODD } else { 0 };
    }
    if habits.has_capitals_only {
        modes.c_iflag |= IUCLC;
        modes.c_oflag |= OLCUC;
        modes.c_lflag |= XCASE;
    }
    set(line, &modes)
}

/// Gives a terminal without a size the one that most programs take for granted: 24 rows of 80 columns.
///
/// # Errors
/// If the size cannot be read or set.
pub(crate) fn ensure_size(line: impl AsFd) -> rustix::io::Result<()> {
    let size = tcgetwinsize(&line)?;
    let ws_row = if size.ws_row == 0 { 24 } else { size.ws_row };
    let ws_col = if size.ws_col == 0 { 80 } else { size.ws_col };
    if (ws_row, ws_col) == (size.ws_row, size.ws_col) {
        return Ok(());
    }
    tcsetwinsize(&line, Winsize { ws_row, ws_col, ..size })
}

/// The discipline of terminals (linux/tty.h).
const N_TTY: libc::c_int = 0;

/// `_POSIX_VDISABLE`: no key.
const DISABLED: u8 = 0;

const fn control(key: u8) -> u8 {
    key & 0x1f
}

/// The keys of the kernel's `INIT_C_CC` (include/asm-generic/termios.h), those that erase apart.
const KEYS: [(usize, u8); 14] = [
    (VINTR, control(b'C')),
    (VQUIT, control(b'\\')),
    (VEOF, control(b'D')),
    (VEOL, DISABLED),
    (VEOL2, DISABLED),
    (VSTART, control(b'Q')),
    (VSTOP, control(b'S')),
    (VSUSP, control(b'Z')),
    (VREPRINT, control(b'R')),
    (VDISCARD, control(b'O')),
    (VWERASE, control(b'W')),
    (VLNEXT, control(b'V')),
    (VMIN, 1),
    (VTIME, 0),
];

/// A VT knows whether it gives UTF-8; of another terminal only whoever set it up does.
fn utf8_flag(modes: &Termios, kind: TerminalKind) -> libc::tcflag_t {
    match kind {
        TerminalKind::Virtual { utf8: true } => IUTF8,
        TerminalKind::Virtual { utf8: false } => 0,
        TerminalKind::Other => modes.c_iflag & IUTF8,
    }
}

/// At once: waiting for the output to leave could wait for ever on a terminal that is stopped.
fn set(line: impl AsFd, modes: &Termios) -> io::Result<()> {
    tcsetattr(line.as_fd().as_raw_fd(), TCSANOW, modes)
}
