//! Byte for byte what glibc writes: the same records put by `golden/records.c` and by us.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Root, compiled, present};
use utmp::{Exit, Files, Kind, LastLogin, Record, Text, Time};

const RELEASE: &[u8] = b"6.1.0-42-amd64";

fn at(seconds: i64) -> Time {
    Time::from_seconds(seconds)
}

fn init(id: &str, pid: i32, seconds: i64) -> Record {
    Record { kind: Kind::InitProcess, ..Record::dead_process(b"", pid, at(seconds)) }.with_id(id.as_bytes())
}

/// The list of `golden/records.c`.
fn write(files: &Files) {
    let wide = [b'w'; 399];
    let with_microseconds = Time { seconds: 1_772_600_772, microseconds: 999_999 };
    for record in [
        Record::boot(RELEASE, at(1_772_600_767)),
        Record::run_level(RELEASE, b'N', b'S', at(1_772_600_768)),
        init("1", 100, 1_772_600_769),
        init("2", 101, 1_772_600_769),
        Record::login_process(b"tty1", 100, at(1_772_600_770)).with_session(100),
        Record::run_level(RELEASE, b'S', b'2', at(1_772_600_771)),
        Record::user_process(b"tty1", 100, b"alice", with_microseconds)
            .with_host(b"far.example")
            .with_session(99)
            .with_address("::ffff:192.0.2.7".parse().unwrap()),
        Record::user_process(&wide, i32::MAX, &wide, at(4_000_000_000))
            .with_host(&wide)
            .with_address("2001:db8::1".parse().unwrap()),
        Record::dead_process(b"tty1", 100, at(1_772_600_773)).with_exit(Exit { termination: 15, exit: -3 }),
        Record::login_process(b"tty1", 102, at(1_772_600_774)),
        init("2", 103, 1_772_600_775),
    ] {
        let written = files.put(&record).unwrap();
        files.append_wtmp(&written).unwrap();
    }
    let login = |line: &[u8], host: &[u8], seconds| LastLogin {
        time: at(seconds),
        line: Text::new(line),
        host: Text::new(host),
    };
    files.record_lastlog(3, &login(b"pts/0", b"far.example", 4_000_000_000)).unwrap();
    files.record_lastlog(1, &login(&wide, &wide, 1_772_600_772)).unwrap();
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The first byte that differs says more than two dumps.
fn assert_same(what: &str, ours: &Path, theirs: &Path) {
    let (ours, theirs) = (fs::read(ours).unwrap(), fs::read(theirs).unwrap());
    let differs = ours.iter().zip(&theirs).position(|(our, their)| our != their);
    assert_eq!((differs, ours.len()), (None, theirs.len()), "{what}");
}

#[test]
#[cfg(all(
    target_endian = "little",
    not(target_env = "musl"),
    not(target_arch = "aarch64"),
    not(target_arch = "loongarch64")
))]
fn the_files_are_the_golden_bytes_of_glibc() {
    let root = Root::with_logs();
    write(&root.files);
    assert_same("utmp", &root.files.utmp, &golden().join("utmp-384-le"));
    assert_same("wtmp", &root.files.wtmp, &golden().join("wtmp-384-le"));
    assert_same("lastlog", &root.files.lastlog, &golden().join("lastlog-292-le"));
}

#[test]
fn the_files_are_what_this_machines_glibc_writes() {
    if !present("cc") {
        return;
    }
    let root = Root::with_logs();
    write(&root.files);
    let theirs = tempfile::tempdir().unwrap();
    let at = |name: &str| theirs.path().join(name);
    let program = compiled("records", theirs.path());
    let ran = Command::new(program).args([at("utmp"), at("wtmp"), at("lastlog")]).output().unwrap();
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    assert_same("utmp", &root.files.utmp, &at("utmp"));
    assert_same("wtmp", &root.files.wtmp, &at("wtmp"));
    assert_same("lastlog", &root.files.lastlog, &at("lastlog"));
}
