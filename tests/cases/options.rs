//! The command line of `cases`.

use std::ffi::OsString;

use lexopt::prelude::{Long, Short, Value, ValueExt};

pub(crate) const HELP: &str = "\
usage: cases [OPTIONS] [NAME…]

Runs the cases whose names contain one of the NAMEs, or all, each in a sandbox of its own.

  --all          cargo test first, then every case: what `make test` runs
  --jobs N       so many cases at a time (2)
  --list         print the cases' names
  --peers        fetch the newest packages of the peers and stop
  --inside NAME  run one case right here (the runner does this, in the sandbox)
  -h, --help     this text
";

/// How many cases run at a time: they wait more than they work, and the machine may have no more than two processors.
const JOBS: usize = 2;

/// What was asked for.
#[derive(Debug)]
pub(crate) enum Request {
    Run { names: Vec<String>, jobs: usize },
    All { jobs: usize },
    Inside(String),
    List,
    Peers,
    Help,
}

impl Request {
    /// Reads the arguments that follow the program's name.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, lexopt::Error> {
        let (mut names, mut jobs, mut is_all) = (Vec::new(), JOBS, false);
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("all") => is_all = true,
                Long("jobs") => jobs = parser.value()?.parse_with(|n| n.parse::<std::num::NonZeroUsize>())?.get(),
                Long("inside") => return Ok(Self::Inside(parser.value()?.string()?)),
                Long("list") => return Ok(Self::List),
                Long("peers") => return Ok(Self::Peers),
                Long("help") | Short('h') => return Ok(Self::Help),
                Value(name) => names.push(name.string()?),
                other => return Err(other.unexpected()),
            }
        }
        match (is_all, names.is_empty()) {
            (true, true) => Ok(Self::All { jobs }),
            (true, false) => Err("--all takes no names".into()),
            (false, _) => Ok(Self::Run { names, jobs }),
        }
    }
}
