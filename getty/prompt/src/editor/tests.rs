//! The editor against a model of a screen, with bytes that people type and bytes that nobody types.

use proptest::prelude::*;

use super::*;
use crate::LoginName;

/// The cells of one row of a terminal: a character in its first cell, then empty strings for its other columns.
#[derive(Default)]
struct Screen {
    cells: Vec<String>,
    cursor: usize,
}

impl Screen {
    fn write(&mut self, bytes: &[u8]) {
        for c in str::from_utf8(bytes).expect("the echo is UTF-8").chars() {
            match (c, columns(c)) {
                ('\x08', _) => self.cursor = self.cursor.checked_sub(1).expect("the echo never leaves the row"),
                (c, _) if c.is_control() => panic!("{c:?} in the echo of a line"),
                (c, 0) => self.cells[self.cursor - 1].push(c),
                (c, width) => {
                    self.cells.resize(self.cells.len().max(self.cursor + width), " ".to_owned());
                    self.cells[self.cursor] = c.to_string();
                    self.cells[self.cursor + 1..self.cursor + width].fill(String::new());
                    self.cursor += width;
                }
            }
        }
    }

    fn text(&self) -> String {
        self.cells[..self.cursor].concat()
    }

    fn is_blank_after_the_cursor(&self) -> bool {
        self.cells[self.cursor..].iter().all(|cell| cell == " ")
    }
}

/// Feeds `bytes` until the line is over; what stands on the screen, and the outcome.
fn typed(bytes: &[u8]) -> (String, Option<Outcome>) {
    let mut editor = LineEditor::new();
    let mut screen = Screen::default();
    for &byte in bytes {
        let step = editor.feed(byte);
        if step.outcome.is_some() {
            return (screen.text(), step.outcome);
        }
        screen.write(&step.echo);
    }
    (screen.text(), None)
}

fn line(bytes: &[u8]) -> String {
    match typed(&[bytes, b"\r"].concat()) {
        (screen, Some(Outcome::Line(line))) => {
            assert_eq!(screen, line);
            line
        }
        _ => panic!("no line"),
    }
}

#[test]
fn a_line_ends_with_either_enter() {
    for enter in [&b"\r"[..], b"\n"] {
        let (_, outcome) = typed(&[b"alice", enter].concat());
        assert!(outcome == Some(Outcome::Line("alice".to_owned())));
    }
}

#[test]
fn both_erase_keys_erase_a_whole_character() {
    assert_eq!(line(b"alicx\x7fe"), "alice");
    assert_eq!(line(b"alicx\x08e"), "alice");
    assert_eq!(line("zoëë\x7f".as_bytes()), "zoë");
    assert_eq!(line("中中\x7f".as_bytes()), "中");
    assert_eq!(line("e\u{301}\x7fa".as_bytes()), "a");
}

#[test]
fn erasing_an_empty_line_is_silent() {
    for byte in [0x7f, 0x08, 0x15, 0x17] {
        assert!(LineEditor::new().feed(byte) == Step::default());
    }
}

#[test]
fn kill_empties_the_line_and_word_erase_takes_the_last_word() {
    assert_eq!(line(b"mallory\x15alice"), "alice");
    assert_eq!(line(b"one two  \x17x"), "one x");
    assert_eq!(line("one tw\u{301}o \x17x".as_bytes()), "one x");
}

#[test]
fn end_of_file_counts_on_an_empty_line_only() {
    assert!(typed(b"\x04").1 == Some(Outcome::EndOfFile));
    assert!(typed(b"a\x7f\x04").1 == Some(Outcome::EndOfFile));
    assert_eq!(line(b"ali\x04ce"), "alice");
}

#[test]
fn an_interrupt_forgets_the_line() {
    let mut editor = LineEditor::new();
    let _ = editor.feed(b'x');
    assert!(editor.feed(3).outcome == Some(Outcome::Interrupted));
    assert!(editor.is_empty());
}

#[test]
fn escape_sequences_and_control_bytes_leave_no_trace() {
    assert_eq!(line(b"\x1b[Aal\x1b[Di\x1bOPc\x01\x1b[[Be\x1b]0;x\x07\x00\x11\t"), "alice");
}

#[test]
fn a_line_that_was_cut_is_never_a_name() {
    let cut = line(&"a".repeat(2000).into_bytes());
    assert_eq!(cut.len(), LineEditor::CAPACITY);
    assert!(LoginName::parse(cut.as_bytes()).is_err());
}

/// What a person, a terminal and a noisy line send.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => "\\PC".prop_map(String::into_bytes),
        4 => "[a-z ]".prop_map(String::into_bytes),
        3 => prop::sample::select(vec![0x7f_u8, 0x08, 0x15, 0x17]).prop_map(|b| vec![b]),
        2 => any::<u8>().prop_filter("ends the line", |b| !matches!(b, 3 | 4 | 10 | 13)).prop_map(|b| vec![b]),
        2 => "\x1b\\[[0-9;]{0,4}[A-Z~]".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..200).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn the_screen_always_shows_the_line(bytes in input()) {
        let mut editor = LineEditor::new();
        let mut screen = Screen::default();
        for &byte in &bytes {
            let step = editor.feed(byte);
            prop_assert!(step.outcome.is_none());
            screen.write(&step.echo);
            prop_assert_eq!(&screen.text(), &editor.line);
            prop_assert!(screen.is_blank_after_the_cursor());
            prop_assert!(editor.line.len() <= LineEditor::CAPACITY);
        }
    }

    #[test]
    fn any_bytes_at_all_give_bounded_lines_without_control_characters(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let mut editor = LineEditor::new();
        for byte in bytes {
            if let Some(Outcome::Line(line)) = editor.feed(byte).outcome {
                prop_assert!(line.len() <= LineEditor::CAPACITY);
                prop_assert!(!line.chars().any(char::is_control));
                prop_assert!(editor.is_empty());
            }
        }
    }

    #[test]
    fn an_escape_sequence_anywhere_changes_nothing(before in "[a-zë]{0,20}", sequence in "\x1b\\[[0-9;?]{0,8}[@-Z\\\\-~]", after in "[a-z]{0,20}") {
        prop_assert_eq!(line(format!("{before}{sequence}{after}").as_bytes()), format!("{before}{after}"));
    }
}
