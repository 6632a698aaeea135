//! Running a command to its end and looking at what it said.

use std::process::{Command, ExitStatus};

use crate::outcome::{Failure, Outcome};

/// What a command that ended has left.
#[derive(Debug)]
pub struct Ran {
    command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to its standard output.
    pub stdout: String,
    /// What it wrote to its standard error.
    pub stderr: String,
}

/// Runs a program with arguments.
///
/// # Errors
/// That it cannot be started.
pub fn run(program: &str, arguments: &[&str]) -> Outcome<Ran> {
    output(Command::new(program).args(arguments))
}

/// Runs a command that was put together elsewhere.
///
/// # Errors
/// That it cannot be started.
pub fn output(command: &mut Command) -> Outcome<Ran> {
    let name = format!("{command:?}");
    let output = command.output().map_err(|e| Failure::from(e).during(&name))?;
    Ok(Ran {
        command: name,
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

impl Ran {
    /// Itself, if its exit status is 0.
    ///
    /// # Errors
    /// What it said, if it is not.
    pub fn well(self) -> Outcome<Self> {
        if self.status.success() { Ok(self) } else { Err(self.complaint("failed")) }
    }

    /// Itself, if it failed.
    ///
    /// # Errors
    /// What it said, if its exit status is 0.
    pub fn refused(self) -> Outcome<Self> {
        if self.status.success() { Err(self.complaint("succeeded, and should not have")) } else { Ok(self) }
    }

    /// Itself, if its standard output holds `text`.
    ///
    /// # Errors
    /// What it said, if it does not.
    pub fn saying(self, text: &str) -> Outcome<Self> {
        if self.stdout.contains(text) { Ok(self) } else { Err(self.complaint(&format!("does not say {text:?}"))) }
    }

    /// Itself, if its standard output does not hold `text`.
    ///
    /// # Errors
    /// What it said, if it does.
    pub fn not_saying(self, text: &str) -> Outcome<Self> {
        if self.stdout.contains(text) { Err(self.complaint(&format!("says {text:?}"))) } else { Ok(self) }
    }

    /// A failure that shows all there is to see.
    #[must_use]
    pub fn complaint(&self, what: &str) -> Failure {
        let Self { command, status, stdout, stderr } = self;
        Failure::new(format!("{command} {what} ({status})\n--- stdout\n{stdout}--- stderr\n{stderr}---"))
    }
}
