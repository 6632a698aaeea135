//! The command line of `sandbox`.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value, ValueExt};

pub(crate) const HELP: &str = "\
usage: sandbox [OPTIONS] [--] [COMMAND ARG…]

Starts the project's getty, login, PAM module and logind in throw-away namespaces of
their own, runs COMMAND inside as root and returns its exit status (128+n for signal n,
125 if the sandbox itself failed). Without COMMAND, a getty waits on this terminal for
you to log in; Ctrl-] leaves. Nothing of it can write to the host, except to the folder
it was started in, which is the same inside.

  --no-bus          start no D-Bus daemon
  --hybrid          cgroup2 at /sys/fs/cgroup/unified instead of /sys/fs/cgroup
  --logind=DAEMON   session-rs (default), elogind (the peer's) or none
  --bare            nothing of the project: no logind, no login, no PAM module
  --logs=DIR        keep the inside's /var/log in DIR, a new or empty folder
  -h, --help        this text
  -V, --version     the version
";

/// Who answers as `org.freedesktop.login1`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Daemon {
    Ours,
    Elogind,
    None,
}

/// What was asked for.
#[derive(Debug)]
pub(crate) enum Request {
    Run(Options),
    Help,
    Version,
}

/// How the sandbox is to be.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) bus: bool,
    pub(crate) hybrid: bool,
    pub(crate) bare: bool,
    pub(crate) daemon: Daemon,
    pub(crate) logs: Option<PathBuf>,
    /// Empty for the demo.
    pub(crate) command: Vec<OsString>,
}

impl Request {
    /// Reads the arguments that follow the program's name.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, lexopt::Error> {
        let mut options =
            Options { bus: true, hybrid: false, bare: false, daemon: Daemon::Ours, logs: None, command: Vec::new() };
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("no-bus") => options.bus = false,
                Long("hybrid") => options.hybrid = true,
                Long("bare") => options.bare = true,
                Long("logind") => options.daemon = parser.value()?.parse_with(daemon)?,
                Long("logs") => options.logs = Some(parser.value()?.into()),
                Long("help") | Short('h') => return Ok(Self::Help),
                Long("version") | Short('V') => return Ok(Self::Version),
                Value(command) => {
                    options.command.push(command);
                    options.command.extend(parser.raw_args()?);
                }
                other => return Err(other.unexpected()),
            }
        }
        options.consistent().map(Self::Run)
    }
}

impl Options {
    fn consistent(mut self) -> Result<Self, lexopt::Error> {
        if self.bare {
            if self.daemon == Daemon::Ours {
                self.daemon = Daemon::None;
            }
            if self.command.is_empty() {
                return Err("--bare needs a COMMAND: it has no getty".into());
            }
        }
        if self.daemon == Daemon::Elogind && !self.bus {
            return Err("--logind=elogind cannot go with --no-bus: elogind needs the bus".into());
        }
        if self.daemon == Daemon::Elogind && self.hybrid {
            return Err(
                "--logind=elogind cannot go with --hybrid: a hierarchy made for it would be the host's too".into()
            );
        }
        Ok(self)
    }
}

fn daemon(name: &str) -> Result<Daemon, &'static str> {
    match name {
        "session-rs" => Ok(Daemon::Ours),
        "elogind" => Ok(Daemon::Elogind),
        "none" => Ok(Daemon::None),
        _ => Err("the daemons are session-rs, elogind and none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Request, lexopt::Error> {
        Request::parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn what_follows_the_command_belongs_to_the_command() {
        for arguments in [&["--no-bus", "--", "sh", "--hybrid"][..], &["--no-bus", "sh", "--hybrid"]] {
            let Ok(Request::Run(options)) = parse(arguments) else { panic!("{arguments:?} is a command line") };
            assert_eq!(options.command, ["sh", "--hybrid"]);
            assert!(!options.bus && !options.hybrid);
        }
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for arguments in [
            &["--logind=busybox", "true"][..],
            &["--logind=elogind", "--no-bus", "true"],
            &["--logind=elogind", "--hybrid", "true"],
            &["--bare"],
            &["--unknown", "true"],
        ] {
            assert!(parse(arguments).is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn the_help_names_every_option() {
        for option in ["--no-bus", "--hybrid", "--bare", "--logind", "--logs", "--help", "--version"] {
            assert!(HELP.contains(option), "{option}");
        }
    }
}
