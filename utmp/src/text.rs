//! Text in a fixed field: NUL-padded, and without a NUL when it fills the field (utmp(5)).

use std::fmt;

/// A record's text field of `N` bytes: `ut_line`, `ut_user` and the like.
///
/// All `N` bytes are kept as they were read, also those after the first NUL, so that a record survives a round trip.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text<const N: usize>([u8; N]);

impl<const N: usize> Text<N> {
    /// No text: all NUL.
    pub const EMPTY: Self = Self([0; N]);

    /// What `strncpy(3)` makes of `text` in this field: cut at the first NUL, or at `N` bytes, and padded with NULs.
    pub fn new(text: impl AsRef<[u8]>) -> Self {
        let mut field = [0; N];
        for (to, from) in field.iter_mut().zip(text.as_ref().iter().take_while(|byte| **byte != 0)) {
            *to = *from;
        }
        Self(field)
    }

    /// The field as it stands in a file.
    pub const fn from_field(field: [u8; N]) -> Self {
        Self(field)
    }

    /// The whole field, padding and all.
    pub const fn field(&self) -> &[u8; N] {
        &self.0
    }

    /// The text: up to the first NUL, or the whole field.
    ///
    /// Outside text: may hold any byte, control bytes and invalid UTF-8 too.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

impl Text<4> {
    /// The `ut_id` of a line without one from init: `tty` taken off, then the last four bytes, as `login(1)` does.
    ///
    /// `tty1` gives `1`, which is the id of sysvinit's inittab too; `ttyS0` gives `S0`, `pts/12` gives `s/12`.
    pub fn id_of_line(line: &[u8]) -> Self {
        let name = line.strip_prefix(b"tty").filter(|rest| !rest.is_empty()).unwrap_or(line);
        Self::new(&name[name.len().saturating_sub(4)..])
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// The text with everything but printable ASCII escaped: fit for a log or a terminal.
impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().escape_ascii().fmt(f)
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl<const N: usize> PartialEq<[u8]> for Text<N> {
    fn eq(&self, other: &[u8]) -> bool {
        self.as_bytes() == other
    }
}

impl<const N: usize> PartialEq<&[u8]> for Text<N> {
    fn eq(&self, other: &&[u8]) -> bool {
        self.as_bytes() == *other
    }
}

impl<const N: usize> PartialEq<str> for Text<N> {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> PartialEq<&str> for Text<N> {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_fills_its_field_has_no_nul() {
        assert_eq!(Text::<4>::new("abcdef").as_bytes(), b"abcd");
        assert_eq!(Text::<4>::new("abcd").field(), b"abcd");
    }

    #[test]
    fn text_ends_at_the_first_nul_and_the_rest_of_the_field_is_kept() {
        let text = Text::<4>::from_field(*b"a\0cd");
        assert_eq!(text, "a");
        assert_eq!(text.field(), b"a\0cd");
        assert_eq!(Text::<4>::new("a\0cd").field(), b"a\0\0\0");
    }

    #[test]
    fn control_bytes_are_escaped_when_shown() {
        assert_eq!(Text::<32>::new(b"a\x1b[2J\xff\n").to_string(), r"a\x1b[2J\xff\n");
    }

    #[test]
    fn a_line_names_its_id_as_login_does() {
        for (line, id) in [
            ("tty1", "1"),
            ("tty12", "12"),
            ("ttyS0", "S0"),
            ("ttyUSB10", "SB10"),
            ("tty", "tty"),
            ("pts/3", "ts/3"),
            ("pts/12", "s/12"),
            ("hvc0", "hvc0"),
            ("console", "sole"),
            ("", ""),
        ] {
            assert_eq!(Text::id_of_line(line.as_bytes()), id, "{line}");
        }
    }
}
