//! The command line of utmpdump.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::encoding::{Encoding, UnknownEncoding};
use crate::flags::{self, Flag, Program, Takes, UsageError, Word};
use crate::last::options::ENCODINGS;

/// utmpdump(1).
pub const UTMPDUMP: Program = Program {
    name: "utmpdump",
    usage: &["[options] [filename]"],
    about: "Dump utmp and wtmp files in a readable format, or make such files of it.",
    flags: &[
        Flag {
            short: Some('f'),
            long: "follow",
            takes: Takes::Nothing,
            help: "output appended data as the file grows",
        },
        Flag {
            short: Some('r'),
            long: "reverse",
            takes: Takes::Nothing,
            help: "write back dumped data into utmp file",
        },
        Flag { short: Some('o'), long: "output", takes: Takes::File, help: "write to file instead of standard output" },
        Flag { short: None, long: "json", takes: Takes::Nothing, help: "the text is JSON, which loses nothing" },
        Flag {
            short: None,
            long: "encoding",
            takes: Takes::OneOf("encoding", ENCODINGS),
            help: "how the records are encoded:",
        },
        flags::COMPLETION,
        flags::HELP,
        flags::VERSION,
    ],
    operands: Takes::File,
    takes_digits: false,
    manual: "utmpdump(1)",
};

/// What was asked for.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) follow: bool,
    pub(crate) reverse: bool,
    pub(crate) json: bool,
    pub(crate) output: Option<PathBuf>,
    pub(crate) encoding: Option<Encoding>,
    /// Standard input if none.
    pub(crate) file: Option<PathBuf>,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Asked {
    Print(String),
    Dump(Options),
}

/// Why the command line makes no sense.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error(transparent)]
    Encoding(#[from] UnknownEncoding),
    #[error("following standard input is unsupported")]
    FollowsInput,
    #[error("what is written back cannot be followed")]
    FollowsText,
    #[error("no completion for '{}': it is bash, zsh or fish", .0.escape_debug())]
    Shell(String),
}

impl Asked {
    /// Understands the command line.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Wrong> {
        let mut options = Options::default();
        for word in UTMPDUMP.parse(arguments)? {
            match word {
                Word::Operand(file) => options.file = options.file.or(Some(file.into())),
                Word::Flag("follow", _) => options.follow = true,
                Word::Flag("reverse", _) => options.reverse = true,
                Word::Flag("json", _) => options.json = true,
                Word::Flag("output", file) => options.output = Some(file.into()),
                Word::Flag("encoding", name) => options.encoding = Some(name.to_string_lossy().parse()?),
                Word::Flag("completion", shell) => {
                    let shell = shell.to_string_lossy();
                    return UTMPDUMP.completion(&shell).map(Self::Print).ok_or_else(|| Wrong::Shell(shell.into()));
                }
                Word::Flag("version", _) => {
                    return Ok(Self::Print(
                        concat!("utmpdump from session-rs ", env!("CARGO_PKG_VERSION"), "\n").to_owned(),
                    ));
                }
                Word::Flag(..) | Word::Digit(_) => return Ok(Self::Print(UTMPDUMP.help())),
            }
        }
        match options {
            Options { follow: true, file: None, .. } => Err(Wrong::FollowsInput),
            Options { follow: true, reverse: true, .. } => Err(Wrong::FollowsText),
            options => Ok(Self::Dump(options)),
        }
    }
}
