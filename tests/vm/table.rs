//! Every scenario there is, by theme. Neighbours that want the same machine share one, so their order saves boots.

use ::tests::outcome::{Failure, Outcome};

use crate::scenario::Scenario;
use crate::scenarios::{boot, cgroups, claims, clock, demand, faults, lacking, many, power, serial, switching};

const THEMES: &[&[Scenario]] = &[
    boot::SCENARIOS,
    switching::SCENARIOS,
    claims::SCENARIOS,
    cgroups::SCENARIOS,
    demand::SCENARIOS,
    faults::SCENARIOS,
    serial::SCENARIOS,
    power::SCENARIOS,
    many::SCENARIOS,
    lacking::SCENARIOS,
    clock::SCENARIOS,
];

/// All scenarios, in the order of the themes.
pub(crate) fn all() -> impl Iterator<Item = &'static Scenario> {
    THEMES.iter().copied().flatten()
}

/// The scenarios whose names contain one of `names`, or all if there are none.
pub(crate) fn select(names: &[String]) -> Outcome<Vec<&'static Scenario>> {
    for name in names {
        if !all().any(|scenario| scenario.name.contains(name.as_str())) {
            return Err(Failure::new(format!("no scenario's name contains {name} (see vm --list)")));
        }
    }
    let is_wanted = |one: &&Scenario| names.is_empty() || names.iter().any(|name| one.name.contains(name.as_str()));
    Ok(all().filter(is_wanted).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::all;

    #[test]
    fn no_two_scenarios_have_one_name() {
        let mut names = HashSet::new();
        assert!(all().all(|scenario| names.insert(scenario.name)), "a name comes twice");
    }
}
