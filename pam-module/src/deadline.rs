//! The one moment after which nobody is kept waiting.

use std::time::{Duration, Instant};

use rustix::event::{PollFd, Timespec, poll};
use rustix::io::Errno;

/// When the module stops waiting, whatever it waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// This deadline, or one that comes earlier, after `time`.
    pub(crate) fn at_most(self, time: Duration) -> Self {
        Self(Instant::now().checked_add(time).map_or(self.0, |end| end.min(self.0)))
    }

    /// What is left until then; none if it has come.
    pub(crate) fn left(self) -> Option<Duration> {
        self.0.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// Waits for one of `fds`, for `pause` at most, and not beyond the deadline; how many are ready (poll(2)).
    ///
    /// # Errors
    /// The wait's own; a signal is none.
    pub(crate) fn wait(self, fds: &mut [PollFd<'_>], pause: Duration) -> Result<usize, Errno> {
        let pause = self.at_most(pause);
        loop {
            let Some(left) = pause.left() else { return Ok(0) };
            match poll(fds, Timespec::try_from(left).ok().as_ref()) {
                Err(Errno::INTR) => {}
                other => return other,
            }
        }
    }
}
