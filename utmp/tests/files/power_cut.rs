//! A power cut at each byte of a record being written: no record of before is lost, and none of after.

use std::fs;
use std::path::Path;

use crate::support::{NOW, Root};
use utmp::{Appended, Encoding, Files, History, Kind, Record, SIZE, Step};

fn user(pid: i32) -> Record {
    Record::user_process(format!("pts/{pid}").as_bytes(), pid, b"alice", NOW).with_host(b"far.example")
}

/// What the writer of `record` puts behind the bytes of `before`.
fn written(file: &Path, before: &[u8], write: impl Fn()) -> Vec<u8> {
    fs::write(file, before).unwrap();
    write();
    fs::read(file).unwrap().strip_prefix(before).unwrap().to_vec()
}

/// Every state in which a power cut leaves what was being appended to `before`: so many bytes of it are there. Behind whole
/// records also its whole length with so many bytes of it, since some file systems note the length before the data.
fn states(before: &[u8], record: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let is_untorn = before.len().is_multiple_of(SIZE);
    (0..=record.len()).flat_map(move |length| {
        let cut = [before, &record[..length]].concat();
        let mut filled = cut.clone();
        filled.resize(before.len() + record.len(), 0);
        [cut, filled].into_iter().take(if is_untorn { 2 } else { 1 })
    })
}

/// Files of whole records, some with a tear of long ago in them. Whoever does not see a tear appends behind it.
fn befores() -> Vec<(Vec<u8>, Vec<i32>)> {
    let whole = |pids: &[i32]| pids.iter().flat_map(|pid| user(*pid).to_bytes()).collect::<Vec<u8>>();
    let mut befores = vec![(vec![], vec![]), (whole(&[1]), vec![1]), (whole(&[1, 2, 3]), vec![1, 2, 3])];
    for tear in [1, 100, SIZE - 1] {
        let torn = [whole(&[1, 2]), user(77).to_bytes()[..tear].to_vec(), whole(&[3, 4])].concat();
        befores.push((torn, vec![1, 2, 3, 4]));
    }
    befores
}

/// Whose records are read, from the end and from the start, those of a cut off one apart.
fn read(path: &Path) -> [Vec<i32>; 2] {
    let history = History::open(path, Some(Encoding::NATIVE)).unwrap();
    let is_whole =
        |record: &Record| record.kind == Kind::UserProcess && *record == user(record.pid) && record.pid != 77;
    let mut backward = Vec::new();
    let mut records = history.backward().unwrap();
    while let Some(step) = records.next().unwrap() {
        backward.extend(Some(step).into_iter().filter_map(record).filter(is_whole).map(|record| record.pid));
    }
    backward.reverse();
    let mut forward = Vec::new();
    let mut records = history.forward();
    while let Some(step) = records.next().unwrap() {
        forward.extend(Some(step).into_iter().filter_map(record).filter(is_whole).map(|record| record.pid));
    }
    [backward, forward]
}

fn record(step: Step<'_>) -> Option<Record> {
    match step {
        Step::Record(view) => Some(view.to_record()),
        Step::Skipped(_) => None,
    }
}

type Append = fn(&Files, &Record);

/// A writer looks at what seems torn for a while: so each file has a thread.
fn append_at_each_byte(befores: Vec<(Vec<u8>, Vec<i32>)>, log: fn(&Files) -> &Path, append: Append) {
    std::thread::scope(|scope| {
        for (before, pids) in befores {
            scope.spawn(move || append_behind(&before, &pids, log, append));
        }
    });
}

fn append_behind(before: &[u8], pids: &[i32], log: fn(&Files) -> &Path, append: Append) {
    let root = Root::with_logs();
    let (files, log) = (&root.files, log(&root.files));
    let record = written(log, before, || append(files, &user(8)));
    assert_eq!(record, user(8).to_bytes());
    for state in states(before, &record) {
        let what = format!("{pids:?}, {} of {} bytes", state.len(), before.len() + SIZE);
        let is_whole = state.ends_with(&record);
        let mut expected = [pids, if is_whole { &[8] } else { &[] }].concat();
        fs::write(log, &state).unwrap();
        assert_eq!(read(log), [expected.clone(), expected.clone()], "{what}");
        append(files, &user(9));
        expected.push(9);
        assert_eq!(read(log), [expected.clone(), expected], "{what}, and the next");
        assert!(fs::read(log).unwrap().starts_with(before), "{what}: nothing of before is touched");
    }
}

#[test]
fn a_power_cut_at_any_byte_of_an_append_to_wtmp_costs_no_other_record() {
    append_at_each_byte(
        befores(),
        |files| &files.wtmp,
        |files, record| assert_eq!(files.append_wtmp(record).unwrap(), Appended::Written),
    );
}

#[test]
fn a_power_cut_at_any_byte_of_an_append_to_btmp_costs_no_other_record() {
    // It is written as wtmp is.
    append_at_each_byte(
        befores().drain(..2).collect(),
        |files| &files.btmp,
        |files, record| assert_eq!(files.append_btmp(record).unwrap(), Appended::Written),
    );
}

#[test]
fn a_power_cut_at_any_byte_of_a_new_record_of_utmp_costs_no_other_record() {
    let root = Root::new();
    let before = [user(1).to_bytes(), user(2).to_bytes()].concat();
    let record = written(&root.files.utmp, &before, || root.files.update(&user(8)).unwrap());
    for state in states(&before, &record) {
        let is_whole = state.ends_with(&record);
        fs::write(&root.files.utmp, &state).unwrap();
        let readable: Vec<_> = root.files.utmp_records().unwrap().collect();
        assert_eq!(readable[..2], [user(1), user(2)]);
        assert_eq!(readable.contains(&user(8)), is_whole);
        root.files.update(&user(9)).unwrap();
        let after: Vec<_> = root.files.utmp_records().unwrap().collect();
        assert!(after.starts_with(&[user(1), user(2)]) && after.contains(&user(9)), "{after:?}");
        assert_eq!(fs::metadata(&root.files.utmp).unwrap().len() % SIZE as u64, 0);
    }
}

#[test]
fn a_power_cut_at_any_byte_of_a_record_in_place_costs_no_other_record() {
    let root = Root::new();
    let before = [user(1).to_bytes(), user(2).to_bytes(), user(3).to_bytes()].concat();
    fs::write(&root.files.utmp, &before).unwrap();
    root.files.update(&Record::dead_process(b"pts/2", 2, NOW)).unwrap();
    let after = fs::read(&root.files.utmp).unwrap();
    for written in 0..=SIZE {
        let state = [&before[..SIZE], &after[SIZE..SIZE + written], &before[SIZE + written..]].concat();
        fs::write(&root.files.utmp, state).unwrap();
        let records: Vec<_> = root.files.utmp_records().unwrap().collect();
        assert_eq!((&records[0], &records[2]), (&user(1), &user(3)));
        root.files.update(&Record::user_process(b"pts/2", 22, b"bob", NOW)).unwrap();
        let there = root.files.on_line(b"pts/2").unwrap().unwrap();
        assert_eq!((there.pid, there.user == "bob"), (22, true), "{written} bytes");
    }
}
