//! The command line of `bench`.

use std::ffi::OsString;

use lexopt::prelude::{Long, Short, Value, ValueExt};

pub(crate) const HELP: &str = "\
usage: bench [OPTIONS] [NAME…]

Measures the release build against its peers in sandboxes, in turn, and prints a table for
each measurement; with NAMEs only those whose name contains one of them. As root. The peers
are fetched by `cases --peers`.

  --rounds N     how often each contestant is measured (default 5)
  --list         name the measurements
  -h, --help     this text
";

/// What was asked for.
#[derive(Debug)]
pub(crate) enum Request {
    Help,
    List,
    /// Measure one contestant here: what runs in the sandbox.
    Inside {
        game: String,
        contestant: String,
    },
    Run {
        names: Vec<String>,
        rounds: usize,
    },
}

impl Request {
    /// Reads the arguments that follow the program's name.
    ///
    /// # Errors
    /// What cannot be understood.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, lexopt::Error> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let (mut names, mut rounds) = (Vec::new(), 5);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("rounds") => rounds = parser.value()?.parse()?,
                Long("list") => return Ok(Self::List),
                Long("inside") => {
                    let (game, contestant) = (parser.value()?.string()?, parser.value()?.string()?);
                    return Ok(Self::Inside { game, contestant });
                }
                Long("help") | Short('h') => return Ok(Self::Help),
                Value(name) => names.push(name.string()?),
                other => return Err(other.unexpected()),
            }
        }
        Ok(Self::Run { names, rounds })
    }
}
