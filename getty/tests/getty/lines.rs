//! Lines that are none, and tricks with those that are.

use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::stat::{Mode, SFlag, makedev, mknod};

use crate::harness::{GETTY, Getty, Person, Room, until};

/// A getty on `line` complains with `complaint` and holds init off; the room's `shm` is its /dev/shm.
fn is_refused(room: &Room, line: &str, complaint: &str) {
    let mut getty = room.getty(&[], line, &[]);
    let heard = getty.complaint("\n");
    assert!(heard.contains(complaint), "{heard}");
    assert!(!getty.ends_within(Duration::from_millis(100)), "init is not held off");
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let (room, person) = (Room::new(), Person::new());
    symlink(person.path(), room.path("shm/link")).unwrap();
    is_refused(&room, "shm/link", "through a symbolic link");
    symlink("/dev/pts", room.path("shm/pts")).unwrap();
    let number = person.line().strip_prefix("pts/").unwrap().to_owned();
    is_refused(&room, &format!("shm/pts/{number}"), "through a symbolic link");
}

#[test]
fn a_hard_link_is_not_used() {
    let room = Room::new();
    let device = makedev(4, 64); // a serial port, which is not opened
    mknod(&room.path("shm/a"), SFlag::S_IFCHR, Mode::S_IRUSR, device).unwrap();
    std::fs::hard_link(room.path("shm/a"), room.path("shm/b")).unwrap();
    is_refused(&room, "shm/b", "second name");
}

#[test]
fn what_is_no_terminal_is_not_used() {
    let room = Room::new();
    std::fs::write(room.path("shm/file"), "").unwrap();
    nix::unistd::mkfifo(&room.path("shm/pipe"), Mode::S_IRWXU).unwrap();
    for line in ["null", "zero", "shm", "shm/file", "shm/pipe", "tty", "ptmx", "pts/ptmx"] {
        is_refused(&room, line, "is not a terminal");
    }
    assert_eq!(
        std::fs::metadata("/dev/null").unwrap().permissions(),
        std::fs::metadata("/dev/zero").unwrap().permissions()
    );
}

#[test]
fn a_line_that_is_not_there_is_waited_for() {
    let room = Room::new();
    let mut getty = room.getty(&[], "shm/late", &[]);
    getty.complaint("cannot open /dev/shm/late: No such file or directory");
    assert!(!getty.ends_within(Duration::from_millis(100)));
    std::fs::write(room.path("shm/other"), "").unwrap();
    assert!(!getty.ends_within(Duration::from_millis(100)));
    std::fs::write(room.path("shm/late"), "").unwrap();
    assert_eq!(getty.status(), Some(1), "the guard, a minute, ends as soon as the line is there");
}

#[test]
fn a_line_that_comes_before_it_is_watched_for_is_not_missed() {
    if Command::new("strace").arg("-V").output().is_err() {
        return println!("skipped: no strace");
    }
    let room = Room::new();
    let login = room.login();
    let slowly =
        ["-DDD", "-o", "/dev/null", "-e", "trace=inotify_init1", "-e", "inject=inotify_init1:delay_enter=1000000"];
    let words = [&slowly[..], &[GETTY, "-l", login.to_str().unwrap(), "shm/late"]].concat();
    let words: Vec<_> = words.into_iter().map(OsStr::new).collect();
    let mut getty = Getty::spawn(&mut room.command("strace", &words));
    getty.complaint("cannot open /dev/shm/late");
    std::fs::write(room.path("shm/late"), "").unwrap();
    assert_eq!(getty.status(), Some(1), "the guard, a minute, does not begin");
}

#[test]
fn standard_input_that_is_no_line_is_told_at_once() {
    let room = Room::new();
    let mut getty = room.getty(&[], "-", &[]);
    getty.complaint("standard input is not a terminal");
    assert_eq!(getty.status(), Some(1));
}

#[test]
fn a_login_that_cannot_be_run_is_told_on_the_line_and_init_held_off() {
    let (room, mut person) = (Room::new(), Person::new());
    let missing = room.path("missing").display().to_string();
    let getty = room.getty(&["-l", &missing], person.line(), &[]);
    person.sees("login: ");
    person.types("alice\r");
    person.sees("No such file or directory");
    assert!(!getty.ends_within(Duration::from_millis(100)));
    drop(person);
    assert!(getty.ends_within(Duration::from_secs(8)), "the guard, ten seconds, ends with the line");
}

/// A getty on the line that its standard input is, as systemd starts it.
fn on_standard_input(room: &Room, person: &Person, before: &[&str]) -> Getty {
    let login = room.login();
    let words = [before, &[GETTY, "-l", login.to_str().unwrap(), "-"]].concat();
    let words: Vec<_> = words.into_iter().map(OsStr::new).collect();
    Getty::spawn(room.command("env", &words).stdin(person.open()))
}

#[test]
fn init_is_held_off_also_where_the_line_is_standard_input() {
    let (room, mut person) = (Room::new(), Person::new());
    let refused = on_standard_input(&room, &person, &["setpriv", "--bounding-set=-chown"]);
    assert!(!refused.ends_within(Duration::from_millis(500)), "of a line that cannot be made root's");
    drop(refused);
    let mut first = on_standard_input(&room, &person, &[]);
    person.sees("login: ");
    let _second = room.getty(&["--hangup"], person.line(), &[]);
    person.sees("login: ");
    assert!(!first.ends_within(Duration::from_millis(500)), "of a line that hangs up at once");
    drop(person);
    assert_eq!(first.status(), Some(0));
}

#[test]
fn a_line_that_fails_holds_init_off() {
    if Command::new("strace").arg("-V").output().is_err() {
        return println!("skipped: no strace");
    }
    let (room, person) = (Room::new(), Person::new());
    let (trace, path) = (room.path("trace"), person.path());
    let words = ["-DDD".as_ref(), "-o".as_ref(), trace.as_os_str(), "-P".as_ref(), path.as_os_str()];
    let failing = ["-e", "trace=write", "-e", "inject=write:error=EPERM", GETTY, person.line()].map(OsStr::new);
    let getty = Getty::spawn(&mut room.command("strace", &[&words[..], &failing].concat()));
    until(|| std::fs::read_to_string(&trace).unwrap_or_default().contains("EPERM").then_some(()));
    assert!(!getty.ends_within(Duration::from_millis(500)), "it would be started again at once, for ever");
}

#[test]
fn a_command_line_that_is_wrong_ends_at_once_with_1() {
    for words in [&[][..], &["--no-such-option", "tty1"], &["../tty1"], &["tty1", "-t", "x"], &["-a", "-froot", "tty1"]]
    {
        let output = Command::new(GETTY).args(words).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.starts_with("getty: "), "{complaint}");
        assert!(!complaint.contains("froot"), "a name may be a password");
    }
}

#[test]
fn a_line_that_another_session_controls_is_taken_from_it() {
    let room = Room::with_login("#!/bin/sh\nreadlink /proc/self/fd/0\necho mine >/dev/tty\n");
    let mut person = Person::new();
    let first = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    let _second = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    drop(first); // else the two would share what is typed
    person.types("alice\r");
    person.sees("mine");
}

#[test]
fn a_line_that_hangs_up_at_once_does_not_spin() {
    let (room, mut person) = (Room::new(), Person::new());
    let mut first = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    // A second getty hangs the line up under the first; the device stays.
    let _second = room.getty(&["--hangup"], person.line(), &[]);
    person.sees("login: ");
    assert!(!first.ends_within(Duration::from_millis(500)), "init is not held off");
    drop(person);
    assert_eq!(first.status(), Some(0));
}
