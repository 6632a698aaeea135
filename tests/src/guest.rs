//! A login without a terminal: `pamtester(1)` opens a session, stays for as long as it is let, and closes it.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{ChildStderr, ChildStdin, Command, Stdio};

use crate::outcome::{Failure, Outcome};
use crate::people::Person;
use crate::process::Process;
use crate::visit::SESSIONS;
use crate::wait::{Deadline, PATIENCE, readable};

/// A process that called PAM, and what it is asked and answered through.
#[derive(Debug)]
pub struct Guest {
    /// The process, which is the session's leader.
    pub process: Process,
    answers: ChildStdin,
    questions: ChildStderr,
    password: &'static str,
}

impl Guest {
    /// Starts to open a session of `person`'s.
    ///
    /// # Errors
    /// That pamtester cannot be started.
    pub fn come(person: &Person) -> Outcome<Self> {
        let mut command = Command::new("pamtester");
        command.args(["-I", "tty=pts/4711", "login", person.name]);
        // The question for the password is where it stays until it is answered.
        command.args(["open_session", "authenticate", "close_session"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let (answers, questions) = (child.stdin.take(), child.stderr.take());
        let (Some(answers), Some(questions)) = (answers, questions) else {
            return Err(Failure::new("pamtester has no pipes"));
        };
        Ok(Self { process: Process::find(child.id())?, answers, questions, password: person.name })
    }

    /// Waits until `open_session` is over, with a session or without.
    ///
    /// # Errors
    /// That it did not come so far.
    pub fn is_in(&mut self) -> Outcome {
        let (deadline, mut said) = (Deadline::after(PATIENCE), Vec::new());
        while readable(self.questions.as_fd(), deadline)? {
            let mut part = [0; 256];
            let count = self.questions.read(&mut part)?;
            said.extend_from_slice(&part[..count]);
            if said.windows(9).any(|window| window == b"Password:") {
                return Ok(());
            }
            if count == 0 {
                break;
            }
        }
        Err(Failure::new(format!("pamtester did not open a session: {}", String::from_utf8_lossy(&said))))
    }

    /// [`Guest::come`] and [`Guest::is_in`].
    ///
    /// # Errors
    /// As both.
    pub fn stay(person: &Person) -> Outcome<Self> {
        let mut guest = Self::come(person)?;
        guest.is_in()?;
        Ok(guest)
    }

    /// The session whose life line it holds; none if logind gave it none.
    ///
    /// # Errors
    /// That its descriptors cannot be read.
    pub fn session(&self) -> Outcome<Option<String>> {
        for entry in fs::read_dir(format!("/proc/{}/fd", self.process.pid()))? {
            let Ok(target) = fs::read_link(entry?.path()) else { continue }; // closed meanwhile
            let target = target.display().to_string();
            let name = target.strip_prefix(SESSIONS).and_then(|rest| rest.strip_prefix('/')?.split_once(".ref"));
            if let Some((session, _)) = name {
                return Ok(Some(session.to_owned()));
            }
        }
        Ok(None)
    }

    /// Lets it close its session and end.
    ///
    /// # Errors
    /// That it ended otherwise, or not at all.
    pub fn leave(mut self) -> Outcome {
        writeln!(self.answers, "{}", self.password)?;
        match self.process.status()? {
            0 => Ok(()),
            status => Err(Failure::new(format!("pamtester ended with status {status}"))),
        }
    }
}
