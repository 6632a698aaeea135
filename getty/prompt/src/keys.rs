//! Bytes from a terminal become keys: characters whole, escape sequences swallowed whole.

/// What a person meant by the bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Key {
    /// A character that is not a control character.
    Character(char),
    /// CR or LF.
    Enter,
    /// Backspace or DEL.
    Erase,
    /// `^W`.
    EraseWord,
    /// `^U`.
    Kill,
    /// `^C`.
    Interrupt,
    /// `^D`.
    EndOfFile,
    /// Another control byte: noise, unless somebody gave it a meaning.
    Control(u8),
}

/// Where in a sequence of bytes the terminal is.
#[derive(Clone, Copy, Default)]
pub(crate) enum Keyboard {
    /// Between keys.
    #[default]
    Ground,
    /// In a character of more than one byte.
    Utf8(PartialCharacter),
    /// After ESC.
    Escape,
    /// After ESC `[`; nothing else has come yet.
    ControlSequenceStart,
    /// In a control sequence (ECMA-48 5.4): parameters until a byte from `@` to `~`.
    ControlSequence,
    /// Before the one byte that ends ESC `O` (a function key) or ESC `[` `[` (a function key of a Linux VT).
    LastByte,
    /// In a control string (ECMA-48 5.6), as a terminal sends when it is asked for its colours: until BEL or ESC `\`.
    ControlString,
}

/// The bytes of a character that is not complete.
#[derive(Clone, Copy, Default)]
pub(crate) struct PartialCharacter {
    bytes: [u8; 4],
    length: usize,
}

impl Keyboard {
    /// The key that `byte` completes.
    ///
    /// A control byte is never part of a sequence: a lone Escape or line noise cannot swallow the Enter that follows.
    pub(crate) fn press(&mut self, byte: u8) -> Option<Key> {
        if byte.is_ascii_control() {
            *self = if byte == ESCAPE { Self::Escape } else { Self::Ground };
            return Some(control_key(byte));
        }
        match *self {
            Self::Ground => self.text(PartialCharacter::default(), byte),
            Self::Utf8(partial) => self.text(partial, byte),
            Self::Escape => self.sequence(match byte {
                b'[' => Self::ControlSequenceStart,
                b'O' => Self::LastByte,
                b']' | b'P' | b'X' | b'^' | b'_' => Self::ControlString,
                _ => Self::Ground,
            }),
            Self::ControlSequenceStart if byte == b'[' => self.sequence(Self::LastByte),
            Self::ControlSequenceStart | Self::ControlSequence => {
                self.sequence(if matches!(byte, b'@'..=b'~') { Self::Ground } else { Self::ControlSequence })
            }
            Self::LastByte => self.sequence(Self::Ground),
            Self::ControlString => None,
        }
    }

    fn sequence(&mut self, next: Self) -> Option<Key> {
        *self = next;
        None
    }

    /// Bytes that cannot be UTF-8 are line noise and are dropped.
    fn text(&mut self, partial: PartialCharacter, byte: u8) -> Option<Key> {
        let partial = partial.with(byte);
        let (next, key) = match str::from_utf8(partial.bytes()) {
            Ok(text) => (Self::Ground, text.chars().next().filter(|c| !c.is_control()).map(Key::Character)),
            Err(e) if e.error_len().is_none() => (Self::Utf8(partial), None),
            Err(_) if partial.length > 1 => return self.text(PartialCharacter::default(), byte),
            Err(_) => (Self::Ground, None),
        };
        *self = next;
        key
    }
}

impl PartialCharacter {
    fn with(mut self, byte: u8) -> Self {
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = byte;
            self.length += 1;
        }
        self
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

const ESCAPE: u8 = 0x1b;

fn control_key(byte: u8) -> Key {
    match byte {
        b'\r' | b'\n' => Key::Enter,
        0x08 | 0x7f => Key::Erase,
        0x17 => Key::EraseWord,
        0x15 => Key::Kill,
        0x03 => Key::Interrupt,
        0x04 => Key::EndOfFile,
        other => Key::Control(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keyboard = Keyboard::default();
        bytes.iter().filter_map(|&b| keyboard.press(b)).filter(|key| !matches!(key, Key::Control(_))).collect()
    }

    fn characters(text: &str) -> Vec<Key> {
        text.chars().map(Key::Character).collect()
    }

    #[test]
    fn a_character_of_several_bytes_is_one_key() {
        assert_eq!(keys("aë中🦀".as_bytes()), characters("aë中🦀"));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_dropped_alone() {
        assert_eq!(keys(b"a\xffb\xc3c\xe4\xb8d\xc3\xc3\xabe\x80f"), characters("abcdëef"));
        assert_eq!(keys(b"\xc2\x9b31m"), characters("31m"), "a C1 control character is dropped");
    }

    #[test]
    fn escape_sequences_are_swallowed_whole() {
        let sequences: [&[u8]; 9] = [
            b"\x1b[A",
            b"\x1b[1;5C",
            b"\x1b[200~",
            b"\x1b[?62;c",
            b"\x1bOP",
            b"\x1b[[A",
            b"\x1bx",
            b"\x1b]11;rgb:0/0/0\x07",
            b"\x1bP>|xterm\x1b\\",
        ];
        for sequence in sequences {
            assert_eq!(keys(&[b"a", sequence, b"b"].concat()), characters("ab"), "{sequence:?}");
        }
    }

    #[test]
    fn an_unfinished_sequence_does_not_swallow_enter() {
        for start in [&b"\x1b"[..], b"\x1b[", b"\x1b[1;", b"\x1bO", b"\x1b]0;title", b"\xe4\xb8"] {
            assert_eq!(keys(&[start, b"\r"].concat()), [Key::Enter], "{start:?}");
        }
    }

    proptest! {
        #[test]
        fn no_key_is_a_control_character(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for key in keys(&bytes) {
                if let Key::Character(c) = key { prop_assert!(!c.is_control()); }
            }
        }

        #[test]
        fn text_comes_through_unchanged(text in "\\PC*") {
            prop_assert_eq!(keys(text.as_bytes()), characters(&text));
        }
    }
}
