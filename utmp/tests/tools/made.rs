//! Files made up by a seeded driver, and the programs that are run on them.

use std::path::Path;
use std::process::{Command, Output};

use utmp::{Encoding, Record, Time};

pub(crate) use crate::random::Random;

/// 2023-11-14 22:13:20 UTC.
pub(crate) const T: i64 = 1_700_000_000;

const LINES: &[&[u8]] = &[
    b"tty1",
    b"tty2",
    b"tty3",
    b"pts/0",
    b"pts/1",
    b"pts/2",
    b"ftpd12",
    b"ftp33",
    b"uucp1",
    b":0",
    b"console",
    b"",
    b"3",
    b"a/line/of/thirty/two/bytes/12345",
];
const USERS: &[&[u8]] = &[b"root", b"bob", b"alice", b"a-user-of-twenty-five-byte", b"LOGIN", b"LOGINx", b"date", b""];
const HOSTS: &[&[u8]] =
    &[b"", b"h", b"some.very.long.host.name.example.org", b"192.0.2.1", &[b'H'; 256], b"\xff\x01 \t\x0b"];
const ADDRESSES: &[[u8; 16]] = &[
    [0; 16],
    [192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 8],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4],
];

/// A file of some shape: sessions, boots with and without shutdowns, run levels, clock changes, strange types and bytes.
pub(crate) fn file(random: &mut Random) -> Vec<Record> {
    let count = random.one_of(&[0, 1, 2, 5, 20, 60, 200]);
    let strange = random.often(30);
    let mut seconds = T;
    (0..count)
        .map(|_| {
            seconds += random.one_of(&[0, 1, 5, 60, 3600, 90_000, -30]);
            record(random, seconds, strange)
        })
        .collect()
}

fn record(random: &mut Random, seconds: i64, strange: bool) -> Record {
    let now = Time { seconds, microseconds: random.below(1_000_000) as i64 };
    let line = random.one_of(LINES);
    // No process has this number, so none is asked for its user.
    let pid = 4_194_305 + random.below(100) as i32;
    match random.below(100) {
        0..50 => user(random, now, line, pid),
        50..75 => Record { user: utmp::Text::new(random.one_of(&["", "bob"])), ..Record::dead_process(line, pid, now) },
        75..80 => Record::boot(b"6.1.0-42-amd64", now),
        80..84 => Record::shutdown(b"6.1.0-42-amd64", now),
        84..90 => Record::run_level(b"6.1.0", b'N', random.one_of(b"0123456S\0"), now),
        90..92 => Record::user_process(random.one_of(&[&b"{"[..], b"|"]), 0, b"date", now),
        92..96 if strange => {
            let kind = random.one_of(&[-1, 0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 254]);
            let line = random.one_of(&[line, b"~"]);
            let record = Record { kind: i16::into(kind), ..user(random, now, line, pid) };
            // dinit's boots, which util-linux does not know.
            let is_blank = record.line.is_empty() && record.user.is_empty();
            if is_blank { Record::boot(b"6.1.0", now) } else { record }
        }
        96.. if strange => {
            let record = user(random, now, line, pid);
            bytes(random, record)
        }
        _ => Record::login_process(line, pid, now),
    }
}

fn user(random: &mut Random, now: Time, line: &[u8], pid: i32) -> Record {
    let (name, host) = (random.one_of(USERS), random.one_of(HOSTS));
    Record { address: random.one_of(ADDRESSES), ..Record::user_process(line, pid, name, now).with_host(host) }
}

/// With a name of bytes that are no letters. Not the three that we escape and util-linux does not.
fn bytes(random: &mut Random, record: Record) -> Record {
    let name: Vec<u8> =
        (0..1 + random.below(30)).map(|_| random.one_of(&[1, 9, 27, 31, 127, 128, 200, 255, b'e'])).collect();
    Record { user: utmp::Text::new(name), ..record }
}

/// The bytes of a file of these records.
pub(crate) fn encoded(encoding: Encoding, records: &[Record]) -> Vec<u8> {
    records.iter().flat_map(|record| encoding.encode(record)).collect()
}

/// Runs a program in a time zone and no language.
pub(crate) fn run(program: impl AsRef<Path>, zone: &str, arguments: &[&str]) -> Output {
    Command::new(program.as_ref())
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TZ", zone)
        .env("LC_ALL", "C")
        .output()
        .unwrap()
}

/// What a program of ours prints; it must succeed.
pub(crate) fn printed(program: &str, arguments: &[&str]) -> String {
    let output = run(program, "UTC", arguments);
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) const LAST: &str = env!("CARGO_BIN_EXE_last");
pub(crate) const UTMPDUMP: &str = env!("CARGO_BIN_EXE_utmpdump");
pub(crate) const LASTB: &str = env!("CARGO_BIN_EXE_lastb");

/// Whether a program of util-linux 2.38 is here; says that the test is skipped if not.
pub(crate) fn is_peer(program: &str) -> bool {
    use std::io::Write;
    let version = Command::new(program).arg("--version").output();
    let found = version.is_ok_and(|output| output.stdout.windows(15).any(|words| words == b"util-linux 2.38"));
    if !found {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        writeln!(std::io::stderr(), "skipped: {test}: {program} of util-linux 2.38 is not installed").unwrap();
    }
    found
}

/// Whether this is root, who may put other files in the place of the system's for a program; says so if not.
pub(crate) fn may_mount() -> bool {
    use std::io::Write;
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        writeln!(std::io::stderr(), "skipped: {test}: not root").unwrap();
    }
    is_root
}
