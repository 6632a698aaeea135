//! The text of a state file: `KEY=value` lines as libsystemd reads them (`parse_env_file`).

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write as _;
use std::ops::Range;

/// The first line of every state file.
const HEADER: &str = "# This is private data. Do not parse.\n";

/// The longest file that is read: that of a user with far more than 100,000 sessions, each named three times.
pub(super) const MAX: usize = 8 * 1024 * 1024;

/// A state file being written. Lines stand in the order of the calls.
#[derive(Debug)]
pub(crate) struct Writer(Vec<u8>);

/// How long a file without lists is, about.
const USUAL: usize = 640;

impl Writer {
    /// A file whose lists have so many bytes, about.
    pub(super) fn with_lists(bytes: usize) -> Self {
        let mut text = Vec::with_capacity(USUAL + bytes);
        text.extend_from_slice(HEADER.as_bytes());
        Self(text)
    }

    pub(super) fn new() -> Self {
        Self::with_lists(0)
    }

    /// A value that consists of letters, digits and the like.
    pub(super) fn plain(&mut self, key: &str, value: impl Display) -> &mut Self {
        self.begin(key);
        // Writing to memory does not fail, nor does any value that is written here.
        let _never = write!(self.0, "{value}");
        self.end()
    }

    /// The same of a word.
    pub(super) fn word(&mut self, key: &str, value: &str) -> &mut Self {
        self.begin(key);
        self.0.extend_from_slice(value.as_bytes());
        self.end()
    }

    /// `1` or `0`.
    pub(super) fn flag(&mut self, key: &str, value: bool) -> &mut Self {
        self.word(key, if value { "1" } else { "0" })
    }

    /// Text from outside, escaped; nothing at all if it is empty.
    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        if value.is_empty() { self } else { self.word(key, &escape(value)) }
    }

    /// A value that may be absent.
    pub(super) fn optional(&mut self, key: &str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.plain(key, value),
            None => self,
        }
    }

    /// Names.
    pub(super) fn list(&mut self, key: &str, names: &List) -> &mut Self {
        self.list_without(key, names, &[])
    }

    /// Names, but those at the places `left_out`, which are in order.
    pub(super) fn list_without(&mut self, key: &str, names: &List, left_out: &[Range<usize>]) -> &mut Self {
        self.begin(key);
        let mut at = 0;
        for place in left_out {
            self.0.extend_from_slice(&names.0[at..place.start]);
            at = place.end;
        }
        self.0.extend_from_slice(&names.0[at..]);
        self.0.pop_if(|last| *last == b' ');
        self.end()
    }

    fn begin(&mut self, key: &str) {
        self.0.extend_from_slice(key.as_bytes());
        self.0.push(b'=');
    }

    fn end(&mut self) -> &mut Self {
        self.0.push(b'\n');
        self
    }

    /// The whole file.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Names, with a blank behind each.
#[derive(Debug, Default)]
pub(super) struct List(Vec<u8>);

impl List {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Adds a name; where it stands.
    pub(super) fn push(&mut self, name: &[u8]) -> Range<usize> {
        let start = self.0.len();
        self.0.extend_from_slice(name);
        self.0.push(b' ');
        start..self.0.len()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: AsRef<[u8]>> FromIterator<T> for List {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        let mut list = Self::default();
        for name in names {
            list.push(name.as_ref());
        }
        list
    }
}

/// What libsystemd's reader turns back into `text`: a backslash before each byte that means something to it. Control
/// characters, which would end the line, become question marks; so would blanks at an end get lost.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (position, letter) in text.chars().enumerate() {
        let is_end = position == 0 || position == last;
        match letter {
            '\\' | '"' | '\'' => escaped.extend(['\\', letter]),
            ' ' if is_end => escaped.push_str("\\ "),
            _ if letter.is_control() => escaped.push('?'),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// A state file that was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields(BTreeMap<String, String>);

/// Why a state file cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// Not text, or too much of it.
    #[error("it is no text, or longer than {MAX} bytes")]
    NoText,
    /// A line that cannot be left out is not there.
    #[error("{0}= is missing")]
    Missing(&'static str),
    /// A value is none of those it can have.
    #[error("{0}= has a value that it cannot have")]
    Bad(&'static str),
    /// It was written before the machine was booted again.
    #[error("it is of another boot")]
    OtherBoot,
}

impl Fields {
    /// Takes `bytes` apart; lines that are no assignments are skipped, of two with one key the last counts.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Broken> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX).ok_or(Broken::NoText)?;
        let assignments = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        Ok(Self(assignments.map(|(key, value)| (key.trim().to_owned(), unescape(value))).collect()))
    }

    /// The text of `key`, empty if it is absent.
    pub(super) fn text(&self, key: &'static str) -> String {
        self.0.get(key).cloned().unwrap_or_default()
    }

    /// The value of `key`, made by `parse`; none if it is absent.
    pub(super) fn optional<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Broken> {
        let value = self.0.get(key).filter(|value| !value.is_empty());
        value.map(|value| parse(value).ok_or(Broken::Bad(key))).transpose()
    }

    /// The value of `key`, made by `parse`.
    pub(super) fn required<T>(&self, key: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Broken> {
        self.optional(key, parse)?.ok_or(Broken::Missing(key))
    }

    /// `1`, `yes`, or not.
    pub(super) fn flag(&self, key: &'static str) -> Result<bool, Broken> {
        let parse = |value: &str| match value {
            "1" | "yes" => Some(true),
            "0" | "no" => Some(false),
            _ => None,
        };
        Ok(self.optional(key, parse)?.unwrap_or(false))
    }
}

/// What libsystemd's reader trims.
const BLANKS: [char; 3] = [' ', '\t', '\r'];

fn unescape(value: &str) -> String {
    let mut letters = value.trim_start_matches(BLANKS).chars();
    let mut text = String::new();
    let mut kept = 0; // what is before it is not trimmed
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            text.extend(letters.next());
            kept = text.len();
        } else {
            text.push(letter);
        }
    }
    let end = kept.max(text.trim_end_matches(BLANKS).len());
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: &str) -> String {
        let mut writer = Writer::new();
        writer.text("KEY", value);
        String::from_utf8(writer.into_bytes()).expect("text")
    }

    #[test]
    fn a_value_cannot_end_its_line() {
        assert_eq!(written("a\nUID=0"), format!("{HEADER}KEY=a?UID=0\n"));
        assert_eq!(written(r#"DOM\al "x" "#), format!("{HEADER}KEY={}\n", r#"DOM\\al \"x\"\ "#));
        assert_eq!(written(""), HEADER);
    }

    #[test]
    fn a_list_can_leave_out_any_of_its_names() {
        let mut names = List::default();
        let places = [b"c1", b"c2", b"c3"].map(|name| names.push(name));
        let [first, _, last] = &places;
        let lines = [
            (&[][..], "KEY=c1 c2 c3\n"),
            (&places[..1], "KEY=c2 c3\n"),
            (&places[1..2], "KEY=c1 c3\n"),
            (&[first.clone(), last.clone()], "KEY=c2\n"),
            (&places, "KEY=\n"),
        ];
        for (left_out, line) in lines {
            let mut writer = Writer::new();
            writer.list_without("KEY", &names, left_out);
            assert_eq!(String::from_utf8(writer.into_bytes()).expect("text"), format!("{HEADER}{line}"));
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let fields = Fields::parse(b"A=1\nB=x\nEMPTY=\nnonsense\nA=2\n").expect("text");
        let number = |value: &str| value.parse::<u8>().ok();
        assert_eq!(fields.required("A", number), Ok(2));
        assert_eq!(fields.required("B", number), Err(Broken::Bad("B")));
        assert_eq!(fields.required("EMPTY", number), Err(Broken::Missing("EMPTY")));
        assert_eq!(fields.flag("B"), Err(Broken::Bad("B")));
        assert_eq!(Fields::parse(b"A=\xff"), Err(Broken::NoText));
        assert_eq!(Fields::parse(&vec![b'a'; MAX + 1]), Err(Broken::NoText));
    }

    #[test]
    fn a_user_may_have_a_hundred_thousand_sessions() {
        let names: List = (0..100_000).map(|n| format!("c{n}")).collect();
        let mut writer = Writer::new();
        writer.list("SESSIONS", &names).list("ACTIVE_SESSIONS", &names).list("ONLINE_SESSIONS", &names);
        let fields = Fields::parse(&writer.into_bytes()).expect("it is not too long");
        assert!(fields.text("ONLINE_SESSIONS").ends_with(" c99999"));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(value in "[^\\p{Cc}]{1,40}") {
            let fields = Fields::parse(written(&value).as_bytes()).expect("text");
            prop_assert_eq!(fields.text("KEY"), value);
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _any = Fields::parse(&bytes);
        }
    }
}
