//! Waiting until somebody sets the clock.

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::{Errno, read};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// The clock cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("cannot wait until the clock is set")]
pub(crate) struct Unwatched(#[source] io::Error);

/// The clock, watched from its making on: a timer that never goes off, and that the kernel cancels when the clock is set
/// (timerfd_create(2), `TFD_TIMER_CANCEL_ON_SET`).
pub(crate) struct Watch(OwnedFd);

impl Watch {
    /// Begins to watch.
    ///
    /// # Errors
    /// If there can be no timer.
    pub(crate) fn start() -> Result<Self, Unwatched> {
        let timer = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::CLOEXEC);
        let watch = Self(timer.map_err(|e| Unwatched(e.into()))?);
        watch.arm()?;
        Ok(watch)
    }

    /// Returns once the clock was set since the last return, or since the start.
    ///
    /// # Errors
    /// If the system fails to tell.
    pub(crate) fn wait(&self) -> Result<(), Unwatched> {
        loop {
            match read(&self.0, &mut [0; 8]) {
                Err(Errno::CANCELED) => return self.arm(),
                Ok(_) | Err(Errno::INTR) => {}
                Err(e) => return Err(Unwatched(e.into())),
            }
        }
    }

    fn arm(&self) -> Result<(), Unwatched> {
        let never = Timespec { tv_sec: i64::MAX, tv_nsec: 0 };
        let timer = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: never };
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        match timerfd_settime(&self.0, flags, &timer) {
            // It was set between the wait and this; the kernel has armed it nevertheless.
            Ok(_) | Err(Errno::CANCELED) => Ok(()),
            Err(e) => Err(Unwatched(e.into())),
        }
    }
}
