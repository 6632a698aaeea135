//! A full disk and a file-size limit: a record is there whole or not at all, and what was there before stays.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{NOW, Root, present, root, utmp_record};
use utmp::{Record, SIZE};

/// As many records as a page holds whole; the next one crosses its end.
const A_PAGE_FULL: usize = 4096 / SIZE;

fn records(count: usize) -> Vec<u8> {
    (0..count).flat_map(|_| Record::user_process(b"tty1", 1, b"alice", NOW).to_bytes()).collect()
}

/// Runs `utmp-record` with a file system of one page at `full`, in which lies `file` with a page's records. Its exit
/// code, or 8 if the file is not as it was, or 9 if there is no such file system to be had.
fn on_full_disk(system: &Root, full: &Path, file: &Path, verb: &str) -> Output {
    let before = system.dir.path().join("before");
    fs::write(&before, records(A_PAGE_FULL)).unwrap();
    let script = r#"mount -t tmpfs -o size=4k none "$2" && cp "$3" "$4" || exit 9
        "$0" --root "$1" $5; code=$?
        cmp "$3" "$4" || exit 8
        exit $code"#;
    Command::new("unshare")
        .args(["--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_utmp-record")])
        .args([system.dir.path(), full, &before, file])
        .arg(verb)
        .output()
        .unwrap()
}

fn assert_full(output: &Output, file: &Path) {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.starts_with(&format!("utmp-record: cannot write {}: ", file.display())), "{told}");
}

#[test]
fn a_full_disk_leaves_no_half_record_in_wtmp() {
    if !root() || !present("unshare") {
        return;
    }
    let system = Root::with_logs();
    let output = on_full_disk(&system, system.files.wtmp.parent().unwrap(), &system.files.wtmp, "shutdown");
    assert_full(&output, &system.files.wtmp);
}

#[test]
fn a_full_disk_leaves_no_half_record_in_utmp() {
    if !root() || !present("unshare") {
        return;
    }
    let system = Root::with_logs();
    let output = on_full_disk(&system, system.files.utmp.parent().unwrap(), &system.files.utmp, "boot");
    assert_full(&output, &system.files.utmp);
    assert_eq!(system.files.wtmp_since(0).unwrap().len(), 1, "the other file is written all the same");
}

/// `utmp-record shutdown` where no file may grow beyond a few bytes, and not beyond `most` if the limit is raised.
fn limited(system: &Root, most: &str) -> Output {
    let writer = utmp_record(system.dir.path(), &["shutdown"]);
    Command::new("prlimit")
        .args([&format!("--fsize=100:{most}"), "setpriv", "--bounding-set=-sys_resource"])
        .arg(writer.get_program())
        .args(writer.get_args())
        .output()
        .unwrap()
}

#[test]
fn a_file_size_limit_that_may_be_raised_costs_no_record() {
    if !root() || !present("prlimit") || !present("setpriv") {
        return;
    }
    let system = Root::with_logs();
    let output = limited(&system, "unlimited");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(system.files.wtmp_since(0).unwrap().len(), 1);
}

#[test]
fn a_file_size_limit_that_stands_is_an_error_and_not_a_death() {
    if !root() || !present("prlimit") || !present("setpriv") {
        return;
    }
    let system = Root::with_logs();
    let output = limited(&system, "100");
    assert_full(&output, &system.files.wtmp);
    assert_eq!(fs::read(&system.files.wtmp).unwrap(), b"");
}
