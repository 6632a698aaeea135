//! What a scenario is.

use tests::outcome::Outcome;

use crate::machine::Machine;

/// One sentence about the project, and the function that tries on a machine whether it is true.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// The sentence, its words joined by `_`.
    pub(crate) name: &'static str,
    /// What the machine lacks.
    pub(crate) without: &'static [&'static str],
    pub(crate) run: fn(&mut Machine) -> Outcome,
}

/// A scenario: the function's name, then what the machine is to lack.
macro_rules! scenario {
    ($name:ident $(, $without:literal)*) => {
        $crate::scenario::Scenario { name: stringify!($name), without: &[$($without),*], run: $name }
    };
}

pub(crate) use scenario;
