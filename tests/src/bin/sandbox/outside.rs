//! The outer process while the sandbox lives: joins the terminal to the inside's, passes signals on, waits.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal};

use crate::error::{Error, FAILED, Tried};
use crate::link::{News, receive};
use crate::terminal::HostTerminal;

/// Ctrl-], as telnet(1) has it.
const LEAVE: u8 = 0x1d;

// What has happened, in an epoll event's data.
const ENDED: u64 = 0;
const SIGNAL: u64 = 1;
const LINK: u64 = 2;
const TYPED: u64 = 3;
const SHOWN: u64 = 4;

/// The outer process's view of the sandbox.
struct Outside<'a> {
    init: OwnedFd,
    events: Epoll,
    signals: SignalFd,
    link: &'a UnixStream,
    terminal: &'a HostTerminal,
    is_linked: bool,
    master: Option<OwnedFd>,
    /// Why PID 1 ends, if it has failed.
    words: Vec<u8>,
    /// Typed and not yet taken by the inside.
    typed: Vec<u8>,
    can_leave: bool,
}

/// Keeps the signals that end a sandbox, or resize its terminal, until [`attend`] takes them: one that came before would
/// kill the outer process, and what is left of the sandbox would be removed only after that.
pub(crate) fn hold_signals() -> Result<(), Error> {
    signals().thread_block().tried("hold signals for", "the sandbox")
}

fn signals() -> SigSet {
    [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGWINCH].into_iter().collect()
}

/// Waits for the sandbox's PID 1 to end and gives its exit status. With `can_leave`, Ctrl-] ends it.
pub(crate) fn attend(init: Pid, link: &UnixStream, terminal: &HostTerminal, can_leave: bool) -> Result<u8, Error> {
    let mut outside = Outside::new(init, link, terminal, can_leave).tried("attend to", "the sandbox")?;
    outside.attend().tried("attend to", "the sandbox")
}

impl<'a> Outside<'a> {
    fn new(init: Pid, link: &'a UnixStream, terminal: &'a HostTerminal, can_leave: bool) -> io::Result<Self> {
        let init = pidfd_open(init, PidfdFlags::empty())?;
        let signals = SignalFd::with_flags(&signals(), SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        let events = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        events.add(&init, EpollEvent::new(EpollFlags::EPOLLIN, ENDED))?;
        events.add(&signals, EpollEvent::new(EpollFlags::EPOLLIN, SIGNAL))?;
        events.add(link, EpollEvent::new(EpollFlags::EPOLLIN, LINK))?;
        Ok(Self {
            init,
            events,
            signals,
            link,
            terminal,
            is_linked: true,
            master: None,
            words: Vec::new(),
            typed: Vec::new(),
            can_leave,
        })
    }

    fn attend(&mut self) -> io::Result<u8> {
        loop {
            let mut happened = [EpollEvent::empty(); 8];
            let count = match self.events.wait(&mut happened, nix::sys::epoll::EpollTimeout::NONE) {
                Ok(count) => count,
                Err(nix::errno::Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            };
            for event in &happened[..count] {
                let status = match event.data() {
                    ENDED => Some(self.conclude()?),
                    SIGNAL => self.signalled()?,
                    LINK => self.hear().map(|()| None)?,
                    TYPED => self.read_typed()?,
                    _ => self.pass_typed().and_then(|()| self.show()).map(|()| None)?,
                };
                if let Some(status) = status {
                    return Ok(status);
                }
            }
        }
    }

    // What PID 1 sent before it ended may still be on its way: the terminal's last output, or why it failed.
    fn conclude(&mut self) -> io::Result<u8> {
        while self.is_linked {
            self.hear()?;
        }
        self.show()?;
        if !self.words.is_empty() {
            self.terminal.restore()?;
            eprintln!("sandbox: {}", String::from_utf8_lossy(&self.words));
        }
        self.status()
    }

    fn status(&self) -> io::Result<u8> {
        let ended = rustix::process::waitid(WaitId::PidFd(self.init.as_fd()), WaitIdOptions::EXITED)?;
        let status = ended
            .and_then(|ended| ended.exit_status().or_else(|| ended.terminating_signal().map(|signal| 128 + signal)));
        Ok(status.and_then(|status| u8::try_from(status).ok()).unwrap_or(FAILED))
    }

    // Kills PID 1, with which everything inside ends, and waits for that.
    fn end(&self) -> io::Result<()> {
        pidfd_send_signal(&self.init, rustix::process::Signal::KILL)?;
        rustix::process::waitid(WaitId::PidFd(self.init.as_fd()), WaitIdOptions::EXITED)?;
        Ok(())
    }

    fn signalled(&self) -> io::Result<Option<u8>> {
        while let Some(signal) = self.signals.read_signal()? {
            if signal.ssi_signo.cast_signed() == Signal::SIGWINCH as i32 {
                self.resize()?;
                continue;
            }
            self.end()?;
            return Ok(Some(128 + u8::try_from(signal.ssi_signo).unwrap_or(0)));
        }
        Ok(None)
    }

    fn hear(&mut self) -> io::Result<()> {
        match receive(self.link)? {
            News::Terminal(master) => self.join(master)?,
            News::Words(words) => self.words.extend(words),
            News::End => {
                self.is_linked = false;
                self.events.delete(self.link)?;
            }
        }
        Ok(())
    }

    fn join(&mut self, master: OwnedFd) -> io::Result<()> {
        let changes = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET;
        self.events.add(&master, EpollEvent::new(changes, SHOWN))?;
        self.master = Some(master);
        self.resize()?;
        if self.terminal.is_typed_at() {
            self.terminal.make_raw()?;
            self.events.add(io::stdin(), EpollEvent::new(EpollFlags::EPOLLIN, TYPED))?;
        }
        Ok(())
    }

    fn resize(&self) -> io::Result<()> {
        if let (Some(master), Some(size)) = (&self.master, self.terminal.size()?) {
            rustix::termios::tcsetwinsize(master, size)?;
        }
        Ok(())
    }

    fn read_typed(&mut self) -> io::Result<Option<u8>> {
        let mut keys = [0; 1024];
        let count = rustix::io::read(rustix::stdio::stdin(), &mut keys)?;
        if count == 0 {
            self.events.delete(io::stdin())?; // the terminal is gone
            return Ok(None);
        }
        if self.can_leave && keys[..count].contains(&LEAVE) {
            self.end()?;
            self.screen()?.write_all(b"\r\n")?;
            return Ok(Some(0));
        }
        self.typed.extend_from_slice(&keys[..count]);
        self.pass_typed().map(|()| None)
    }

    // What the inside does not take now is kept until it takes more (EPOLLOUT).
    fn pass_typed(&mut self) -> io::Result<()> {
        let Some(master) = &self.master else { return Ok(()) };
        while !self.typed.is_empty() {
            match rustix::io::write(master, &self.typed) {
                Ok(count) => drop(self.typed.drain(..count)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN | Errno::IO) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    // Shows all there is; nothing, for as long as nobody inside has the line open (EIO).
    fn show(&self) -> io::Result<()> {
        let Some(master) = &self.master else { return Ok(()) };
        let mut buffer = [0; 4096];
        loop {
            match rustix::io::read(master, &mut buffer) {
                Ok(0) | Err(Errno::AGAIN | Errno::IO) => return Ok(()),
                Ok(count) => self.screen()?.write_all(&buffer[..count])?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    // The terminal's stream that can be written: standard output, or error if only that is one.
    fn screen(&self) -> io::Result<File> {
        let (output, errors) = (io::stdout(), io::stderr());
        let stream =
            if self.terminal.streams[1] || !self.terminal.streams[2] { output.as_fd() } else { errors.as_fd() };
        Ok(stream.try_clone_to_owned()?.into())
    }
}
