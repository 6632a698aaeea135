//! One line that is wanted: its name, how its getty is called, and when. The format is ttys.d(5)'s.

use std::ffi::OsString;

use thiserror::Error;

use super::words::{self, Unclosed};
use crate::arguments::{ArgumentError, Arguments, Line, Options, Request};
use crate::line::{LineName, NotALine};

/// A line that is named to be kept, or not to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// The line.
    pub(crate) line: LineName,
    /// How a getty of this line alone would be called.
    pub(crate) arguments: Arguments,
    /// When it is kept.
    pub(crate) status: Status,
}

/// When a line is kept (`ttys(5)` of FreeBSD).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Status {
    /// Always; that it is missing is worth a word in the log.
    On,
    /// Never; whoever names it later is not heard.
    Off,
    /// When there is such a device.
    IfExists,
    /// When the kernel writes to it.
    IfConsole,
}

impl Status {
    /// The same, but for a line that is on and whose `options` make that a condition.
    pub(super) fn unless(self, options: &Options) -> Self {
        match self {
            Self::On if options.only_if_console => Self::IfConsole,
            Self::On if options.only_if_exists => Self::IfExists,
            other => other,
        }
    }
}

impl Entry {
    /// What `row` says; none if it is blank or a comment. `options` are those of the command line, which it adds to.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(row: &str, options: &Options) -> Result<Option<Self>, EntryError> {
        let mut fields = words::split(row, '"', true)?.into_iter();
        let Some(name) = fields.next() else { return Ok(None) };
        let line = LineName::parse(name.as_ref()).map_err(EntryError::Line)?;
        let own = fields.next().filter(|field| field != NONE).unwrap_or_default();
        let kind = fields.next().filter(|field| field != NONE);
        let mut words: Vec<OsString> = words::split(&own, '\'', false)?.into_iter().map(OsString::from).collect();
        words.push(line.as_str().into());
        words.extend(kind.map(OsString::from));
        let status = match (fields.next().as_deref(), fields.next()) {
            (None | Some("on"), None) => Status::On,
            (Some("off"), None) => Status::Off,
            (Some("onifexists"), None) => Status::IfExists,
            (Some("onifconsole"), None) => Status::IfConsole,
            (Some(_), None) => return Err(EntryError::Status),
            (_, Some(_)) => return Err(EntryError::Surplus),
        };
        match Request::parse_after(options.clone(), words)? {
            Request::Run(arguments) if arguments.line == Line::Named(line.clone()) && arguments.surplus == 0 => {
                let status = status.unless(&arguments.options);
                Ok(Some(Self { line, arguments: *arguments, status }))
            }
            _ => Err(EntryError::Options),
        }
    }
}

/// Stands for a field that says nothing.
const NONE: &str = "-";

/// What is wrong with a row.
#[derive(Debug, Error)]
pub(crate) enum EntryError {
    /// A quote is not closed.
    #[error(transparent)]
    Quote(#[from] Unclosed),
    /// The first field names no line.
    #[error("the first field is {0}")]
    Line(NotALine),
    /// The second field is refused by getty.
    #[error("the options: {0}")]
    Arguments(#[from] ArgumentError),
    /// The second field asks for something else than a prompt on this line.
    #[error("the second field holds options of a getty on this line, or \"\"")]
    Options,
    /// The fourth field is no status.
    #[error("the fourth field is on, off, onifexists or onifconsole")]
    Status,
    /// There are more than four fields.
    #[error("more than four fields")]
    Surplus,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn entry(row: &str) -> Entry {
        Entry::parse(row, &Options::default()).unwrap().unwrap()
    }

    fn refusal(row: &str) -> String {
        Entry::parse(row, &Options::default()).unwrap_err().to_string()
    }

    #[test]
    fn a_name_alone_is_a_line_that_is_on() {
        let entry = entry("tty1");
        assert_eq!((entry.line.as_str(), entry.status), ("tty1", Status::On));
        assert_eq!((entry.arguments.term, entry.arguments.options), (None, Options::default()));
    }

    #[test]
    fn the_second_field_is_gettys_command_line_without_the_line() {
        let entry = entry("ttyS0 \"--keep-baud -t 60 -o '-p -- \\u' 115200,9600\" vt220 onifconsole # the first one");
        assert_eq!((entry.line.as_str(), entry.status), ("ttyS0", Status::IfConsole));
        assert_eq!(entry.arguments.term, Some("vt220".into()));
        assert_eq!(entry.arguments.speeds.first(), Some(115_200));
        let options = entry.arguments.options;
        assert!(options.keep_speed);
        assert_eq!(options.timeout, Some(Duration::from_secs(60)));
        assert_eq!(options.login_options.as_deref(), Some("-p -- \\u"));
    }

    #[test]
    fn a_field_that_says_nothing_is_a_dash_or_empty() {
        assert_eq!(entry("tty1 - - off").status, Status::Off);
        assert_eq!(entry("tty1 \"\" linux onifexists").arguments.term, Some("linux".into()));
    }

    #[test]
    fn the_options_of_the_command_line_hold_for_every_line() {
        let options = Options { no_host: true, ..Options::default() };
        let entry = Entry::parse("tty1 --noissue", &options).unwrap().unwrap();
        assert!(entry.arguments.options.no_host);
        assert_eq!(entry.arguments.options.issue, crate::arguments::Issue::None);
    }

    #[test]
    fn blank_rows_and_comments_name_no_line() {
        for row in ["", "  \t", "# tty1", "   # tty1"] {
            assert_eq!(Entry::parse(row, &Options::default()).unwrap(), None, "{row:?}");
        }
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        for row in [
            "../etc/passwd",
            "- - - on",
            "\x1b[2J",
            "tty1 \"unclosed",
            "tty1 \"-o 'unclosed\"",
            "tty1 --help",
            "tty1 --version",
            "tty1 --show-issue",
            "tty1 \"--lines tty2\"",
            "tty1 \"--ready-fd 3\"",
            "tty1 tty2",
            "tty1 on",
            "tty1 \"-- -\"",
            "tty1 \"-a -froot\"",
            "tty1 - linux secure",
            "tty1 - linux maybe",
            "tty1 - linux on secure",
            "tty1 - \"two words\" on",
        ] {
            assert!(!refusal(row).is_empty(), "{row:?}");
        }
    }

    #[test]
    fn the_examples_of_the_manual_are_entries() {
        let manual = include_str!("../../../docs/man/ttys.d.5.scd").replace("\\\\", "\\");
        let examples: Vec<&str> = manual.split("```").skip(1).step_by(2).collect();
        assert_eq!(examples.len(), 4);
        let entries: Vec<Entry> =
            examples.iter().flat_map(|text| text.lines()).filter(|row| !row.is_empty()).map(entry).collect();
        assert_eq!(entries.len(), 9);
        assert_eq!(entries[7].arguments.options.login_options.as_deref(), Some("-p -- \\u"));
    }

    #[test]
    fn the_file_that_is_shipped_names_lines() {
        let rows = include_str!("../../../dist/ttys.d/50-lines.conf").lines();
        let entries: Vec<Entry> =
            rows.filter_map(|row| Entry::parse(row, &Options::default()).expect("an entry")).collect();
        assert_eq!(entries.len(), 10);
        assert!(entries.iter().all(|entry| entry.status != Status::On), "a line that is nowhere is a word in the log");
    }

    #[test]
    fn a_refusal_does_not_repeat_what_may_be_a_name() {
        assert!(!refusal("tty1 \"-a -hunter2\"").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn every_entry_is_a_getty_on_the_line_it_names(row in "\\PC{0,60}") {
            if let Ok(Some(entry)) = Entry::parse(&row, &Options::default()) {
                prop_assert_eq!(entry.arguments.line, Line::Named(entry.line));
            }
        }
    }
}
