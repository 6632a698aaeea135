//! A daemon that init keeps running: started, ready, ended and started again.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use super::launch::{self, Launch, Readiness};
use crate::error::{Error, Tried};

/// How often in a row a daemon may end without having become ready before it stays down.
const PATIENCE: u32 = 5;

/// One daemon.
#[derive(Debug)]
pub(super) struct Service {
    name: &'static str,
    launch: Launch,
    state: State,
    is_wanted: bool,
    failures: u32,
}

#[derive(Debug)]
enum State {
    Down,
    /// The herald is not yet listening to the bus; the daemon waits for that.
    Heralding {
        herald: Pid,
        voice: OwnedFd,
    },
    /// Started; `voice` will say when it is ready.
    Starting {
        pid: Pid,
        herald: Option<Pid>,
        voice: Option<OwnedFd>,
        said: Vec<u8>,
    },
    Ready {
        pid: Pid,
    },
}

impl Service {
    pub(super) fn new(name: &'static str, launch: Launch) -> Self {
        Self { name, launch, state: State::Down, is_wanted: false, failures: 0 }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready { .. })
    }

    pub(super) fn is_down(&self) -> bool {
        matches!(self.state, State::Down)
    }

    /// Whether it ended without ever having been ready since it was last wanted.
    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    pub(super) fn pid(&self) -> Option<Pid> {
        match self.state {
            State::Starting { pid, .. } | State::Ready { pid } => Some(pid),
            State::Down | State::Heralding { .. } => None,
        }
    }

    /// What to read from while it is on its way to be ready.
    pub(super) fn voice(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Heralding { voice, .. } => Some(voice.as_fd()),
            State::Starting { voice, .. } => voice.as_ref().map(AsFd::as_fd),
            State::Down | State::Ready { .. } => None,
        }
    }

    /// Wants it running.
    pub(super) fn start(&mut self) -> Result<(), Error> {
        self.is_wanted = true;
        self.failures = 0;
        if self.is_down() { self.launch() } else { Ok(()) }
    }

    /// Wants it down, and tells it so; one that is stopped (SIGSTOP) is woken to hear it.
    pub(super) fn stop(&mut self) {
        self.is_wanted = false;
        for pid in self.pid().into_iter().chain(self.herald()) {
            for signal in [Signal::SIGTERM, Signal::SIGCONT] {
                // Already gone is as good as told.
                let _ = kill(pid, signal);
            }
        }
    }

    /// Reads what it, or its herald, has to say about being ready.
    pub(super) fn listen(&mut self) -> Result<(), Error> {
        let Some(voice) = self.voice() else { return Ok(()) };
        let mut buffer = [0; 4096];
        let count = match rustix::io::read(voice, &mut buffer) {
            Ok(count) => count,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
            Err(error) => return Err(error).tried("listen to", self.name),
        };
        match &mut self.state {
            State::Heralding { .. } => self.launch_heralded(),
            State::Starting { voice, .. } if count == 0 => {
                *voice = None; // it will not say it any more; its end, or the deadline, comes next
                Ok(())
            }
            State::Starting { said, .. } => {
                said.extend_from_slice(&buffer[..count]);
                self.judge();
                Ok(())
            }
            State::Down | State::Ready { .. } => Ok(()),
        }
    }

    /// Takes note that a process has ended; if it was this daemon's, says what happened and starts it again.
    pub(super) fn lost(&mut self, ended: Pid, status: u8) -> Result<Option<String>, Error> {
        if self.herald() != Some(ended) && self.pid() != Some(ended) {
            return Ok(None);
        }
        let was_ready = self.is_ready();
        if let Some(other) = self.pid().into_iter().chain(self.herald()).find(|pid| *pid != ended) {
            let _ = kill(other, Signal::SIGKILL); // its half has ended: it is of no use alone, if it is still there
        }
        self.state = State::Down;
        self.failures = if was_ready { 0 } else { self.failures + 1 };
        let name = self.name;
        if !self.is_wanted {
            return Ok(Some(format!("{name} was stopped (status {status})")));
        }
        if self.failures >= PATIENCE {
            return Ok(Some(format!("{name} ended {PATIENCE} times without being ready: it stays down")));
        }
        self.launch()?;
        Ok(Some(format!("{name} ended (status {status}): started again")))
    }

    fn herald(&self) -> Option<Pid> {
        match self.state {
            State::Heralding { herald, .. } => Some(herald),
            State::Starting { herald, .. } => herald,
            State::Down | State::Ready { .. } => None,
        }
    }

    fn launch(&mut self) -> Result<(), Error> {
        let (voice, mouth) = pipe_with(PipeFlags::CLOEXEC).tried("make a pipe to", self.name)?;
        rustix::io::ioctl_fionbio(&voice, true).tried("make a pipe to", self.name)?;
        match self.launch.readiness {
            Readiness::Descriptor(option) => {
                let mut command = self.command()?;
                command.arg(format!("{option}={}", mouth.as_raw_fd()));
                let pid = launch::spawn(&mut command, Some(mouth))?;
                self.state = State::Starting { pid, herald: None, voice: Some(voice), said: Vec::new() };
            }
            Readiness::Name(name) => {
                let mut command = launch::daemon(Path::new("/usr/bin/dbus-monitor"), "herald")?;
                let rule = format!("type='signal',member='NameOwnerChanged',arg0='{name}'");
                let herald = launch::spawn(command.args(["--system", &rule]).stdout(mouth), None)?;
                self.state = State::Heralding { herald, voice };
            }
        }
        Ok(())
    }

    // The herald's first words say that it listens: no news can be missed from now on.
    fn launch_heralded(&mut self) -> Result<(), Error> {
        if let State::Heralding { herald, voice } = std::mem::replace(&mut self.state, State::Down) {
            let pid = launch::spawn(&mut self.command()?, None)?;
            self.state = State::Starting { pid, herald: Some(herald), voice: Some(voice), said: Vec::new() };
        }
        Ok(())
    }

    fn judge(&mut self) {
        let State::Starting { pid, herald, said, .. } = &self.state else { return };
        let is_ready = match self.launch.readiness {
            Readiness::Descriptor(_) => said.contains(&b'\n'),
            Readiness::Name(name) => said.windows(name.len()).any(|window| window == name.as_bytes()),
        };
        if is_ready {
            if let Some(herald) = herald {
                let _ = kill(*herald, Signal::SIGTERM); // its news has come; if it is gone already, so be it
            }
            self.failures = 0;
            self.state = State::Ready { pid: *pid };
        }
    }

    fn command(&self) -> Result<std::process::Command, Error> {
        let mut command = launch::daemon(&self.launch.program, self.name)?;
        command.args(&self.launch.arguments);
        command.envs(self.launch.environment.iter().map(|(name, value)| (*name, value)));
        Ok(command)
    }
}
