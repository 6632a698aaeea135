//! How a case ends: well, with what was wrong, or with why it could not run.

use std::error::Error;
use std::fmt::Display;

/// What a case function returns.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a case did not pass.
#[derive(Debug)]
pub enum Failure {
    /// Something is not as the case's name says.
    Failed(String),
    /// The machine cannot run it; the reason must stand in `tests/expected-skips`.
    Skipped(String),
}

impl Failure {
    /// A failure that says `what`.
    pub fn new(what: impl Into<String>) -> Self {
        Self::Failed(what.into())
    }

    /// The same failure with `what` was being tried before it.
    #[must_use]
    pub fn during(self, what: impl Display) -> Self {
        match self {
            Self::Failed(why) => Self::Failed(format!("{what}: {why}")),
            skipped @ Self::Skipped(_) => skipped,
        }
    }
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(deeper) = source {
            text = format!("{text}: {deeper}");
            source = deeper.source();
        }
        Self::Failed(text)
    }
}

/// Fails the case unless the condition holds; the rest is a message as for `format!`, which should show what was seen.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::outcome::Failure::Failed(format!($($message)+)));
        }
    };
}

/// Fails the case unless both sides are equal, showing both.
#[macro_export]
macro_rules! ensure_eq {
    ($left:expr, $right:expr) => {{
        let (left, right) = (&$left, &$right);
        if left != right {
            return Err($crate::outcome::Failure::Failed(format!(
                "{} is not {}:\n  seen     {left:?}\n  expected {right:?}",
                stringify!($left),
                stringify!($right)
            )));
        }
    }};
}
