//! What the readers hand out, what they pass over, and that nothing makes them fail.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;
use utmp::{Encoding, Exit, Forward, History, Record, Skipped, Step, Time};

const T: i64 = 1_700_000_000;

fn user(number: i64) -> Record {
    let line = format!("pts/{}", number % 50);
    Record::user_process(line.as_bytes(), 1000, format!("u{number}").as_bytes(), Time::from_seconds(T + number))
        .with_host(b"far.example")
}

fn bytes_of(encoding: Encoding, records: &[Record]) -> Vec<u8> {
    records.iter().flat_map(|record| encoding.encode(record)).collect()
}

struct Read {
    users: Vec<String>,
    skipped: Vec<Skipped>,
}

impl Read {
    fn add(&mut self, step: &Step<'_>) {
        match step {
            Step::Record(view) => self.users.push(view.user().escape_ascii().to_string()),
            Step::Skipped(skipped) => self.skipped.push(*skipped),
        }
    }
}

fn forward(bytes: &[u8], encoding: Encoding) -> Read {
    let mut read = Read { users: vec![], skipped: vec![] };
    let mut records = Forward::new(bytes, encoding);
    while let Some(step) = records.next().unwrap() {
        read.add(&step);
    }
    read.skipped.extend(records.tail());
    read
}

fn backward(path: &Path, encoding: Option<Encoding>) -> Read {
    let mut read = Read { users: vec![], skipped: vec![] };
    let history = History::open(path, encoding).unwrap();
    let mut records = history.backward().unwrap();
    while let Some(step) = records.next().unwrap() {
        read.add(&step);
    }
    read.users.reverse();
    read.skipped.reverse();
    read
}

fn file(bytes: &[u8]) -> (TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wtmp");
    fs::write(&path, bytes).unwrap();
    (dir, path)
}

fn names(numbers: impl Iterator<Item = i64>) -> Vec<String> {
    numbers.map(|number| format!("u{number}")).collect()
}

#[test]
fn a_file_of_any_encoding_is_read_the_same_from_both_ends() {
    let records: Vec<_> = (0..1000).map(user).collect();
    for encoding in Encoding::ALL {
        let bytes = bytes_of(encoding, &records);
        let (_dir, path) = file(&bytes);
        let read = backward(&path, None);
        assert!(read.users == names(0..1000) && read.skipped.is_empty(), "{encoding}");
        let read = forward(&bytes, encoding);
        assert!(read.users == names(0..1000) && read.skipped.is_empty(), "{encoding}");
        assert_eq!(History::open(&path, None).unwrap().begins().unwrap(), Some(T));
        assert_eq!(History::open(&path, None).unwrap().ends().unwrap(), Some(T + 999));
    }
}

#[test]
fn a_torn_stretch_of_any_length_anywhere_shifts_nothing() {
    let records: Vec<_> = (0..20).map(user).collect();
    for encoding in Encoding::ALL {
        let size = encoding.size();
        let whole = bytes_of(encoding, &records);
        for torn in [1, 2, 3, 4, 5, 8, 10, 44, 76, 100, 200, 332, 340, size - 1, size + 1, 1000] {
            for place in [0, 1, 7, 19, 20] {
                // A write cut off, or bytes of something else: another record's, or text.
                let strange: Vec<u8> = if torn < size {
                    encoding.encode(&user(77))[..torn].to_vec()
                } else {
                    (0..torn).map(|n| b'!' + (n * 7 % 90) as u8).collect()
                };
                let (left, right) = whole.split_at(place * size);
                let bytes = [left, &strange, right].concat();
                let told = Skipped { at: (place * size) as u64, length: torn as u64 };
                let (_dir, path) = file(&bytes);
                for (from, read) in [("behind", backward(&path, Some(encoding))), ("before", forward(&bytes, encoding))]
                {
                    let what = format!("{encoding}, {torn} bytes at record {place}, from {from}");
                    // Forward, a record that was cut off late is told of before it is known to be cut off.
                    if from == "before" && read.users.iter().any(|user| user == "u77") {
                        let others: Vec<_> = read.users.into_iter().filter(|user| user != "u77").collect();
                        assert_eq!(others, names(0..20), "{what}");
                    } else {
                        assert_eq!((read.users, read.skipped), (names(0..20), vec![told]), "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_record_that_lost_bytes_costs_no_other() {
    let records: Vec<_> = (0..20).map(user).collect();
    let encoding = Encoding::NATIVE;
    let size = encoding.size();
    for lost in [1, 50, 100, 300] {
        let mut bytes = bytes_of(encoding, &records);
        bytes.drain(10 * size + 20..10 * size + 20 + lost);
        let (_dir, path) = file(&bytes);
        let others = names((0..10).chain(12..20));
        for users in [backward(&path, None).users, forward(&bytes, encoding).users] {
            assert!(others.iter().all(|name| users.contains(name)), "{lost}: {users:?}");
            assert!(users.len() <= 20);
        }
    }
}

#[test]
fn strange_records_among_their_like_are_handed_out() {
    let strange = |kind: i16| Record { kind: kind.into(), exit: Exit { termination: 7, exit: 9 }, ..user(5) };
    let records: Vec<_> = [user(1), strange(0), strange(12), strange(254), strange(-3), user(2)].into();
    let bytes = bytes_of(Encoding::NATIVE, &records);
    let (_dir, path) = file(&bytes);
    assert_eq!(backward(&path, None).users.len(), 6);
    assert_eq!(forward(&bytes, Encoding::NATIVE).users.len(), 6);
}

#[test]
fn what_is_no_regular_file_is_refused() {
    assert!(History::open(Path::new("/dev/zero"), None).is_err());
    assert!(History::open(Path::new("/"), None).is_err());
    assert!(History::open(Path::new("/no/such/file"), None).is_err());
}

/// Who is in the records of `since` and later, found by search and by reading all.
fn found(path: &Path, since: i64) -> (Vec<String>, Vec<String>, usize) {
    let history = History::open(path, None).unwrap();
    let mut read = 0;
    let mut by = |mut records: utmp::Backward<'_>| {
        let mut users = vec![];
        read = 0;
        while let Some(step) = records.next().unwrap() {
            if let Step::Record(view) = step {
                read += 1;
                if view.seconds() >= since {
                    users.push(view.user().escape_ascii().to_string());
                }
            }
        }
        users
    };
    let all = by(history.backward().unwrap());
    let searched = by(history.backward_since(since).unwrap());
    (searched, all, read)
}

/// 40,000 records a minute apart, written while the clock was off by what `wrong` says of the record's number.
fn with_clock(wrong: impl Fn(i64) -> i64) -> (TempDir, std::path::PathBuf) {
    let records =
        (0..40_000).map(|number| Record { time: Time::from_seconds(T + number * 60 + wrong(number)), ..user(number) });
    let bytes: Vec<u8> = records.flat_map(|record| Encoding::NATIVE.encode(&record)).collect();
    file(&bytes)
}

#[test]
fn a_search_loses_no_record_whatever_the_clock_did() {
    type Clock = fn(i64) -> i64;
    let clocks: [(&str, Clock); 7] = [
        ("right", |_| 0),
        ("set back an hour again and again", |n| if n / 500 % 2 == 0 { 3600 } else { 0 }),
        ("set back a day once", |n| if n < 20_000 { 86_400 } else { 0 }),
        ("in 1970 after each boot", |n| if n % 1000 < 40 { -T } else { 0 }),
        ("a year ahead for a while", |n| if (20_000..21_000).contains(&n) { 365 * 86_400 } else { 0 }),
        ("set back by years, once", |n| if n < 25_000 { 3 * 365 * 86_400 } else { 0 }),
        ("jumping by minutes", |n| n * 7919 % 3600),
    ];
    for (what, clock) in clocks {
        let (_dir, path) = with_clock(clock);
        for since in [T - 10, T + 600_000, T + 60 * 25_000, T + 60 * 35_000 + 7, T + 60 * 39_990, T + 1_000_000_000] {
            let (searched, all, _) = found(&path, since);
            assert!(searched == all, "{what}, since {since}: {} of {}", searched.len(), all.len());
        }
    }
}

#[test]
fn a_search_reads_little_of_a_long_file() {
    let (_dir, path) = with_clock(|_| 0);
    let (_, _, read) = found(&path, T + 60 * 39_000);
    assert!(read < 20_000, "{read}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_bytes_are_read_to_their_end(
        bytes in prop::collection::vec(prop_oneof![Just(0u8), 0..10u8, any::<u8>()], 0..5000),
        which in 0..4usize,
    ) {
        let (_dir, path) = file(&bytes);
        let encoding = Encoding::ALL[which];
        let size = encoding.size() as u64;
        for read in [backward(&path, Some(encoding)), forward(&bytes, encoding)] {
            let skipped: u64 = read.skipped.iter().map(|skipped| skipped.length).sum();
            prop_assert!(skipped + read.users.len() as u64 * size >= bytes.len() as u64, "every byte is one or the other");
        }
        found(&path, T);
    }

    #[test]
    fn a_file_cut_at_any_byte_and_appended_to_loses_one_record_at_most(cut in 0..3840usize) {
        let records: Vec<_> = (0..10).map(user).collect();
        let mut bytes = bytes_of(Encoding::ALL[0], &records);
        bytes.truncate(cut);
        bytes.extend(bytes_of(Encoding::ALL[0], &(10..20).map(user).collect::<Vec<_>>()));
        let (_dir, path) = file(&bytes);
        let whole = names((0..(cut / 384) as i64).chain(10..20));
        prop_assert_eq!(&backward(&path, Some(Encoding::ALL[0])).users, &whole);
        // Forward, the record that was cut off late is told of before it is known to be cut off.
        let cut_off = format!("u{}", cut / 384);
        let users: Vec<_> = forward(&bytes, Encoding::ALL[0]).users.into_iter().filter(|user| *user != cut_off).collect();
        let whole: Vec<_> = whole.into_iter().filter(|user| *user != cut_off).collect();
        prop_assert_eq!(users, whole);
    }
}
