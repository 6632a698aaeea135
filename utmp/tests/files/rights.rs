//! Who may read and write the files, which of them are made, and what is never written through.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{NOW, Root, root};
use utmp::{Appended, LastLogin, Record, Text, WriteError};

fn user() -> Record {
    Record::user_process(b"tty1", 1, b"alice", NOW)
}

fn login() -> LastLogin {
    LastLogin { time: NOW, line: Text::new("tty1"), host: Text::EMPTY }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn utmp_is_made_for_its_group_whatever_the_umask() {
    if !root() {
        return;
    }
    let system = Root::new();
    let script = r#"umask 077; exec "$0" --root "$1" runlevel 2"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_utmp-record")]).arg(system.dir.path());
    assert!(shell.status().unwrap().success());
    let made = fs::metadata(&system.files.utmp).unwrap();
    assert_eq!((made.mode() & 0o7777, made.uid(), made.gid()), (0o664, 0, 4321));
    assert_eq!(mode(&system.files.lock_dir), 0o755);
}

#[test]
fn utmp_is_made_without_a_group_file_too() {
    let system = Root::new();
    fs::remove_file(&system.files.groups).unwrap();
    system.files.update(&user()).unwrap();
    assert_eq!(mode(&system.files.utmp), 0o664);
}

#[test]
fn a_utmp_that_exists_keeps_its_mode() {
    let system = Root::new();
    fs::write(&system.files.utmp, "").unwrap();
    set_mode(&system.files.utmp, 0o644);
    system.files.update(&user()).unwrap();
    assert_eq!(mode(&system.files.utmp), 0o644);
}

#[test]
fn the_other_files_are_never_made() {
    let system = Root::new();
    assert_eq!(system.files.append_wtmp(&user()).unwrap(), Appended::Absent);
    assert_eq!(system.files.append_btmp(&user()).unwrap(), Appended::Absent);
    assert_eq!(system.files.record_lastlog(0, &login()).unwrap(), Appended::Absent);
    assert_eq!(fs::read_dir(system.files.wtmp.parent().unwrap()).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_not_there_has_no_records() {
    let system = Root::new();
    assert_eq!(system.files.utmp_records().unwrap().len(), 0);
    assert_eq!(system.files.on_line(b"tty1").unwrap(), None);
    assert_eq!(system.files.wtmp_end().unwrap(), 0);
    assert_eq!(system.files.wtmp_since(384).unwrap(), []);
    assert_eq!(system.files.wtmp_backwards().unwrap().count(), 0);
}

#[test]
fn btmp_is_closed_to_others_before_it_is_written() {
    for (before, after) in [(0o666, 0o600), (0o660, 0o600), (0o640, 0o600), (0o600, 0o600)] {
        let system = Root::with_logs();
        set_mode(&system.files.btmp, before);
        assert_eq!(system.files.append_btmp(&user()).unwrap(), Appended::Written);
        assert_eq!(mode(&system.files.btmp), after, "{before:o}");
    }
}

/// Every way of writing, each with the file it writes.
fn refusals(system: &Root) -> [(&Path, Result<(), WriteError>); 4] {
    let files = &system.files;
    [
        (&files.utmp, files.update(&user())),
        (&files.wtmp, files.append_wtmp(&user()).map(drop)),
        (&files.btmp, files.append_btmp(&user()).map(drop)),
        (&files.lastlog, files.record_lastlog(0, &login()).map(drop)),
    ]
}

fn assert_refused(what: &str, place: impl Fn(&Path)) {
    let system = Root::new();
    for file in [&system.files.utmp, &system.files.wtmp, &system.files.btmp, &system.files.lastlog] {
        place(file);
    }
    for (file, outcome) in refusals(&system) {
        assert!(
            matches!(&outcome, Err(WriteError::NotRegular { path }) if path == file),
            "{what} {}: {outcome:?}",
            file.display()
        );
    }
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("shadow");
    fs::write(&target, "root:x\n").unwrap();
    set_mode(&target, 0o644);
    assert_refused("link", |path| symlink(&target, path).unwrap());
    assert_eq!(fs::read(&target).unwrap(), b"root:x\n");
    assert_eq!(mode(&target), 0o644);
}

#[test]
fn nothing_is_made_where_a_dangling_link_leads() {
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("made");
    assert_refused("dangling link", |path| symlink(&target, path).unwrap());
    assert!(!target.exists());
}

#[test]
fn what_is_no_file_is_refused_without_waiting_for_it() {
    assert_refused("fifo", |path| mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap());
    assert_refused("directory", |path| fs::create_dir(path).unwrap());
    assert_refused("socket", |path| drop(UnixListener::bind(path).unwrap()));
}

#[test]
fn a_lock_file_that_is_a_link_is_not_followed_and_costs_no_record() {
    let system = Root::with_logs();
    fs::create_dir(&system.files.lock_dir).unwrap();
    let target = system.dir.path().join("made");
    symlink(&target, system.files.lock_dir.join("wtmp.lock")).unwrap();
    assert_eq!(system.files.append_wtmp(&user()).unwrap(), Appended::Written);
    assert!(!target.exists());
}

#[test]
fn a_directory_that_is_missing_is_an_error_of_opening() {
    let system = Root::new();
    fs::remove_dir(system.files.utmp.parent().unwrap()).unwrap();
    assert!(matches!(system.files.update(&user()), Err(WriteError::Open { .. })));
}
