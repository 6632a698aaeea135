//! Bytes that are almost right.

use std::fs;
use std::path::Path;

use utmp::{Encoding, Record, Time};

use crate::random::Random;

/// Bytes at which programs go wrong.
const SHARP: &[u8] = &[0, 1, 7, 8, 9, b'\n', 0x1b, b' ', b'"', b'[', b'\\', b']', b'~', 0x7f, 0x80, 0xfe, 0xff];

/// Any bytes: mostly few, of few kinds.
pub(crate) fn bytes(random: &mut Random, most: usize) -> Vec<u8> {
    let length = random.below(most + 1);
    let kind = random.below(3);
    (0..length)
        .map(|_| match kind {
            0 => random.one_of(SHARP),
            1 => b' ' + random.below(95) as u8,
            _ => random.below(256) as u8,
        })
        .collect()
}

/// Does a few things to `bytes` that make them something else.
pub(crate) fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(6) {
        let (from, to) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
        let range = from.min(to)..from.max(to);
        match random.below(7) {
            0 => bytes.truncate(from),
            1 => drop(bytes.drain(range)),
            2 if bytes.len() < 100_000 => bytes.extend_from_within(range),
            3 => bytes[range].fill(random.one_of(SHARP)),
            4 => drop(bytes.splice(from..from, self::bytes(random, 500))),
            _ if !bytes.is_empty() => {
                let place = random.below(bytes.len());
                bytes[place] =
                    if random.often(50) { random.one_of(SHARP) } else { bytes[place] ^ 1 << random.below(8) };
            }
            _ => {}
        }
    }
}

/// A record as programs write them; more than a second after the epoch, and before its end.
pub(crate) fn record(random: &mut Random) -> Record {
    let at = Time {
        seconds: 1_000_000_000 + random.below(3_000_000_000) as i64,
        microseconds: random.below(1_000_000) as i64,
    };
    let line = format!("{}{}", random.one_of(&["tty", "pts/", "ftpd", ":"]), random.below(200));
    let pid = 1 + random.below(4_000_000) as i32;
    match random.below(8) {
        0 => Record::boot(b"6.1.0-42-amd64", at),
        1 => Record::shutdown(b"6.1.0-42-amd64", at),
        2 => Record::run_level(b"6.1.0-42-amd64", b'N', b'2', at),
        3 => Record::login_process(line.as_bytes(), pid, at),
        4 | 5 => Record::dead_process(line.as_bytes(), pid, at),
        _ => {
            let host = random.one_of(&["", "far.example.org", "a.host.of.more.than.thirty.two.bytes.example.org"]);
            Record::user_process(line.as_bytes(), pid, b"alice", at).with_host(host.as_bytes())
        }
    }
}

/// A file to begin with: glibc's, or one of made up records, in any encoding.
pub(crate) fn file(random: &mut Random) -> (Encoding, Vec<u8>) {
    if random.often(10) {
        let name = random.one_of(&["utmp-384-le", "wtmp-384-le", "lastlog-292-le"]);
        return (Encoding::ALL[0], fs::read(Path::new("tests/golden").join(name)).unwrap());
    }
    let encoding = random.one_of(&Encoding::ALL);
    let count = random.one_of(&[0, 1, 2, 3, 10, 60, 400]);
    (encoding, (0..count).flat_map(|_| encoding.encode(&record(random))).collect())
}
