//! How long a person has to give a name.

use std::time::{Duration, Instant};

use rustix::event::{Timespec, poll};
use rustix::io::Errno;

/// The instant at which getty gives the line up, if there is one (`--timeout`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// No end.
    pub(crate) const NEVER: Self = Self(None);

    /// `duration` after `now`.
    pub(crate) fn after(now: Instant, duration: Duration) -> Self {
        Self(now.checked_add(duration))
    }

    /// The earlier of the two.
    pub(crate) fn min(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Self(Some(a.min(b))),
            (a, b) => Self(a.or(b)),
        }
    }

    /// Whether it has come.
    pub(crate) fn has_come(self, now: Instant) -> bool {
        self.0.is_some_and(|end| end <= now)
    }

    /// Lets the time until then pass. Without an end there is nothing to wait for.
    pub(crate) fn pass(self) {
        while self.0.is_some() && !self.has_come(Instant::now()) {
            if poll(&mut [], self.left(Instant::now()).as_ref()).is_err_and(|e| e != Errno::INTR) {
                return;
            }
        }
    }

    /// The time left, as poll(2) takes it; none means no end.
    pub(crate) fn left(self, now: Instant) -> Option<Timespec> {
        let left = self.0?.saturating_duration_since(now);
        Some(Timespec::try_from(left).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_comes_when_its_time_is_over() {
        let now = Instant::now();
        let deadline = Deadline::after(now, Duration::from_secs(5));
        assert!(!deadline.has_come(now));
        assert_eq!(deadline.left(now), Some(Timespec { tv_sec: 5, tv_nsec: 0 }));
        assert!(deadline.has_come(now + Duration::from_secs(5)));
        assert_eq!(deadline.left(now + Duration::from_secs(9)), Some(Timespec { tv_sec: 0, tv_nsec: 0 }));
    }

    #[test]
    fn without_a_deadline_there_is_no_end() {
        let now = Instant::now();
        assert!(!Deadline::NEVER.has_come(now));
        assert_eq!(Deadline::NEVER.left(now), None);
        let soon = Deadline::after(now, Duration::from_secs(1));
        assert_eq!(Deadline::NEVER.min(soon), soon);
        assert_eq!(soon.min(Deadline::NEVER), soon);
    }
}
