//! A terminal with a person before it: what they type, and what they see.

use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use rustix::io::Errno;

use crate::outcome::{Failure, Outcome};
use crate::paths;
use crate::people::Person;
use crate::process::Process;
use crate::pty::Pty;
use crate::sys::{Leading, lead};
use crate::wait::{Deadline, PATIENCE};

/// A pseudo-terminal whose master end a case types at and reads.
#[derive(Debug)]
pub struct Terminal {
    pty: Pty,
    // Edge-triggered: a master whose line nobody has open is hung up for as long as that lasts, and poll(2) would spin.
    changes: Epoll,
    seen: Vec<u8>,
    matched: usize,
}

impl Terminal {
    /// A new terminal of 24 rows and 80 columns, with nobody on its line.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn open() -> Outcome<Self> {
        let pty = Pty::open()?;
        pty.resize(24, 80)?;
        let changes = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        changes.add(&pty, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, 0))?;
        Ok(Self { pty, changes, seen: Vec::new(), matched: 0 })
    }

    /// The line's name without `/dev/`: `pts/3`.
    #[must_use]
    pub fn line(&self) -> &str {
        self.pty.line()
    }

    /// The pair itself, for its window size and its line.
    #[must_use]
    pub fn pty(&self) -> &Pty {
        &self.pty
    }

    /// Starts our getty on the line as an init does, with `options` before the line's name.
    ///
    /// # Errors
    /// That it cannot be started.
    pub fn getty(&self, options: &[&str]) -> Outcome<Process> {
        let mut getty = Command::new(Path::new(paths::PROGRAMS).join("getty"));
        getty.args(options).args([self.line(), "vt220"]);
        start_as_init(&mut getty)
    }

    /// Starts our login on the line, so that it asks for the name itself.
    ///
    /// # Errors
    /// That it cannot be started.
    pub fn login(&self) -> Outcome<Process> {
        self.start(&mut Command::new(Path::new(paths::PROGRAMS).join("login")))
    }

    /// Starts `command` on the line: it leads a session whose controlling terminal this is.
    ///
    /// # Errors
    /// That it cannot be started.
    pub fn start(&self, command: &mut Command) -> Outcome<Process> {
        let line = self.pty.slave()?;
        command.stdin(line.try_clone()?).stdout(line.try_clone()?).stderr(line);
        lead(command, Leading::Terminal, None);
        Process::start(command)
    }

    /// Types `text` as it is; a return key is `\r`.
    ///
    /// # Errors
    /// That the line takes no more.
    pub fn send(&self, text: impl AsRef<[u8]>) -> Outcome {
        let text = text.as_ref();
        let written = rustix::io::write(&self.pty, text)?;
        if written == text.len() { Ok(()) } else { Err(Failure::new("the line does not take all that is typed")) }
    }

    /// Types `bytes` as fast as the line takes them and `reader` lives: how many it took.
    ///
    /// # Errors
    /// That the line took none for [`PATIENCE`].
    pub fn pour(&mut self, bytes: &[u8], reader: &Process) -> Outcome<usize> {
        let mut rest = bytes;
        while !rest.is_empty() {
            self.read()?; // who cannot write the echo does not read
            match rustix::io::write(&self.pty, rest) {
                Ok(written) => rest = &rest[written..],
                Err(Errno::AGAIN) => {
                    let mut fds = [
                        PollFd::new(self.pty.as_fd(), PollFlags::POLLIN | PollFlags::POLLOUT),
                        PollFd::new(reader.as_fd(), PollFlags::POLLIN),
                    ];
                    if poll(&mut fds, Deadline::after(PATIENCE).timeout())? == 0 {
                        return Err(Failure::new(format!("the line takes no more:\n{}", self.screen())));
                    }
                    if fds[1].any() == Some(true) {
                        break;
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(bytes.len() - rest.len())
    }

    /// Types `text` and the return key.
    ///
    /// # Errors
    /// That the line takes no more.
    pub fn enter(&self, text: &str) -> Outcome {
        self.send(format!("{text}\r"))
    }

    /// Waits until `text` comes up on the screen after what was expected before, and gives all that came with it.
    ///
    /// # Errors
    /// That it did not come within [`PATIENCE`], with the whole screen.
    pub fn expect(&mut self, text: &str) -> Outcome<String> {
        let deadline = Deadline::after(PATIENCE);
        loop {
            self.read()?;
            let new = &self.seen[self.matched..];
            if let Some(at) = new.windows(text.len()).position(|window| window == text.as_bytes()) {
                let end = at + text.len();
                let found = String::from_utf8_lossy(&new[..end]).into_owned();
                self.matched += end;
                return Ok(found);
            }
            if deadline.left().is_none() {
                return Err(Failure::new(format!("{text:?} did not come up on {}:\n{}", self.line(), self.screen())));
            }
            self.await_change(deadline)?;
        }
    }

    /// Answers login's two questions as `person` does, and waits for the shell's prompt.
    ///
    /// # Errors
    /// That a question or the prompt did not come up.
    pub fn log_in(&mut self, person: &Person) -> Outcome {
        self.expect("login: ")?;
        self.enter(person.name)?;
        self.expect("assword: ")?;
        self.enter(person.name)?;
        self.expect(if person.uid == 0 { "# " } else { "$ " })?;
        Ok(())
    }

    /// Types `command` at a shell and gives what it printed up to the end of its work.
    ///
    /// # Errors
    /// That the shell did not come to the end of it.
    pub fn shell(&mut self, command: &str) -> Outcome<String> {
        // The quotes keep the echo of what is typed from being taken for the output.
        self.enter(&format!("echo \"be\"'gun:'; {command}; echo \"en\"'ded:'"))?;
        self.expect("begun:\r\n")?;
        let output = self.expect("ended:\r\n")?;
        Ok(output.trim_end_matches("ended:\r\n").replace("\r\n", "\n").trim_end().to_owned())
    }

    /// Everything that came up so far, with what is not printable escaped, for messages.
    #[must_use]
    pub fn screen(&self) -> String {
        let text = String::from_utf8_lossy(&self.seen);
        text.lines().map(|line| format!("| {}\n", line.escape_debug())).collect()
    }

    /// Everything that came up so far, as it came.
    ///
    /// # Errors
    /// What reading says.
    pub fn transcript(&mut self) -> Outcome<String> {
        self.read()?;
        Ok(String::from_utf8_lossy(&self.seen).into_owned())
    }

    /// What came up so far after what was expected last.
    ///
    /// # Errors
    /// What reading says.
    pub fn rest(&mut self) -> Outcome<String> {
        self.read()?;
        Ok(String::from_utf8_lossy(&self.seen[self.matched..]).into_owned())
    }

    fn read(&mut self) -> Outcome {
        let mut buffer = [0; 4096];
        loop {
            match rustix::io::read(&self.pty, &mut buffer) {
                Ok(0) | Err(Errno::AGAIN | Errno::IO) => return Ok(()), // EIO: nobody has the line open now
                Ok(count) => self.seen.extend_from_slice(&buffer[..count]),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn await_change(&self, deadline: Deadline) -> Outcome {
        match self.changes.wait(&mut [EpollEvent::empty()], deadline.timeout()) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Starts `command` the way an init starts a getty or a daemon: a session of its own, no terminal, nothing to read.
///
/// # Errors
/// That it cannot be started.
pub fn start_as_init(command: &mut Command) -> Outcome<Process> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    lead(command, Leading::Session, None);
    Process::start(command)
}
