//! `docs/old-bugs.md`: who reads there that a bug has a test, finds that test.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const CRATES: [&str; 6] = ["getty", "login", "logind", "pam-module", "tests", "utmp"];

fn word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// The names of the tests and the cases in `source`.
fn names_in(source: &str) -> impl Iterator<Item = String> + '_ {
    let tests = source.split("#[test]\n").skip(1).filter_map(|rest| Some(word(rest.split_once("fn ")?.1)));
    let cases = ["inside!(", "outside!("].into_iter().flat_map(|case| source.split(case).skip(1).map(word));
    tests.chain(cases)
}

fn names_below(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            names_below(&entry, names);
        } else if entry.extension().is_some_and(|end| end == "rs") {
            names.extend(names_in(&fs::read_to_string(&entry).expect("a source")));
        }
    }
}

/// The bug and the proof, first and last column, of each row of `table`.
fn rows(table: &str) -> impl Iterator<Item = (&str, &str)> {
    let cells = table.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = cells.filter_map(|cells| Some((cells.split_once(" | ")?.0, cells.rsplit_once(" | ")?.1)));
    rows.filter(|(bug, _)| *bug != "bug")
}

#[test]
fn every_old_bug_has_a_test_that_exists_or_a_reason_why_it_has_none() {
    let mut names = BTreeSet::new();
    for name in CRATES {
        names_below(&Path::new(ROOT).join(name), &mut names);
    }
    let table = fs::read_to_string(Path::new(ROOT).join("docs/old-bugs.md")).expect("docs/old-bugs.md");
    assert!(rows(&table).count() > 100, "the table is read");
    for (bug, proof) in rows(&table) {
        let named: Vec<_> = proof.split('`').skip(1).step_by(2).collect();
        let has_reason = ["not built yet: ", "no test: "].iter().any(|reason| proof.contains(reason));
        assert!(!named.is_empty() || has_reason, "{bug}: neither a test nor a reason");
        for name in named {
            assert!(names.contains(name), "{bug}: no test is called {name}");
        }
    }
}
