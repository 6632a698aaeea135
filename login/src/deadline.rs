//! The time a login may take.

use std::time::Duration;

use nix::sys::signal::{SigEvent, SigevNotify, Signal};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use tracing::warn;

use crate::sys;

/// After this much more the alarm rings again: a module may have had SIGALRM for itself when it rang first (the C
/// library's own utmp lock does that).
const AGAIN: Duration = Duration::from_secs(1);

/// Runs until dropped; when the time is over, SIGALRM ends the process wherever it is.
pub(crate) struct Deadline {
    _timer: Timer,
}

impl Deadline {
    /// A deadline in `time` from now.
    ///
    /// # Errors
    /// If the system has no timer left.
    pub(crate) fn start(time: Duration) -> nix::Result<Self> {
        let alarm = SigevNotify::SigevSignal { signal: Signal::SIGALRM, si_value: 0 };
        let mut timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(alarm))?;
        let first = TimeSpec::from_duration(time);
        let expiration = Expiration::IntervalDelayed(first, TimeSpec::from_duration(AGAIN));
        timer.set(expiration, TimerSetTimeFlags::empty())?;
        Ok(Self { _timer: timer })
    }
}

impl Drop for Deadline {
    /// From here on SIGALRM means nothing: a module may ring it for its own ends.
    fn drop(&mut self) {
        if let Err(error) = sys::ignore(Signal::SIGALRM) {
            warn!(%error, "a late alarm would end the login");
        }
    }
}
