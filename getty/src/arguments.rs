//! The command line: agetty's, in both of its orders.

mod error;
mod flag;
mod options;
mod positional;
#[cfg(test)]
mod tests;
mod value;

use std::ffi::OsString;

use lexopt::Arg::{Long, Short, Value};
use lexopt::Parser;

pub(crate) use error::ArgumentError;
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
#[derive(Clone, Debug)]
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
        let mut options = Options::default();
        let mut positional = Vec::new();
        let mut show_issue = false;
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
                flag => options.take(flag, &mut parser)?,
            }
        }
        if show_issue {
            let issue = options.issue.clone();
            let line = if positional.is_empty() { None } else { Some(positional::parse(positional, options)?.line) };
            return Ok(Self::ShowIssue(issue, line));
        }
        positional::parse(positional, options).map(|arguments| Self::Run(Box::new(arguments)))
    }
}
