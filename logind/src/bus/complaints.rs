//! How often what peers do wrong is said in the log: a peer that does it for ever must not fill the disk.

use tokio::time::{Duration, Instant};

/// So many in one period; the rest is counted, and said with the first of a later period.
const MOST: u32 = 10;
const PERIOD: Duration = Duration::from_secs(60);

/// Counts complaints about peers.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    since: Option<Instant>,
    said: u32,
    unsaid: u64,
}

impl Complaints {
    /// Whether one more may be said at `now`: how many before it were not, if so.
    pub(super) fn one_more(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now.duration_since(since) >= PERIOD) {
            self.since = Some(now);
            self.said = 0;
        }
        if self.said >= MOST {
            self.unsaid += 1;
            return None;
        }
        self.said += 1;
        Some(std::mem::take(&mut self.unsaid))
    }
}

/// Warns, as for `warn!`, unless too much was complained of already.
macro_rules! complain {
    ($complaints:expr, $($message:tt)+) => {
        if let Some(unsaid) = $complaints.one_more(tokio::time::Instant::now()) {
            if unsaid > 0 {
                tracing::warn!("{unsaid} complaints about peers were left out");
            }
            tracing::warn!($($message)+);
        }
    };
}

pub(super) use complain;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_complaints_is_counted_and_the_count_is_said() {
        let mut complaints = Complaints::default();
        let start = Instant::now();
        let said = (0..100).filter(|_| complaints.one_more(start).is_some()).count();
        assert_eq!(said, 10);
        assert_eq!(complaints.one_more(start + PERIOD), Some(90));
        assert_eq!(complaints.one_more(start + PERIOD), Some(0));
    }

    #[test]
    fn complaints_that_are_few_are_all_said() {
        let mut complaints = Complaints::default();
        let start = Instant::now();
        assert!((0..100).all(|n| complaints.one_more(start + PERIOD * n) == Some(0)));
    }
}
