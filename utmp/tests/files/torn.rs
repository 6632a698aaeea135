//! A write that was cut off: what it left is no record, and no other record is lost to it.

use std::fs;

use proptest::prelude::*;

use crate::support::{NOW, Root};
use utmp::{Appended, Durability, HUGE_UID, Kind, LastLogin, Record, SIZE, Text, WriteError};

fn user(line: &str, pid: i32) -> Record {
    Record::user_process(line.as_bytes(), pid, b"alice", NOW)
}

fn with_tail(length: usize) -> Vec<u8> {
    let mut bytes = [user("tty1", 1).to_bytes(), user("tty2", 2).to_bytes()].concat();
    bytes.extend(&user("tty3", 3).to_bytes()[..length]);
    bytes
}

#[test]
fn a_torn_tail_of_any_length_is_read_over() {
    let root = Root::new();
    for length in 0..SIZE {
        fs::write(&root.files.utmp, with_tail(length)).unwrap();
        fs::write(&root.files.wtmp, with_tail(length)).unwrap();
        assert_eq!(root.files.utmp_records().unwrap().len(), 2, "{length}");
        assert_eq!(root.files.wtmp_since(0).unwrap().len(), 2, "{length}");
        assert_eq!(root.files.wtmp_backwards().unwrap().count(), 2, "{length}");
        assert_eq!(root.files.wtmp_end().unwrap(), 2 * SIZE as u64, "{length}");
    }
}

#[test]
fn a_torn_tail_of_any_length_is_healed_by_the_next_append() {
    let root = Root::new();
    let whole = [&with_tail(0)[..], &user("tty4", 4).to_bytes()].concat();
    for length in 0..SIZE {
        for file in [&root.files.utmp, &root.files.wtmp, &root.files.btmp] {
            fs::write(file, with_tail(length)).unwrap();
        }
        root.files.update(&user("tty4", 4)).unwrap();
        assert_eq!(root.files.append_wtmp(&user("tty4", 4)).unwrap(), Appended::Written);
        assert_eq!(root.files.append_btmp(&user("tty4", 4)).unwrap(), Appended::Written);
        for file in [&root.files.utmp, &root.files.wtmp, &root.files.btmp] {
            assert!(fs::read(file).unwrap() == whole, "{} with {length}", file.display());
        }
    }
}

#[test]
fn a_record_in_place_leaves_a_torn_tail_alone() {
    let root = Root::new();
    fs::write(&root.files.utmp, with_tail(7)).unwrap();
    root.files.update(&Record::dead_process(b"tty1", 1, NOW)).unwrap();
    let bytes = fs::read(&root.files.utmp).unwrap();
    assert_eq!(bytes.len(), 2 * SIZE + 7);
    assert_eq!(root.files.on_line(b"tty1").unwrap().unwrap().kind, Kind::DeadProcess);
}

#[test]
fn what_was_appended_since_is_told_also_after_a_rotation() {
    let root = Root::with_logs();
    root.files.append_wtmp(&user("tty1", 1)).unwrap();
    let end = root.files.wtmp_end().unwrap();
    assert_eq!(root.files.wtmp_since(end).unwrap(), []);
    root.files.append_wtmp(&user("tty2", 2)).unwrap();
    assert_eq!(root.files.wtmp_since(end).unwrap(), [user("tty2", 2)]);
    root.files.append_wtmp(&user("tty3", 3)).unwrap();
    let end = root.files.wtmp_end().unwrap();
    fs::rename(&root.files.wtmp, root.files.wtmp.with_extension("1")).unwrap();
    assert_eq!(root.files.wtmp_since(end).unwrap(), []);
    fs::write(&root.files.wtmp, user("tty4", 4).to_bytes()).unwrap();
    assert_eq!(root.files.wtmp_since(end).unwrap(), [user("tty4", 4)]);
}

#[test]
fn a_long_wtmp_is_read_from_its_end() {
    let root = Root::new();
    let records: Vec<_> = (0..300).map(|pid| user("tty1", pid)).collect();
    fs::write(&root.files.wtmp, records.iter().flat_map(Record::to_bytes).collect::<Vec<_>>()).unwrap();
    let backwards: Vec<_> = root.files.wtmp_backwards().unwrap().map(|record| record.unwrap().pid).collect();
    assert_eq!(backwards, (0..300).rev().collect::<Vec<_>>());
}

#[test]
fn lastlog_has_a_place_for_every_uid_and_holes_between() {
    let root = Root::with_logs();
    let login = LastLogin { time: NOW, line: Text::new("tty1"), host: Text::EMPTY };
    for uid in [0, 1_000_000, 2] {
        assert_eq!(root.files.record_lastlog(uid, &login).unwrap(), Appended::Written);
    }
    let bytes = fs::read(&root.files.lastlog).unwrap();
    let size = bytes.len() / 1_000_001;
    for uid in [0, 2, 1_000_000] {
        assert_eq!(&bytes[uid * size + size - 288..][..5], b"tty1\0", "{uid}");
    }
    assert!(bytes[size..2 * size].iter().all(|byte| *byte == 0));
}

#[test]
fn a_huge_uid_is_refused_unless_asked_for() {
    let root = Root::with_logs();
    let login = LastLogin { time: NOW, line: Text::new("tty1"), host: Text::EMPTY };
    let refused = root.files.record_lastlog(HUGE_UID + 1, &login).unwrap_err();
    assert!(matches!(refused, WriteError::HugeUid { uid, .. } if uid == HUGE_UID + 1), "{refused}");
    assert_eq!(fs::read(&root.files.lastlog).unwrap(), b"");
    assert_eq!(root.files.record_lastlog_of_any(HUGE_UID + 1, &login).unwrap(), Appended::Written);
}

#[test]
fn a_synced_record_is_the_same_record() {
    let root = Root::with_logs();
    root.files.append_wtmp_as(&user("tty1", 1), Durability::Synced).unwrap();
    root.files.append_btmp_as(&user("tty1", 1), Durability::Synced).unwrap();
    assert_eq!(root.files.wtmp_since(0).unwrap(), [user("tty1", 1)]);
    assert_eq!(fs::read(&root.files.btmp).unwrap(), user("tty1", 1).to_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Four lines, eight pids, five kinds: every case of finding a place comes up.
    #[test]
    fn whoever_came_last_to_a_line_is_who_is_there(
        steps in prop::collection::vec((0..4u8, 1..8i32, 5..9i16), 1..40),
        tail in 0..SIZE,
    ) {
        let root = Root::new();
        fs::write(&root.files.utmp, vec![0xff; tail]).unwrap();
        for (line, pid, kind) in steps {
            let name = format!("tty{line}");
            let record = Record { kind: kind.into(), ..user(&name, pid) };
            let before = root.files.utmp_records().unwrap().len();
            let written = root.files.put(&record).unwrap();
            let records: Vec<_> = root.files.utmp_records().unwrap().collect();
            prop_assert!(records.contains(&written));
            prop_assert!(records.len() <= before + 1);
            prop_assert_eq!(&Record { id: record.id, ..written }, &record);
            let on_line = records.iter().filter(|old| old.line == record.line).count();
            prop_assert_eq!(on_line, 1, "a line has one record");
            prop_assert_eq!(root.files.on_line(name.as_bytes()).unwrap().map(|there| there.pid), Some(pid));
        }
    }
}
