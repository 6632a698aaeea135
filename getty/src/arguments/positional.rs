//! `LINE [BAUD,...] [TERM]`, or the old order `BAUD,... LINE [TERM]`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::{ArgumentError, Arguments, Options};
use crate::line::{LineName, NotALine};
use crate::speed::Speeds;

/// Which line is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Line {
    /// `-`: the one that standard input is open on.
    StandardInput,
    /// The one of this name.
    Named(LineName),
}

impl Line {
    fn parse(argument: &OsStr) -> Result<Self, ArgumentError> {
        if argument == "-" {
            return Ok(Self::StandardInput);
        }
        LineName::parse(argument).map(Self::Named).map_err(|e| ArgumentError::Line(argument.to_owned(), e))
    }

    /// The line's name.
    ///
    /// # Errors
    /// If standard input is meant and is no line.
    pub(crate) fn name(&self) -> Result<LineName, NotALine> {
        match self {
            Self::StandardInput => LineName::of_terminal(std::io::stdin()),
            Self::Named(name) => Ok(name.clone()),
        }
    }
}

/// The line, its speeds and its terminal type, with `options`.
///
/// An argument of digits and commas is a list of speeds, wherever it stands. An empty terminal type is none: service
/// files pass `"$TERM"` on.
pub(super) fn parse(arguments: Vec<OsString>, options: Options) -> Result<Arguments, ArgumentError> {
    let mut arguments = arguments.into_iter().peekable();
    let before = arguments.next_if(is_speeds);
    let line = Line::parse(&arguments.next().ok_or(ArgumentError::NoLine)?)?;
    let speeds = match before {
        Some(speeds) => Some(speeds),
        None => arguments.next_if(is_speeds),
    };
    let (speeds, term, surplus) = rest(arguments, speeds)?;
    Ok(Arguments { line, speeds, term, options, surplus })
}

/// The speeds and the terminal type of lines that are named elsewhere: `[BAUD,...] [TERM]`.
pub(super) fn parse_without_line(arguments: Vec<OsString>) -> Result<(Speeds, Option<OsString>), ArgumentError> {
    let mut arguments = arguments.into_iter().peekable();
    let speeds = arguments.next_if(is_speeds);
    match rest(arguments, speeds)? {
        (speeds, term, 0) => Ok((speeds, term)),
        _ => Err(ArgumentError::Surplus),
    }
}

/// The list of `speeds`, the terminal type, and how many of `arguments` come after it.
fn rest(
    mut arguments: impl Iterator<Item = OsString>,
    speeds: Option<OsString>,
) -> Result<(Speeds, Option<OsString>, usize), ArgumentError> {
    let term = arguments.next().filter(|term| !term.is_empty());
    if term.as_ref().is_some_and(|term| !term.as_bytes().iter().all(u8::is_ascii_graphic)) {
        return Err(ArgumentError::Term);
    }
    let speeds = speeds.map(|speeds| Speeds::parse(&speeds.to_string_lossy())).transpose()?;
    Ok((speeds.unwrap_or_default(), term, arguments.count()))
}

fn is_speeds(argument: &OsString) -> bool {
    let bytes = argument.as_bytes();
    !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b',')
}
