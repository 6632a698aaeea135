//! `docs/old-bugs.md` and `docs/security.md`: who reads there that a bug or an attack has a test, finds that test.

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

/// The names of all tests and cases.
fn all_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for name in CRATES {
        names_below(&Path::new(ROOT).join(name), &mut names);
    }
    names
}

/// The bug or attack and the proof, first and last column, of each row of the tables in `text`.
fn rows(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = cells.filter_map(|cells| Some((cells.split_once(" | ")?.0, cells.rsplit_once(" | ")?.1)));
    rows.filter(|(what, _)| !["bug", "attack"].contains(what))
}

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join("docs").join(name)).expect("the page is there")
}

/// The numbers in a test's name: `x_cve_2001_0797_y_cve_2004_0080` has CVE-2001-0797 and CVE-2004-0080.
fn cves(name: &str) -> impl Iterator<Item = String> + '_ {
    name.split("cve_").skip(1).filter_map(|rest| {
        let mut numbers = rest.split('_').map_while(|number| number.parse::<u32>().ok().map(|_| number));
        Some(format!("CVE-{}-{}", numbers.next()?, numbers.next()?))
    })
}

#[test]
fn every_old_bug_and_every_attack_has_a_test_that_exists_or_a_reason_why_it_has_none() {
    let names = all_names();
    for (page_name, least) in [("old-bugs.md", 100), ("security.md", 40)] {
        let text = page(page_name);
        assert!(rows(&text).count() > least, "{page_name} is read");
        for (what, proof) in rows(&text) {
            let named: Vec<_> = proof.split('`').skip(1).step_by(2).collect();
            let has_reason = ["not built yet: ", "no test: "].iter().any(|reason| proof.contains(reason));
            assert!(!named.is_empty() || has_reason, "{page_name}: {what}: neither a test nor a reason");
            for name in named {
                assert!(names.contains(name), "{page_name}: {what}: no test is called {name}");
            }
        }
    }
}

#[test]
fn every_cve_that_a_test_is_named_after_is_in_the_table_of_attacks() {
    let text = page("security.md");
    let named: BTreeSet<_> = all_names().iter().flat_map(|name| cves(name).collect::<Vec<_>>()).collect();
    assert!(named.len() > 15, "{named:?}");
    for cve in named {
        assert!(text.contains(&cve), "{cve} is not in docs/security.md");
    }
}
