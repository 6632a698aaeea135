//! What a serial line brings: noise, BREAK, parity, modems. On pseudo terminals, which carry the bytes of all of it.

use std::time::Duration;

use rustix::termios::{InputModes, LocalModes, OutputModes};

use crate::harness::{Person, Room};

/// A generator of line noise: the same bytes from the same seed.
struct Noise(u64);

impl Noise {
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        std::iter::repeat_with(|| {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0.to_le_bytes()[3]
        })
        // Neither an Enter nor ^D, which could be a name's or the person's end.
        .filter(|byte| !matches!(byte & 0x7f, b'\r' | b'\n' | 4))
        .take(count)
        .collect()
    }
}

#[test]
fn noise_never_changes_the_speed() {
    let (room, mut person) = (Room::new(), Person::new());
    let mut getty = room.getty(&[], person.line(), &["9600,115200,38400"]);
    person.sees("login: ");
    let mut noise = Noise(0x5eed);
    for length in [1, 2, 7, 64, 4096, 100_000] {
        // A glitch beside other bytes, as a line at the wrong speed has many.
        person.types([&b"x\0"[..], &noise.bytes(length), b"\0y\x15"].concat());
    }
    person.types("\x03");
    person.sees("^C\r\n");
    assert_eq!(person.modes().output_speed(), 9600);
    assert!(!getty.ends_within(Duration::from_millis(400)), "the line is silent again");
    person.types("\x15alice\r");
    person.sees("<--><alice>.");
    assert_eq!(person.modes().output_speed(), 9600);
    assert_eq!(getty.status(), Some(0));
}

#[test]
fn a_break_is_taken_after_the_noise_has_ended() {
    let (room, mut person) = (Room::new(), Person::new());
    let getty = room.getty(&[], person.line(), &["9600,115200"]);
    person.sees("login: ");
    person.types(Noise(7).bytes(5000));
    person.types("\x15\x03");
    person.sees("^C\r\n");
    assert!(!getty.ends_within(Duration::from_millis(400)));
    person.types("\0");
    person.sees("login: ");
    while person.modes().output_speed() != 115_200 {
        person.sees("login: "); // ^C among the noise has prompts of its own
    }
    person.types("alice\r");
    person.sees("<--><alice>.");
}

#[test]
fn with_one_speed_no_break_changes_it() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&[], person.line(), &["9600"]);
    person.sees("login: ");
    person.types("\0\0\0al\0ice\0\r");
    person.sees("<--><alice>.");
    assert_eq!(person.modes().output_speed(), 9600);
}

/// `text` as a terminal of seven bits with even parity sends it.
fn even(text: &str) -> Vec<u8> {
    text.bytes().map(|byte| if byte.count_ones() % 2 == 1 { byte | 0x80 } else { byte }).collect()
}

/// What login is called with, and the input modes it finds.
fn login_after(options: &[&str], typed: &[u8]) -> (String, InputModes) {
    let room = Room::with_login("#!/bin/sh\nprintf '<%s>.' \"$*\"\nread -r x\n");
    let mut person = Person::new();
    let _getty = room.getty(options, person.line(), &[]);
    person.sees("login: ");
    person.types(typed);
    let shown = person.sees(">.");
    (shown[shown.find('<').unwrap()..].to_owned(), person.modes().input_modes)
}

#[test]
fn a_terminal_with_parity_is_recognised_and_one_in_utf8_is_not() {
    let seven = InputModes::ISTRIP | InputModes::INPCK;
    let (called, modes) = login_after(&[], &even("alice\r"));
    assert_eq!((called.as_str(), modes & seven), ("<-- alice>.", seven));
    let (called, modes) = login_after(&[], "zoë中\r".as_bytes());
    assert_eq!((called.as_str(), modes & seven), ("<-- zoë中>.", InputModes::empty()));
    let (called, modes) = login_after(&[], b"alice\r");
    assert_eq!((called.as_str(), modes & seven), ("<-- alice>.", InputModes::empty()));
}

#[test]
fn parity_is_not_looked_for_where_eight_bits_are_told() {
    let (called, modes) = login_after(&["-8"], &[&even("alice")[..], b"\r"].concat());
    assert_eq!(called, "<-- lice>.", "what is not UTF-8 is dropped");
    assert!(!modes.contains(InputModes::ISTRIP));
}

#[test]
fn a_terminal_of_capitals_is_recognised() {
    let room = Room::with_login("#!/bin/sh\nprintf '<%s>.' \"$*\"\nread -r x\n");
    let mut person = Person::new();
    let _getty = room.getty(&["-U"], person.line(), &[]);
    person.sees("login: ");
    person.types("ALICE\r");
    person.sees("<-- ALICE>."); // the line shows capitals now
    let modes = person.modes();
    assert!(modes.input_modes.contains(InputModes::IUCLC));
    assert!(modes.output_modes.contains(OutputModes::OLCUC));
    assert!(modes.local_modes.contains(LocalModes::XCASE));
    assert_eq!(login_after(&["-U"], b"Alice\r").0, "<-- Alice>.");
    assert_eq!(login_after(&[], b"ALICE\r").0, "<-- ALICE>.");
}

#[test]
fn a_modem_is_sent_its_string_and_tells_the_speed() {
    let (room, mut person) = (Room::new(), Person::new());
    let options = ["-I", r"ATZ\015", "-m", "-i", "-N"];
    let _getty = room.getty(&options, person.line(), &["115200,2400"]);
    assert_eq!(person.sees("ATZ\r"), "ATZ\r");
    person.types("\r\nOK\r\nCONNECT 14400/ARQ\r\n");
    person.sees("login: ");
    assert_eq!(person.modes().output_speed(), 14_400);
    person.types("alice\r");
    person.sees("<--><alice>.");
}

#[test]
fn a_modem_that_says_nothing_is_not_waited_for() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-m"], person.line(), &["9600"]);
    person.sees("login: ");
    assert_eq!(person.modes().output_speed(), 9600);
}

#[test]
fn a_line_without_modem_signals_has_its_carrier() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-L=never"], person.line(), &["9600"]);
    person.sees("login: ");
    person.types("alice\r");
    person.sees("<--><alice>.");
}

#[test]
fn a_line_without_a_speed_gets_one() {
    // Not hung up, for that brings the modes of a pseudo terminal back.
    let cases: [(&[&str], &[&str], u32); 2] =
        [(&["--nohangup"], &[], 9600), (&["--nohangup", "-s"], &["19200,9600"], 19_200)];
    for (options, rest, expected) in cases {
        let (room, mut person) = (Room::new(), Person::new());
        let held = person.open();
        let mut modes = rustix::termios::tcgetattr(&held).unwrap();
        modes.set_speed(0).unwrap();
        rustix::termios::tcsetattr(&held, rustix::termios::OptionalActions::Now, &modes).unwrap();
        let _getty = room.getty(options, person.line(), rest);
        person.sees("login: ");
        assert_eq!(person.modes().output_speed(), expected, "{options:?}");
    }
}
