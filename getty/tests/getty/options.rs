//! What the options do.

use std::time::{Duration, Instant};

use rustix::termios::ControlModes;

use crate::harness::{Getty, Person, Room};

fn called_with(options: &[&str], rest: &[&str]) -> String {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(options, person.line(), rest);
    if !options.iter().any(|option| matches!(*option, "-a" | "--autologin" | "-n" | "--skip-login")) {
        person.sees("login: ");
        person.types("alice\r");
    }
    let shown = person.sees(".\r\n");
    shown[shown.rfind("\r\n<").map_or(0, |at| at + 2)..].trim_end().to_owned()
}

#[test]
fn the_line_may_come_before_its_speed_or_after_it() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["38400"], person.line(), &["vt100"]);
    person.sees("login: ");
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&[], person.line(), &["38400", "vt100"]);
    person.sees("login: ");
    let (room, mut person) = (Room::new(), Person::new());
    let path = person.path().display().to_string();
    let _getty = room.getty(&["--noclear"], &path, &["vt100"]);
    person.sees("login: ");
}

#[test]
fn autologin_asks_nothing() {
    assert_eq!(called_with(&["-a", "alice"], &[]), "<-f><--><alice>.");
    assert_eq!(called_with(&["--autologin", "alice"], &[]), "<-f><--><alice>.");
    assert_eq!(called_with(&["-a", "alice", "-o", r"-p -f -- \u"], &[]), "<-p><-f><--><alice>.");
}

#[test]
fn an_automatic_login_is_announced() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-a", "alice"], person.line(), &[]);
    assert!(person.sees("<-f>").contains(" login: alice (automatic login)\r\n"));
}

#[test]
fn an_automatic_login_may_wait_for_a_key() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-a", "alice", "-p"], person.line(), &[]);
    person.sees("[press a key to log in]");
    person.types("x");
    person.sees("<-f><--><alice>.");
}

#[test]
fn login_options_replace_the_usual_ones() {
    assert_eq!(called_with(&["-o", r"-p -- \u"], &[]), "<-p><--><alice>.");
    assert_eq!(called_with(&["--login-options", r"-h host \u x\ux"], &[]), "<-h><host><alice><xalicex>.");
}

#[test]
fn login_may_ask_itself() {
    assert_eq!(called_with(&["-n", "-i", "-N"], &[]), ".");
    assert_eq!(called_with(&["-n", "-i", "-N", "-o", r"-p -- \u"], &[]), "<-p><-->.");
}

#[test]
fn the_issue_is_shown_also_where_login_asks_itself() {
    let (room, mut person) = (Room::new(), Person::new());
    std::fs::write(room.path("issue"), "THE ISSUE\n").unwrap();
    let issue = room.path("issue").display().to_string();
    let _getty = room.getty(&["-n", "-f", &issue], person.line(), &[]);
    person.sees("THE ISSUE\r\n");
    person.sees(".\r\n");
}

#[test]
fn nobody_is_waited_for_longer_than_the_timeout() {
    for typed in ["", "ali"] {
        let (room, mut person) = (Room::new(), Person::new());
        let started = Instant::now();
        let mut getty = room.getty(&["-t", "1"], person.line(), &[]);
        person.sees("login: ");
        person.types(typed);
        assert_eq!(getty.status(), Some(0));
        assert!(started.elapsed() >= Duration::from_secs(1));
    }
}

#[test]
fn a_terminal_that_takes_no_output_does_not_outlast_the_timeout() {
    let (room, person) = (Room::new(), Person::new());
    std::fs::write(room.path("issue"), "line of an issue\n".repeat(3000)).unwrap();
    let issue = room.path("issue").display().to_string();
    let mut getty = room.getty(&["-t", "1", "-f", &issue], person.line(), &[]);
    assert_eq!(getty.status(), Some(0));
}

#[test]
fn the_issue_is_shown_with_its_escapes_and_after_an_empty_line() {
    let (room, mut person) = (Room::new(), Person::new());
    std::fs::write(room.path("issue"), "on \\l\\\\ \\e{bold}x\n").unwrap();
    let issue = room.path("issue").display().to_string();
    let _getty = room.getty(&["-f", &issue], person.line(), &[]);
    let shown = person.sees("login: ");
    assert!(shown.starts_with(&format!("\r\non {}\\ \x1b[1mx\r\n", person.line())), "{shown:?}");
}

#[test]
fn the_issue_the_empty_line_and_the_host_may_be_left_out() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-i", "-N", "--nohostname"], person.line(), &[]);
    assert_eq!(person.sees("login: "), "login: ");
}

#[test]
fn each_prompt_has_a_line_of_its_own_also_where_the_empty_line_is_left_out() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-i", "-N", "--nohostname"], person.line(), &[]);
    person.sees("login: ");
    for _ in 0..2 {
        person.types("\r");
        assert_eq!(person.sees("login: "), "\r\nlogin: ");
    }
}

#[test]
fn the_prompt_names_the_host_up_to_its_first_dot() {
    let (room, mut person) = (Room::new(), Person::new());
    let login = room.login();
    let script = "hostname box.corp.example && exec \"$@\"";
    let words = [
        "--uts",
        "sh",
        "-c",
        script,
        "sh",
        crate::harness::GETTY,
        "-i",
        "-N",
        "-l",
        login.to_str().unwrap(),
        person.line(),
    ];
    let words: Vec<_> = words.iter().map(std::ffi::OsStr::new).collect();
    let _getty = Getty::spawn(&mut room.command("unshare", &words));
    assert_eq!(person.sees("login: "), "box login: ");
}

#[test]
fn enter_may_have_to_come_before_the_issue() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-w", "-i", "-N"], person.line(), &[]);
    crate::records::wait_for_record(&room);
    person.types("noise\r");
    assert!(person.sees("login: ").ends_with(" login: "));
}

#[test]
fn only_a_vt_is_cleared() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-i"], person.line(), &[]);
    assert!(!person.sees("login: ").contains('\x1b'));
}

#[test]
fn a_speed_is_set_and_a_break_goes_on_to_the_next() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&[], person.line(), &["9600,250000"]);
    person.sees("login: ");
    assert_eq!(person.modes().output_speed(), 9600);
    person.types("ali\0");
    person.sees("login: ");
    assert_eq!(person.modes().output_speed(), 250_000);
    person.types("alice\r");
    person.sees("<--><alice>.");
}

#[test]
fn a_speed_that_no_table_has_is_still_there_when_login_begins() {
    let room = Room::with_login("#!/bin/sh\necho READY\nread -r x\n");
    let mut person = Person::new();
    let _getty = room.getty(&[], person.line(), &["31250"]);
    person.sees("login: ");
    person.types("alice\r");
    person.sees("READY");
    assert_eq!(person.modes().output_speed(), 31_250);
}

#[test]
fn the_speed_of_the_line_may_be_kept() {
    let (room, mut person) = (Room::new(), Person::new());
    let own = person.modes().output_speed();
    let _getty = room.getty(&["--keep-baud"], person.line(), &["115200,9600"]);
    person.sees("login: ");
    assert_eq!(person.modes().output_speed(), own);
    person.types("\0");
    person.sees("login: ");
    assert_eq!(person.modes().output_speed(), 115_200);
}

#[test]
fn the_carrier_and_flow_control_are_as_asked() {
    let control_modes = |options: &[&str]| {
        let (room, mut person) = (Room::new(), Person::new());
        let _getty = room.getty(options, person.line(), &[]);
        person.sees("login: ");
        person.modes().control_modes
    };
    assert!(control_modes(&["-L"]).contains(ControlModes::CLOCAL));
    assert!(!control_modes(&["-L=never"]).contains(ControlModes::CLOCAL));
    assert!(control_modes(&["-h"]).contains(ControlModes::CRTSCTS));
    assert!(!control_modes(&[]).contains(ControlModes::CRTSCTS));
}

#[test]
fn standard_input_may_be_the_line() {
    let (room, mut person) = (Room::new(), Person::new());
    let login = room.login();
    let words = ["-l", login.to_str().unwrap(), "-", "xterm"].map(std::ffi::OsStr::new);
    let mut command = room.command(crate::harness::GETTY, &words);
    let mut getty = Getty::spawn(command.stdin(person.open()));
    person.sees("login: ");
    person.types("alice\r");
    person.sees("<--><alice>.");
    assert_eq!(getty.status(), Some(0));
}
