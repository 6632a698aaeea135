//! How often a prompt may be drawn anew by itself.

use std::time::{Duration, Instant};

use crate::deadline::Deadline;

/// When the next look at the issue is due, after something happened that may have changed it.
///
/// What happens at once, as when interfaces come up, is looked at once; and there is some time between two looks, whatever
/// happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Pace {
    due: Option<Instant>,
    last: Option<Instant>,
}

impl Pace {
    /// How long what belongs together has time to happen.
    const SETTLE: Duration = Duration::from_millis(250);
    /// The least time between two looks.
    const INTERVAL: Duration = Duration::from_secs(2);

    /// Something happened.
    pub(crate) fn note(&mut self, now: Instant) {
        let settled = now + Self::SETTLE;
        let earliest = self.last.map_or(settled, |last| settled.max(last + Self::INTERVAL));
        self.due.get_or_insert(earliest);
    }

    /// When to wake up for a look.
    pub(crate) fn deadline(self) -> Deadline {
        self.due.map_or(Deadline::NEVER, |due| Deadline::after(due, Duration::ZERO))
    }

    /// Whether a look is due; it is taken then.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let is_due = self.due.is_some_and(|due| due <= now);
        if is_due {
            *self = Self { due: None, last: Some(now) };
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_looked_at_when_nothing_happened() {
        let mut pace = Pace::default();
        assert_eq!(pace.deadline(), Deadline::NEVER);
        assert!(!pace.take(Instant::now()));
    }

    #[test]
    fn a_storm_of_changes_is_one_look_every_two_seconds() {
        let start = Instant::now();
        let mut pace = Pace::default();
        let mut looks = Vec::new();
        for milliseconds in 0..10_000 {
            let now = start + Duration::from_millis(milliseconds);
            pace.note(now);
            if pace.take(now) {
                looks.push(milliseconds);
            }
        }
        assert_eq!(looks, [250, 2250, 4250, 6250, 8250]);
    }

    #[test]
    fn a_change_after_a_long_time_is_looked_at_soon() {
        let start = Instant::now();
        let mut pace = Pace { due: None, last: Some(start) };
        let now = start + Duration::from_secs(60);
        pace.note(now);
        assert!(!pace.take(now));
        assert!(pace.take(now + Duration::from_millis(250)));
        assert_eq!(pace.deadline(), Deadline::NEVER);
    }
}
