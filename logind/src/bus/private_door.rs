//! logind's own socket: who is let in, and how much each may hold.
//!
//! The socket is open to all. What keeps one user from shutting the door for others is that connections are counted by
//! uid; root, who logs people in, is never counted out.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use logind_core::names::Uid;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{debug, warn};
use zbus::connection::socket::ReadHalf;
use zbus::{Guid, MatchRule, Message};

use super::credentials::Credentials;
use super::incoming::{Arrival, ConnectionId};
use super::outgoing::{Outgoing, Stuck, Task};
use super::sasl::Introduction;
use super::wire::{Reader, Writer, introduced};

/// How many connections one user may have, and all users but root together.
const MOST_PER_USER: usize = 64;
const MOST_OF_USERS: usize = 1024;

/// How long a peer may take to introduce itself (dbus-daemon's auth_timeout).
const INTRODUCTION: Duration = Duration::from_secs(5);

/// How long no connection is accepted after the kernel refused one for want of descriptors or memory.
const BREATH: Duration = Duration::from_millis(200);

/// The socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DoorError {
    /// Another logind answers at it.
    #[error("another logind answers at {}", .0.display())]
    Taken(PathBuf),
    /// Its folder cannot be made, or is not root's alone.
    #[error("cannot keep a socket in {}", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    /// The socket cannot be made.
    #[error("cannot listen at {}", .0.display())]
    Listen(PathBuf, #[source] io::Error),
}

/// The socket and its connections.
#[derive(Debug)]
pub(super) struct PrivateDoor {
    listener: UnixListener,
    guid: String,
    connections: HashMap<ConnectionId, Connection>,
    last: u64,
    closed_until: Instant,
    arrivals: mpsc::Sender<Arrival>,
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
    pub(super) fn open(path: &Path, arrivals: mpsc::Sender<Arrival>) -> Result<Self, DoorError> {
        let listener = listen(path)?;
        let guid = Guid::generate().as_str().to_owned();
        let connections = HashMap::new();
        Ok(Self { listener, guid, connections, last: 0, closed_until: Instant::now(), arrivals })
    }

    /// The next peer at the door. Cancel-safe.
    pub(super) async fn next(&mut self) -> UnixStream {
        loop {
            sleep_until(self.closed_until).await;
            match self.listener.accept().await {
                Ok((stream, _)) => return stream,
                // The peer left before it was let in.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    warn!("cannot accept a connection: {error}");
                    self.closed_until = Instant::now() + BREATH;
                }
            }
        }
    }

    /// Lets a peer in, or turns it away.
    pub(super) fn admit(&mut self, stream: UnixStream) {
        let credentials = match Credentials::of_socket(&stream) {
            Ok(credentials) => credentials,
            Err(error) => return debug!("a peer left before it was known: {error}"),
        };
        if !has_room_for(credentials.uid, self.connections.values().map(|peer| peer.credentials.uid)) {
            return warn!("uid {} has too many connections, one more is refused", credentials.uid);
        }
        self.last += 1;
        let id = ConnectionId(self.last);
        let stream = Arc::new(stream);
        let peer = Introduction::new(credentials.uid, self.guid.clone());
        let attended = attend(id, Arc::clone(&stream), peer, self.arrivals.clone());
        let connection = Connection {
            credentials,
            outgoing: Outgoing::to(Writer::new(stream)),
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

    /// Sends a message to a peer; one that does not read is dropped.
    pub(super) fn send(&mut self, id: ConnectionId, message: Message) {
        let Some(connection) = self.connections.get(&id) else { return };
        if connection.outgoing.push(message) == Err(Stuck) {
            warn!("uid {} does not read what it is sent, its connection is closed", connection.credentials.uid);
            self.close(id);
        }
    }

    /// Drops a connection.
    pub(super) fn close(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
    }

    /// Sends a signal to every peer with a rule that it `matches`.
    pub(super) fn announce(&mut self, message: &Message, matches: fn(&MatchRule<'_>, &Message) -> bool) {
        let wants = |connection: &Connection| connection.rules.iter().any(|rule| matches(rule, message));
        let ids: Vec<_> = self.connections.iter().filter(|(_, peer)| wants(peer)).map(|(&id, _)| id).collect();
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
async fn attend(id: ConnectionId, stream: Arc<UnixStream>, peer: Introduction, arrivals: mpsc::Sender<Arrival>) {
    let ending = converse(id, stream, peer, &arrivals).await;
    let ended = arrivals.send(Arrival::Ended(id, ending)).await;
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
    stream: Arc<UnixStream>,
    peer: Introduction,
    arrivals: &mpsc::Sender<Arrival>,
) -> Ending {
    let takes_fds = match timeout(INTRODUCTION, introduced(&stream, peer)).await {
        Err(_) => return Ending::Late,
        Ok(Err(error)) => return ending(error.into()),
        Ok(Ok(takes_fds)) => takes_fds,
    };
    if arrivals.send(Arrival::Introduced(id, takes_fds)).await.is_err() {
        return Ending::Left;
    }
    let mut reader = Reader::new(stream);
    for sequence in 1.. {
        let message = match reader.receive_message(sequence, &mut Vec::new(), &mut Vec::new()).await {
            Ok(message) => message,
            Err(error) => return ending(error),
        };
        if let Err(error) = message.body().validate() {
            return Ending::Malformed(error);
        }
        if arrivals.send(Arrival::Said(id, message)).await.is_err() {
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

/// Listens at `path`, mode 0666. The new socket takes the place of a dead one in one step, so that nobody finds none.
fn listen(path: &Path) -> Result<UnixListener, DoorError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    keep_folder(folder).map_err(|error| DoorError::Folder(folder.into(), error))?;
    if StdStream::connect(path).is_ok() {
        return Err(DoorError::Taken(path.into()));
    }
    let new = path.with_extension("new");
    let made = || -> io::Result<UnixListener> {
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&new)?;
        fs::set_permissions(&new, Permissions::from_mode(0o666))?;
        fs::rename(&new, path)?;
        Ok(listener)
    };
    made().map_err(|error| DoorError::Listen(path.into(), error))
}

/// Makes the socket's folder; one that is there must be our own, and nobody else's to write to, for who can write to it
/// can be logind to the others.
fn keep_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o755).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(folder)?;
    let own = found.is_dir() && found.uid() == nix::unistd::geteuid().as_raw() && found.mode() & 0o022 == 0;
    if own { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EPERM)) }
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
