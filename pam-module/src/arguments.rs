//! What the administrator wrote after the module's name in a PAM stack.

use std::time::Duration;

use crate::names::{Class, Kind, description};

/// The longest deadline that can be asked for: login(1) itself gives up after a minute.
const TIMEOUT_MAX: u64 = 60;

/// The arguments of a line, pam_session_rs(8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// `class=`
    pub(crate) class: Option<Class>,
    /// `type=`
    pub(crate) kind: Option<Kind>,
    /// `desktop=`
    pub(crate) desktop: Option<String>,
    /// `required`: no session, no login.
    pub(crate) required: bool,
    /// `timeout=`, over all that is asked of logind in one call.
    pub(crate) timeout: Duration,
    /// `debug`: say what is done.
    pub(crate) debug: bool,
}

impl Default for Arguments {
    fn default() -> Self {
        Self { class: None, kind: None, desktop: None, required: false, timeout: Duration::from_secs(2), debug: false }
    }
}

impl Arguments {
    /// Each argument as it is written, up to its value.
    #[cfg(test)]
    pub(crate) const NAMES: [&str; 6] = ["class=", "type=", "desktop=", "required", "timeout=", "debug"];

    /// The arguments among `words`, and a complaint for each word that is none: it is passed over, because a wrong word
    /// must not lock anybody out.
    pub(crate) fn parse<'w>(words: impl IntoIterator<Item = &'w [u8]>) -> (Self, Vec<String>) {
        let mut arguments = Self::default();
        let mut complaints = Vec::new();
        for word in words {
            if arguments.take(word).is_none() {
                complaints.push(format!("no such argument, ignored: {}", description(word)));
            }
        }
        (arguments, complaints)
    }

    fn take(&mut self, word: &[u8]) -> Option<()> {
        match word.iter().position(|&b| b == b'=').map(|at| (&word[..at], &word[at + 1..])) {
            None if word == b"required" => self.required = true,
            None if word == b"debug" => self.debug = true,
            Some((b"class", value)) => self.class = Some(Class::parse(value)?),
            Some((b"type", value)) => self.kind = Some(Kind::parse(value)?),
            Some((b"desktop", value)) if !value.is_empty() => self.desktop = Some(description(value)),
            Some((b"timeout", value)) => self.timeout = seconds(value)?,
            _ => return None,
        }
        Some(())
    }
}

fn seconds(digits: &[u8]) -> Option<Duration> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None; // u64::parse takes "+3"
    }
    let number = str::from_utf8(digits).ok()?.parse().ok()?;
    (1..=TIMEOUT_MAX).contains(&number).then(|| Duration::from_secs(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> (Arguments, usize) {
        let (arguments, complaints) = Arguments::parse(line.split_ascii_whitespace().map(str::as_bytes));
        (arguments, complaints.len())
    }

    #[test]
    fn every_argument_is_understood() {
        let (arguments, complaints) = parse("class=greeter type=wayland desktop=KDE required timeout=5 debug");
        let expected = Arguments {
            class: Class::parse(b"greeter"),
            kind: Kind::parse(b"wayland"),
            desktop: Some("KDE".into()),
            required: true,
            timeout: Duration::from_secs(5),
            debug: true,
        };
        assert_eq!((arguments, complaints), (expected, 0));
    }

    #[test]
    fn what_is_no_argument_is_complained_of_once_and_changes_nothing() {
        for word in [
            "nested=new",
            "class=",
            "class=king",
            "type=TTY",
            "timeout=0",
            "timeout=61",
            "timeout=+5",
            "Required",
            "required=no",
            "desktop=",
            "=",
            "timeout=1s",
            "timeout=99999999999999999999",
        ] {
            assert_eq!(parse(word), (Arguments::default(), 1), "{word}");
        }
    }

    #[test]
    fn every_name_is_an_argument_and_is_in_the_manual() {
        let manual = include_str!("../../docs/man/pam_session_rs.8.scd");
        for name in Arguments::NAMES {
            let word = match name {
                "class=" => "class=user",
                "type=" => "type=tty",
                "desktop=" => "desktop=sway",
                "timeout=" => "timeout=2",
                word => word,
            };
            assert_eq!(parse(word).1, 0, "{word}");
            assert!(manual.contains(&format!("\n*{name}*")), "{name} is not in pam_session_rs(8)");
        }
    }
}
