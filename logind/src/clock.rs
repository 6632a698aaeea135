//! The two clocks, read together.

use logind_core::time::Moment;
use rustix::time::{ClockId, Timespec, clock_gettime};

/// Now, on both clocks (clock_gettime(2)).
pub(crate) fn now() -> Moment {
    Moment {
        monotonic: microseconds(clock_gettime(ClockId::Monotonic)),
        realtime: microseconds(clock_gettime(ClockId::Realtime)),
    }
}

/// An instant before 1970 is 1970.
fn microseconds(time: Timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or_default();
    seconds.saturating_mul(1_000_000).saturating_add(nanoseconds / 1_000)
}
