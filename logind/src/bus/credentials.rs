//! Who the peer of a connection is, by the kernel's or the bus's word, never by its own.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use logind_core::Caller;
use logind_core::names::Uid;
use nix::errno::Errno;
use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::{PeerCredentials, PeerPidfd};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::time::Timespec;
use zbus::{Fd, OwnedVariant};

use crate::processes::Place;

/// A peer as it was when it connected.
#[derive(Debug)]
pub(super) struct Credentials {
    /// Its effective user.
    pub(super) uid: Uid,
    process: Option<Process>,
}

/// The peer's process, as long as its number can be trusted to be still its own.
#[derive(Debug)]
struct Process {
    pid: u32,
    fd: OwnedFd,
}

impl Credentials {
    /// The peer of an accepted socket (`SO_PEERCRED`, `SO_PEERPIDFD`; unix(7)).
    ///
    /// # Errors
    /// What getsockopt(2) says; `EPERM` if the peer's user is none.
    pub(super) fn of_socket(socket: &impl AsFd) -> io::Result<Self> {
        let peer = getsockopt(socket, PeerCredentials)?;
        let uid = Uid::new(peer.uid()).ok_or_else(|| io::Error::from_raw_os_error(libc::EPERM))?;
        // 0: a process outside of our PID namespace.
        let pid = u32::try_from(peer.pid()).ok().filter(|&pid| pid != 0);
        let process = pid.and_then(|pid| match getsockopt(socket, PeerPidfd) {
            Ok(fd) => Some(Process { pid, fd }),
            Err(Errno::ENOPROTOOPT) => Process::by_number(pid, uid), // before Linux 6.5
            Err(_) => None,
        });
        Ok(Self { uid, process })
    }

    /// The peer that the bus describes (GetConnectionCredentials, D-Bus Specification); none if it names no user.
    pub(super) fn of_bus(mut described: HashMap<String, OwnedVariant>) -> Option<Self> {
        let mut number = |key: &str| described.remove(key).and_then(|value| u32::try_from(value).ok());
        let uid = number("UnixUserID").and_then(Uid::new)?;
        let pid = number("ProcessID").filter(|&pid| pid != 0);
        let fd = described.remove("ProcessFD").and_then(|value| Fd::try_from(value).ok());
        let process = pid.and_then(|pid| match fd {
            Some(fd) => Some(Process { pid, fd: zbus::OwnedFd::from(fd).into() }),
            None => Process::by_number(pid, uid),
        });
        Some(Self { uid, process })
    }

    /// The caller that the peer is now: its place is read anew, for a process moves.
    pub(super) fn caller(&self, place_of: impl Fn(u32) -> io::Result<Place>) -> Caller {
        let Some(process) = &self.process else { return self.nowhere() };
        let place = place_of(process.pid);
        // Alive after its place was read: the number was its own all the while.
        match place {
            Ok(place) if process.is_alive() => {
                Caller { uid: self.uid, pid: process.pid, session: place.session, owner: place.owner }
            }
            _ => self.nowhere(),
        }
    }

    /// Whether it is the administrator.
    pub(super) fn is_root(&self) -> bool {
        self.uid == Uid::ROOT
    }

    /// The caller that the peer is, whatever process it has.
    pub(super) fn nowhere(&self) -> Caller {
        Caller { uid: self.uid, pid: 0, session: None, owner: None }
    }

    /// A pidfd of the peer's process, if it is there to be named.
    ///
    /// # Errors
    /// `ESRCH` if the peer's process is unknown; what dup(2) says.
    pub(super) fn pidfd(&self) -> io::Result<OwnedFd> {
        let process = self.process.as_ref().ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))?;
        process.fd.try_clone()
    }
}

impl Process {
    /// The process `pid`, if it may be the one that connected as `uid`: after the number was given to another user's
    /// process, the connection's rights must not become that one's.
    fn by_number(pid: u32, uid: Uid) -> Option<Self> {
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
        let fd = pidfd_open(number, PidfdFlags::empty()).ok()?;
        let status = fs::read(format!("/proc/{pid}/status")).ok()?;
        let process = Self { pid, fd };
        (runs_as(&String::from_utf8_lossy(&status), uid) && process.is_alive()).then_some(process)
    }

    /// Whether the process has not ended; a pidfd is readable once it has (pidfd_open(2)).
    fn is_alive(&self) -> bool {
        let mut wanted = [PollFd::new(&self.fd, PollFlags::IN)];
        poll(&mut wanted, Some(&Timespec::default())) == Ok(0)
    }
}

/// Whether one of the four user ids in a /proc/PID/status is `uid` (proc_pid_status(5)).
fn runs_as(status: &str, uid: Uid) -> bool {
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    ids.is_some_and(|ids| ids.split_ascii_whitespace().any(|id| id.parse() == Ok(uid.get())))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::process::Command;

    use logind_core::names::SessionId;

    use super::*;

    fn somewhere(_: u32) -> io::Result<Place> {
        Ok(Place { session: SessionId::new("c1"), owner: Uid::new(1000) })
    }

    #[test]
    fn a_connected_peer_is_who_the_kernel_says() {
        let (ours, _theirs) = UnixStream::pair().expect("a pair of sockets");
        let peer = Credentials::of_socket(&ours).expect("credentials");
        let caller = peer.caller(somewhere);
        assert_eq!(caller.pid, std::process::id());
        assert_eq!(Some(caller.uid), Uid::new(nix::unistd::geteuid().as_raw()));
        assert_eq!(caller.session, SessionId::new("c1"));
    }

    #[test]
    fn a_peer_whose_process_ended_has_no_session() {
        let mut child = Command::new("cat").stdin(std::process::Stdio::piped()).spawn().expect("a child");
        let me = Uid::new(nix::unistd::geteuid().as_raw()).expect("a uid");
        let process = Process::by_number(child.id(), me).expect("it runs as we do");
        let peer = Credentials { uid: me, process: Some(process) };
        assert_eq!(peer.caller(somewhere).pid, child.id());
        child.kill().expect("a signal");
        child.wait().expect("its end");
        assert_eq!(peer.caller(somewhere), Caller { uid: me, pid: 0, session: None, owner: None });
    }

    #[test]
    fn a_number_that_now_is_another_users_is_not_trusted() {
        let nobody = Uid::new(54_321).expect("a uid");
        assert!(Process::by_number(std::process::id(), nobody).is_none());
        assert!(runs_as("Name:\tsu\nUid:\t1000\t0\t0\t0\n", Uid::ROOT));
        assert!(!runs_as("Name:\tUid:\t0\nUid:\t1000\t1000\t1000\t1000\n", Uid::ROOT));
    }
}
