//! What the four files say after what happened, also with a module that writes to them too.

use std::fs;
use std::path::PathBuf;

use nix::unistd::{Gid, Uid};
use prompt::LoginName;
use tempfile::TempDir;

use super::*;

fn files() -> (TempDir, Files) {
    let root = tempfile::tempdir().expect("a folder");
    let files = Files::under(root.path());
    for file in [&files.utmp, &files.wtmp, &files.btmp, &files.lastlog] {
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(file, "").expect("a file");
    }
    (root, files)
}

fn records(files: &Files, line: &str) -> Records {
    let line = crate::line::tests::named(line);
    Records::new(files.clone(), line, Host::parse(b"192.0.2.7").ok())
}

fn alice() -> Account {
    Account {
        name: LoginName::parse(b"alice").expect("a name"),
        uid: Uid::from_raw(1000),
        gid: Gid::from_raw(1000),
        home: PathBuf::from("/"),
        shell: PathBuf::from("/bin/sh"),
    }
}

fn wtmp(files: &Files) -> Vec<Record> {
    files.wtmp_since(0).expect("wtmp is read")
}

#[test]
fn one_login_is_one_record_in_utmp_and_two_in_wtmp() {
    let (_root, files) = files();
    let records = records(&files, "tty9");
    let mark = records.mark();
    records.began(&alice(), mark, true);
    let on_line = files.on_line(b"tty9").expect("utmp is read").expect("a record");
    assert_eq!(on_line.kind, Kind::UserProcess);
    assert_eq!((on_line.user, on_line.host), (Text::new("alice"), Text::new("192.0.2.7")));
    assert_eq!(on_line.address[..4], [192, 0, 2, 7]);

    let mark = records.mark();
    records.ended(Exit { termination: 9, exit: 0 }, mark);
    let on_line = files.on_line(b"tty9").expect("utmp is read").expect("a record");
    assert_eq!((on_line.kind, on_line.exit.termination), (Kind::DeadProcess, 9));
    assert_eq!(
        wtmp(&files).iter().map(|record| record.kind).collect::<Vec<_>>(),
        [Kind::UserProcess, Kind::DeadProcess]
    );
    assert_eq!(files.utmp_records().expect("utmp is read").count(), 1);
    assert_eq!(fs::metadata(&files.lastlog).expect("lastlog").len() % 292, 0);
}

#[test]
fn a_logout_names_its_line_and_nobody() {
    let (_root, files) = files();
    let records = records(&files, "tty9");
    records.began(&alice(), records.mark(), true);
    records.ended(Exit::default(), records.mark());
    let in_wtmp = wtmp(&files).pop().expect("a logout");
    let in_utmp = files.on_line(b"tty9").expect("utmp is read").expect("a record");
    for logout in [in_wtmp, in_utmp] {
        assert_eq!((logout.kind, logout.line), (Kind::DeadProcess, Text::new("tty9")));
        assert_eq!((logout.user, logout.host, logout.address), (Text::new(""), Text::new(""), [0; 16]));
    }
}

#[test]
fn what_a_module_wrote_for_us_is_not_written_again() {
    let (_root, files) = files();
    let records = records(&files, "tty9");
    let mark = records.mark();
    let theirs = Record::user_process(b"tty9", records.pid, b"alice", Time::now());
    files.append_wtmp(&theirs).expect("the module writes");
    records.began(&alice(), mark, true);
    assert_eq!(wtmp(&files).len(), 1);

    let mark = records.mark();
    files.append_wtmp(&Record::dead_process(b"tty9", records.pid, Time::now())).expect("the module writes");
    records.ended(Exit::default(), mark);
    assert_eq!(wtmp(&files).len(), 2);
}

#[test]
fn what_others_wrote_meanwhile_is_not_ours() {
    let (_root, files) = files();
    let records = records(&files, "tty9");
    let mark = records.mark();
    for (line, pid) in [(&b"tty8"[..], records.pid), (b"tty9", records.pid + 1)] {
        files.append_wtmp(&Record::user_process(line, pid, b"alice", Time::now())).expect("others write");
    }
    records.began(&alice(), mark, true);
    assert_eq!(wtmp(&files).len(), 3);
}

#[test]
fn a_line_that_another_login_has_taken_stays_its() {
    let (_root, files) = files();
    let records = records(&files, "tty9");
    records.began(&alice(), records.mark(), true);
    let next = Record::login_process(b"tty9", 1, Time::now());
    files.update(&next).expect("the next getty writes");
    records.ended(Exit::default(), records.mark());
    assert_eq!(files.on_line(b"tty9").expect("utmp is read").expect("a record").kind, Kind::LoginProcess);
    assert_eq!(wtmp(&files).last().expect("a record").kind, Kind::DeadProcess);
}

#[test]
fn a_failure_goes_to_btmp_and_nowhere_else() {
    let (_root, files) = files();
    records(&files, "tty9").failed("(unknown)");
    assert!(wtmp(&files).is_empty());
    let written = fs::read(&files.btmp).expect("btmp is read");
    assert!(written.windows(9).any(|window| window == b"(unknown)"));
}

#[test]
fn files_that_are_missing_cost_no_login() {
    let (root, files) = files();
    fs::remove_dir_all(root.path().join("run")).expect("it was there");
    fs::remove_dir_all(root.path().join("var")).expect("it was there");
    let records = records(&files, "tty9");
    records.began(&alice(), records.mark(), true);
    records.ended(Exit::default(), records.mark());
    records.failed("alice");
    assert!(!files.wtmp.exists() && !files.btmp.exists() && !files.lastlog.exists());
}

#[test]
fn whom_lastlog_does_not_record_is_not_in_it() {
    let (_root, files) = files();
    let records = records(&files, "tty9");
    records.began(&alice(), records.mark(), false);
    assert_eq!(fs::metadata(&files.lastlog).expect("lastlog").len(), 0);
}
