//! The values of the options, parsed.

use std::ffi::{OsStr, OsString};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use prompt::LoginName;

use super::ArgumentError;
use crate::modes::LocalLine;

/// The name of a remote host or a terminal concentrator: 1 to 255 visible ASCII characters, the first of them no `-`.
///
/// It becomes an argument of login and a field of utmp, so it is never an option and never moves a cursor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Host(String);

impl Host {
    pub(super) fn parse(value: OsString) -> Result<Self, ArgumentError> {
        let text = text(value).map_err(|_| ArgumentError::Host)?;
        let is_host = (1..=255).contains(&text.len())
            && !text.starts_with('-')
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_host { Ok(Self(text)) } else { Err(ArgumentError::Host) }
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) fn text(value: OsString) -> Result<String, ArgumentError> {
    value.into_string().map_err(|_| ArgumentError::NotUtf8)
}

/// The name to log in without asking: a name like any other, never an option of login.
pub(super) fn name(value: &OsStr) -> Result<LoginName, ArgumentError> {
    LoginName::parse(value.as_bytes()).map_err(ArgumentError::Name)
}

/// The mode of `-L=MODE`; older agettys want a second `=` after the long name.
pub(super) fn local_line(value: Option<OsString>) -> Result<LocalLine, ArgumentError> {
    match value.as_ref().map(|value| value.as_bytes().strip_prefix(b"=").unwrap_or(value.as_bytes())) {
        None | Some(b"always") => Ok(LocalLine::Always),
        Some(b"never") => Ok(LocalLine::Never),
        Some(b"auto") => Ok(LocalLine::Auto),
        Some(_) => Err(ArgumentError::LocalLine),
    }
}

/// A number of seconds; 0 means that there is no such time.
pub(super) fn seconds(value: &OsStr) -> Result<Option<Duration>, ArgumentError> {
    let digits = value.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|text| text.parse::<u32>().ok()) {
        Some(0) => Ok(None),
        Some(seconds) => Ok(Some(Duration::from_secs(seconds.into()))),
        None => Err(ArgumentError::Seconds),
    }
}

/// A descriptor that is not one of the standard three.
pub(super) fn descriptor(value: &OsStr) -> Result<RawFd, ArgumentError> {
    let digits = value.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse().ok());
    number.filter(|&number| number > libc::STDERR_FILENO).ok_or(ArgumentError::Descriptor)
}

/// What to add to the niceness of login (`nice(2)`).
pub(super) fn nice(value: &OsStr) -> Result<i32, ArgumentError> {
    value.to_str().and_then(|text| text.parse().ok()).ok_or(ArgumentError::Nice)
}

/// The bytes of `--init-string`: `\` and up to three octal digits are one byte, `\\` a backslash, and, as busybox has
/// it, `\r` and `\n` the ends of lines.
pub(super) fn init_string(value: &OsStr) -> Vec<u8> {
    let mut bytes = value.as_bytes();
    let mut decoded = Vec::new();
    while let Some((&byte, rest)) = bytes.split_first() {
        bytes = rest;
        if byte != b'\\' {
            decoded.push(byte);
            continue;
        }
        let digits = bytes.iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
        let (octal, rest) = bytes.split_at(digits);
        bytes = rest;
        if octal.is_empty() {
            let (letter, rest) = bytes.split_first().map_or((b'\\', bytes), |(&letter, rest)| (letter, rest));
            bytes = rest;
            decoded.push(match letter {
                b'r' => b'\r',
                b'n' => b'\n',
                other => other,
            });
        } else {
            // 3 digits are 9 bits: the highest is lost, as in a C char.
            decoded.push(octal.iter().fold(0, |number: u8, digit| number.wrapping_shl(3) | (digit & 7)));
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_init_string_has_octal_numbers() {
        let decoded = |text: &str| init_string(OsStr::new(text));
        assert_eq!(decoded(r"ATE0Q1&D2&C1S0=1\015"), b"ATE0Q1&D2&C1S0=1\r");
        assert_eq!(decoded(r"\1019\12\\x\r\n\377\"), b"A9\n\\x\r\n\xff\\");
        assert_eq!(decoded(""), b"");
    }

    #[test]
    fn a_host_is_no_option_and_steers_no_terminal() {
        for host in ["", "-froot", "a b", "a\x1b[2J", "é", &"a".repeat(256)] {
            assert!(Host::parse(host.into()).is_err(), "{host:?}");
        }
        for host in ["box", "box.example", "192.0.2.1", "fe80::1%eth0", &"a".repeat(255)] {
            assert_eq!(Host::parse(host.into()).unwrap().as_str(), host);
        }
    }

    #[test]
    fn no_seconds_are_no_time() {
        assert_eq!(seconds(OsStr::new("0")).unwrap(), None);
        assert_eq!(seconds(OsStr::new("60")).unwrap(), Some(Duration::from_secs(60)));
        for text in ["", "-5", "+5", "soon", "1s", "99999999999"] {
            assert!(seconds(OsStr::new(text)).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_init_string_is_one_and_never_longer(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(init_string(OsStr::from_bytes(&bytes)).len() <= bytes.len());
        }

        #[test]
        fn what_has_no_backslash_is_sent_as_it_is(bytes in prop::collection::vec(any::<u8>().prop_filter("", |b| *b != b'\\'), 0..60)) {
            prop_assert_eq!(init_string(OsStr::from_bytes(&bytes)), bytes);
        }
    }
}
