//! When a line that came to an end is opened again: at once, unless its ends follow each other too fast.

use std::time::Duration;

/// How often in a row a line has ended too soon.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Backoff {
    streak: u32,
}

impl Backoff {
    /// What lasted so long did not end too soon.
    const LONG: Duration = Duration::from_secs(5);
    /// So many may end too soon before anybody waits: a ^D, a wrong key, a shell left at once.
    const FREE: u32 = 3;
    /// The longest wait.
    const MOST: Duration = Duration::from_secs(60);

    /// How long to wait after what lasted for `lasted`.
    pub(crate) fn after(&mut self, lasted: Duration) -> Duration {
        if lasted >= Self::LONG {
            return self.make_good();
        }
        self.streak = self.streak.saturating_add(1);
        match self.streak.checked_sub(Self::FREE + 1) {
            None => Duration::ZERO,
            Some(doublings) => Duration::from_secs(1 << doublings.min(6)).min(Self::MOST),
        }
    }

    /// Nobody waits after a login: without a person there is no next one.
    pub(crate) fn make_good(&mut self) -> Duration {
        *self = Self::default();
        Duration::ZERO
    }

    /// How long to wait after the line could not even be opened.
    pub(crate) fn after_failure(&mut self) -> Duration {
        self.streak = self.streak.max(Self::FREE);
        self.after(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(waits: impl IntoIterator<Item = Duration>) -> Vec<u64> {
        waits.into_iter().map(|wait| wait.as_secs()).collect()
    }

    #[test]
    fn a_login_that_dies_at_once_again_and_again_waits_longer_and_longer() {
        let mut backoff = Backoff::default();
        let waits = (0..12).map(|_| backoff.after(Duration::from_millis(3)));
        assert_eq!(seconds(waits), [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn one_that_lasted_makes_good_for_all_before() {
        let mut backoff = Backoff::default();
        for _ in 0..9 {
            backoff.after(Duration::ZERO);
        }
        assert_eq!(backoff.after(Duration::from_secs(5)), Duration::ZERO);
        assert_eq!(backoff, Backoff::default());
    }

    #[test]
    fn a_line_that_cannot_be_opened_is_never_tried_again_at_once() {
        let mut backoff = Backoff::default();
        assert_eq!(seconds((0..4).map(|_| backoff.after_failure())), [1, 2, 4, 8]);
    }

    #[test]
    fn no_number_of_ends_overflows() {
        let mut backoff = Backoff { streak: u32::MAX };
        assert_eq!(backoff.after(Duration::ZERO), Backoff::MOST);
    }
}
