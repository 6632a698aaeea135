//! The open line: read and written with a deadline, hung up, made this process's own.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::termios::tcgetsid;
use nix::unistd::{getpid, getsid, setsid, tcsetpgrp};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::termios::{QueueSelector, ioctl_tiocnxcl, tcflush};
use tracing::warn;

use crate::deadline::Deadline;
use crate::end::End;
use crate::line::{self, LineError, LineName};
use crate::{paths, sys};

/// A line that is open and root's. Reading and writing never block past a [`Deadline`].
#[derive(Debug)]
pub(crate) struct Terminal {
    line: LineName,
    fd: OwnedFd,
}

impl Terminal {
    /// Opens `line` and makes it root's, so that from here on nobody else can open it.
    ///
    /// # Errors
    /// If it is no line to be trusted, or cannot be made root's.
    pub(crate) fn open(line: LineName) -> Result<Self, LineError> {
        let fd = line::open(&line)?;
        line::lock(&line, &fd)?;
        Ok(Self { line, fd })
    }

    /// The line's name.
    pub(crate) fn line(&self) -> &LineName {
        &self.line
    }

    /// Throws out whoever still has the line open, and forgets what was typed for them.
    ///
    /// A container may not hang lines up; there the line is used as it is, because refusing it would lock everybody out
    /// after the first login.
    ///
    /// # Errors
    /// If the line cannot be opened again.
    pub(crate) fn clear_out(self) -> Result<Self, LineError> {
        let Self { line, fd } = self;
        if let Err(e) = sys::hang_up(fd.as_fd()) {
            warn!(line = line.as_str(), error = %e, "cannot hang the line up: who was on it before may still read it");
            return Ok(Self { line, fd });
        }
        let fd = line::reopen(&line, fd.as_fd())?;
        if let Err(e) = tcflush(&fd, QueueSelector::IFlush) {
            warn!(line = line.as_str(), error = %e, "cannot forget what was typed before");
        }
        Ok(Self { line, fd })
    }

    /// Makes the line the controlling terminal of this process, which becomes a session leader if it is none, and
    /// standard input, output and error.
    ///
    /// # Errors
    /// If this process cannot lead a session, or the line belongs to another session and cannot be taken from it.
    pub(crate) fn take_control(&self) -> Result<(), LineError> {
        let pid = getpid();
        if getsid(None) != Ok(pid) {
            setsid().map_err(|_| LineError::NoSession)?;
        }
        let failed = |source| LineError::Control { path: self.line.path(), source };
        if tcgetsid(&self.fd) != Ok(pid) {
            give_up_other_terminal().map_err(failed)?;
            sys::steal_controlling_terminal(self.fd.as_fd()).map_err(failed)?;
        }
        tcsetpgrp(&self.fd, pid).map_err(|e| failed(e.into()))?;
        if let Err(e) = ioctl_tiocnxcl(&self.fd) {
            warn!(line = self.line.as_str(), error = %e, "the line may be in exclusive mode");
        }
        rustix::stdio::dup2_stdin(&self.fd).map_err(|e| failed(e.into()))?;
        rustix::stdio::dup2_stdout(&self.fd).map_err(|e| failed(e.into()))?;
        rustix::stdio::dup2_stderr(&self.fd).map_err(|e| failed(e.into()))
    }

    /// What it means that the modes of the line cannot be read or set.
    pub(crate) fn modes_failed(&self, source: io::Error) -> End {
        LineError::Modes { path: self.line.path(), source }.into()
    }

    /// The next byte that is typed. One at a time: what follows the name stays in the kernel, for login.
    ///
    /// # Errors
    /// [`End::HungUp`], [`End::TimedOut`], or [`End::Failed`].
    pub(crate) fn read_byte(&self, deadline: Deadline) -> Result<u8, End> {
        let mut byte = [0];
        loop {
            self.wait(PollFlags::IN, deadline)?;
            match rustix::io::read(&self.fd, &mut byte) {
                Ok(0) => return Err(End::HungUp),
                Ok(_) => return Ok(byte[0]),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(e) => return Err(failure(e)),
            }
        }
    }

    /// Waits until something is typed (true) or one of `others` is ready (false).
    ///
    /// # Errors
    /// As [`Self::read_byte`].
    pub(crate) fn await_input<'a>(
        &'a self,
        others: impl Iterator<Item = BorrowedFd<'a>>,
        deadline: Deadline,
    ) -> Result<bool, End> {
        let mut files = vec![PollFd::new(&self.fd, PollFlags::IN)];
        files.extend(others.map(|other| PollFd::from_borrowed_fd(other, PollFlags::IN)));
        loop {
            match poll(&mut files, deadline.left(Instant::now()).as_ref()) {
                Ok(0) => return Err(End::TimedOut),
                Ok(_) => return Ok(files.first().is_some_and(|line| !line.revents().is_empty())),
                Err(Errno::INTR) => {}
                Err(e) => return Err(End::Failed(e.into())),
            }
        }
    }

    /// Waits for the carrier of a modem; not longer than it takes where there is none to wait for.
    ///
    /// # Errors
    /// If the line cannot be opened a second time.
    pub(crate) fn await_carrier(&self) -> Result<(), End> {
        Ok(line::await_carrier(&self.line, self.fd.as_fd())?)
    }

    /// Reads what comes until nothing came for `silence`, 256 bytes at most.
    ///
    /// # Errors
    /// As [`Self::read_byte`].
    pub(crate) fn read_until_silence(&self, silence: Duration, deadline: Deadline) -> Result<Vec<u8>, End> {
        const MOST: usize = 256;
        let mut bytes = Vec::new();
        while bytes.len() < MOST {
            match self.read_byte(deadline.min(Deadline::after(Instant::now(), silence))) {
                Ok(byte) => bytes.push(byte),
                Err(End::TimedOut) if !deadline.has_come(Instant::now()) => break,
                Err(e) => return Err(e),
            }
        }
        Ok(bytes)
    }

    /// Writes all of `bytes`, however slowly the terminal takes them.
    ///
    /// # Errors
    /// As [`Self::read_byte`].
    pub(crate) fn write(&self, mut bytes: &[u8], deadline: Deadline) -> Result<(), End> {
        while !bytes.is_empty() {
            match rustix::io::write(&self.fd, bytes) {
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(Errno::AGAIN) => self.wait(PollFlags::OUT, deadline)?,
                Err(Errno::INTR) => {}
                Err(e) => return Err(failure(e)),
            }
        }
        Ok(())
    }

    /// Reads and forgets whatever comes until nothing came for `silence`.
    ///
    /// # Errors
    /// As [`Self::read_byte`].
    pub(crate) fn await_silence(&self, silence: Duration, deadline: Deadline) -> Result<(), End> {
        loop {
            match self.read_byte(deadline.min(Deadline::after(Instant::now(), silence))) {
                Err(End::TimedOut) if !deadline.has_come(Instant::now()) => return Ok(()),
                other => other?,
            };
        }
    }

    /// Makes reading and writing block again, as every other program expects of the file it is handed.
    ///
    /// # Errors
    /// If the file's flags cannot be set.
    pub(crate) fn block(&self) -> Result<(), End> {
        let flags = fcntl_getfl(&self.fd).map_err(failure)?;
        fcntl_setfl(&self.fd, flags - OFlags::NONBLOCK).map_err(failure)
    }

    fn wait(&self, for_what: PollFlags, deadline: Deadline) -> Result<(), End> {
        let mut files = [PollFd::new(&self.fd, for_what)];
        match poll(&mut files, deadline.left(Instant::now()).as_ref()) {
            Ok(0) => Err(End::TimedOut),
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(e) => Err(End::Failed(e.into())),
        }
    }
}

impl AsFd for Terminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// What it means that the line cannot be read or written: one that was hung up while it was used answers `EIO`, a device that
/// is gone the others.
pub(crate) fn failure(e: Errno) -> End {
    match e {
        Errno::IO | Errno::NXIO | Errno::NODEV => End::HungUp,
        e => End::Failed(e.into()),
    }
}

/// Gives up the controlling terminal, if there is one. A session leader has one at most: before it takes the line, it
/// gives up what it has.
///
/// # Errors
/// If it has one and cannot give it up.
pub(crate) fn give_up_other_terminal() -> io::Result<()> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::open(paths::CONTROLLING_TERMINAL, flags, Mode::empty()) {
        Ok(other) => sys::give_up_controlling_terminal(other.as_fd()),
        Err(_) => Ok(()), // it has none
    }
}
