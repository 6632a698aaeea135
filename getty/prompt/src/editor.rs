//! The line editor of the name prompt: keys change a line, the echo keeps the screen equal to it.

use unicode_width::UnicodeWidthChar;

use crate::keys::{Key, Keyboard};

/// Reads one visible line from a terminal whose input is raw. Its output is not: the echo ends a line with `\n`, and the
/// kernel makes `\r\n` of it (ONLCR, termios(3)).
///
/// Keys: Backspace and DEL erase a character, `^W` a word, `^U` the line; `^C` interrupts; `^D` on an empty line ends.
/// Every other control byte, every escape sequence and every byte that is not UTF-8 is dropped without an echo, so
/// that the screen always shows the line and noise is never answered.
///
/// Feed it byte by byte and stop at the [`Outcome`]: what was typed ahead stays in the kernel for whoever reads next.
#[derive(Default)]
pub struct LineEditor {
    keyboard: Keyboard,
    extra: ExtraKeys,
    line: String,
}

/// Keys of a keyboard that erase besides the usual ones, as its owner knows them: `#` and `@` on the oldest terminals.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExtraKeys {
    /// Each of these characters erases the one before it.
    pub erase: String,
    /// Each of these characters erases the line.
    pub kill: String,
}

impl LineEditor {
    /// The longest line in bytes, PAM's `PAM_MAX_RESP_SIZE`. Characters beyond it are dropped without an echo.
    ///
    /// It is longer than any [`LoginName`](crate::LoginName) by more than one character: a line that was cut is never
    /// a name.
    pub const CAPACITY: usize = 512;

    /// An editor with an empty line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An editor with an empty line, on a keyboard with keys of its own. None of them can be typed into the line; Enter
    /// and `^D` cannot be taken away.
    #[must_use]
    pub fn with_keys(extra: ExtraKeys) -> Self {
        Self { extra, ..Self::default() }
    }

    /// Takes one byte from the terminal. After an [`Outcome`] the line is empty again.
    pub fn feed(&mut self, byte: u8) -> Step {
        match self.keyboard.press(byte).map(|key| self.extra.meaning(key)) {
            None | Some(Key::Control(_)) => Step::default(),
            Some(Key::Character(c)) => Step::echo(self.insert(c)),
            Some(Key::Erase) => Step::echo(self.erase(1)),
            Some(Key::EraseWord) => Step::echo(self.erase(self.last_word())),
            Some(Key::Kill) => Step::echo(self.erase(usize::MAX)),
            Some(Key::Enter) => Step::end(b"\n", Outcome::Line(std::mem::take(&mut self.line))),
            Some(Key::Interrupt) => {
                self.line.clear();
                Step::end(b"^C\n", Outcome::Interrupted)
            }
            Some(Key::EndOfFile) if self.line.is_empty() => Step::end(b"\n", Outcome::EndOfFile),
            Some(Key::EndOfFile) => Step::default(),
        }
    }

    /// Whether nothing has been typed, or all of it erased.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    fn insert(&mut self, c: char) -> Vec<u8> {
        if self.line.len() + c.len_utf8() > Self::CAPACITY || (self.line.is_empty() && columns(c) == 0) {
            return Vec::new();
        }
        self.line.push(c);
        c.encode_utf8(&mut [0; 4]).as_bytes().to_vec()
    }

    /// Erases up to `count` characters; a combining mark goes with the character that it is drawn on.
    fn erase(&mut self, count: usize) -> Vec<u8> {
        let mut echo = Vec::new();
        let mut erased = 0;
        while erased < count
            && let Some(c) = self.line.pop()
        {
            let columns = columns(c);
            erased += usize::from(columns > 0);
            for part in [&b"\x08"[..], b" ", b"\x08"] {
                echo.extend(part.repeat(columns));
            }
        }
        echo
    }

    /// The number of characters back to the start of the last word: those that take columns, as `erase` counts.
    fn last_word(&self) -> usize {
        let mut characters = self.line.chars().rev().filter(|&c| columns(c) > 0).peekable();
        let mut count = 0;
        while characters.next_if_eq(&' ').is_some() {
            count += 1;
        }
        count + characters.take_while(|&c| c != ' ').count()
    }
}

impl ExtraKeys {
    fn meaning(&self, key: Key) -> Key {
        let c = match key {
            Key::Character(c) => c,
            Key::Control(byte) => char::from(byte),
            other => return other,
        };
        if self.erase.contains(c) {
            Key::Erase
        } else if self.kill.contains(c) {
            Key::Kill
        } else {
            key
        }
    }
}

/// What a byte led to.
#[derive(Default, PartialEq, Eq)]
#[must_use]
pub struct Step {
    /// To be written to the terminal now; may be empty.
    pub echo: Vec<u8>,
    /// Set when the line is over.
    pub outcome: Option<Outcome>,
}

impl Step {
    fn echo(echo: Vec<u8>) -> Self {
        Self { echo, outcome: None }
    }

    fn end(echo: &[u8], outcome: Outcome) -> Self {
        Self { echo: echo.to_vec(), outcome: Some(outcome) }
    }
}

/// How a line ended. No `Debug`: what is typed at a prompt is never logged.
#[derive(PartialEq, Eq)]
pub enum Outcome {
    /// Enter: the line without its end, at most [`LineEditor::CAPACITY`] bytes, no control characters.
    Line(String),
    /// `^D` on an empty line.
    EndOfFile,
    /// `^C`.
    Interrupted,
}

/// The columns that `c` takes on the screen: 0 for a combining mark, 2 for most characters of East Asia.
fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

#[cfg(test)]
mod tests;
