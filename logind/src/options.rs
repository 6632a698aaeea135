//! The command line.

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt as _};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Usage: logind [OPTION]...
The session registry, org.freedesktop.login1. Runs in the foreground.

      --config FILE    read FILE and nothing else, instead of logind.conf and its drop-ins
      --debug          log more
      --ready-fd=N     write a newline to descriptor N once logins can come
  -h, --help           print this and exit
  -V, --version        print the version and exit
";

/// What logind was asked to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// To run.
    Run(Options),
    /// `--help`
    Help,
    /// `--version`
    Version,
}

/// How to run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// `--config`
    pub(crate) config: Option<PathBuf>,
    /// `--debug`
    pub(crate) debug: bool,
    /// `--ready-fd`
    pub(crate) ready_fd: Option<RawFd>,
}

/// Takes the command line apart; `args` begin with the program's name.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Request, lexopt::Error> {
    let mut options = Options::default();
    let mut parser = Parser::from_iter(args);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("config") => options.config = Some(parser.value()?.into()),
            Arg::Long("debug") => options.debug = true,
            Arg::Long("ready-fd") => options.ready_fd = Some(parser.value()?.parse()?),
            Arg::Short('h') | Arg::Long("help") => return Ok(Request::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Request::Version),
            _ => return Err(arg.unexpected()),
        }
    }
    Ok(Request::Run(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Request, lexopt::Error> {
        parse(["logind"].iter().chain(args).map(OsString::from))
    }

    #[test]
    fn every_option_in_the_help_is_taken() {
        let options = Options { config: Some("/f".into()), debug: true, ready_fd: Some(3) };
        let request = parsed(&["--config", "/f", "--debug", "--ready-fd=3"]).expect("a request");
        assert_eq!(request, Request::Run(options));
        assert_eq!(parsed(&["-h"]).expect("a request"), Request::Help);
        assert_eq!(parsed(&["--version"]).expect("a request"), Request::Version);
        let long = HELP.split_ascii_whitespace().filter(|word| word.starts_with("--"));
        for option in long.map(|word| word.split(['=', ',']).next().unwrap_or(word)) {
            let taken = parsed(&[option, "3"]).or_else(|_| parsed(&[option]));
            assert!(taken.is_ok(), "{option}");
        }
    }

    #[test]
    fn the_manual_has_the_options_of_the_help() {
        let manual = include_str!("../../docs/man/logind.8.scd");
        let section = manual.split("# OPTIONS").nth(1).and_then(|rest| rest.split("\n# ").next()).expect("a section");
        let long = |text: &str| {
            let words = text.split(|c: char| c != '-' && !c.is_ascii_lowercase());
            words.filter(|word| word.starts_with("--")).map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(long(section), long(HELP));
    }

    #[test]
    fn the_completions_name_the_options_of_the_help() {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/completion.awk");
        let awk = "printf %s \"$1\" | awk -v name=logind -v page='logind(8)' -v shell=fish -f \"$2\"";
        let made = std::process::Command::new("sh").args(["-c", awk, "sh", HELP, script]).output().expect("a shell");
        let made = String::from_utf8(made.stdout).expect("UTF-8");
        for line in [
            " -l config -r -F -d 'read",
            " -l ready-fd -x -d",
            " -s h -l help -d",
            " -s V -l version -d",
            " -l debug -d",
        ] {
            assert!(made.contains(line), "{line}: {made}");
        }
        assert_eq!(made.matches(" -l ").count(), HELP.matches("--").count(), "{made}");
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for args in [&["--daemon"][..], &["--ready-fd=x"], &["--config"], &["argument"], &["--debug=yes"]] {
            assert!(parsed(args).is_err(), "{args:?}");
        }
    }
}
