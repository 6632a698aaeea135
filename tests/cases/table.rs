//! Every case there is, by theme.

use ::tests::outcome::{Failure, Outcome};

use crate::case::Case;
use crate::{
    account, accounts, asked_alike, beside, beside_elogind, beside_login, bus, cgroups, chain, demo, embedding, faults,
    foreign, hosts, intruders, isolation, judges, last_logins, lifetime, line, lines, nested, peers, polkit, process,
    prompt, records, records_under_fire, registry, shortage, sshd, su, sweep, terminals, three_logins,
};

const THEMES: &[&[Case]] = &[
    isolation::CASES,
    lifetime::CASES,
    terminals::CASES,
    cgroups::CASES,
    bus::CASES,
    accounts::CASES,
    peers::CASES,
    beside::CASES,
    demo::CASES,
    chain::CASES,
    records::CASES,
    judges::CASES,
    faults::CASES,
    sshd::CASES,
    su::CASES,
    hosts::CASES,
    foreign::CASES,
    embedding::CASES,
    registry::CASES,
    shortage::CASES,
    process::CASES,
    sweep::CASES,
    prompt::CASES,
    account::CASES,
    records_under_fire::CASES,
    beside_elogind::CASES,
    beside_login::CASES,
    asked_alike::CASES,
    last_logins::CASES,
    intruders::CASES,
    line::CASES,
    three_logins::CASES,
    nested::CASES,
    lines::CASES,
    polkit::CASES,
];

/// All cases, in the order of the themes.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    THEMES.iter().copied().flatten()
}

/// The case of this name.
pub(crate) fn find(name: &str) -> Outcome<&'static Case> {
    all().find(|case| case.name == name).ok_or_else(|| Failure::new(format!("there is no case {name}")))
}

/// The cases whose names contain one of `names`, or all if there are none.
pub(crate) fn select(names: &[String]) -> Outcome<Vec<&'static Case>> {
    for name in names {
        if !all().any(|case| case.name.contains(name.as_str())) {
            return Err(Failure::new(format!("no case's name contains {name} (see cases --list)")));
        }
    }
    let is_wanted = |case: &&Case| names.is_empty() || names.iter().any(|name| case.name.contains(name.as_str()));
    Ok(all().filter(is_wanted).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::all;

    #[test]
    fn no_two_cases_have_one_name() {
        let mut names = HashSet::new();
        assert!(all().all(|case| names.insert(case.name)), "a name comes twice");
    }
}
