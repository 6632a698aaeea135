//! Scripts that are run inside the machine by its agent.

use std::io::{BufReader, ErrorKind};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use tests::outcome::{Failure, Outcome};
use tests::wire;

/// The agent's end of the line, as the host has it.
#[derive(Debug)]
pub(crate) struct Agent(BufReader<UnixStream>);

/// What a script said, as text.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) script: String,
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Agent {
    /// The line over which an agent will come.
    pub(crate) fn expected_on(line: UnixStream) -> Self {
        Self(BufReader::new(line))
    }

    /// Waits until an agent has come: the boot's name.
    ///
    /// # Errors
    /// That none came.
    pub(crate) fn await_boot(&mut self, patience: Duration) -> Outcome<String> {
        self.0.get_ref().set_read_timeout(Some(patience))?;
        wire::await_greeting(&mut self.0).map_err(|error| late("the machine does not boot", &error, patience))
    }

    /// Runs a script to its end.
    ///
    /// # Errors
    /// That it does not end.
    pub(crate) fn run(&mut self, script: &str, patience: Duration) -> Outcome<Said> {
        self.0.get_ref().set_read_timeout(Some(patience))?;
        wire::ask(self.0.get_ref(), script)?;
        let answer = wire::read_answer(&mut self.0);
        let answer = answer.map_err(|error| late(&format!("no answer to: {script}"), &error, patience))?;
        Ok(Said {
            script: script.to_owned(),
            status: answer.status,
            stdout: String::from_utf8_lossy(&answer.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&answer.stderr).into_owned(),
        })
    }

    /// Hands a script over whose end the machine will not live to see.
    ///
    /// # Errors
    /// That it cannot be sent.
    pub(crate) fn hand_over(&mut self, script: &str) -> Outcome {
        Ok(wire::ask(self.0.get_ref(), script)?)
    }
}

impl Said {
    /// What it wrote to its standard output, if it ended well.
    ///
    /// # Errors
    /// All it said, if it did not.
    pub(crate) fn well(self) -> Outcome<String> {
        if self.status == 0 { Ok(self.stdout) } else { Err(self.complaint("failed")) }
    }

    /// A failure that shows all there is to see.
    pub(crate) fn complaint(&self, what: &str) -> Failure {
        let Self { script, status, stdout, stderr } = self;
        Failure::new(format!("{script}\n{what} ({status})\n--- stdout\n{stdout}--- stderr\n{stderr}---"))
    }
}

fn late(what: &str, error: &std::io::Error, patience: Duration) -> Failure {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Failure::new(format!("{what} ({} s)", patience.as_secs())),
        _ => Failure::new(format!("{what}: {error}")),
    }
}
