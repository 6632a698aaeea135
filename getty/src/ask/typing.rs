//! One line that is being typed: bytes in, what is meant and what the terminal is like out.

use prompt::{ExtraKeys, LineEditor, Outcome, lowered};

use crate::modes::Habits;
use crate::parity::{Parity, stripped};

/// How what is typed is to be taken.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Reading {
    /// Keys that erase besides the usual ones.
    pub(crate) extra_keys: ExtraKeys,
    /// Whether a terminal of seven bits is recognised by its parity.
    pub(crate) guesses_parity: bool,
    /// Whether a terminal of capitals is recognised by the name (`--detect-case`).
    pub(crate) detects_capitals: bool,
}

/// A line that is being typed.
pub(super) struct Typing<'a> {
    reading: &'a Reading,
    editor: LineEditor,
    /// All that was typed, for the parity; no more than a line holds, since a longer one is no name.
    typed: Vec<u8>,
    habits: Habits,
}

/// How a line ended. No `Debug`: what is typed at a prompt is never logged.
#[derive(PartialEq, Eq)]
pub(super) enum Typed {
    /// With Enter.
    Line(String, Habits),
    /// With `^C`.
    Interrupted,
    /// With `^D`.
    EndOfFile,
}

impl<'a> Typing<'a> {
    /// Nothing is typed yet; the keys that erase were those of `habits` so far.
    pub(super) fn new(reading: &'a Reading, habits: Habits) -> Self {
        Self { reading, editor: LineEditor::with_keys(reading.extra_keys.clone()), typed: Vec::new(), habits }
    }

    /// Whether nothing stands on the line.
    pub(super) fn is_empty(&self) -> bool {
        self.editor.is_empty()
    }

    /// What is known of the terminal.
    pub(super) fn habits(&self) -> Habits {
        self.habits
    }

    /// Takes one byte: what to write to the terminal, and the end of the line if this was it.
    pub(super) fn press(&mut self, byte: u8) -> (Vec<u8>, Option<Typed>) {
        if self.reading.guesses_parity && Parity::has_ended(&self.typed, byte) {
            self.typed.push(byte);
            return (b"\n".to_vec(), Some(self.line(String::new())));
        }
        let is_among = |keys: &str| byte.is_ascii() && keys.contains(char::from(byte));
        if matches!(byte, BACKSPACE | DELETE) || is_among(&self.reading.extra_keys.erase) {
            self.habits.erase = byte;
        } else if byte == KILL || is_among(&self.reading.extra_keys.kill) {
            self.habits.kill = byte;
        }
        let step = self.editor.feed(byte);
        let typed = match step.outcome {
            None => {
                if self.typed.len() <= LineEditor::CAPACITY {
                    self.typed.push(byte);
                }
                None
            }
            Some(Outcome::Line(line)) => Some(self.line(line)),
            Some(Outcome::Interrupted) => Some(Typed::Interrupted),
            Some(Outcome::EndOfFile) => Some(Typed::EndOfFile),
        };
        (step.echo, typed)
    }

    /// The line that was meant, where `line` is what the editor made of its bytes.
    fn line(&self, line: String) -> Typed {
        let parity = if self.reading.guesses_parity { Parity::of(&self.typed) } else { None };
        let line = if parity.is_some() { self.of_seven_bits() } else { line };
        let small = if self.reading.detects_capitals { lowered(&line) } else { None };
        let habits = Habits { parity, has_capitals_only: small.is_some(), ..self.habits };
        Typed::Line(small.unwrap_or(line), habits)
    }

    /// What the editor makes of the bytes without their parity; the Enter that ended the line may be among them.
    fn of_seven_bits(&self) -> String {
        let mut editor = LineEditor::with_keys(self.reading.extra_keys.clone());
        let outcome = stripped(&self.typed).into_iter().chain([b'\n']).find_map(|byte| editor.feed(byte).outcome);
        match outcome {
            Some(Outcome::Line(line)) => line,
            _ => String::new(), // an end of another kind would have ended the line before
        }
    }
}

const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7f;
const KILL: u8 = 0x15;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn typed(reading: &Reading, bytes: &[u8]) -> Option<(String, Habits)> {
        let mut typing = Typing::new(reading, Habits::default());
        bytes.iter().find_map(|&byte| match typing.press(byte).1 {
            Some(Typed::Line(line, habits)) => Some((line, habits)),
            _ => None,
        })
    }

    fn sent(text: &str, parity: Parity) -> Vec<u8> {
        let is_odd = |byte: u8| byte.count_ones() % 2 == 1;
        text.bytes().map(|byte| if is_odd(byte) == (parity == Parity::Even) { byte | 0x80 } else { byte }).collect()
    }

    #[test]
    fn a_terminal_of_seven_bits_is_recognised_and_its_name_read() {
        let reading = Reading { guesses_parity: true, ..Reading::default() };
        for parity in [Parity::Even, Parity::Odd] {
            for (text, line) in [
                ("alice\r", "alice"),
                ("alicx\x7fe\r", "alice"),
                ("mallory\x15bob\r", "bob"),
                ("alice\n", "alice"),
                ("root\r", "root"),
            ] {
                let bytes = sent(text, parity);
                let (found, habits) = typed(&reading, &bytes).expect("a line");
                assert_eq!((found.as_str(), habits.parity), (line, Some(parity)), "{bytes:x?}");
            }
        }
    }

    #[test]
    fn without_the_guess_the_eighth_bit_is_a_bit_like_others() {
        let (line, habits) =
            typed(&Reading::default(), &[sent("alice", Parity::Even), b"\r".to_vec()].concat()).unwrap();
        assert_eq!((line.as_str(), habits.parity), ("lice", None));
    }

    #[test]
    fn a_terminal_of_capitals_is_recognised_where_that_is_asked_for() {
        let reading = Reading { detects_capitals: true, ..Reading::default() };
        let (line, habits) = typed(&reading, b"ROOT\r").unwrap();
        assert_eq!((line.as_str(), habits.has_capitals_only), ("root", true));
        for (line, reading) in [("ROOT", Reading::default()), ("Root", reading.clone()), ("root", reading)] {
            let (found, habits) = typed(&reading, format!("{line}\r").as_bytes()).unwrap();
            assert_eq!((found.as_str(), habits.has_capitals_only), (line, false));
        }
    }

    #[test]
    fn capitals_with_parity_are_both_recognised() {
        let reading = Reading { guesses_parity: true, detects_capitals: true, ..Reading::default() };
        let (line, habits) = typed(&reading, &sent("ROOT\r", Parity::Even)).unwrap();
        assert_eq!(line, "root");
        assert_eq!((habits.parity, habits.has_capitals_only), (Some(Parity::Even), true));
    }

    proptest! {
        #[test]
        fn the_guess_never_changes_utf8(text in "[a-zäöüßéñ中日🦀А-я@._-]{1,40}") {
            let reading = Reading { guesses_parity: true, ..Reading::default() };
            let (line, habits) = typed(&reading, format!("{text}\r").as_bytes()).expect("a line");
            prop_assert_eq!(line, text);
            prop_assert_eq!(habits.parity, None);
        }

        #[test]
        fn any_bytes_end_in_lines_without_control_characters(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let reading = Reading { guesses_parity: true, detects_capitals: true, ..Reading::default() };
            let mut typing = Typing::new(&reading, Habits::default());
            for byte in bytes {
                if let Some(end) = typing.press(byte).1 {
                    if let Typed::Line(line, _) = end {
                        prop_assert!(!line.chars().any(char::is_control));
                    }
                    typing = Typing::new(&reading, Habits::default());
                }
            }
        }
    }
}
