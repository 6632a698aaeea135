//! logind's own socket: who is let in, and how much each may hold.
//!
//! The socket is open to all. What keeps one user from shutting the door for others is that connections are counted by
//! uid; root, who logs people in, is never counted out.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use logind_core::names::Uid;
use rustix::net::{SocketFlags, accept_with};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::debug;
use zbus::connection::socket::ReadHalf;
use zbus::{Guid, MatchRule};

use super::complaints::{Complaints, complain};
use super::credentials::Credentials;
use super::driver::{OWN_NAME, matches};
use super::incoming::{Arrival, ConnectionId};
use super::letter::Parcel;
use super::listening::{DoorError, listen};
use super::outgoing::{Backlog, Most, Outgoing, Stuck, Task};
use super::sasl::Introduction;
use super::signals::Announcement;
use super::wire::{Reader, Stream, Writer, introduced};

/// How many connections one user may have, and all users but root together.
const MOST_PER_USER: usize = 64;
const MOST_OF_USERS: usize = 1024;

/// How much may wait for one peer. Bytes are bounded before: nothing is answered that is not read.
const MOST: Most = Most { messages: 4096, bytes: usize::MAX };

/// How long a peer may take to introduce itself (dbus-daemon's auth_timeout).
const INTRODUCTION: Duration = Duration::from_secs(5);

/// How long no connection is accepted after the kernel refused one for want of descriptors or memory.
const BREATH: Duration = Duration::from_millis(200);

/// The socket and its connections.
#[derive(Debug)]
pub(super) struct PrivateDoor {
    listener: AsyncFd<OwnedFd>,
    guid: String,
    connections: HashMap<ConnectionId, Connection>,
    last: u64,
    shut_out: Vec<ConnectionId>,
    closed_until: Instant,
    lanes: Lanes,
    complaints: Complaints,
}

/// The ways from the peers to the loop: one user's flood must not hold up a login, which root brings.
#[derive(Clone, Debug)]
pub(super) struct Lanes {
    /// For root's connections.
    pub(super) root: mpsc::Sender<Arrival>,
    /// For all others'.
    pub(super) users: mpsc::Sender<Arrival>,
}

/// A peer that is connected.
#[derive(Debug)]
pub(super) struct Connection {
    /// Who it is.
    pub(super) credentials: Credentials,
    /// What waits to be sent to it.
    pub(super) outgoing: Outgoing,
    /// Whether it takes descriptors; not known before it has introduced itself.
    pub(super) takes_fds: bool,
    /// Whether it said Hello.
    pub(super) has_name: bool,
    /// Which signals it wants.
    pub(super) rules: Vec<MatchRule<'static>>,
    _reader: Task,
}

impl PrivateDoor {
    /// Opens the door at `path`, in the place of one that a logind left behind.
    ///
    /// # Errors
    /// If another logind answers there, or the socket cannot be made.
    pub(super) fn open(path: &Path, lanes: Lanes) -> Result<Self, DoorError> {
        let listener = listen(path)?;
        let guid = Guid::generate().as_str().to_owned();
        let connections = HashMap::new();
        let (closed_until, complaints) = (Instant::now(), Complaints::default());
        Ok(Self { listener, guid, connections, last: 0, shut_out: Vec::new(), closed_until, lanes, complaints })
    }

    /// The next peer at the door. Cancel-safe.
    pub(super) async fn next(&mut self) -> OwnedFd {
        loop {
            sleep_until(self.closed_until).await;
            let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
            match self.listener.async_io(Interest::READABLE, |door| Ok(accept_with(door, flags)?)).await {
                Ok(socket) => return socket,
                // The peer left before it was let in.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    complain!(self.complaints, "cannot accept a connection: {error}");
                    self.closed_until = Instant::now() + BREATH;
                }
            }
        }
    }

    /// Lets a peer in, or turns it away.
    pub(super) fn admit(&mut self, socket: OwnedFd) {
        let credentials = match Credentials::of_socket(&socket) {
            Ok(credentials) => credentials,
            Err(error) => return debug!("a peer left before it was known: {error}"),
        };
        if !has_room_for(credentials.uid, self.connections.values().map(|peer| peer.credentials.uid)) {
            complain!(self.complaints, "uid {} has too many connections, one more is refused", credentials.uid);
            return;
        }
        let stream = match Stream::new(socket) {
            Ok(stream) => Arc::new(stream),
            Err(error) => return complain!(self.complaints, "cannot listen to a connection: {error}"),
        };
        self.last += 1;
        let id = ConnectionId(self.last);
        let peer = Introduction::new(credentials.uid, self.guid.clone());
        let lane = if credentials.uid == Uid::ROOT { &self.lanes.root } else { &self.lanes.users };
        let outgoing = Outgoing::to(Writer::new(Arc::clone(&stream)), MOST);
        let attended = attend(id, stream, (peer, outgoing.backlog()), lane.clone());
        let connection = Connection {
            credentials,
            outgoing,
            takes_fds: false,
            has_name: false,
            rules: Vec::new(),
            _reader: Task(tokio::spawn(attended)),
        };
        self.connections.insert(id, connection);
    }

    /// A connection.
    pub(super) fn connection(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections.get_mut(&id)
    }

    /// A connection, and how many match rules those of its user have.
    pub(super) fn connection_and_rules(&mut self, id: ConnectionId) -> Option<(&mut Connection, usize)> {
        let uid = self.connections.get(&id)?.credentials.uid;
        let own = self.connections.values().filter(|peer| peer.credentials.uid == uid);
        let rules = own.map(|peer| peer.rules.len()).sum();
        Some((self.connections.get_mut(&id)?, rules))
    }

    /// Whether any signal is wanted by anybody.
    pub(super) fn is_listened_to(&self) -> bool {
        self.connections.values().any(|peer| !peer.rules.is_empty())
    }

    /// Sends a message to a peer; one that does not read is dropped.
    pub(super) fn send(&mut self, id: ConnectionId, message: impl Into<Parcel>) {
        let Some(connection) = self.connections.get(&id) else { return };
        if connection.outgoing.push(message) == Err(Stuck) {
            let uid = connection.credentials.uid;
            complain!(self.complaints, "uid {uid} does not read what it is sent, its connection is closed");
            self.close(id);
            self.shut_out.push(id);
        }
    }

    /// A connection has ended: what its peer did wrong is said.
    pub(super) fn ended(&mut self, id: ConnectionId, ending: &Ending) {
        if let Some(connection) = self.connections.get(&id) {
            let uid = connection.credentials.uid;
            match ending {
                Ending::Left => debug!("a connection of uid {uid} is closed"),
                Ending::Late => {
                    complain!(self.complaints, "uid {uid} did not introduce itself, its connection is closed");
                }
                Ending::Malformed(error) => {
                    let error = error.to_string();
                    let error = error.escape_debug();
                    complain!(self.complaints, "uid {uid} sent what is no message, its connection is closed: {error}");
                }
            }
        }
        self.close(id);
    }

    /// The connections that did not end by themselves since this was asked last: nothing arrives of their end.
    pub(super) fn shut_out(&mut self) -> Vec<ConnectionId> {
        std::mem::take(&mut self.shut_out)
    }

    /// Drops a connection.
    pub(super) fn close(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
    }

    /// Sends a signal, with this number, to every peer with a rule that asks for it.
    pub(super) fn announce(&mut self, announcement: &Announcement, serial: u32) {
        let wants = |peer: &Connection| peer.rules.iter().any(|rule| matches(rule, announcement));
        let ids: Vec<_> = self.connections.iter().filter(|(_, peer)| wants(peer)).map(|(&id, _)| id).collect();
        if ids.is_empty() {
            return;
        }
        let message = announcement.letter.seal(serial, Some(OWN_NAME));
        for id in ids {
            self.send(id, message.clone());
        }
    }
}

/// Whether one more connection of `uid` may be added to those of `others`.
fn has_room_for(uid: Uid, others: impl Iterator<Item = Uid>) -> bool {
    let (mut own, mut users) = (0, 0);
    for other in others.filter(|&other| other != Uid::ROOT) {
        users += 1;
        own += usize::from(other == uid);
    }
    uid == Uid::ROOT || (own < MOST_PER_USER && users < MOST_OF_USERS)
}

/// Reads what a peer says until it ends, and hands it on.
async fn attend(
    id: ConnectionId,
    stream: Arc<Stream>,
    peer: (Introduction, Arc<Backlog>),
    lane: mpsc::Sender<Arrival>,
) {
    let ending = converse(id, stream, peer, &lane).await;
    let ended = lane.send(Arrival::Ended(id, ending)).await;
    if ended.is_err() {
        debug!("a connection outlived the door"); // the daemon is going
    }
}

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// The peer closed it.
    Left,
    /// The peer did not introduce itself in time.
    Late,
    /// The peer sent what is no message.
    Malformed(zbus::Error),
}

async fn converse(
    id: ConnectionId,
    stream: Arc<Stream>,
    (peer, backlog): (Introduction, Arc<Backlog>),
    lane: &mpsc::Sender<Arrival>,
) -> Ending {
    let takes_fds = match timeout(INTRODUCTION, introduced(&stream, peer)).await {
        Err(_) => return Ending::Late,
        Ok(Err(error)) => return ending(error.into()),
        Ok(Ok(takes_fds)) => takes_fds,
    };
    if lane.send(Arrival::Introduced(id, takes_fds)).await.is_err() {
        return Ending::Left;
    }
    let mut reader = Reader::new(stream);
    for sequence in 1.. {
        if backlog.is_small().await == Err(Stuck) {
            break;
        }
        let message = match reader.receive_message(sequence, &mut Vec::new(), &mut Vec::new()).await {
            Ok(message) => message,
            Err(error) => return ending(error),
        };
        if let Err(error) = message.body().validate() {
            return Ending::Malformed(error);
        }
        if lane.send(Arrival::Said(id, message)).await.is_err() {
            break;
        }
    }
    Ending::Left
}

fn ending(error: zbus::Error) -> Ending {
    match &error {
        zbus::Error::InputOutput(cause) => match cause.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Ending::Left,
            _ => Ending::Malformed(error),
        },
        _ => Ending::Malformed(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(count: usize, uid: u32) -> impl Iterator<Item = Uid> {
        std::iter::repeat_n(Uid::new(uid).expect("a uid"), count)
    }

    #[test]
    fn one_user_cannot_shut_the_door_for_others_nor_all_users_for_root() {
        let alice = Uid::new(1000).expect("a uid");
        let bob = Uid::new(1001).expect("a uid");
        assert!(has_room_for(alice, users(MOST_PER_USER - 1, 1000)));
        assert!(!has_room_for(alice, users(MOST_PER_USER, 1000)));
        assert!(has_room_for(bob, users(MOST_PER_USER, 1000)));
        let everybody = || (2000..2000 + 1024).flat_map(|uid| users(1, uid));
        assert!(!has_room_for(bob, everybody()));
        assert!(has_room_for(Uid::ROOT, everybody().chain(users(10_000, 0))));
        assert!(has_room_for(bob, users(10_000, 0)));
    }
}
