//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Usage: utmp-record [--root DIR] boot
       utmp-record [--root DIR] runlevel LEVEL
       utmp-record [--root DIR] shutdown

Write the records an init leaves in utmp and wtmp: the system came up, its
run level is now LEVEL (0 to 9 or S), the system goes down.

Options:
      --root DIR  the files are those of the system under DIR
  -h, --help      print this help
  -V, --version   print the version

Exit status: 0 done, 1 a record could not be written, 2 wrong usage.
See utmp-record(8).
";

/// What to do.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Command {
    /// Print the help.
    Help,
    /// Print the version.
    Version,
    /// Write records.
    Record {
        /// Which.
        act: Act,
        /// Of which system.
        root: PathBuf,
    },
}

/// What happened to the system.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Act {
    /// It came up.
    Boot,
    /// Its run level is now this one, as ASCII.
    RunLevel(u8),
    /// It goes down.
    Shutdown,
}

/// Why the command line was not understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    /// An option it does not know, or an argument too many or too few.
    #[error(transparent)]
    Arguments(#[from] lexopt::Error),
    /// No verb.
    #[error("what is to be recorded? boot, runlevel LEVEL or shutdown (see --help)")]
    NoVerb,
    /// A verb it does not know.
    #[error("'{}' is not one of boot, runlevel, shutdown", .0.to_string_lossy().escape_debug())]
    Verb(OsString),
    /// No level, or one that no init has.
    #[error("a run level is one of 0 to 9 and S")]
    Level,
}

impl Command {
    /// Understands `arguments`, the program's name not among them.
    ///
    /// # Errors
    /// If they are not what `--help` says.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, UsageError> {
        let mut parser = Parser::from_args(arguments);
        let mut root = PathBuf::from("/");
        let mut words = Vec::new();
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Short('h') | Arg::Long("help") => return Ok(Self::Help),
                Arg::Short('V') | Arg::Long("version") => return Ok(Self::Version),
                Arg::Long("root") => root = parser.value()?.into(),
                Arg::Value(word) => words.push(word),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(Self::Record { act: Act::parse(words)?, root })
    }
}

impl Act {
    fn parse(words: Vec<OsString>) -> Result<Self, UsageError> {
        let mut words = words.into_iter();
        let verb = words.next().ok_or(UsageError::NoVerb)?;
        let act = match verb.to_str() {
            Some("boot") => Self::Boot,
            Some("runlevel") => Self::RunLevel(level(&words.next().ok_or(UsageError::Level)?.string()?)?),
            Some("shutdown") => Self::Shutdown,
            _ => return Err(UsageError::Verb(verb)),
        };
        match words.next() {
            None => Ok(act),
            Some(word) => Err(Arg::Value(word).unexpected().into()),
        }
    }
}

/// The levels of sysvinit's init(8), whose `s` is `S`.
fn level(word: &str) -> Result<u8, UsageError> {
    match word.as_bytes() {
        [digit @ b'0'..=b'9'] => Ok(*digit),
        b"S" | b"s" => Ok(b'S'),
        _ => Err(UsageError::Level),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, UsageError> {
        Command::parse(line.split_whitespace().map(OsString::from))
    }

    fn record(act: Act, root: &str) -> Command {
        Command::Record { act, root: root.into() }
    }

    #[test]
    fn the_root_may_stand_before_and_behind_the_verb() {
        assert_eq!(parse("boot").unwrap(), record(Act::Boot, "/"));
        assert_eq!(parse("--root /mnt shutdown").unwrap(), record(Act::Shutdown, "/mnt"));
        assert_eq!(parse("runlevel 2 --root=/mnt").unwrap(), record(Act::RunLevel(b'2'), "/mnt"));
    }

    #[test]
    fn the_single_user_level_has_one_name_in_the_record() {
        assert_eq!(parse("runlevel s").unwrap(), record(Act::RunLevel(b'S'), "/"));
    }

    #[test]
    fn what_no_init_knows_is_refused() {
        for line in [
            "",
            "reboot",
            "boot now",
            "runlevel",
            "runlevel 10",
            "runlevel N",
            "runlevel default",
            "runlevel 2 3",
            "--lines boot",
            "-x",
            "boot --root",
            "shutdown -r",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
