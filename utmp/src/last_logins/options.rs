//! The command line of lastlog.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::flags::{self, Flag, Program, Takes, UsageError, Word};

const fn flag(short: char, long: &'static str, takes: Takes, help: &'static str) -> Flag {
    Flag { short: Some(short), long, takes, help }
}

/// lastlog(8).
pub const LASTLOG: Program = Program {
    name: "lastlog",
    usage: &["[options]"],
    about: "Show when each user logged in last.",
    flags: &[
        flag('b', "before", Takes::Word("days"), "print only lastlog records older than DAYS"),
        flag('C', "clear", Takes::Nothing, "clear lastlog record of a user (usable only with -u)"),
        flags::HELP,
        flag('R', "root", Takes::File, "the users and the lastlog are those of the system under this directory"),
        flag('S', "set", Takes::Nothing, "set lastlog record to current time (usable only with -u)"),
        flag('t', "time", Takes::Word("days"), "print only lastlog records more recent than DAYS"),
        flag('u', "user", Takes::User("login"), "print lastlog record of the specified LOGIN, uid or range of uids"),
        flags::COMPLETION,
        flags::VERSION,
    ],
    operands: Takes::Nothing,
    takes_digits: false,
    manual: "lastlog(8)",
};

/// What is to be done with the records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    Print,
    Clear,
    Set,
}

/// What was asked for.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Options {
    pub(crate) act: Act,
    /// Of whom: a login name, a uid, or a range of uids.
    pub(crate) of: Option<String>,
    pub(crate) root: Option<PathBuf>,
    /// In days.
    pub(crate) before: Option<i64>,
    pub(crate) since: Option<i64>,
}

/// What to do.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Asked {
    Say(String),
    Records(Options),
}

/// Why the command line makes no sense. The messages are shadow's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error("unexpected argument: {}", .0.to_string_lossy().escape_debug())]
    Operand(OsString),
    #[error("Option -C cannot be used together with option -S")]
    BothActs,
    #[error("Options -C and -S require option -u to specify the user")]
    ActOnAll,
    #[error("invalid numeric argument '{}'", .0.escape_debug())]
    Number(String),
    #[error("invalid chroot path '{}', only absolute paths are supported.", .0.display())]
    Root(PathBuf),
    #[error("no completion for '{}': it is bash, zsh or fish", .0.escape_debug())]
    Shell(String),
}

impl Wrong {
    /// Whether the help is of use to whoever made the mistake.
    pub(crate) const fn asks_for_help(&self) -> bool {
        matches!(self, Self::Usage(_) | Self::Operand(_) | Self::BothActs | Self::ActOnAll)
    }
}

impl Asked {
    /// Understands the command line.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Wrong> {
        let mut options = Options { act: Act::Print, of: None, root: None, before: None, since: None };
        let (mut clear, mut set) = (false, false);
        for word in LASTLOG.parse(arguments)? {
            let (name, value) = match word {
                Word::Operand(word) => return Err(Wrong::Operand(word)),
                Word::Flag(name, value) => (name, value),
                Word::Digit(_) => continue,
            };
            let text = value.to_string_lossy().into_owned();
            match name {
                "before" => options.before = Some(days(&text)?),
                "time" => options.since = Some(days(&text)?),
                "clear" => clear = true,
                "set" => set = true,
                "user" => options.of = Some(text),
                "root" => options.root = Some(root(value.into())?),
                "version" => {
                    return Ok(Self::Say(
                        concat!("lastlog from session-rs ", env!("CARGO_PKG_VERSION"), "\n").to_owned(),
                    ));
                }
                "completion" => return LASTLOG.completion(&text).map(Self::Say).ok_or(Wrong::Shell(text)),
                _ => return Ok(Self::Say(LASTLOG.help())),
            }
        }
        options.act = match (clear, set) {
            (true, true) => return Err(Wrong::BothActs),
            (false, false) => Act::Print,
            _ if options.of.is_none() => return Err(Wrong::ActOnAll),
            (true, false) => Act::Clear,
            (false, true) => Act::Set,
        };
        Ok(Self::Records(options))
    }
}

fn days(text: &str) -> Result<i64, Wrong> {
    text.parse::<i32>().map(i64::from).map_err(|_| Wrong::Number(text.to_owned()))
}

fn root(path: PathBuf) -> Result<PathBuf, Wrong> {
    if path.is_absolute() { Ok(path) } else { Err(Wrong::Root(path)) }
}
