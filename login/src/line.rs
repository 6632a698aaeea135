//! The terminal line as a device: taken by its descriptor, verified, owned by the right person at the right time.

use std::fmt;
use std::io;
use std::ops::RangeInclusive;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use rustix::fs::{FileType, Gid, Mode, OFlags, Stat, Uid, fchmod, fchown, fcntl_setfl, fstat, major, open};
use rustix::io::Errno;
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout, stdin};
use rustix::termios::{ControlModes, OptionalActions, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};
use thiserror::Error;
use tracing::warn;

use crate::{paths, process, sys, vcs};

/// A line's mode while nobody is logged in: what is typed at a prompt is nobody's to read or fake.
const MODE_OF_NOBODY: u32 = 0o600;

/// The major numbers of pseudo-terminals' lines (`UNIX98_PTY_SLAVE_MAJOR` in linux/major.h).
const PSEUDO_TERMINALS: RangeInclusive<u32> = 136..=143;

/// A line's name: its path below `/dev/`, as `ut_line` has it. Visible ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineName(String);

impl LineName {
    /// The name of the device at `path`; none outside `/dev/`.
    fn of(path: &Path) -> Option<Self> {
        let name = path.as_os_str().as_bytes().strip_prefix(paths::DEV.as_bytes())?;
        let name = str::from_utf8(name).ok()?;
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
        is_name.then(|| Self(name.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole path, which is what `PAM_TTY` is for a device (`pam_set_item(3)`).
    pub(crate) fn to_path(&self) -> String {
        format!("{}{}", paths::DEV, self.0)
    }
}

impl fmt::Display for LineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// When a line is hung up, which takes it from whoever has it open (`vhangup(2)`): before the login, so that nobody left
/// from before reads the password, and after the session, so that nobody left in it reads the next one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum HangUp {
    /// Only if login leads its session of processes, else a wrapper or a shell waits to have the line back. Before the
    /// login no pseudo-terminal: whoever is at its other end takes that for the end.
    #[default]
    WhereItHelps,
    Always,
    Never,
}

/// Why a line cannot be used.
#[derive(Debug, Error)]
pub(crate) enum LineError {
    #[error("standard input is not a terminal")]
    NoTerminal,
    #[error("the terminal on standard input has no name in /dev")]
    NoName(#[source] io::Error),
    #[error("{} is not the terminal on standard input", .0.display())]
    Another(PathBuf),
    #[error("cannot open {}", .path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("cannot hang the line up")]
    HangUp(#[source] io::Error),
    #[error("cannot have the line back after hanging it up")]
    Back(#[source] io::Error),
    #[error("cannot make the line standard input and output")]
    Streams(#[source] io::Error),
}

/// The line login works on: a descriptor of our own, so nobody else's flags or reopening can change what it is.
///
/// Owner and mode are changed through the descriptor only (CVE-2008-5394: a path could be led elsewhere meanwhile).
pub(crate) struct Line {
    name: LineName,
    fd: OwnedFd,
    hang_up: HangUp,
}

impl Line {
    /// Takes the terminal on standard input: opens it anew, makes sure it is the same, makes it root's and nobody else's,
    /// hangs it up where `hang_up` says so, and puts it on the three standard streams.
    ///
    /// # Errors
    /// If there is no terminal, or what bears its name is not it.
    pub(crate) fn take(hang_up: HangUp) -> Result<Self, LineError> {
        if !rustix::termios::isatty(stdin()) {
            return Err(LineError::NoTerminal);
        }
        let path = nix::unistd::ttyname(stdin()).map_err(|e| LineError::NoName(e.into()))?;
        let name = LineName::of(&path).ok_or_else(|| LineError::Another(path.clone()))?;
        let mut line = Self { name, fd: opened(&path, stdin())?, hang_up };
        line.belong(0, 0, MODE_OF_NOBODY); // before it is hung up: whose it was would open it again at once
        let is_for_others = match hang_up {
            HangUp::WhereItHelps => process::leads_its_session() && !is_pseudo_terminal(line.fd()),
            HangUp::Always => true,
            HangUp::Never => false,
        };
        if is_for_others {
            line.fd = freed(line.fd, &path)?;
        }
        put_on_streams(&line.fd).map_err(|e| LineError::Streams(e.into()))?;
        vcs::take_from_users(&line.name);
        Ok(line)
    }

    pub(crate) fn name(&self) -> &LineName {
        &self.name
    }

    /// The descriptor, for when the standard streams lead elsewhere.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Makes the line a user's.
    pub(crate) fn give_to(&self, uid: u32, gid: u32, mode: u32) {
        self.belong(uid, gid, mode);
    }

    /// Makes the line root's again, with nobody else allowed.
    pub(crate) fn take_back(&self, gid: u32) {
        self.belong(0, gid, MODE_OF_NOBODY);
    }

    /// Takes the line from whoever still has it open, where that is wanted: what the session left running must not read the
    /// next password. The kernel does this where the shell that ends still controls a line that is no pseudo-terminal.
    ///
    /// A container may not hang lines up; getty(8) tells of it too.
    pub(crate) fn hang_up(&self) {
        match self.hang_up {
            HangUp::WhereItHelps if !process::leads_its_session() => return,
            HangUp::Never => return,
            HangUp::WhereItHelps | HangUp::Always => {}
        }
        if let Err(error) = self.cut_off() {
            let error = &error as &dyn std::error::Error;
            warn!(line = %self.name, error, "what the session left running may still read the line");
        }
    }

    /// Where the kernel has hung the line up with the shell, `fd` answers EIO (hung_up_tty_ioctl in
    /// linux/drivers/tty/tty_io.c), and whose it was may have opened it again since.
    fn cut_off(&self) -> Result<(), LineError> {
        let cut = match sys::hang_up(self.fd()) {
            Err(error) if error.raw_os_error() == Some(libc::EIO) => {
                let again = opened(Path::new(&self.name.to_path()), self.fd())?;
                sys::hang_up(again.as_fd())
            }
            cut => cut,
        };
        cut.map_err(LineError::HangUp)
    }

    /// A read-only /dev is the one reason to go on without: the login works, and the line is as safe as it was.
    fn belong(&self, uid: u32, gid: u32, mode: u32) {
        let owned = fchown(&self.fd, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
        let changed = owned.and_then(|()| fchmod(&self.fd, Mode::from_raw_mode(mode)));
        if let Err(error) = changed {
            warn!(line = %self.name, uid, error = %io::Error::from(error), "cannot change the line's owner and mode");
        }
    }
}

/// Leaves the standard streams to nobody: the line's own descriptor stays.
///
/// # Errors
/// If `/dev/null` cannot be opened.
pub(crate) fn leave_streams() -> io::Result<()> {
    let null = open(paths::DEV_NULL, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    Ok(put_on_streams(&null)?)
}

/// The device at `path`, which must be the one open as `known`.
fn opened(path: &Path, known: BorrowedFd<'_>) -> Result<OwnedFd, LineError> {
    // O_NONBLOCK: opening a serial line would wait for its carrier.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = open(path, flags, Mode::empty());
    let fd = opened.map_err(|e| LineError::Open { path: path.to_owned(), source: e.into() })?;
    if is_same_device(known, fd.as_fd()) { Ok(fd) } else { Err(LineError::Another(path.to_owned())) }
}

/// Hangs the line up and opens it again, with the modes, speed and size that it had, which the hang-up resets.
///
/// Where lines cannot be hung up, `fd` stays.
fn freed(fd: OwnedFd, path: &Path) -> Result<OwnedFd, LineError> {
    let back = |error: Errno| LineError::Back(error.into());
    let (modes, size) = (tcgetattr(&fd).map_err(back)?, tcgetwinsize(&fd).map_err(back)?);
    let mut connected = modes.clone();
    connected.control_modes.remove(ControlModes::HUPCL); // a modem would take the hang-up for its own
    tcsetattr(&fd, OptionalActions::Now, &connected).map_err(back)?;
    // The kernel tells this process too; Departure takes the signal over.
    sys::ignore(Signal::SIGHUP).map_err(|error| LineError::Back(error.into()))?;
    if let Err(error) = sys::hang_up(fd.as_fd()) {
        warn!(line = %path.display(), %error, "cannot hang the line up: who has it open may read what is typed");
        tcsetattr(&fd, OptionalActions::Now, &modes).map_err(back)?;
        return Ok(fd);
    }
    let again = opened(path, fd.as_fd())?;
    tcsetattr(&again, OptionalActions::Flush, &modes).map_err(back)?;
    tcsetwinsize(&again, size).map_err(back)?;
    if process::leads_its_session() {
        sys::take_terminal(again.as_fd()).map_err(LineError::Back)?;
    }
    Ok(again)
}

fn is_pseudo_terminal(fd: BorrowedFd<'_>) -> bool {
    fstat(fd).is_ok_and(|stat| PSEUDO_TERMINALS.contains(&major(stat.st_rdev)))
}

fn put_on_streams(fd: &OwnedFd) -> Result<(), Errno> {
    fcntl_setfl(fd, OFlags::RDWR)?; // blocking from here on
    dup2_stdin(fd)?;
    dup2_stdout(fd)?;
    dup2_stderr(fd)
}

/// One character device, known by one name: a hard link elsewhere would lend its name to another's line.
fn is_same_device(known: BorrowedFd<'_>, opened: BorrowedFd<'_>) -> bool {
    let (Ok(known), Ok(opened)) = (fstat(known), fstat(opened)) else { return false };
    let identity = |stat: &Stat| (stat.st_dev, stat.st_ino, stat.st_rdev);
    FileType::from_raw_mode(opened.st_mode) == FileType::CharacterDevice
        && identity(&known) == identity(&opened)
        && opened.st_nlink == 1
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A line of this name, wherever.
    pub(crate) fn named(name: &str) -> LineName {
        LineName(name.to_owned())
    }

    #[test]
    fn a_line_is_named_by_its_path_below_dev() {
        let name = |path: &str| LineName::of(Path::new(path)).map(|name| name.as_str().to_owned());
        assert_eq!(name("/dev/tty1").as_deref(), Some("tty1"));
        assert_eq!(name("/dev/pts/0").as_deref(), Some("pts/0"));
        for path in ["/dev/", "/tmp/tty1", "tty1", "/dev/a b", "/dev/a\x1b[2J"] {
            assert_eq!(name(path), None, "{path:?}");
        }
    }

    #[test]
    fn a_line_that_was_opened_again_behind_the_kernels_hang_up_is_hung_up_too() {
        let master = rustix::pty::openpt(rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY).unwrap();
        rustix::pty::unlockpt(&master).unwrap();
        let path = PathBuf::from(rustix::pty::ptsname(&master, Vec::new()).unwrap().into_string().unwrap());
        let slave = || open(&path, OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK, Mode::empty()).unwrap();
        let line = Line { name: LineName::of(&path).unwrap(), fd: slave(), hang_up: HangUp::Always };
        sys::hang_up(line.fd()).unwrap();
        let others = slave();
        assert_eq!(rustix::io::read(&others, &mut [0; 1]), Err(Errno::AGAIN));
        line.hang_up();
        assert_eq!(rustix::io::read(&others, &mut [0; 1]), Ok(0));
    }
}
