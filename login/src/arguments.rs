//! The command line: who is to be logged in, and who may ask for what.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use lexopt::prelude::*;
use prompt::{LoginName, Refusal};
use thiserror::Error;

use crate::environment::{Variable, VariableError};
use crate::host::{Host, HostError};
use crate::line::HangUp;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Usage: login [options] [[-f] NAME [VARIABLE=VALUE...]]

Begin a session on the terminal that is standard input.

Options:
 -f           do not authenticate: NAME has proved who they are already (root only)
 -h HOST      the login comes from HOST (root only)
 -H           no host name in the prompt for the name
 -p           keep the environment
 -s, --shell SHELL
              run SHELL in place of the account's shell (root only)
     --hangup hang the line up, before the login and after the session
     --nohangup
              never hang the line up
     --help   display this help and exit
 -V, --version
              display the version and exit
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Version,
    LogIn(Request),
}

/// A login asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// Whom to log in; asked at the prompt if not given.
    pub(crate) name: Option<LoginName>,
    /// `-f`: `name` is authenticated already. Never true without a name.
    pub(crate) is_authenticated: bool,
    /// `-h`: where the person sits.
    pub(crate) host: Option<Host>,
    /// `-H`: the prompt does not show this machine's name.
    pub(crate) hides_host: bool,
    /// `-p`: the shell gets the caller's environment too.
    pub(crate) keeps_environment: bool,
    /// `--hangup`, `--nohangup`: the later one counts.
    pub(crate) hang_up: HangUp,
    /// `-s`: runs in place of the account's shell. An absolute path.
    pub(crate) shell: Option<PathBuf>,
    /// `NAME=value` behind the name: what the shell gets too.
    pub(crate) variables: Vec<Variable>,
}

/// Why a command line is refused.
#[derive(Debug, Error)]
pub(crate) enum ArgumentError {
    #[error(transparent)]
    Syntax(#[from] lexopt::Error),
    #[error(transparent)]
    Name(#[from] Refusal),
    #[error(transparent)]
    Host(#[from] HostError),
    #[error(transparent)]
    Variable(#[from] VariableError),
    #[error("a shell is named by its whole path")]
    Shell,
    #[error("-f needs a name")]
    NobodyToTrust,
    #[error("-{0} is for root only")]
    RootOnly(char),
}

impl ArgumentError {
    /// Whether somebody may have tried to get more than a login: worth a line in the log. What the log tells of it
    /// never carries the text of an argument.
    pub(crate) fn is_suspicious(&self) -> bool {
        !matches!(self, Self::Syntax(_) | Self::Variable(_) | Self::Shell | Self::NobodyToTrust)
    }
}

/// Reads the command line, without the program's name, for a caller with the real user id `uid`.
///
/// A name is refused by the rules of [`LoginName`] wherever it stands, also behind `--` (CVE-2026-24061). What only
/// root may ask is an error for everybody else, never quietly ignored. What follows the name are variables (shadow's
/// login).
///
/// # Errors
/// [`ArgumentError`] says what is wrong.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>, uid: u32) -> Result<Command, ArgumentError> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut request = Request::default();
    let mut name: Option<OsString> = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('f') => request.is_authenticated = true,
            Short('h') => request.host = Some(Host::parse(parser.value()?.as_bytes())?),
            Short('H') => request.hides_host = true,
            Short('p') => request.keeps_environment = true,
            Long("hangup") => request.hang_up = HangUp::Always,
            Long("nohangup") => request.hang_up = HangUp::Never,
            Short('s') | Long("shell") => request.shell = Some(PathBuf::from(parser.value()?)),
            Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Value(value) if name.is_none() => name = Some(value),
            Value(value) => request.variables.push(Variable::parse(value.as_bytes())?),
            unexpected => return Err(unexpected.unexpected().into()),
        }
    }
    request.name = name.as_deref().map(OsStr::as_bytes).map(LoginName::parse).transpose()?;
    request.checked(uid).map(Command::LogIn)
}

impl Request {
    /// The request, if a caller with the real user id `uid` may make it and it can be granted.
    fn checked(self, uid: u32) -> Result<Self, ArgumentError> {
        let for_root = [('f', self.is_authenticated), ('h', self.host.is_some()), ('s', self.shell.is_some())];
        if let Some((option, _)) = for_root.iter().find(|(_, is_asked)| *is_asked && uid != 0) {
            return Err(ArgumentError::RootOnly(*option));
        }
        if self.is_authenticated && self.name.is_none() {
            return Err(ArgumentError::NobodyToTrust);
        }
        if self.shell.as_ref().is_some_and(|shell| !shell.is_absolute()) {
            return Err(ArgumentError::Shell);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn parsed(line: &[&str], uid: u32) -> Result<Command, ArgumentError> {
        parse(line.iter().map(OsString::from), uid)
    }

    fn request(line: &[&str]) -> Request {
        match parsed(line, 0) {
            Ok(Command::LogIn(request)) => request,
            other => panic!("{line:?}: {other:?}"),
        }
    }

    #[test]
    fn the_command_lines_of_getty_and_telnetd_are_understood() {
        let name = |text: &str| Some(LoginName::parse(text.as_bytes()).expect("a name"));
        assert_eq!(request(&[]), Request::default());
        assert_eq!(request(&["--", "alice"]), Request { name: name("alice"), ..Request::default() });
        let trusted = Request { name: name("alice"), is_authenticated: true, ..Request::default() };
        assert_eq!(request(&["-f", "alice"]), trusted);
        assert_eq!(request(&["-f", "--", "alice"]), trusted);
        let remote = request(&["-p", "-h", "pc.example.org", "-f", "alice"]);
        assert_eq!(remote.host.expect("a host").as_str(), "pc.example.org");
        assert!(remote.keeps_environment && remote.is_authenticated && !remote.hides_host);
        assert!(request(&["-H"]).hides_host);
        assert_eq!(request(&["--hangup", "--nohangup"]).hang_up, HangUp::Never);
        assert_eq!(request(&["--nohangup", "--hangup", "alice"]).hang_up, HangUp::Always);
    }

    #[test]
    fn a_name_that_is_an_option_is_refused_cve_2026_24061() {
        for line in [["--", "-froot"], ["--", "-f root"], ["--", "-h"]] {
            assert!(matches!(parsed(&line, 0), Err(ArgumentError::Name(Refusal::LeadingDash))), "{line:?}");
        }
        assert!(matches!(parsed(&["-froot"], 0), Err(ArgumentError::Syntax(_))), "-f takes no value of its own");
        assert!(matches!(parsed(&["-f", "--", "-froot"], 0), Err(ArgumentError::Name(_))));
    }

    #[test]
    fn what_is_roots_is_an_error_for_others() {
        assert!(matches!(parsed(&["-f", "alice"], 1000), Err(ArgumentError::RootOnly('f'))));
        assert!(matches!(parsed(&["-h", "here", "alice"], 1000), Err(ArgumentError::RootOnly('h'))));
        assert!(matches!(parsed(&["-s", "/bin/sh", "alice"], 1000), Err(ArgumentError::RootOnly('s'))));
        assert!(matches!(parsed(&["--shell=/bin/sh", "alice"], 1000), Err(ArgumentError::RootOnly('s'))));
        assert!(matches!(parsed(&["-H", "-p", "alice", "LANG=C"], 1000), Ok(Command::LogIn(_))));
    }

    #[test]
    fn a_shell_is_a_whole_path() {
        for line in [&["-s", "/bin/dash", "alice"][..], &["-s/bin/dash", "alice"], &["--shell", "/bin/dash", "alice"]] {
            assert_eq!(request(line).shell, Some(PathBuf::from("/bin/dash")));
        }
        for shell in ["dash", "./dash", ""] {
            assert!(matches!(parsed(&["-s", shell, "alice"], 0), Err(ArgumentError::Shell)), "{shell:?}");
        }
    }

    #[test]
    fn what_follows_the_name_are_variables() {
        let asked = request(&["--", "alice", "LANG=C", "EMPTY=", "PROMPT=a=b"]);
        assert_eq!(asked.variables.iter().map(Variable::name).collect::<Vec<_>>(), ["LANG", "EMPTY", "PROMPT"]);
        for wrong in ["bob", "=x", "A-B=x", "0A=x", "-f", "BASH_FUNC_ls%%=() { :; }", "a\nb=x"] {
            assert!(matches!(parsed(&["--", "alice", wrong], 0), Err(ArgumentError::Variable(_))), "{wrong:?}");
        }
        assert!(matches!(parsed(&["alice", "-x"], 0), Err(ArgumentError::Syntax(_))));
    }

    #[test]
    fn trust_without_a_name_and_two_names_are_refused() {
        assert!(matches!(parsed(&["-f"], 0), Err(ArgumentError::NobodyToTrust)));
        assert!(matches!(parsed(&["alice", "bob"], 0), Err(ArgumentError::Variable(_))));
        assert!(matches!(parsed(&[""], 0), Err(ArgumentError::Name(Refusal::Empty))));
        assert!(matches!(parsed(&["-h"], 0), Err(ArgumentError::Syntax(_))));
    }

    /// The options that the lines of `text` begin with.
    fn options(text: &str) -> BTreeSet<String> {
        let lines = text.lines().filter(|line| line.trim_start().starts_with(['-', '*']));
        let words = lines.flat_map(|line| line.split_whitespace().take_while(|word| word.starts_with(['-', '*'])));
        words.map(|word| word.trim_matches(['*', ',']).to_owned()).collect()
    }

    #[test]
    fn the_completions_name_the_options_of_the_help() {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/completion.awk");
        let awk = "printf %s \"$1\" | awk -v name=login -v page='login(1)' -v shell=$2 -f \"$3\"";
        for shell in ["bash", "zsh"] {
            let made = std::process::Command::new("sh").args(["-c", awk, "sh", HELP, shell, script]).output();
            let made = String::from_utf8(made.expect("a shell").stdout).expect("UTF-8");
            for option in options(HELP).iter().filter(|option| shell == "zsh" || option.starts_with("--")) {
                assert!(made.contains(option), "{option}: {made}");
            }
        }
    }

    #[test]
    fn help_and_manual_name_the_same_options_and_login_takes_them() {
        let manual = include_str!("../../docs/man/login.1.scd");
        let section = manual.split("# OPTIONS").nth(1).and_then(|rest| rest.split("\n# ").next()).expect("a section");
        assert_eq!(options(section), options(HELP));
        assert_eq!(options(HELP).len(), 11);
        for option in options(HELP) {
            let takes_value = ["-h", "-s", "--shell"].contains(&option.as_str());
            let line: &[&str] = if takes_value { &[&option, "/value", "alice"] } else { &[&option, "alice"] };
            assert!(parsed(line, 0).is_ok(), "{option}");
        }
    }
}
