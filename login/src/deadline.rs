//! The time that PAM may take: to let somebody in, and to close their session.

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

/// After this much more the kernel ends the process: a module may keep SIGALRM from it for ever, SIGKILL it cannot.
const AT_LAST: Duration = Duration::from_secs(5);

/// Runs until dropped. When the time is over SIGALRM ends the process wherever it is, with a word to the person; where it
/// is blocked or ignored, SIGKILL does. Both are timers of the kernel's: there is no process or thread that must live to
/// keep watch.
pub(crate) struct Deadline {
    _alarm: Timer,
    _end: Timer,
}

impl Deadline {
    /// A deadline in `time` from now.
    ///
    /// # Errors
    /// If the system has no timer left.
    pub(crate) fn start(time: Duration) -> nix::Result<Self> {
        let again = Expiration::IntervalDelayed(TimeSpec::from_duration(time), TimeSpec::from_duration(AGAIN));
        let at_last = Expiration::OneShot(TimeSpec::from_duration(time.saturating_add(AT_LAST)));
        Ok(Self { _alarm: started(Signal::SIGALRM, again)?, _end: started(Signal::SIGKILL, at_last)? })
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

fn started(signal: Signal, expiration: Expiration) -> nix::Result<Timer> {
    let notification = SigevNotify::SigevSignal { signal, si_value: 0 };
    let mut timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(notification))?;
    timer.set(expiration, TimerSetTimeFlags::empty())?;
    Ok(timer)
}
