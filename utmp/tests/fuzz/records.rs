//! Files of records: read to their end from both ends, and written again as they were.

use std::fs;
use std::path::Path;
use std::process::Command;

use utmp::{Encoding, Forward, History, Kind, Record, Step, Text};

use crate::driver;
use crate::mutation;
use crate::random::Random;

#[test]
fn any_file_is_read_to_its_end_and_every_record_written_again_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wtmp");
    driver::attempts("records", |random| {
        let (encoding, mut bytes) = mutation::file(random);
        mutation::mutate(random, &mut bytes);
        fs::write(&path, &bytes).unwrap();
        read(&path, &bytes, random.one_of(&[Some(encoding), None]));
        torn(random, &path);
        if random.often(1) {
            tools(random, &path);
        }
    });
}

/// Each byte is a record's or a stretch's that is none, each once from the end; and no reader goes on for ever.
fn read(path: &Path, bytes: &[u8], encoding: Option<Encoding>) {
    let history = History::open(path, encoding).unwrap();
    let encoding = history.encoding();
    let mut records = history.backward().unwrap();
    let mut end = bytes.len() as u64;
    while let Some(step) = records.next().unwrap() {
        let (written, length) = match step {
            Step::Record(view) => (encoding.encode(&view.to_record()), encoding.size() as u64),
            Step::Skipped(skipped) => (Vec::new(), skipped.length),
        };
        end = end.checked_sub(length).filter(|_| length > 0).unwrap();
        if !written.is_empty() {
            assert_eq!(records.position(), end);
            assert!(bytes[end as usize..].starts_with(&written), "the record at {end} in {encoding} is another");
        }
    }
    assert_eq!(end, 0, "every byte was told of");
    forward(bytes, encoding);
}

/// From the start nothing is passed over silently; a record that was cut off late may be told of twice.
fn forward(bytes: &[u8], encoding: Encoding) {
    let mut records = Forward::new(bytes, encoding);
    let (mut told, mut steps) = (0, 0);
    while let Some(step) = records.next().unwrap() {
        told += match step {
            Step::Record(_) => encoding.size() as u64,
            Step::Skipped(skipped) => skipped.length,
        };
        steps += 1;
        assert!(steps <= 2 * bytes.len() + 1, "it comes to an end");
    }
    assert!(told + records.tail().map_or(0, |tail| tail.length) >= bytes.len() as u64);
}

/// Whatever stands between pairs of records, all of them are found, and in their order.
fn torn(random: &mut Random, path: &Path) {
    let encoding = random.one_of(&Encoding::ALL);
    let (mut bytes, mut whole) = (Vec::new(), 0..0);
    for _ in 0..random.below(12) {
        if random.often(50) {
            let mut cut_off = encoding.encode(&mutation::record(random));
            cut_off.truncate(1 + random.below(encoding.size() - 1));
            bytes.extend(if random.often(50) { cut_off } else { mutation::bytes(random, 900) });
        }
        for _ in 0..2 + random.below(5) {
            let record = Record { user: Text::new(format!("number {}", whole.end)), ..mutation::record(random) };
            let record = Record { kind: Kind::UserProcess, ..record };
            bytes.extend(encoding.encode(&record));
            whole.end += 1;
        }
    }
    fs::write(path, &bytes).unwrap();
    let history = History::open(path, Some(encoding)).unwrap();
    let mut records = history.backward().unwrap();
    let mut found: Vec<i32> = Vec::new();
    while let Some(step) = records.next().unwrap() {
        if let Step::Record(view) = step
            && let Some(number) = view.user().strip_prefix(b"number ")
        {
            found.push(str::from_utf8(number).unwrap().parse().unwrap());
        }
    }
    assert_eq!(found, whole.rev().collect::<Vec<_>>(), "in {encoding}");
}

/// What the tools print of any file does nothing to a terminal, and costs neither much memory nor much time.
fn tools(random: &mut Random, path: &Path) {
    let (last, lastb, dump) = (env!("CARGO_BIN_EXE_last"), env!("CARGO_BIN_EXE_lastb"), env!("CARGO_BIN_EXE_utmpdump"));
    let (program, options) = random.one_of(&[
        (last, &["-f"][..]),
        (last, &["-xwF", "-f"]),
        (last, &["-aiT", "--mark", "-f"]),
        (last, &["--json", "-x", "-f"]),
        (last, &["--chart", "-f"]),
        (last, &["-s", "2005-01-01", "-t", "2030-01-01", "-f"]),
        (lastb, &["-w", "-f"]),
        (dump, &[]),
        (dump, &["--json"]),
    ]);
    let mut command = Command::new("prlimit");
    command.args(["--as=100000000", "--cpu=20", program]).args(options).arg(path).env("LC_ALL", "C");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{program} {options:?}: {output:?}");
    let is_quiet = |byte: &u8| matches!(byte, b'\n' | b'\t' | b' '..=b'~' | 0x80..);
    assert!(output.stdout.iter().all(is_quiet) && str::from_utf8(&output.stdout).is_ok(), "{program} {options:?}");
}
