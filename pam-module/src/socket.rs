//! A stream socket to a local peer: connected, written and read, and never beyond a deadline.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, recvmsg, sendmsg, socket_with,
};

use crate::deadline::Deadline;

/// The most file descriptors kept of what comes: an answer has one, and the host's table is not ours to fill.
const DESCRIPTORS_MAX: usize = 8;

/// Why a peer cannot be spoken with, by what the caller may do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Silence {
    /// Nobody is there: another may be asked.
    #[error("no login manager is there: {0}")]
    Absent(Errno),
    /// The peer went away, perhaps to come back.
    #[error("the login manager went away: {0}")]
    Broken(Errno),
    /// The deadline came.
    #[error("the login manager gave no answer in time")]
    Late,
}

/// A connected socket.
#[derive(Debug)]
pub(crate) struct Socket(OwnedFd);

impl Socket {
    /// Connects to the socket of that path (unix(7)).
    ///
    /// The connect itself blocks, bounded by SO_SNDTIMEO: a non-blocking one fails at once while the peer's backlog is
    /// full, and poll(2) cannot wait for room in it.
    pub(crate) fn connect(path: &str, deadline: Deadline) -> Result<Self, Silence> {
        let address = SocketAddrUnix::new(path).map_err(Silence::Absent)?;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
        let socket = socket.map_err(Silence::Absent)?;
        loop {
            let left = deadline.left().ok_or(Silence::Late)?;
            set_socket_timeout(&socket, Timeout::Send, Some(left.max(Duration::from_millis(1))))
                .map_err(Silence::Absent)?;
            match connect(&socket, &address) {
                Ok(()) => break,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Err(Silence::Late),
                Err(e) => return Err(Silence::Absent(e)),
            }
        }
        rustix::io::ioctl_fionbio(&socket, true).map_err(Silence::Broken)?;
        Ok(Self(socket))
    }

    /// Writes all of `bytes`, with `fd` beside the first of them.
    pub(crate) fn write(
        &self,
        mut bytes: &[u8],
        mut fd: Option<BorrowedFd<'_>>,
        deadline: Deadline,
    ) -> Result<(), Silence> {
        while !bytes.is_empty() {
            deadline.left().ok_or(Silence::Late)?;
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut ancillary = SendAncillaryBuffer::new(&mut space);
            if fd.is_some() && !ancillary.push(SendAncillaryMessage::ScmRights(fd.as_slice())) {
                return Err(Silence::Broken(Errno::MSGSIZE));
            }
            match sendmsg(&self.0, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::NOSIGNAL) {
                Ok(sent) => {
                    bytes = bytes.get(sent..).unwrap_or_default();
                    fd = None;
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(PollFlags::OUT, deadline)?,
                Err(e) => return Err(Silence::Broken(e)),
            }
        }
        Ok(())
    }

    /// Reads some bytes, one at least, into `buffer` and the file descriptors beside them, close-on-exec, into `fds`: the
    /// first few; there is none for more.
    pub(crate) fn read(&self, buffer: &mut [u8], fds: &mut Vec<OwnedFd>, deadline: Deadline) -> Result<usize, Silence> {
        loop {
            deadline.left().ok_or(Silence::Late)?; // a peer that never stops talking must not hold us either
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
            let mut ancillary = RecvAncillaryBuffer::new(&mut space);
            let mut parts = [IoSliceMut::new(buffer)];
            match recvmsg(&self.0, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
                Ok(read) if read.bytes == 0 => return Err(Silence::Broken(Errno::PIPE)),
                Ok(read) => {
                    for message in ancillary.drain() {
                        if let RecvAncillaryMessage::ScmRights(rights) = message {
                            fds.extend(rights);
                        }
                    }
                    fds.truncate(DESCRIPTORS_MAX);
                    return Ok(read.bytes);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(PollFlags::IN, deadline)?,
                Err(e) => return Err(Silence::Broken(e)),
            }
        }
    }

    fn wait(&self, what: PollFlags, deadline: Deadline) -> Result<(), Silence> {
        match deadline.wait(&mut [PollFd::new(&self.0, what)], Duration::MAX) {
            Ok(0) => Err(Silence::Late),
            Ok(_) => Ok(()),
            Err(e) => Err(Silence::Broken(e)),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
