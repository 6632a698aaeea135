//! The system bus: being there whenever the bus is.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{error, info, warn};
use zbus::Message;

use super::bus_socket;
use super::credentials::Credentials;
use super::incoming::Arrival;
use super::letter::Parcel;
use super::link::{Link, Trouble};
use super::outgoing::{Most, Outgoing, Stuck, Task};
use super::reply;

/// How much may wait for the bus, which reads for everybody at once.
const MOST: Most = Most { messages: 65_536, bytes: 128 * 1024 * 1024 };

/// A connection that lasts shorter than this is followed by a pause, each longer than the one before.
const SHORT: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The door to the system bus.
#[derive(Debug)]
pub(super) struct SystemDoor {
    path: PathBuf,
    arrivals: mpsc::Sender<Arrival>,
    link: Option<Link>,
    _keeper: Task,
}

impl SystemDoor {
    /// Connects to the bus at `path` in the background, and again whenever it was lost.
    pub(super) fn open(path: PathBuf, arrivals: mpsc::Sender<Arrival>) -> Self {
        let keeper = Task(tokio::spawn(keep(path.clone(), arrivals.clone())));
        Self { path, arrivals, link: None, _keeper: keeper }
    }

    /// Whether the bus is there.
    pub(super) fn is_up(&self) -> bool {
        self.link.is_some()
    }

    /// Whether logind owns its name there.
    pub(super) fn owns_name(&self) -> bool {
        self.link.as_ref().is_some_and(Link::owns_name)
    }

    /// The bus is there: take our name, and hear who leaves.
    pub(super) fn up(&mut self, outgoing: Outgoing) {
        match Link::begin(outgoing) {
            Ok(link) => self.link = Some(link),
            Err(Stuck) => self.begin_anew(),
        }
    }

    /// The bus is gone, and with it all who called through it.
    pub(super) fn down(&mut self) {
        if self.link.take().is_some() {
            info!("the system bus is gone");
        }
    }

    /// The calls that can be served now that `message` has come: it, or some that waited for it.
    pub(super) fn heard(&mut self, message: Message) -> Vec<Message> {
        match self.link.as_mut().map_or(Ok(Vec::new()), |link| link.heard(message)) {
            Ok(calls) => return calls,
            Err(Trouble::Stuck) => self.begin_anew(),
            Err(Trouble::Refused(call, fault)) => match reply::error(&call, &fault) {
                Ok(answer) => self.send(answer),
                Err(error) => error!("cannot write an answer: {error}"),
            },
        }
        Vec::new()
    }

    /// Who has polkit's name there.
    pub(super) fn polkit(&self) -> Option<&str> {
        self.link.as_ref()?.polkit()
    }

    /// Who sent `message`, if the bus has said.
    pub(super) fn sender(&self, message: &Message) -> Option<&Credentials> {
        self.link.as_ref()?.sender(message)
    }

    /// Sends a message.
    pub(super) fn send(&mut self, message: impl Into<Parcel>) {
        if self.link.as_ref().map_or(Ok(()), |link| link.send(message.into())) == Err(Stuck) {
            self.begin_anew();
        }
    }

    /// Leaves a bus that does not read, and comes again.
    fn begin_anew(&mut self) {
        warn!("the system bus does not read what it is sent, the connection is closed");
        *self = Self::open(self.path.clone(), self.arrivals.clone());
    }
}

/// Connects, hands on what comes, and begins again when it ends. A bus that does not take the answers brings no more calls:
/// whoever calls faster than it reads must not make us leave it, and with it everybody.
async fn keep(path: PathBuf, arrivals: mpsc::Sender<Arrival>) {
    let mut pause = Duration::ZERO;
    loop {
        tokio::time::sleep(pause).await;
        let (mut messages, writer) = bus_socket::connect(&path).await;
        let began = Instant::now();
        let outgoing = Outgoing::to(writer, MOST);
        let backlog = outgoing.backlog();
        if arrivals.send(Arrival::BusUp(outgoing)).await.is_err() {
            return;
        }
        while backlog.is_small().await.is_ok()
            && let Some(Ok(message)) = messages.next().await
        {
            if arrivals.send(Arrival::Bus(message)).await.is_err() {
                return;
            }
        }
        if arrivals.send(Arrival::BusDown).await.is_err() {
            return;
        }
        let is_short = began.elapsed() < SHORT;
        pause = if is_short { (pause * 2).clamp(Duration::from_millis(20), LONGEST_PAUSE) } else { Duration::ZERO };
    }
}
