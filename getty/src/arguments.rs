//! The command line: agetty's, in both of its orders.

mod error;
mod flag;
mod keeping;
mod options;
mod positional;
#[cfg(test)]
mod tests;
mod value;

use std::ffi::OsString;

use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;

pub(crate) use error::ArgumentError;
pub(crate) use keeping::{Keeping, Wanted};
pub(crate) use options::{HangUp, Options, Place};
pub(crate) use positional::Line;
pub(crate) use value::Host;

use flag::Flag;

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
    /// To have every waiting getty read its issue again.
    Reload,
    /// To print speeds that lines are known to have.
    ListSpeeds,
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
    /// How many arguments came after all that: agetty ignores them, and so must whoever takes its place in an inittab.
    pub(crate) surplus: usize,
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
            let flag = match argument {
                Value(value) => {
                    positional.push(value);
                    continue;
                }
                Short(letter) => Flag::of_letter(letter)?,
                Long(name) => Flag::of_name(name)?,
            };
            match flag {
                Flag::Help => return Ok(Self::Help),
                Flag::Version => return Ok(Self::Version),
                Flag::ListSpeeds => return Ok(Self::ListSpeeds),
                Flag::Reload => return Ok(Self::Reload),
                Flag::ShowIssue => show_issue = true,
                Flag::Lines => wanted.name(&parser.value()?)?,
                Flag::LinesFrom => wanted.sources.push(parser.value()?.into()),
                Flag::ReadyFd => ready_fd = Some(value::descriptor(&parser.value()?)?),
                flag => options.take(flag, &mut parser)?,
            }
        }
        if show_issue {
            let issue = options.issue.clone();
            let line = if positional.is_empty() { None } else { Some(positional::parse(positional, options)?.line) };
            return Ok(Self::ShowIssue(issue, line));
        }
        if !wanted.is_empty() {
            let (speeds, term) = positional::parse_without_line(positional)?;
            return Ok(Self::Keep(Box::new(Keeping { wanted, speeds, term, options, ready_fd })));
        }
        if ready_fd.is_some() {
            return Err(ArgumentError::OneLine);
        }
        positional::parse(positional, options).map(|arguments| Self::Run(Box::new(arguments)))
    }
}
