//! What a case is.

use tests::outcome::Outcome;

/// One sentence about the project, and the function that tries whether it is true.
#[derive(Debug)]
pub(crate) struct Case {
    /// The sentence, its words joined by `_`.
    pub(crate) name: &'static str,
    /// Where the function runs.
    pub(crate) place: Place,
    pub(crate) run: fn() -> Outcome,
}

/// Where a case's function runs.
#[derive(Debug)]
pub(crate) enum Place {
    /// In a sandbox started with these options, as root, outside any session.
    Inside(&'static [&'static str]),
    /// On the host, to look at a sandbox from without.
    Outside,
}

/// A case that runs in a sandbox: the function's name, then the sandbox's options.
macro_rules! inside {
    ($name:ident $(, $option:literal)*) => {
        $crate::case::Case {
            name: stringify!($name),
            place: $crate::case::Place::Inside(&[$($option),*]),
            run: $name,
        }
    };
}

/// A case that runs on the host.
macro_rules! outside {
    ($name:ident) => {
        $crate::case::Case { name: stringify!($name), place: $crate::case::Place::Outside, run: $name }
    };
}

pub(crate) use {inside, outside};
