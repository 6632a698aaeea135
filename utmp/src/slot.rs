//! Which record of utmp a new one replaces.
//!
//! init marks a line by the pid and id of what it starts there, and knows nothing of the line's name; getty and login
//! know pid and line, and not init's id. So a record is looked for by pid, then by line, then by id, as agetty(8) and
//! login(1) do, and one of init's own only by the id, as `pututxline(3)` does.

use crate::record::{Kind, Record};

/// Where a record belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    /// Over the record with this index, whose id stays: it is the one init knows.
    KeepingId(usize),
    /// Over the record with this index.
    Over(usize),
    /// Behind the last.
    New,
}

/// Where `new` belongs among `records`.
pub(crate) fn of(new: &Record, records: &[Record]) -> Slot {
    match new.kind {
        Kind::RunLevel | Kind::BootTime | Kind::NewTime | Kind::OldTime => {
            records.iter().position(|old| old.kind == new.kind).map_or(Slot::New, Slot::Over)
        }
        Kind::InitProcess => by_id(new, records).map_or(Slot::New, Slot::Over),
        Kind::LoginProcess | Kind::UserProcess | Kind::DeadProcess => by_pid(new, records)
            .or_else(|| on_line(new.line.as_bytes(), records))
            .map(Slot::KeepingId)
            .or_else(|| by_id(new, records).map(Slot::Over))
            .unwrap_or(Slot::New),
        Kind::Empty | Kind::Accounting | Kind::Other(_) => Slot::New,
    }
}

/// The record of `line`: the last one of a process that lives, else the last one of a process that died.
pub(crate) fn on_line(line: &[u8], records: &[Record]) -> Option<usize> {
    let there = |old: &Record| !line.is_empty() && old.kind.is_process() && old.line == line;
    let lives = |old: &Record| there(old) && old.kind != Kind::DeadProcess;
    records.iter().rposition(lives).or_else(|| records.iter().rposition(there))
}

/// A dead process's pid may be another's by now, and so may the pid of a record that names another line.
fn by_pid(new: &Record, records: &[Record]) -> Option<usize> {
    let same = |old: &Record| old.kind.is_process() && old.kind != Kind::DeadProcess && old.pid == new.pid;
    let here = |old: &Record| same(old) && old.line.as_bytes() == new.line.as_bytes();
    let nowhere = |old: &Record| same(old) && old.line.is_empty();
    records.iter().position(here).or_else(|| records.iter().position(nowhere))
}

fn by_id(new: &Record, records: &[Record]) -> Option<usize> {
    records.iter().position(|old| !new.id.is_empty() && old.kind.is_process() && old.id.as_bytes() == new.id.as_bytes())
}
