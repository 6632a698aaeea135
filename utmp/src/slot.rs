//! Which record of utmp a new one succeeds.
//!
//! init marks a line by the pid and id of what it starts there, and knows nothing of the line's name; getty and login
//! know pid and line, and not init's id. So a record is looked for by pid, then by line, then by id, as agetty(8) and
//! login(1) do, and one of init's own only by the id, as `pututxline(3)` does.

use crate::record::{Kind, Record};
use crate::text::Text;

/// Where a record belongs, and under which id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// Its index; that behind the last record if it succeeds none.
    pub(crate) index: usize,
    /// The id init knows, if the record that was found has one.
    pub(crate) id: Text<4>,
}

/// Where `new` belongs among `records`.
pub(crate) fn of(new: &Record, records: impl Iterator<Item = Record>) -> Place {
    let mut seen = Seen::default();
    let mut behind = Place { index: 0, id: new.id };
    for old in records {
        let here = Place { index: behind.index, id: if old.id.is_empty() { new.id } else { old.id } };
        seen.compare(new, &old, here);
        behind.index += 1;
    }
    let under_own_id = |place: Place| Place { id: new.id, ..place };
    match new.kind {
        Kind::RunLevel | Kind::BootTime | Kind::NewTime | Kind::OldTime => seen.same_kind.map(under_own_id),
        Kind::InitProcess => seen.same_id,
        Kind::LoginProcess | Kind::UserProcess | Kind::DeadProcess => {
            seen.same_process.or(seen.started_by_init).or(seen.alive_on_line).or(seen.dead_on_line).or(seen.same_id)
        }
        Kind::Empty | Kind::Accounting | Kind::Other(_) => None,
    }
    .unwrap_or(behind)
}

/// What `records` say of `line`: the last one of a process that lives there, else the last one of one that died.
pub(crate) fn on_line(line: &[u8], records: impl Iterator<Item = Record>) -> Option<Record> {
    let (mut alive, mut dead) = (None, None);
    for old in records.filter(|old| names(old, line)) {
        if lives(&old) {
            alive = Some(old);
        } else {
            dead = Some(old);
        }
    }
    alive.or(dead)
}

/// The records that could be succeeded, each kind of match apart.
#[derive(Default)]
struct Seen {
    same_kind: Option<Place>,
    same_process: Option<Place>,
    started_by_init: Option<Place>,
    alive_on_line: Option<Place>,
    dead_on_line: Option<Place>,
    same_id: Option<Place>,
}

impl Seen {
    /// Where several match, the first is taken, as glibc does; on a line the last, as [`on_line`] does.
    fn compare(&mut self, new: &Record, old: &Record, here: Place) {
        if old.kind == new.kind {
            self.same_kind.get_or_insert(here);
        }
        if !old.kind.is_process() {
            return;
        }
        // A dead process's pid may be another's by now, and so may the pid of a record that names another line.
        if lives(old) && old.pid == new.pid {
            if old.line.is_empty() {
                self.started_by_init.get_or_insert(here);
            } else if names(old, new.line.as_bytes()) {
                self.same_process.get_or_insert(here);
            }
        }
        if names(old, new.line.as_bytes()) {
            *(if lives(old) { &mut self.alive_on_line } else { &mut self.dead_on_line }) = Some(here);
        }
        if !new.id.is_empty() && old.id.as_bytes() == new.id.as_bytes() {
            self.same_id.get_or_insert(here);
        }
    }
}

fn names(old: &Record, line: &[u8]) -> bool {
    !line.is_empty() && old.kind.is_process() && old.line == line
}

fn lives(old: &Record) -> bool {
    old.kind != Kind::DeadProcess
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Time;

    const NOW: Time = Time::from_seconds(1);

    fn login(line: &str, pid: i32) -> Record {
        Record::login_process(line.as_bytes(), pid, NOW)
    }

    fn user(line: &str, pid: i32) -> Record {
        Record::user_process(line.as_bytes(), pid, b"alice", NOW)
    }

    fn dead(line: &str, pid: i32) -> Record {
        Record::dead_process(line.as_bytes(), pid, NOW)
    }

    fn init(id: &str, pid: i32) -> Record {
        Record { kind: Kind::InitProcess, ..dead("", pid) }.with_id(id.as_bytes())
    }

    fn place(new: &Record, records: &[Record]) -> (usize, String) {
        let place = of(new, records.iter().cloned());
        (place.index, place.id.to_string())
    }

    #[test]
    fn a_getty_takes_the_place_and_the_id_of_what_init_started() {
        assert_eq!(place(&login("tty1", 7), &[init("c2", 6), init("c1", 7)]), (1, "c1".into()));
    }

    #[test]
    fn a_login_takes_the_place_of_the_getty_it_was() {
        let records = [init("c1", 6), login("tty2", 7).with_id(b"c2"), login("tty1", 8)];
        assert_eq!(place(&user("tty2", 7), &records), (1, "c2".into()));
    }

    #[test]
    fn a_recycled_pid_finds_no_strangers_record() {
        let finished_script = Record { kind: Kind::DeadProcess, ..init("l2", 7) };
        let died_elsewhere = dead("tty2", 7);
        let lives_elsewhere = user("tty3", 7);
        assert_eq!(place(&login("tty1", 7), &[finished_script, died_elsewhere, lives_elsewhere]), (3, "1".into()));
    }

    #[test]
    fn a_line_has_one_record_whoever_was_there_before() {
        assert_eq!(place(&login("tty1", 9), &[init("x", 5), dead("tty1", 8).with_id(b"c1")]), (1, "c1".into()));
        assert_eq!(place(&login("tty1", 9), &[user("tty1", 8), dead("tty1", 7)]), (0, "1".into()));
        assert_eq!(place(&login("tty1", 9), &[user("tty1", 8), user("tty1", 7)]), (1, "1".into()));
    }

    #[test]
    fn the_id_finds_what_neither_pid_nor_line_find() {
        assert_eq!(place(&login("tty1", 9), &[init("2", 5), init("1", 6)]), (1, "1".into()));
        assert_eq!(place(&init("1", 9), &[user("tty2", 9), dead("tty1", 8)]), (1, "1".into()));
    }

    #[test]
    fn a_record_that_names_nothing_finds_nothing() {
        let anonymous = Record::dead_process(b"", 0, NOW);
        assert_eq!(place(&anonymous, &[Record::boot(b"", NOW), dead("", 0)]), (2, String::new()));
    }

    #[test]
    fn system_records_go_by_their_kind_alone() {
        let records = [Record::run_level(b"", b'N', b'2', NOW), user("tty1", 0), Record::boot(b"", NOW)];
        assert_eq!(place(&Record::boot(b"6", NOW), &records), (2, "~~".into()));
        assert_eq!(place(&Record::run_level(b"6", b'2', b'3', NOW), &records), (0, "~~".into()));
    }

    #[test]
    fn a_living_process_on_a_line_counts_more_than_a_later_death() {
        let records = [dead("tty1", 1), user("tty1", 2), dead("tty1", 3), user("tty2", 4)];
        assert_eq!(on_line(b"tty1", records.iter().cloned()).map(|record| record.pid), Some(2));
        assert_eq!(on_line(b"tty9", records.iter().cloned()), None);
        assert_eq!(on_line(b"", [dead("", 1)].into_iter()), None);
    }
}
