//! What is typed at the prompt, and what login is called with.

use std::time::Duration;

use crate::harness::{Person, Room};

/// Types `bytes` at a prompt; what login was called with.
fn called_with(bytes: impl AsRef<[u8]>) -> String {
    let (room, mut person) = (Room::new(), Person::new());
    let mut getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    person.types(bytes);
    let shown = person.sees(">.");
    assert_eq!(getty.status(), Some(0));
    shown[shown.find('<').unwrap()..].to_owned()
}

#[test]
fn a_name_becomes_an_argument_of_login() {
    for name in ["alice\r", "alice\n", "root\r"] {
        assert_eq!(called_with(name), format!("<--><{}>.", name.trim_end()));
    }
    assert_eq!(called_with("zoë\r"), "<--><zoë>.");
    assert_eq!(called_with("CORP\\bob@x.example\r"), "<--><CORP\\bob@x.example>.");
}

#[test]
fn keys_edit_the_name() {
    assert_eq!(called_with(b"bobb\x7f\x7f\x08\x08alixx\x7f\x08ce\r"), "<--><alice>.");
    assert_eq!(called_with(b"mallory\x15alice\r"), "<--><alice>.");
    assert_eq!(called_with(b"mallory \x17alice\r"), "<--><alice>.");
    assert_eq!(called_with("zoëë\x7f\r"), "<--><zoë>.");
}

#[test]
fn arrows_and_control_bytes_are_no_part_of_a_name() {
    assert_eq!(called_with(b"\x1b[A\x1b[1;5Cal\x1bOPi\x01\x02\x07\x1b[[Ac\x00e\xff\xfe\x1b]0;x\x07\r"), "<--><alice>.");
}

#[test]
fn what_was_erased_is_erased_on_the_screen() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    person.types("ab\x7f");
    person.sees("ab\x08 \x08");
}

/// Types `line`, which must not lead to login, and then a name that does.
fn is_refused(line: impl AsRef<[u8]>) {
    let (room, mut person) = (Room::new(), Person::new());
    let mut getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    person.types(line);
    person.types("\r");
    let refusal = person.sees("login: ");
    assert!(!refusal.contains('<'), "{refusal}");
    person.types("alice\r");
    let shown = person.sees(">.");
    assert!(shown.ends_with("<--><alice>."), "{shown}");
    assert_eq!(getty.status(), Some(0));
}

#[test]
fn a_name_never_becomes_an_option_of_login_cve_1999_0113_cve_2007_0882_cve_2026_24061() {
    for line in ["-froot", "-f root", "-f", "--", "-h evil", " -froot", "--help"] {
        is_refused(line);
    }
}

#[test]
fn what_is_no_name_is_refused_and_a_name_asked_for_again() {
    for line in ["alice bob", "../etc/passwd", "a:b", "..", "alice\u{a0}x"] {
        is_refused(line);
    }
    is_refused("a".repeat(256));
    is_refused("a".repeat(100_000));
}

#[test]
fn the_longest_name_is_taken_whole() {
    let name = "a".repeat(255);
    assert_eq!(called_with(format!("{name}\r")), format!("<--><{name}>."));
}

#[test]
fn an_empty_line_shows_the_issue_again() {
    let (room, mut person) = (Room::new(), Person::new());
    std::fs::write(room.path("issue"), "THE ISSUE\n").unwrap();
    let issue = room.path("issue").display().to_string();
    let _getty = room.getty(&["-f", &issue], person.line(), &[]);
    for _ in 0..3 {
        assert!(person.sees("login: ").contains("THE ISSUE\r\n"));
        person.types("\r");
    }
}

#[test]
fn an_interrupt_begins_the_name_anew() {
    assert_eq!(called_with(b"mallory\x03alice\r"), "<--><alice>.");
}

#[test]
fn end_of_file_ends_getty_without_login() {
    let (room, mut person) = (Room::new(), Person::new());
    let mut getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    person.types("\x04");
    assert_eq!(getty.status(), Some(0));
}

#[test]
fn end_of_file_in_a_name_is_no_end() {
    assert_eq!(called_with(b"ali\x04ce\r"), "<--><alice>.");
}

#[test]
fn a_megabyte_of_noise_is_survived() {
    let (room, mut person) = (Room::new(), Person::new());
    let mut getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    // A xorshift: every byte value comes, ^D on an empty line and a name among them would end the getty. Enter is 0x8d or
    // 0x8a on a terminal with parity.
    let mut state = 0x2545_f491_u32;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    });
    let noise: Vec<u8> = noise.filter(|byte| !matches!(byte, b'\r' | b'\n' | 4 | 0x8d | 0x8a)).take(1 << 20).collect();
    person.types(noise);
    assert!(!getty.ends_within(Duration::ZERO));
    person.types("\x03\x15");
    person.sees("^C\r\n");
    person.sees("login: ");
    person.types("alice\r");
    person.sees("<--><alice>.");
    assert_eq!(getty.status(), Some(0));
}

#[test]
fn noise_with_lines_in_it_is_refused_and_then_waited_out() {
    let (room, mut person) = (Room::new(), Person::new());
    let mut getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    person.types(b"a b\xff\r\xfe-x\n/\x1b[\x80\r".repeat(2000));
    person.sees("a login name ");
    person.sees("login: ");
    person.types("alice\r");
    person.sees("<--><alice>.");
    assert_eq!(getty.status(), Some(0));
}

#[test]
fn what_is_typed_ahead_is_left_for_login() {
    let room = Room::with_login("#!/bin/sh\nread -r ahead\necho \"ahead <$ahead>.\"\n");
    let mut person = Person::new();
    let _getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    person.types("alice\rsecret\r");
    person.sees("ahead <secret>.");
}
