//! Where a line goes: the log daemon, else the kernel's log, else stderr. Nothing here blocks.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::line::Line;
use crate::paths::Paths;

/// When a line goes to stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stderr {
    /// With every line.
    Always,
    /// With a line that no log took.
    Fallback,
    /// With a line that no log took, and only if stderr is no terminal.
    FallbackOffTerminals,
}

/// The ways out of the process for a line.
///
/// The log daemon is looked for by its path with each line: one that was restarted, started late or replaced is found
/// without any state to go stale.
#[derive(Debug)]
pub(crate) struct Sink {
    paths: Paths,
    stderr: Stderr,
    /// What lines are sent from, in a program that sends many; others open one for each, and keep no descriptor.
    socket: Option<UnixDatagram>,
    lost: AtomicU32,
}

impl Sink {
    pub(crate) fn new(paths: Paths, stderr: Stderr) -> Self {
        Self { paths, stderr, socket: None, lost: AtomicU32::new(0) }
    }

    /// The same with a socket that is kept; without one if there is none to be had.
    pub(crate) fn with_socket(self) -> Self {
        Self { socket: socket().ok(), ..self }
    }

    /// Sends `line` by the best way that works now; a line without a way is counted, and the next one tells.
    pub(crate) fn send(&self, line: &Line) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let text = format!("{lost} lines before this one found no log and are lost");
            if !self.deliver(&Line { text, ..*line }) {
                self.lost.fetch_add(lost, Ordering::Relaxed);
            }
        }
        if !self.deliver(line) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn deliver(&self, line: &Line) -> bool {
        let is_logged = self.to_daemon(line).is_ok() || self.to_kernel(line).is_ok();
        if is_logged && self.stderr != Stderr::Always {
            return true;
        }
        if self.stderr == Stderr::FallbackOffTerminals && io::stderr().is_terminal() {
            return false;
        }
        to_stderr(line).is_ok() || is_logged
    }

    fn to_daemon(&self, line: &Line) -> io::Result<()> {
        let datagram = line.datagram();
        match &self.socket {
            Some(kept) => kept.send_to(datagram.as_bytes(), &self.paths.log)?,
            None => socket()?.send_to(datagram.as_bytes(), &self.paths.log)?,
        };
        Ok(())
    }

    fn to_kernel(&self, line: &Line) -> io::Result<()> {
        if !rustix::process::geteuid().is_root() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
        let mut kmsg =
            OpenOptions::new().append(true).custom_flags(flags.bits().cast_signed()).open(&self.paths.kmsg)?;
        kmsg.write_all(line.kernel_record().as_bytes()) // the kernel takes a record in one write or not at all
    }
}

/// A socket that does not wait: a log daemon that does not read must not hold up a login.
fn socket() -> io::Result<UnixDatagram> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    Ok(socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?.into())
}

/// Writes to stderr if it takes bytes now: it may be a terminal held by ^S, or a pipe nobody reads.
fn to_stderr(line: &Line) -> io::Result<()> {
    let stderr = io::stderr();
    let mut ready = [PollFd::new(&stderr, PollFlags::OUT)];
    poll(&mut ready, Some(&Timespec::default()))?;
    if !ready[0].revents().contains(PollFlags::OUT) {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    stderr.lock().write_all(line.plain().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::{Facility, Severity};

    fn line(text: &str) -> Line {
        Line { facility: Facility::Daemon, severity: Severity::Info, identifier: "test", pid: 7, text: text.to_owned() }
    }

    fn sink_in(folder: &tempfile::TempDir) -> Sink {
        let paths = Paths { log: folder.path().join("log"), kmsg: folder.path().join("kmsg") };
        Sink::new(paths, Stderr::Fallback)
    }

    fn next_line(daemon: &UnixDatagram) -> String {
        let mut datagram = [0; 2048];
        let length = daemon.recv(&mut datagram).expect("a line");
        String::from_utf8_lossy(&datagram[20..length]).into_owned()
    }

    #[test]
    fn a_restarted_log_daemon_gets_the_next_line() {
        let folder = tempfile::tempdir().expect("a folder");
        for sink in [sink_in(&folder), sink_in(&folder).with_socket()] {
            for text in ["before", "after"] {
                let daemon = UnixDatagram::bind(&sink.paths.log).expect("a socket");
                sink.send(&line(text));
                assert_eq!(next_line(&daemon), format!("test[7]: {text}"));
                std::fs::remove_file(&sink.paths.log).expect("the old socket goes");
            }
        }
    }

    #[test]
    fn without_a_log_daemon_root_writes_to_the_kernels_log() {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root writes to the kernel's log");
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let sink = sink_in(&folder);
        std::fs::write(&sink.paths.kmsg, "").expect("a file in the kernel's place");
        sink.send(&line("early"));
        assert_eq!(std::fs::read_to_string(&sink.paths.kmsg).expect("the record"), "<30>test[7]: early\n");
    }

    #[test]
    fn a_log_daemon_that_does_not_read_holds_nobody_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let sink = sink_in(&folder);
        let daemon = UnixDatagram::bind(&sink.paths.log).expect("a socket");
        std::fs::write(&sink.paths.kmsg, "").expect("a file in the kernel's place");
        for _ in 0..2000 {
            sink.send(&line("more than the socket's queue holds"));
        }
        assert_eq!(next_line(&daemon), "test[7]: more than the socket's queue holds");
    }
}
