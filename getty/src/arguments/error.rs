//! What can be wrong with a command line.

use prompt::Refusal;
use thiserror::Error;

use crate::line::NotALine;
use crate::speed::NotSpeeds;

/// Why arguments are no command line of getty's.
#[derive(Debug, Error)]
pub(crate) enum ArgumentError {
    /// An unknown option, a missing or a surplus value.
    #[error("{0}")]
    Syntax(#[from] lexopt::Error),
    /// No option has this letter.
    #[error("there is no option -{}", .0.escape_default())]
    UnknownLetter(char),
    /// No option has this name.
    #[error("there is no option --{}", .0.escape_debug())]
    UnknownName(String),
    /// More than one option has a name that begins so.
    #[error("more than one option begins with --{}", .0.escape_debug())]
    AmbiguousName(String),
    /// An option's value is not UTF-8.
    #[error("an option's value is not UTF-8")]
    NotUtf8,
    /// `--autologin` was given no name.
    #[error("cannot log in automatically: {0}")]
    Name(Refusal),
    /// `--local-line` has another value than always, never or auto.
    #[error("a local line is \"always\", \"never\" or \"auto\" one")]
    LocalLine,
    /// `--timeout` or `--delay` has no number of seconds.
    #[error("a time is a number of seconds")]
    Seconds,
    /// `--nice` has no number.
    #[error("a niceness is a number")]
    Nice,
    /// `--host` has no name of a host.
    #[error("a host is 1 to 255 visible ASCII characters and does not begin with \"-\"")]
    Host,
    /// No line was named.
    #[error("no line was named")]
    NoLine,
    /// `--ready-fd` has no number of a descriptor above 2.
    #[error("a descriptor is a number above 2")]
    Descriptor,
    /// An option that is for many lines was given with one.
    #[error("--ready-fd is for --lines and --lines-from")]
    OneLine,
    /// More was named than speeds and a terminal, where the lines are named by an option.
    #[error("too many arguments")]
    Surplus,
    /// The line is no line.
    #[error("{0:?} is {1}")]
    Line(std::ffi::OsString, NotALine),
    /// The speeds are no speeds.
    #[error(transparent)]
    Speeds(#[from] NotSpeeds),
    /// `TERM` is not the name of a terminal.
    #[error("the name of a terminal type is printable ASCII without blanks")]
    Term,
}
