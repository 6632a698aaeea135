//! Which skips are allowed: those that `tests/expected-skips` names, each with its reason.

use std::fs;

use crate::outcome::{Failure, Outcome};
use crate::report::Counts;

const EXPECTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/expected-skips");

/// Whether nothing failed, something passed, and every skip was expected; says which was not.
///
/// # Errors
/// That the list cannot be read.
pub fn judge(counts: &Counts) -> Outcome<bool> {
    Ok(are_expected(counts)? && counts.failed == 0 && counts.passed > 0)
}

/// Whether every skip was expected; says which was not.
///
/// # Errors
/// That the list cannot be read.
pub fn are_expected(counts: &Counts) -> Outcome<bool> {
    let text = fs::read_to_string(EXPECTED).map_err(|error| Failure::from(error).during(EXPECTED))?;
    let expected: Vec<&str> = names(&text).collect();
    let unexpected = counts.skipped.iter().filter(|(name, _)| !expected.contains(&name.as_str()));
    let unexpected: Vec<_> =
        unexpected.inspect(|(name, why)| println!("not expected to be skipped: {name}: {why}")).collect();
    Ok(unexpected.is_empty())
}

// `NAME: REASON` a line; `#` begins a comment. A name without a reason is none.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(": ")).filter(|(_, why)| !why.trim().is_empty()).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_skip_is_expected_only_with_its_reason() {
        let text = "# comment: this\n\nwith_reason: no such hardware\nmodule::tests::another: too\nwithout:\nbare\n";
        assert_eq!(names(text).collect::<Vec<_>>(), ["with_reason", "module::tests::another"]);
    }
}
