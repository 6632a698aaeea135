//! The sandbox's PID 1: starts what a machine starts, keeps it running, reaps, keeps the log, runs the command.

mod control;
mod launch;
mod log;
mod service;
mod work;

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tests::wait::Deadline;

use crate::error::{Ending, Error, Tried};
use crate::host::Host;
use crate::options::{Daemon, Options};
use crate::terminal::{HostTerminal, leave_streams};
use control::Control;
use launch::RECORD;
use log::Log;
use service::Service;
use work::Work;

/// How long bus and logind may take together until the command is started.
const START: Duration = Duration::from_secs(30);

/// Everything PID 1 has an eye on.
struct Init {
    signals: SignalFd,
    log: Log,
    control: Control,
    services: Vec<Service>,
}

/// Starts the machine and runs the command, or gettys, until that ends: its exit status.
pub(crate) fn run(options: &Options, host: &Host, terminal: HostTerminal, link: &UnixStream) -> Result<u8, Error> {
    let mut init = Init::new(options)?;
    if !options.bare {
        init.record(&["boot"])?;
        init.record(&["runlevel", "2"])?;
    }
    let deadline = Deadline::after(START);
    for number in 0..init.services.len() {
        init.start(number, deadline)?;
    }
    // Through PID 1's streams nobody shall reach the host's terminal; the others are the command's as well.
    let shape = terminal.leave().tried("let go of", "the terminal")?;
    let mut work = Work::start(options, host, &shape, link)?;
    leave_streams().tried("let go of", "the standard streams")?;
    let mut ended = Vec::new();
    loop {
        if let Some(status) = work.judge(&ended)? {
            init.log.drain();
            return Ok(status);
        }
        ended = init.turn(None)?;
    }
}

impl Init {
    fn new(options: &Options) -> Result<Self, Error> {
        let mut wanted = SigSet::empty();
        wanted.add(Signal::SIGCHLD);
        wanted.thread_block().tried("block signals for", "init")?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(&wanted, flags).tried("await signals for", "init")?;
        let mut services = Vec::new();
        if options.bus {
            services.push(Service::new("bus", launch::bus()));
        }
        match options.daemon {
            Daemon::Ours => services.push(Service::new("logind", launch::logind())),
            Daemon::Elogind => services.push(Service::new("logind", launch::elogind())),
            Daemon::None => {}
        }
        Ok(Self { signals, log: Log::open()?, control: Control::open()?, services })
    }

    // Starts one service and waits for it; at the machine's start, one that ends is not tried again.
    fn start(&mut self, number: usize, deadline: Deadline) -> Result<(), Error> {
        self.services[number].start()?;
        while !self.services[number].is_ready() {
            self.turn(Some(deadline))?;
            let service = &self.services[number];
            let name = service.name();
            if service.has_failed() {
                return Err(Error::Service { service: name, how: Ending::Ended(log::last_words(name)) });
            }
            if deadline.left().is_none() {
                return Err(Error::Service { service: name, how: Ending::Late(log::last_words(name)) });
            }
        }
        Ok(())
    }

    // Runs utmp-record to its end.
    fn record(&mut self, arguments: &[&'static str]) -> Result<(), Error> {
        let pid = launch::record(arguments)?;
        loop {
            match self.turn(None)?.iter().find(|(ended, _)| *ended == pid) {
                Some((_, 0)) => return Ok(()),
                Some(_) => return Err(Error::Failed { program: RECORD, words: log::last_words(RECORD) }),
                None => {}
            }
        }
    }

    // Waits for something to happen and does what it calls for; gives the processes that ended.
    fn turn(&mut self, deadline: Option<Deadline>) -> Result<Vec<(Pid, u8)>, Error> {
        self.await_event(deadline).tried("wait for", "events")?;
        while self.signals.read_signal().tried("read", "signals")?.is_some() {}
        self.log.drain();
        for service in &mut self.services {
            service.listen()?;
        }
        let ended = reap().tried("reap", "children")?;
        for (pid, status) in &ended {
            for service in &mut self.services {
                if let Some(note) = service.lost(*pid, *status)? {
                    self.log.note(&note);
                }
            }
        }
        self.control.serve(&mut self.services);
        Ok(ended)
    }

    fn await_event(&self, deadline: Option<Deadline>) -> io::Result<()> {
        let mut fds = vec![self.signals.as_fd(), self.log.as_fd()];
        fds.extend(self.control.fds());
        fds.extend(self.services.iter().filter_map(Service::voice));
        let mut fds: Vec<PollFd<'_>> = fds.into_iter().map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        match poll(&mut fds, deadline.map_or(nix::poll::PollTimeout::NONE, Deadline::timeout)) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

// Every child that has ended since, our own and the orphans, with its exit status or 128 and its signal's number.
fn reap() -> io::Result<Vec<(Pid, u8)>> {
    let mut ended = Vec::new();
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, status)) => ended.push((pid, u8::try_from(status & 0xff).unwrap_or(u8::MAX))),
            Ok(WaitStatus::Signaled(pid, signal, _)) => {
                ended.push((pid, u8::try_from(128 + signal as i32).unwrap_or(u8::MAX)));
            }
            Ok(WaitStatus::StillAlive) | Err(nix::errno::Errno::ECHILD) => return Ok(ended),
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
