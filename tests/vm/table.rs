//! Every scenario there is, by theme. Neighbours that want the same machine share one, so their order saves boots.

use ::tests::outcome::{Failure, Outcome};

use crate::scenario::Scenario;
use crate::scenarios::{
    boot, cgroups, claims, clock, demand, faults, lacking, many, power, serial, services, switching, systemd,
};

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
    systemd::SCENARIOS,
    services::SCENARIOS,
];

/// All scenarios, in the order of the themes.
pub(crate) fn all() -> impl Iterator<Item = &'static Scenario> {
    THEMES.iter().copied().flatten()
}

/// The init of that name, which a scenario is tried on.
///
/// # Errors
/// That there is none.
pub(crate) fn init(name: &str) -> Outcome<&'static str> {
    let found = all().map(|scenario| scenario.init).find(|init| *init == name);
    found.ok_or_else(|| Failure::new(format!("no scenario is tried on {name} (see vm --list)")))
}

/// The scenarios whose names contain one of `names`, or all if there are none; those of one init, if one is named.
///
/// # Errors
/// That there is none for a name.
pub(crate) fn select(names: &[String], init: Option<&str>) -> Outcome<Vec<&'static Scenario>> {
    let on_it = || all().filter(|scenario| init.is_none_or(|init| scenario.init == init));
    for name in names {
        if !on_it().any(|scenario| scenario.name.contains(name.as_str())) {
            return Err(Failure::new(format!("no scenario's name contains {name} (see vm --list)")));
        }
    }
    let is_wanted = |one: &&Scenario| names.is_empty() || names.iter().any(|name| one.name.contains(name.as_str()));
    Ok(on_it().filter(is_wanted).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use std::path::Path;

    use super::all;
    use crate::paths;

    #[test]
    fn no_two_scenarios_have_one_name() {
        let mut names = HashSet::new();
        assert!(all().all(|scenario| names.insert(scenario.name)), "a name comes twice");
    }

    #[test]
    fn every_init_that_is_named_has_an_image_and_an_installation() {
        for init in all().map(|scenario| scenario.init).collect::<HashSet<_>>() {
            assert!(Path::new(paths::IMAGE_SOURCES).join(paths::INITS).join(init).join("packages").exists(), "{init}");
            assert!(Path::new(paths::INSTALL_INITS).join(init).exists(), "{init}");
        }
    }
}
