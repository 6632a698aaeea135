//! A pseudo-terminal: the master we keep, the line others open.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::OFlags;
use rustix::pty::{self, OpenptFlags};
use rustix::termios::{self, Winsize};

/// A pseudo-terminal pair (`pty(7)`). Only the master is held, so the line is hung up when nobody has it open.
#[derive(Debug)]
pub struct Pty {
    master: OwnedFd,
    line: String,
}

impl Pty {
    /// Makes a pair in the `/dev/pts` of this mount namespace; the master does not block.
    ///
    /// # Errors
    /// What `/dev/ptmx` says; `InvalidData` if the line has no name below /dev.
    pub fn open() -> io::Result<Self> {
        let master = pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        pty::grantpt(&master)?;
        pty::unlockpt(&master)?;
        rustix::fs::fcntl_setfl(&master, OFlags::RDWR | OFlags::NONBLOCK)?;
        let name = pty::ptsname(&master, Vec::new())?;
        let line = name.to_str().ok().and_then(|name| name.strip_prefix("/dev/"));
        let line = line.ok_or(io::ErrorKind::InvalidData)?.to_owned();
        Ok(Self { master, line })
    }

    /// The line's name without `/dev/`: `pts/3`.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The line's path.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        PathBuf::from("/dev").join(&self.line)
    }

    /// Opens the line without making it anybody's controlling terminal.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn slave(&self) -> io::Result<OwnedFd> {
        Ok(pty::ioctl_tiocgptpeer(&self.master, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?)
    }

    /// Gives the master away.
    #[must_use]
    pub fn into_master(self) -> OwnedFd {
        self.master
    }

    /// Sets the window size, which sends SIGWINCH to the line's foreground.
    ///
    /// # Errors
    /// What `TIOCSWINSZ` says.
    pub fn resize(&self, rows: u16, columns: u16) -> io::Result<()> {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        Ok(termios::tcsetwinsize(&self.master, size)?)
    }
}

impl AsFd for Pty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }
}
