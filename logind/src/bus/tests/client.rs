//! A client that can say what no well-behaved program says.

use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::runtime::Runtime;
use zbus::connection::Builder;
use zbus::{Connection, Message, OwnedVariant};

use super::house::{House, MANAGER, MANAGER_INTERFACE, PATIENCE};

/// A runtime for one test.
pub(super) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A client that takes the address for a bus.
pub(super) async fn on_bus(address: &str) -> Connection {
    Builder::address(address).method_timeout(PATIENCE).build().await.expect("a connection")
}

/// A client that takes the private door for a peer.
pub(super) async fn peer(house: &House) -> Connection {
    let stream = UnixStream::connect(house.socket()).expect("the door is open");
    Builder::unix_stream(stream).p2p().method_timeout(PATIENCE).build().await.expect("a connection")
}

/// Calls the manager; an error by its name and text.
pub(super) async fn call<B>(client: &Connection, member: &str, body: &B) -> Result<Message, (String, String)>
where
    B: serde::Serialize + zbus::DynamicType,
{
    let to = client.is_bus().then_some("org.freedesktop.login1");
    client.call_method(to, MANAGER, Some(MANAGER_INTERFACE), member, body).await.map_err(|error| {
        let text = error.to_string();
        let (name, text) = text.split_once(": ").unwrap_or(("", &text));
        (name.to_owned(), text.to_owned())
    })
}

/// The arguments of CreateSession, in order.
pub(super) struct Asked<'a> {
    pub(super) uid: u32,
    pub(super) pid: u32,
    pub(super) service: &'a str,
    pub(super) kind: &'a str,
    pub(super) class: &'a str,
    pub(super) desktop: &'a str,
    pub(super) seat: &'a str,
    pub(super) vt: u32,
    pub(super) tty: &'a str,
}

impl Default for Asked<'_> {
    fn default() -> Self {
        Self { uid: 4711, pid: 0, service: "sshd", kind: "", class: "", desktop: "", seat: "", vt: 0, tty: "" }
    }
}

impl Asked<'_> {
    /// CreateSession.
    pub(super) async fn by_pid(&self, client: &Connection) -> Result<Message, (String, String)> {
        let limits: Vec<(&str, OwnedVariant)> = Vec::new();
        let &Self { uid, pid, service, kind, class, desktop, seat, vt, tty } = self;
        let body = (uid, pid, service, kind, class, desktop, seat, vt, tty, ":0", true, "", "host.example", limits);
        call(client, "CreateSession", &body).await
    }

    /// CreateSessionWithPIDFD.
    pub(super) async fn by_fd(
        &self,
        client: &Connection,
        leader: BorrowedFd<'_>,
        flags: u64,
    ) -> Result<Message, (String, String)> {
        let limits: Vec<(&str, OwnedVariant)> = Vec::new();
        let leader = zbus::Fd::from(leader);
        let &Self { uid, pid: _, service, kind, class, desktop, seat, vt, tty } = self;
        let body = (uid, leader, service, kind, class, desktop, seat, vt, tty, "", false, "", "", flags, limits);
        call(client, "CreateSessionWithPIDFD", &body).await
    }
}

/// A process that does nothing until it is dropped.
pub(super) struct Idler(Child);

impl Idler {
    pub(super) fn start() -> Self {
        Self(Command::new("cat").stdin(Stdio::piped()).spawn().expect("a process"))
    }

    pub(super) fn pid(&self) -> u32 {
        self.0.id()
    }

    pub(super) fn pidfd(&self) -> OwnedFd {
        let pid = Pid::from_raw(self.pid().cast_signed()).expect("a pid");
        pidfd_open(pid, PidfdFlags::empty()).expect("a pidfd")
    }
}

impl Drop for Idler {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).expect("its end");
    }
}

/// A socket at the private door, with nothing said yet.
pub(super) fn raw(socket: &Path) -> UnixStream {
    let stream = UnixStream::connect(socket).expect("the door is open");
    stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
    stream.set_write_timeout(Some(PATIENCE)).expect("a deadline");
    stream
}

/// The words that begin a conversation, without descriptors.
pub(super) fn greeting() -> Vec<u8> {
    b"\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n".to_vec()
}

/// Whether the other side closed the connection; what it said before is read and dropped.
pub(super) fn is_closed(mut stream: &UnixStream) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {} // as whenever this process is stopped for a while
            Err(error) => return error.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}

/// Says some bytes; the other side may have closed.
pub(super) fn say(mut stream: &UnixStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)
}

/// Sends bytes with copies of one descriptor; the other side may have closed.
pub(super) fn send_with_fds(stream: &UnixStream, bytes: &[u8], fd: &OwnedFd, copies: usize) -> rustix::io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(64))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let fds: Vec<_> = (0..copies).map(|_| fd.as_fd()).collect();
    assert!(control.push(SendAncillaryMessage::ScmRights(&fds)), "there is room");
    sendmsg(stream, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL).map(drop)
}
