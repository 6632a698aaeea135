//! The command line: agetty's, in both of its orders.

mod error;
mod keeping;
mod positional;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;
use prompt::LoginName;

pub(crate) use error::ArgumentError;
pub(crate) use keeping::{Keeping, Wanted};
pub(crate) use positional::Line;

use crate::modes::{Hardware, LocalLine};
use crate::speed::Speeds;

/// What is asked of getty.
#[derive(Debug)]
pub(crate) enum Request {
    /// To wait for a name.
    Run(Box<Arguments>),
    /// To keep many lines.
    Keep(Box<Keeping>),
    /// To print the issue, as the line would show it.
    ShowIssue(Issue, Option<Line>),
    /// To print the help.
    Help,
    /// To print the version.
    Version,
}

/// How to wait for a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Arguments {
    /// The line.
    pub(crate) line: Line,
    /// Its speeds.
    pub(crate) speeds: Speeds,
    /// What `TERM` shall be.
    pub(crate) term: Option<OsString>,
    /// The options.
    pub(crate) options: Options,
}

/// The options.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Options {
    /// `--autologin`
    pub(crate) autologin: Option<LoginName>,
    /// `--noclear`
    pub(crate) keep_screen: bool,
    /// `--local-line`, `--flow-control`, `--noreset`
    pub(crate) hardware: Hardware,
    /// `--noissue`, `--issue-file`
    pub(crate) issue: Issue,
    /// `--login-program`
    pub(crate) login_program: Option<PathBuf>,
    /// `--login-options`
    pub(crate) login_options: Option<String>,
    /// `--skip-login`
    pub(crate) login_asks: bool,
    /// `--nonewline`
    pub(crate) no_newline: bool,
    /// `--login-pause`
    pub(crate) pause: bool,
    /// `--hangup`
    pub(crate) hang_up: bool,
    /// `--keep-baud`
    pub(crate) keep_speed: bool,
    /// `--timeout`
    pub(crate) timeout: Option<Duration>,
    /// `--wait-cr`
    pub(crate) await_enter: bool,
    /// `--nohostname`
    pub(crate) no_host: bool,
}

/// What to show before the prompt.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) enum Issue {
    /// The system's issue.
    #[default]
    System,
    /// These files and folders, `:` between them.
    Files(String),
    /// Nothing.
    None,
}

impl Request {
    /// The request that `arguments` make; the program's own name is not among them.
    ///
    /// # Errors
    /// If they are no command line of getty's.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, ArgumentError> {
        Self::parse_after(Options::default(), arguments)
    }

    /// The same where `options` were given already.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub(crate) fn parse_after(
        mut options: Options,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, ArgumentError> {
        let mut positional = Vec::new();
        let mut show_issue = false;
        let mut wanted = Wanted::default();
        let mut ready_fd = None;
        let mut parser = Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("help") => return Ok(Self::Help),
                Long("version") => return Ok(Self::Version),
                Long("show-issue") => show_issue = true,
                Value(value) => positional.push(value),
                Short('8') | Long("8bits") => {} // parity is never guessed
                Short('a') | Long("autologin") => options.autologin = Some(name(&parser.value()?)?),
                Short('c') | Long("noreset") => options.hardware.keep = true,
                Short('f') | Long("issue-file") => options.issue = Issue::Files(text(parser.value()?)?),
                Short('h') | Long("flow-control") => options.hardware.flow_control = true,
                Short('i') | Long("noissue") => options.issue = Issue::None,
                Short('J') | Long("noclear") => options.keep_screen = true,
                Short('l') | Long("login-program") => options.login_program = Some(parser.value()?.into()),
                Short('L') | Long("local-line") => options.hardware.local = local_line(parser.optional_value())?,
                Short('n') | Long("skip-login") => options.login_asks = true,
                Short('N') | Long("nonewline") => options.no_newline = true,
                Short('o') | Long("login-options") => options.login_options = Some(text(parser.value()?)?),
                Short('p') | Long("login-pause") => options.pause = true,
                Short('R') | Long("hangup") => options.hang_up = true,
                Short('s') | Long("keep-baud") => options.keep_speed = true,
                Short('t') | Long("timeout") => options.timeout = Some(seconds(&parser.value()?)?),
                Short('w') | Long("wait-cr") => options.await_enter = true,
                Long("nohostname") => options.no_host = true,
                Long("lines") => wanted.name(&parser.value()?)?,
                Long("lines-from") => wanted.sources.push(parser.value()?.into()),
                Long("ready-fd") => ready_fd = Some(descriptor(&parser.value()?)?),
                other => return Err(other.unexpected().into()),
            }
        }
        if show_issue {
            let line = if positional.is_empty() { None } else { Some(positional::parse(positional)?.0) };
            return Ok(Self::ShowIssue(options.issue, line));
        }
        if !wanted.is_empty() {
            let (speeds, term) = positional::parse_without_line(positional)?;
            return Ok(Self::Keep(Box::new(Keeping { wanted, speeds, term, options, ready_fd })));
        }
        if ready_fd.is_some() {
            return Err(ArgumentError::OneLine);
        }
        let (line, speeds, term) = positional::parse(positional)?;
        Ok(Self::Run(Box::new(Arguments { line, speeds, term, options })))
    }
}

fn text(value: OsString) -> Result<String, ArgumentError> {
    value.into_string().map_err(|_| ArgumentError::NotUtf8)
}

/// The name to log in without asking: a name like any other, never an option of login.
fn name(value: &OsStr) -> Result<LoginName, ArgumentError> {
    LoginName::parse(value.as_bytes()).map_err(ArgumentError::Name)
}

fn local_line(value: Option<OsString>) -> Result<LocalLine, ArgumentError> {
    match value.as_ref().map(|value| value.as_bytes()) {
        None | Some(b"always") => Ok(LocalLine::Always),
        Some(b"never") => Ok(LocalLine::Never),
        Some(b"auto") => Ok(LocalLine::Auto),
        Some(_) => Err(ArgumentError::LocalLine),
    }
}

/// A descriptor that is not one of the standard three.
fn descriptor(value: &OsStr) -> Result<RawFd, ArgumentError> {
    let digits = value.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse().ok());
    number.filter(|&number| number > libc::STDERR_FILENO).ok_or(ArgumentError::Descriptor)
}

fn seconds(value: &OsStr) -> Result<Duration, ArgumentError> {
    let digits = value.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|text| text.parse::<u32>().ok()) {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds.into())),
        _ => Err(ArgumentError::Timeout),
    }
}
