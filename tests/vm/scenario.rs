//! What a scenario is.

use tests::outcome::Outcome;

use crate::machine::Machine;

/// One sentence about the project, and the function that tries on a machine whether it is true.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// The sentence, its words joined by `_`.
    pub(crate) name: &'static str,
    /// The machine's init.
    pub(crate) init: &'static str,
    /// What the machine lacks.
    pub(crate) without: &'static [&'static str],
    pub(crate) run: fn(&mut Machine) -> Outcome,
}

/// The init of a machine that none is named for.
pub(crate) const USUAL_INIT: &str = "sysvinit";

/// A scenario: the function's name, the init it is tried on if that is not the usual one, then what the machine is to lack.
macro_rules! scenario {
    ($name:ident on $init:ident $(, $without:literal)*) => {
        $crate::scenario::Scenario {
            name: concat!(stringify!($name), "_on_", stringify!($init)),
            init: stringify!($init),
            without: &[$($without),*],
            run: $name,
        }
    };
    ($name:ident $(, $without:literal)*) => {
        $crate::scenario::Scenario {
            name: stringify!($name),
            init: $crate::scenario::USUAL_INIT,
            without: &[$($without),*],
            run: $name,
        }
    };
}

pub(crate) use scenario;
