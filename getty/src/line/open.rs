//! Opening a line: no symbolic link is followed, no hard link accepted, nothing but a terminal opened.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use nix::unistd::Group;
use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, OFlags, Stat, Uid, fchmod, fchown, fstat, openat, statat};
use rustix::io::Errno;
use thiserror::Error;
use tracing::warn;

use super::LineName;
use crate::{paths, sys};

/// Why a line cannot be used.
#[derive(Debug, Error)]
pub(crate) enum LineError {
    /// It cannot be opened.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The line's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It, or a folder on the way to it, is a symbolic link: whoever made the link chooses the terminal.
    #[error("{} is reached through a symbolic link; name the line that the link leads to", .0.display())]
    SymbolicLink(PathBuf),
    /// It has a second name, so its owner and mode would change under that name too.
    #[error("{} has a second name (a hard link)", .0.display())]
    HardLink(PathBuf),
    /// It is no terminal of its own: no character device, no tty, or `/dev/tty`, which stands for another.
    #[error("{} is not a terminal", .0.display())]
    NotATerminal(PathBuf),
    /// It became another device while it was opened.
    #[error("{} was exchanged while it was being opened", .0.display())]
    Exchanged(PathBuf),
    /// Its owner or mode cannot be set.
    #[error("cannot make {} root's: {source}", path.display())]
    Lock {
        /// The line's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It cannot become this process's controlling terminal.
    #[error("cannot make {} the controlling terminal: {source}", path.display())]
    Control {
        /// The line's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// This process leads a process group but no session, as the job of a shell does, and so can never lead one.
    #[error("cannot become a session leader; start getty through setsid(1)")]
    NoSession,
    /// Its modes or its speed cannot be read or set.
    #[error("cannot set the modes of {}: {source}", path.display())]
    Modes {
        /// The line's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl LineError {
    /// Whether there is no device of the line's name.
    pub(crate) fn has_no_device(&self) -> bool {
        let nameless = [Errno::NOENT, Errno::NOTDIR].map(Errno::raw_os_error);
        matches!(self, Self::Open { source, .. } if source.raw_os_error().is_some_and(|error| nameless.contains(&error)))
    }

    /// Whether there is no such line, or no hardware behind its name: an address without a UART answers `EIO`.
    pub(crate) fn is_absence(&self) -> bool {
        let absent = [Errno::NOENT, Errno::NOTDIR, Errno::NXIO, Errno::NODEV, Errno::IO].map(Errno::raw_os_error);
        match self {
            Self::Open { source, .. } => source.raw_os_error().is_some_and(|error| absent.contains(&error)),
            _ => false,
        }
    }

    /// Whether the line was open and was hung up then.
    pub(crate) fn is_hang_up(&self) -> bool {
        match self {
            Self::Lock { source, .. } | Self::Control { source, .. } | Self::Modes { source, .. } => {
                source.raw_os_error() == Some(Errno::IO.raw_os_error())
            }
            _ => false,
        }
    }
}

/// Opens `line` for reading and writing, without waiting for a carrier and without a controlling terminal.
///
/// # Errors
/// [`LineError`] says which check it failed.
pub(crate) fn open(line: &LineName) -> Result<OwnedFd, LineError> {
    let failed = |e: Errno| LineError::Open { path: line.path(), source: e.into() };
    let (folders, name) = line.components();
    let folder_flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut folder = openat(CWD, paths::DEV, folder_flags, Mode::empty()).map_err(failed)?;
    for part in folders {
        refuse_link(&statat(&folder, part, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?, line)?;
        folder = openat(&folder, part, folder_flags | OFlags::NOFOLLOW, Mode::empty()).map_err(failed)?;
    }
    let seen = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
    refuse_link(&seen, line)?;
    if !is_device_of_its_own(&seen) {
        return Err(LineError::NotATerminal(line.path()));
    }
    if seen.st_nlink != 1 {
        return Err(LineError::HardLink(line.path()));
    }
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(&folder, name, flags, Mode::empty()).map_err(failed)?;
    if !is_same(&seen, &fstat(&opened).map_err(failed)?) {
        return Err(LineError::Exchanged(line.path()));
    }
    match sys::discipline(opened.as_fd()) {
        Ok(_) => Ok(opened),
        Err(e) if e.raw_os_error() == Some(libc::ENOTTY) => Err(LineError::NotATerminal(line.path())),
        Err(source) => Err(LineError::Open { path: line.path(), source }),
    }
}

/// Opens `line` again after `old`, which is open on it, was hung up.
///
/// # Errors
/// As [`open`]; also if it is another device now.
pub(crate) fn reopen(line: &LineName, old: BorrowedFd<'_>) -> Result<OwnedFd, LineError> {
    let failed = |e: Errno| LineError::Open { path: line.path(), source: e.into() };
    let new = open(line)?;
    if !is_same(&fstat(old).map_err(failed)?, &fstat(&new).map_err(failed)?) {
        return Err(LineError::Exchanged(line.path()));
    }
    Ok(new)
}

/// Waits until `line`, which is open as `old`, has a carrier; at once where it is local or has no modem lines
/// (`open(2)` of a terminal without O_NONBLOCK).
///
/// # Errors
/// As [`reopen`].
pub(crate) fn await_carrier(line: &LineName, old: BorrowedFd<'_>) -> Result<(), LineError> {
    let failed = |e: Errno| LineError::Open { path: line.path(), source: e.into() };
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(CWD, line.path(), flags, Mode::empty()).map_err(failed)?;
    if is_same(&fstat(old).map_err(failed)?, &fstat(&opened).map_err(failed)?) {
        Ok(())
    } else {
        Err(LineError::Exchanged(line.path()))
    }
}

/// Makes the line root's: group tty may write to it (`wall(1)`, `write(1)`), nobody else may do anything.
///
/// A file system that is read-only is only told of: nobody else can have changed it either.
///
/// # Errors
/// If the owner or the mode cannot be set.
pub(crate) fn lock(line: &LineName, opened: impl AsFd) -> Result<(), LineError> {
    let group = Group::from_name("tty").ok().flatten().map(|group| group.gid.as_raw());
    let mode = if group.is_some() { Mode::from_raw_mode(0o620) } else { Mode::from_raw_mode(0o600) };
    let owned = fchown(&opened, Some(Uid::ROOT), Some(Gid::from_raw(group.unwrap_or(0))));
    match owned.and_then(|()| fchmod(&opened, mode)) {
        Err(Errno::ROFS) => {
            warn!(line = line.as_str(), "the line is on a read-only file system and keeps its owner and mode");
            Ok(())
        }
        other => other.map_err(|e| LineError::Lock { path: line.path(), source: e.into() }),
    }
}

fn refuse_link(found: &Stat, line: &LineName) -> Result<(), LineError> {
    match FileType::from_raw_mode(found.st_mode) {
        FileType::Symlink => Err(LineError::SymbolicLink(line.path())),
        _ => Ok(()),
    }
}

/// A character device, but neither `/dev/tty` (5, 0) nor `/dev/ptmx` (5, 2), which stand for other terminals.
fn is_device_of_its_own(found: &Stat) -> bool {
    let device = (rustix::fs::major(found.st_rdev), rustix::fs::minor(found.st_rdev));
    FileType::from_raw_mode(found.st_mode) == FileType::CharacterDevice && !matches!(device, (5, 0 | 2))
}

fn is_same(a: &Stat, b: &Stat) -> bool {
    (a.st_dev, a.st_ino, a.st_rdev) == (b.st_dev, b.st_ino, b.st_rdev)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    fn pseudo_terminal() -> (OwnedFd, LineName) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        (master, LineName::parse(OsStr::new(&path)).unwrap())
    }

    #[test]
    fn a_node_that_was_swapped_for_another_terminal_while_it_was_hung_up_is_not_used() {
        let ((_one, first), (_other, second)) = (pseudo_terminal(), pseudo_terminal());
        let before = open(&first).unwrap();
        assert!(reopen(&first, before.as_fd()).is_ok());
        // What the first name leads to now is not what was open before.
        let swapped = open(&second).unwrap();
        assert!(matches!(reopen(&first, swapped.as_fd()), Err(LineError::Exchanged(_))));
        assert!(matches!(await_carrier(&first, swapped.as_fd()), Err(LineError::Exchanged(_))));
    }
}
