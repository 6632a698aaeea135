//! utmp and wtmp, and what a killed login leaves behind.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::stat::Mode;
use rustix::event::PollFlags;
use rustix::io::Errno;
use utmp::{Kind, Record, Time};

use crate::harness::{GETTY, Getty, PATIENCE, Person, Room, ready};

/// Waits until the room's getty wrote its record: from then on the line is its own.
pub(crate) fn wait_for_record(room: &Room) {
    let run = nix::sys::inotify::Inotify::init(nix::sys::inotify::InitFlags::IN_CLOEXEC).unwrap();
    run.add_watch(&room.path("var/log"), nix::sys::inotify::AddWatchFlags::IN_MODIFY).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while room.wtmp().is_empty() {
        assert!(ready(&run, PollFlags::IN, deadline), "no record came");
        run.read_events().unwrap();
    }
}

/// The number of a process that is gone.
fn dead_pid() -> i32 {
    let mut child = Command::new("true").stdin(Stdio::null()).spawn().unwrap();
    child.wait().unwrap();
    child.id().cast_signed()
}

fn alice(person: &Person, pid: i32) -> Record {
    Record::user_process(person.line().as_bytes(), pid, b"alice", Time::now())
}

fn utmp_kinds(room: &Room) -> Vec<Kind> {
    room.files().utmp_records().unwrap().map(|record| record.kind).collect()
}

#[test]
fn a_waiting_getty_is_in_utmp_and_wtmp() {
    let (room, mut person) = (Room::new(), Person::new());
    let getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    let record = room.files().on_line(person.line().as_bytes()).unwrap().unwrap();
    assert_eq!((record.kind, record.pid, record.session), (Kind::LoginProcess, getty.pid(), getty.pid().into()));
    assert_eq!(record.user, "LOGIN");
    assert_eq!(room.wtmp(), [record]);
}

#[test]
fn the_id_that_init_gave_the_process_is_kept() {
    let (room, mut person) = (Room::new(), Person::new());
    nix::unistd::mkfifo(&room.path("gate"), Mode::S_IRWXU).unwrap();
    let getty = room.getty(&[], person.line(), &[]);
    let init = Record { kind: Kind::InitProcess, ..Record::login_process(b"", getty.pid(), Time::now()) };
    room.files().update(&init.with_id(b"c7")).unwrap();
    File::options().write(true).open(room.path("gate")).unwrap().write_all(b"go\n").unwrap();
    person.sees("login: ");
    let record = room.files().on_line(person.line().as_bytes()).unwrap().unwrap();
    assert_eq!(record.id, "c7");
    assert_eq!(utmp_kinds(&room), [Kind::LoginProcess], "init's record became getty's");
}

#[test]
fn records_that_cannot_be_written_cost_nobody_the_login() {
    let (room, mut person) = (Room::new(), Person::new());
    std::fs::create_dir(room.path("run/utmp")).unwrap();
    std::fs::remove_file(room.path("var/log/wtmp")).unwrap();
    std::fs::create_dir(room.path("var/log/wtmp")).unwrap();
    let _getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    person.types("alice\r");
    person.sees("<--><alice>.");
}

/// Whether a file that is open on the line still works.
fn works(file: &std::os::fd::OwnedFd) -> bool {
    rustix::io::write(file, b"") != Err(Errno::IO) && rustix::termios::tcgetattr(file).is_ok()
}

#[test]
fn the_shell_of_a_killed_login_never_reads_what_is_typed_at_the_next_prompt() {
    let (room, mut person) = (Room::new(), Person::new());
    let killed = dead_pid();
    room.files().update(&alice(&person, killed)).unwrap();
    let shell = person.open();
    let reader = Command::new("cat").stdin(person.open()).stdout(Stdio::piped()).spawn().unwrap();
    let _getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    assert!(!works(&shell));
    person.types("bob\r");
    person.sees("<--><bob>.");
    let read = reader.wait_with_output().unwrap(); // it ends: a line that was hung up reads as the end of the file
    assert_eq!(String::from_utf8_lossy(&read.stdout), "");
}

#[test]
fn what_was_typed_for_a_killed_login_is_no_name() {
    let (room, mut person) = (Room::new(), Person::new());
    room.files().update(&alice(&person, dead_pid())).unwrap();
    let _shell = person.open();
    person.types("secret\r");
    let _getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    person.types("bob\r");
    assert!(!person.sees(">.").contains("secret>"));
}

#[test]
fn a_killed_login_gets_its_logout() {
    let (room, mut person) = (Room::new(), Person::new());
    let killed = dead_pid();
    room.files().update(&alice(&person, killed).with_id(b"x7")).unwrap();
    let getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    let wtmp = room.wtmp();
    assert_eq!(
        wtmp.iter().map(|record| (record.kind, record.pid)).collect::<Vec<_>>(),
        [(Kind::DeadProcess, killed), (Kind::LoginProcess, getty.pid()),]
    );
    assert_eq!(wtmp[0].line.as_bytes(), person.line().as_bytes());
    assert_eq!((wtmp[0].id, wtmp[1].id), (utmp::Text::new("x7"), utmp::Text::new("x7")));
    assert!(wtmp[0].user.is_empty());
    assert_eq!(utmp_kinds(&room), [Kind::LoginProcess]);
}

#[test]
fn a_login_whose_number_was_given_to_another_process_was_killed() {
    let (room, mut person) = (Room::new(), Person::new());
    let long_ago = Time::from_seconds(1_000_000_000);
    let own = std::process::id().cast_signed();
    room.files().update(&Record::user_process(person.line().as_bytes(), own, b"alice", long_ago)).unwrap();
    let shell = person.open();
    let _getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    assert!(!works(&shell));
    assert_eq!(room.wtmp()[0].kind, Kind::DeadProcess);
}

#[test]
fn what_somebody_left_running_after_the_logout_is_thrown_out_whatever_utmp_says() {
    let record = |kind: Kind, person: &Person| Record { kind, ..alice(person, dead_pid()) };
    for kind in [None, Some(Kind::DeadProcess), Some(Kind::LoginProcess)] {
        let (room, mut person) = (Room::new(), Person::new());
        if let Some(kind) = kind {
            room.files().update(&record(kind, &person)).unwrap();
        }
        let left = person.open();
        let _getty = room.getty(&[], person.line(), &[]);
        person.sees("login: ");
        assert!(!works(&left), "{kind:?}");
        assert_eq!(room.wtmp().len(), 1, "no logout is made up");
    }
}

#[test]
fn what_somebody_left_running_is_thrown_out_where_init_overwrote_the_record() {
    let (room, mut person) = (Room::new(), Person::new());
    nix::unistd::mkfifo(&room.path("gate"), Mode::S_IRWXU).unwrap();
    room.files().update(&alice(&person, dead_pid()).with_id(b"1")).unwrap();
    let left = person.open();
    let getty = room.getty(&[], person.line(), &[]);
    let init = Record { kind: Kind::InitProcess, ..Record::login_process(b"", getty.pid(), Time::now()) };
    room.files().update(&init.with_id(b"1")).unwrap();
    File::options().write(true).open(room.path("gate")).unwrap().write_all(b"go\n").unwrap();
    person.sees("login: ");
    assert!(!works(&left));
}

#[test]
fn nobody_is_thrown_out_of_a_line_where_somebody_lives() {
    let (room, mut person) = (Room::new(), Person::new());
    room.files().update(&alice(&person, std::process::id().cast_signed())).unwrap();
    let holder = person.open();
    let _getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    assert!(works(&holder));
}

#[test]
fn a_line_is_hung_up_when_that_is_asked_for() {
    let (room, mut person) = (Room::new(), Person::new());
    room.files().update(&alice(&person, std::process::id().cast_signed())).unwrap();
    let holder = person.open();
    let _getty = room.getty(&["--hangup"], person.line(), &[]);
    person.sees("login: ");
    assert!(!works(&holder));
}

#[test]
fn where_nothing_may_be_hung_up_a_name_is_asked_for_all_the_same() {
    let (room, mut person) = (Room::new(), Person::new());
    room.files().update(&alice(&person, dead_pid())).unwrap();
    let login = room.login();
    let words = ["--bounding-set=-sys_admin", GETTY, "-l", login.to_str().unwrap(), person.line()].map(OsStr::new);
    let _getty = Getty::spawn(&mut room.command("setpriv", &words));
    person.sees("login: ");
    assert_eq!(room.wtmp()[0].kind, Kind::DeadProcess);
    person.types("bob\r");
    person.sees("<--><bob>.");
}
