//! What a login name may be.

use std::fmt;

use thiserror::Error;

/// A name that may be handed to login, to PAM and into records: 1 to 255 bytes of UTF-8.
///
/// It is never a command line option (no leading `-`), never a path (no `/`, neither `.` nor `..`), never splits a
/// line of passwd(5) (no `:`) and never moves a terminal's cursor or turns its text (no control characters, no white space, no marks
/// of direction). `\` and `@`
/// are part of the names that winbind and sssd give, so they are allowed.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginName(String);

impl LoginName {
    /// The longest name in bytes: `LOGIN_NAME_MAX` of limits.h (256) counts a terminating NUL.
    ///
    /// useradd(8) stops at 32, where `ut_user` is full, and agetty at 42, but a directory's `user@department.domain` is
    /// longer than both, and its owner must be able to log in. Records cut the name, authentication never does.
    pub const MAX_LENGTH: usize = 255;

    /// The name that `bytes` spell.
    ///
    /// # Errors
    /// [`Refusal`] says which rule the bytes break. It never carries them: a password may have been typed as the name.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.is_empty() {
            return Err(Refusal::Empty);
        }
        if bytes.len() > Self::MAX_LENGTH {
            return Err(Refusal::TooLong);
        }
        let name = str::from_utf8(bytes).map_err(|_| Refusal::NotUtf8)?;
        if name.starts_with('-') {
            return Err(Refusal::LeadingDash);
        }
        if matches!(name, "." | "..") || name.contains(forbidden) {
            return Err(Refusal::ForbiddenCharacter);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name, for an argument list, PAM or a record; not for a log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Does not show the name: what is typed at a prompt is never logged.
impl fmt::Debug for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginName(..)")
    }
}

/// Why bytes are no [`LoginName`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Refusal {
    /// Nothing was typed: ask again.
    #[error("a login name is not empty")]
    Empty,
    /// It would be read as an option of login (CVE-1999-0113, CVE-2026-24061: `-froot`).
    #[error("a login name does not begin with \"-\"")]
    LeadingDash,
    /// More than [`LoginName::MAX_LENGTH`] bytes.
    #[error("a login name has at most {} bytes", LoginName::MAX_LENGTH)]
    TooLong,
    /// Not UTF-8.
    #[error("a login name is UTF-8")]
    NotUtf8,
    /// A control character, white space, a mark of direction, `:` or `/`; or the name of a folder, `.` or `..`.
    #[error("a login name has no control character, no white space, no \":\" and no \"/\"")]
    ForbiddenCharacter,
}

fn forbidden(c: char) -> bool {
    c.is_control() || c.is_whitespace() || turns_text(c) || matches!(c, ':' | '/')
}

/// Whether `c` is invisible and makes the text around it read in another order (`Bidi_Control` of Unicode): in a list of
/// logins it would rewrite its neighbours.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(bytes: &[u8]) -> Option<Refusal> {
        LoginName::parse(bytes).err()
    }

    #[test]
    fn names_that_people_have_are_names() {
        for name in ["a", "alice", "root", "_apt", "user-1", "web$", "CORP\\bob", "bob@sub.corp.example", "0day", "zoë"]
        {
            assert_eq!(LoginName::parse(name.as_bytes()).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_name_that_begins_with_a_dash_is_refused_cve_1999_0113_cve_2026_24061() {
        for name in ["-", "--", "-froot", "-f root", "-h", "--help"] {
            assert_eq!(refusal(name.as_bytes()), Some(Refusal::LeadingDash), "{name}");
        }
    }

    #[test]
    fn a_name_is_not_empty() {
        assert_eq!(refusal(b""), Some(Refusal::Empty));
    }

    #[test]
    fn a_name_has_at_most_255_bytes() {
        assert_eq!(refusal(&[b'a'; 255]), None);
        assert_eq!(refusal(&[b'a'; 256]), Some(Refusal::TooLong));
    }

    #[test]
    fn a_name_is_utf8() {
        assert_eq!(refusal(b"zo\xeb"), Some(Refusal::NotUtf8));
        assert_eq!(refusal(b"\xff-froot"), Some(Refusal::NotUtf8));
    }

    #[test]
    fn a_name_has_no_control_byte_no_white_space_no_colon_and_no_slash() {
        for byte in (0..=b' ').chain([0x7f, b':', b'/']) {
            assert_eq!(refusal(&[b'a', byte, b'b']), Some(Refusal::ForbiddenCharacter), "{byte:#x}");
        }
        for name in [" -froot", "a\u{9b}31m", "a\u{a0}b", "a\u{2028}b", "../../etc/passwd", ".", ".."] {
            assert_eq!(refusal(name.as_bytes()), Some(Refusal::ForbiddenCharacter), "{name:?}");
        }
    }

    #[test]
    fn a_name_does_not_turn_the_direction_of_text() {
        for name in ["a\u{202e}b", "\u{200f}", "a\u{2067}", "\u{61c}a", "a\u{200e}"] {
            assert_eq!(refusal(name.as_bytes()), Some(Refusal::ForbiddenCharacter), "{name:?}");
        }
        for name in ["علی", "מיכאל", "نی\u{200c}ما"] {
            assert_eq!(refusal(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn a_name_is_not_shown_by_debug() {
        assert_eq!(format!("{:?}", LoginName::parse(b"hunter2").unwrap()), "LoginName(..)");
    }

    proptest! {
        #[test]
        fn every_name_obeys_every_rule(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(name) = LoginName::parse(&bytes) {
                prop_assert_eq!(name.as_str().as_bytes(), &bytes[..]);
                prop_assert!((1..=LoginName::MAX_LENGTH).contains(&bytes.len()));
                prop_assert!(bytes[0] != b'-');
                prop_assert!(!bytes.iter().any(|b| b.is_ascii_control() || matches!(b, b' ' | b':' | b'/')));
            }
        }
    }
}
