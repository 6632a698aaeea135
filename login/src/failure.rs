//! What ends a login before there is a shell, and what its person and its caller are told.

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use nix::errno::Errno;
use thiserror::Error;

use crate::account::{AccountError, GroupError};
use crate::arguments::ArgumentError;
use crate::attempt::Refusal;
use crate::line::LineError;
use crate::pam::PamError;
use crate::session::SessionError;

/// Why login ends without a shell.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Arguments(#[from] ArgumentError),
    #[error("cannot write")]
    Output(#[source] io::Error),
    #[error("only root can log somebody in")]
    NotRoot,
    #[error("only root can log somebody in from within a session; in your login shell, say: exec login")]
    NotLeader,
    #[error("the limits on resources are too low to log somebody in, and cannot be raised here; see ulimit in sh(1)")]
    Limits,
    #[error("cannot prepare the process")]
    Process(#[source] io::Error),
    #[error(transparent)]
    Line(#[from] LineError),
    #[error("cannot learn the line's modes")]
    Modes(#[source] io::Error),
    #[error("cannot limit the time of the login")]
    Signals(#[from] Errno),
    #[error("cannot begin with PAM")]
    Pam(#[from] PamError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Groups(#[from] GroupError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error("cannot start a process for the shell")]
    Shell(#[source] io::Error),
}

impl Failure {
    /// Whether the person has been told already, or has left: not a word more, and nothing is wrong with the line.
    pub(crate) fn is_told(&self) -> bool {
        matches!(self, Self::Refused(Refusal::Left | Refusal::TooManyTries))
    }

    /// login's exit status (`login(1)`).
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.is_told() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Tells whoever is at standard error what is wrong with their command line, and where to look.
pub(crate) fn tell_usage(error: &ArgumentError) {
    tell(error);
    let _told = io::stderr().write_all(b"Try 'login --help' for more information.\n");
}

/// Tells whoever is at standard error why it went no further, with all causes.
pub(crate) fn tell(error: &dyn Error) {
    let mut text = format!("login: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text.push('\n');
    // Nobody is left to be told if this fails.
    let _told = io::stderr().write_all(text.as_bytes());
}
