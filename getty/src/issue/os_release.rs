//! The variables of os-release(5).

use std::path::Path;

use super::read_small;
use crate::paths;

/// The value of `variable` in the system's os-release, if it has one.
pub(crate) fn value(variable: &str) -> Option<String> {
    let bytes = paths::OS_RELEASE.iter().find_map(|path| read_small(Path::new(path)))?;
    value_in(&String::from_utf8_lossy(&bytes), variable)
}

/// The value of `variable` in `text`; the last assignment counts, as in a shell.
fn value_in(text: &str, variable: &str) -> Option<String> {
    let assignments = text.lines().filter_map(|line| line.trim().split_once('='));
    assignments.rev().find(|(name, _)| *name == variable).map(|(_, value)| unquote(value))
}

/// A shell's quotes and backslashes, taken away.
fn unquote(value: &str) -> String {
    if let Some(inner) = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return inner.to_owned();
    }
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    let mut unquoted = String::new();
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        unquoted.extend(if c == '\\' { characters.next() } else { Some(c) });
    }
    unquoted
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "# comment\nID=debian\nPRETTY_NAME=\"An \\\"OS\\\" \\$5\"\nNAME='single $x'\nID=last\nBROKEN=\"x\nNONE\n";

    #[test]
    fn values_lose_their_quotes() {
        assert_eq!(value_in(TEXT, "PRETTY_NAME").as_deref(), Some("An \"OS\" $5"));
        assert_eq!(value_in(TEXT, "NAME").as_deref(), Some("single $x"));
        assert_eq!(value_in(TEXT, "BROKEN").as_deref(), Some("\"x"));
    }

    #[test]
    fn the_last_assignment_counts() {
        assert_eq!(value_in(TEXT, "ID").as_deref(), Some("last"));
    }

    #[test]
    fn what_is_not_assigned_has_no_value() {
        assert_eq!(value_in(TEXT, "NONE"), None);
        assert_eq!(value_in(TEXT, ""), None);
    }
}
