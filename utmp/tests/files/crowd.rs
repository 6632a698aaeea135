//! Two hundred writers and twenty readers of one wtmp: every record is whole, none is lost, none is there twice.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::{NOW, Root};
use utmp::{Appended, History, Record, Step, Time};

const WRITERS: i32 = 200;
const READERS: usize = 20;
/// Of each writer.
const RECORDS: i64 = 60;

/// A writer's record says twice who wrote it, and its number.
fn record(writer: i32, number: i64) -> Record {
    let line = format!("w{writer}");
    Record::user_process(
        line.as_bytes(),
        writer,
        b"alice",
        Time { seconds: NOW.seconds + number, microseconds: number },
    )
    .with_host(format!("{number}.example").as_bytes())
}

/// Reads the whole file from its end: from each writer come its last record so far, the one before, and so on.
fn look(root: &Root) -> usize {
    let history = History::open(&root.files.wtmp, None).unwrap();
    let mut records = history.backward().unwrap();
    let mut next = HashMap::new();
    let mut count = 0;
    while let Some(step) = records.next().unwrap() {
        let view = match step {
            Step::Record(view) => view,
            // The system shows the first part of a record that is being written before its last.
            Step::Skipped(_) if count == 0 => continue,
            Step::Skipped(torn) => panic!("{torn:?}"),
        };
        let (found, number) = (view.to_record(), view.microseconds());
        assert_eq!(found, record(view.pid(), number));
        if let Some(expected) = next.insert(view.pid(), number - 1) {
            assert_eq!(number, expected, "of writer {}", view.pid());
        }
        count += 1;
    }
    assert!(next.values().all(|before| *before == -1), "each begins with its first");
    count
}

#[test]
fn what_two_hundred_write_twenty_read_whole_and_once() {
    let root = Root::with_logs();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                scope.spawn(|| {
                    while !is_done.load(Ordering::Relaxed) {
                        look(&root);
                    }
                })
            })
            .collect();
        let write = |writer| {
            for number in 0..RECORDS {
                assert_eq!(root.files.append_wtmp(&record(writer, number)).unwrap(), Appended::Written);
            }
        };
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        is_done.store(true, Ordering::Relaxed);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
    assert_eq!(look(&root) as i64, i64::from(WRITERS) * RECORDS);
}
