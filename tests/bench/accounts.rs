//! Who the measured sessions belong to.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;

use tests::outcome::Outcome;
use tests::people::ALICE;

/// How many users are many: each gets a slice and a runtime directory of its own.
const MANY: u32 = 100;
/// The first of their numbers; nobody else has one there.
const FIRST: u32 = 20_000;

/// Alice alone.
pub(crate) fn one() -> Vec<u32> {
    vec![ALICE.uid]
}

/// Many users, given accounts here: the sandbox's own files are thrown away with it.
///
/// # Errors
/// That the files cannot be written.
pub(crate) fn many() -> Outcome<Vec<u32>> {
    let uids: Vec<u32> = (FIRST..FIRST + MANY).collect();
    let (mut passwd, mut group) = (String::new(), String::new());
    for uid in &uids {
        writeln!(passwd, "user{uid}:x:{uid}:{uid}::/:/bin/sh")?;
        writeln!(group, "user{uid}:x:{uid}:")?;
    }
    for (file, lines) in [("/etc/passwd", passwd), ("/etc/group", group)] {
        if fs::read_to_string(file)?.contains(&lines) {
            continue;
        }
        OpenOptions::new().append(true).open(file)?.write_all(lines.as_bytes())?;
    }
    Ok(uids)
}
