//! The two clocks of an instant, and spans of time. Time comes with each event; the core never asks for it.

use core::ops::Add;

/// An instant on both clocks, as every event carries it.
///
/// Deadlines compare [`Moment::monotonic`] alone, so a step of the wall clock ends no session early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Microseconds of `CLOCK_MONOTONIC` (clock_gettime(2)).
    pub monotonic: u64,
    /// Microseconds of `CLOCK_REALTIME` since 1970 (clock_gettime(2)).
    pub realtime: u64,
}

/// A span of time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub u64);

impl Span {
    /// A span of whole seconds.
    pub const fn seconds(n: u64) -> Self {
        Self(n.saturating_mul(1_000_000))
    }

    /// A span of whole milliseconds.
    pub const fn milliseconds(n: u64) -> Self {
        Self(n.saturating_mul(1_000))
    }
}

impl Add<Span> for Moment {
    type Output = Self;

    /// The instant `span` later on both clocks; a sum past the end of time stays there.
    fn add(self, span: Span) -> Self {
        Self { monotonic: self.monotonic.saturating_add(span.0), realtime: self.realtime.saturating_add(span.0) }
    }
}
