//! Records of other machines, spelt out byte by byte: both layouts, both byte orders.

use std::fs;
use std::path::Path;

use utmp::{Encoding, Exit, History, Record, Step, Time};

/// The bytes of `golden/NAME.hex`: lines `OFFSET: BYTES # what they are`, and how many there are in all.
fn spelt_out(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("hex");
    let text = fs::read_to_string(path).unwrap();
    let length = text.trim_end().rsplit_once("# ").unwrap().1.strip_suffix(" bytes").unwrap();
    let mut bytes = vec![0; usize::from_str_radix(length, 16).unwrap()];
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (offset, rest) = line.split_once(": ").unwrap();
        let named = rest.split(" #").next().unwrap().trim();
        let named: Vec<u8> = match named.strip_prefix('"') {
            Some(text) => text.trim_end_matches('"').into(),
            None => named.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect(),
        };
        bytes[usize::from_str_radix(offset, 16).unwrap()..][..named.len()].copy_from_slice(&named);
    }
    bytes
}

/// What stands in each of the files; the second layout has room for more.
fn expected(is_long: bool) -> [Record; 2] {
    let session = if is_long { 4_294_967_298 } else { 74_565 };
    let logout = if is_long { 5_000_000_000 } else { 4_000_000_000 };
    let login = Time { seconds: 1_700_000_000, microseconds: 999_999 };
    let user = Record::user_process(b"pts/1", 74_565, b"alice", login)
        .with_id(b"ts/1")
        .with_host(b"far.example")
        .with_address("2001:db8::1".parse().unwrap());
    [
        Record { session, ..user },
        Record::dead_process(b"pts/1", i32::MAX, Time { seconds: logout, microseconds: 5 })
            .with_id(b"ts/1")
            .with_exit(Exit { termination: 15, exit: -3 })
            .with_session(-2)
            .with_address("192.0.2.7".parse().unwrap()),
    ]
}

#[test]
fn records_of_every_machine_are_recognised_read_and_written_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    for encoding in Encoding::ALL {
        let name = encoding.to_string();
        let (size, order) = name.split_at(3);
        let bytes = spelt_out(&format!("wtmp-{size}-{order}"));
        let records = expected(encoding.size() == 400);
        let written: Vec<u8> = records.iter().flat_map(|record| encoding.encode(record)).collect();
        let differs = bytes.iter().zip(&written).position(|(theirs, ours)| theirs != ours);
        assert_eq!((differs, bytes.len()), (None, written.len()), "{name}");
        let path = dir.path().join(&name);
        fs::write(&path, &bytes).unwrap();
        let history = History::open(&path, None).unwrap();
        assert_eq!(history.encoding(), encoding);
        let (mut forward, mut read) = (history.forward(), Vec::new());
        while let Some(step) = forward.next().unwrap() {
            let Step::Record(view) = step else { panic!("{name}: nothing is torn") };
            read.push(view.to_record());
        }
        assert_eq!(read, records, "{name}");
    }
}
