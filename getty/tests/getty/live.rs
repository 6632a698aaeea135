//! The issue and the prompt that are shown again when they changed, and only then.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::{Command, Stdio};

use crate::harness::{GETTY, Getty, Person, Room, replace};

/// A getty whose issue is the room's file `issue`.
fn with_issue(room: &Room, person: &Person, issue: &str, options: &[&str]) -> Getty {
    fs::write(room.path("issue"), issue).unwrap();
    let path = room.path("issue").display().to_string();
    room.getty(&[options, &["-f", &path]].concat(), person.line(), &[])
}

/// Asks all gettys in the namespace of `getty` to look.
fn reload(getty: &Getty) {
    let mut command = Command::new("nsenter");
    let status = command.args(["--mount", "--target", &getty.pid().to_string(), GETTY, "--reload"]).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_changed_issue_is_shown_again_with_the_prompt() {
    let (room, mut person) = (Room::new(), Person::new());
    let mut getty = with_issue(&room, &person, "BEFORE\n", &[]);
    person.sees("login: ");
    // In one write: at no moment is it empty.
    OpenOptions::new().write(true).open(room.path("issue")).unwrap().write_all(b"AFTER!").unwrap();
    let shown = person.sees("login: ");
    assert!(shown.starts_with("\r\n\r\nAFTER!\r\n"), "{shown:?}");
    fs::write(room.path("other"), "RENAMED\n").unwrap();
    fs::rename(room.path("other"), room.path("issue")).unwrap();
    assert!(person.sees("login: ").contains("RENAMED\r\n"));
    fs::remove_file(room.path("issue")).unwrap();
    assert!(!person.sees("login: ").contains("RENAMED"));
    person.types("alice\r");
    person.sees("<--><alice>.");
    assert_eq!(getty.status(), Some(0));
}

#[test]
fn a_new_drop_in_is_shown() {
    let (room, mut person) = (Room::new(), Person::new());
    let folder = room.path("issue.d").display().to_string();
    let _getty = room.getty(&["-f", &folder], person.line(), &[]);
    person.sees("login: ");
    fs::create_dir(&folder).unwrap();
    fs::write(room.path("issue.d/1.issue"), "DROPPED IN\n").unwrap();
    person.sees("DROPPED IN\r\n");
    person.sees("login: ");
}

#[test]
fn a_request_makes_waiting_gettys_look_again() {
    let (room, mut person) = (Room::new(), Person::new());
    fs::write(room.path("target"), "BEFORE\n").unwrap();
    std::os::unix::fs::symlink(room.path("target"), room.path("run/a link")).unwrap();
    let link = room.path("run/a link").display().to_string();
    // What a link leads to is in a folder that nobody watches.
    let getty = room.getty(&["-f", &link], person.line(), &[]);
    person.sees("login: ");
    fs::write(room.path("target"), "AFTER\n").unwrap();
    reload(&getty);
    person.sees("AFTER\r\n");
    person.sees("login: ");
}

#[test]
fn what_does_not_change_the_issue_draws_nothing() {
    let (room, mut person) = (Room::new(), Person::new());
    let getty = with_issue(&room, &person, "\\t \\d ONE\n", &[]);
    person.sees("login: ");
    for _ in 0..20 {
        reload(&getty);
        replace(&room.path("issue"), "\\t \\d ONE\n");
    }
    fs::write(room.path("unrelated"), "x").unwrap();
    replace(&room.path("issue"), "\\t \\d TWO\n");
    let shown = person.sees("TWO\r\n");
    assert!(!shown.contains("ONE") && !shown.contains("login:"), "{shown:?}");
}

#[test]
fn what_is_being_typed_is_never_drawn_over() {
    let (room, mut person) = (Room::new(), Person::new());
    let getty = with_issue(&room, &person, "BEFORE\n", &[]);
    person.sees("login: ");
    person.types("ali");
    person.sees("ali");
    fs::write(room.path("issue"), "AFTER\n").unwrap();
    reload(&getty);
    assert!(!getty.ends_within(std::time::Duration::from_millis(600)));
    person.types("ce\r");
    let shown = person.sees("<--><alice>.");
    assert!(!shown.contains("AFTER"), "{shown:?}");
}

#[test]
fn an_address_that_comes_is_shown() {
    let (room, mut person) = (Room::new(), Person::new());
    fs::write(room.path("issue"), "at \\4{lo}.\n").unwrap();
    let (issue, login) = (room.path("issue"), room.login());
    let words = [
        "--net".as_ref(),
        GETTY.as_ref(),
        "-l".as_ref(),
        login.as_os_str(),
        "-f".as_ref(),
        issue.as_os_str(),
        person.line().as_ref(),
    ];
    let getty = Getty::spawn(&mut room.command("unshare", &words));
    person.sees("at .\r\n");
    person.sees("login: ");
    let pid = getty.pid().to_string();
    let ip = ["--net", "--target", &pid, "ip", "address", "add", "192.0.2.7/32", "dev", "lo"];
    match Command::new("nsenter").args(ip).stdin(Stdio::null()).status() {
        Ok(status) if status.success() => person.sees("at 192.0.2.7.\r\n"),
        other => return println!("skipped: no ip(8): {other:?}"),
    };
    person.sees("login: ");
}

#[test]
fn the_issue_is_shown_again_also_while_a_key_is_waited_for() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = with_issue(&room, &person, "BEFORE\n", &["-a", "alice", "-p"]);
    person.sees("[press a key");
    fs::write(room.path("issue"), "AFTER\n").unwrap();
    person.sees("AFTER\r\n");
    person.sees("[press a key");
    person.types("x");
    person.sees("<-f><--><alice>.");
}

#[test]
fn whoever_may_not_ask_is_told() {
    let room = Room::new();
    fs::create_dir(room.path("run/agetty.reload")).unwrap();
    let mut getty = Getty::spawn(&mut room.command(GETTY, &["--reload".as_ref()]));
    getty.complaint("cannot touch /run/agetty.reload");
    assert_eq!(getty.status(), Some(1));
}
