//! The signals a keeper is told its will by, read like any other event.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::sys;

/// What a signal asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Will {
    /// SIGHUP: read the files again.
    Reload,
    /// SIGTERM, SIGINT: end.
    End,
}

/// The descriptor they are read from.
#[derive(Debug)]
pub(crate) struct Signals(SignalFd);

impl Signals {
    /// Holds the signals back and reads them instead. An ignored signal would be lost, an ignored SIGCHLD would have the
    /// kernel bury the children.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn begin() -> io::Result<Self> {
        let asked = [Signal::SIGHUP, Signal::SIGTERM, Signal::SIGINT];
        let mask = SigSet::from_iter(asked);
        mask.thread_set_mask()?;
        for signal in asked.into_iter().chain([Signal::SIGCHLD]) {
            sys::restore_default(signal as libc::c_int)?;
        }
        Ok(Self(SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?))
    }

    /// What was asked for since the last time: to end before anything else.
    pub(crate) fn asked(&self) -> Option<Will> {
        let mut will = None;
        while let Ok(Some(signal)) = self.0.read_signal() {
            if signal.ssi_signo != Signal::SIGHUP as u32 {
                will = Some(Will::End);
            }
            will = will.or(Some(Will::Reload));
        }
        will
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
