//! What the daemon's loop sees of both doors.

use std::collections::{HashMap, VecDeque};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use logind_api::error;
use logind_core::Core;
use logind_core::event::RequestId;
use logind_core::{Answer, Signal};
use tokio::sync::mpsc;
use tracing::error;
use zbus::Message;
use zbus::message::{Flags, Type};

use super::call::{Call, Called, Configured, Outcome, View, World};
use super::credentials::Credentials;
use super::dispatch;
use super::driver::{self, Addressee, OWN_NAME};
use super::fault::Fault;
use super::incoming::{Arrival, ConnectionId, Incoming};
use super::letter::{Letter, Parcel};
use super::link;
use super::listening::DoorError;
use super::polkit::Polkit;
use super::private_door::{Lanes, PrivateDoor};
use super::reply;
use super::signals;
use super::system_door::SystemDoor;

/// How many messages of a lane may wait for the loop; then its peers wait in turn.
const LANE: usize = 16;

/// How many calls of one peer may wait for their answers.
const MOST_WAITING: usize = 128;

/// Where the numbers of letters begin. zbus numbers what it writes from one.
const FIRST_SERIAL: u32 = 1 << 31;

/// How many signals may wait for the system bus to be there: as many as it may leave unread, and no more.
const MOST_UNTOLD: usize = 65_536;

/// Where the doors are.
#[derive(Clone, Debug)]
pub(crate) struct Doors {
    /// logind's own socket.
    pub(crate) socket: PathBuf,
    /// The system bus's socket.
    pub(crate) system_bus: PathBuf,
}

/// Both doors, and the calls that wait for their answers.
#[derive(Debug)]
pub(crate) struct Bus {
    pub(super) private: PrivateDoor,
    pub(super) system: SystemDoor,
    lanes: [mpsc::Receiver<Arrival>; 3],
    ready: VecDeque<Arrival>,
    pub(super) waiting: HashMap<RequestId, Waiting>,
    pub(super) polkit: Polkit,
    /// What was announced before it was known whether there is a system bus, in order.
    untold: Option<Vec<Parcel>>,
    last_request: u64,
    last_serial: u32,
    world: World,
    configured: Configured,
}

/// A call that waits for its answer.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Who.
    pub(super) from: Peer,
    /// For the answer to what.
    pub(super) message: Message,
}

/// Who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// Through the private door.
    Private(ConnectionId),
    /// Through the system bus, by its unique name.
    System(String),
}

impl Bus {
    /// Opens the private door at once, and the system bus in the background, whenever it is there.
    ///
    /// # Errors
    /// If the private door cannot be opened.
    pub(crate) fn open(doors: Doors, world: World, configured: Configured) -> Result<Self, DoorError> {
        let [(root, from_root), (users, from_users), (bus, from_bus)] = std::array::from_fn(|_| mpsc::channel(LANE));
        Ok(Self {
            private: PrivateDoor::open(&doors.socket, Lanes { root, users })?,
            system: SystemDoor::open(doors.system_bus, bus),
            lanes: [from_root, from_users, from_bus],
            ready: VecDeque::new(),
            waiting: HashMap::new(),
            polkit: Polkit::default(),
            untold: Some(Vec::new()),
            last_request: 0,
            last_serial: FIRST_SERIAL,
            world,
            configured,
        })
    }

    /// Takes over what was configured anew.
    pub(crate) fn configure(&mut self, configured: Configured) {
        self.configured = configured;
    }

    /// Whether logind owns its name on the system bus.
    pub(crate) fn is_on_system_bus(&self) -> bool {
        self.system.owns_name()
    }

    /// What comes next. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Incoming {
        if let Some(arrival) = self.ready.pop_front() {
            return Incoming(arrival);
        }
        let [root, users, bus] = &mut self.lanes;
        // A lane is taken at random, so none waits for the end of another. The doors keep them open.
        tokio::select! {
            stream = self.private.next() => Incoming(Arrival::Knocked(stream)),
            Some(arrival) = root.recv() => Incoming(arrival),
            Some(arrival) = users.recv() => Incoming(arrival),
            Some(arrival) = bus.recv() => Incoming(arrival),
        }
    }

    /// Serves what came. What reads is answered at once; what changes the registry is returned, once its gate is open.
    pub(crate) fn dispatch(&mut self, incoming: Incoming, core: &Core) -> Option<Called> {
        let called = self.arrived(incoming.0, core);
        self.drop_what_is_in_vain();
        called
    }

    fn arrived(&mut self, arrival: Arrival, core: &Core) -> Option<Called> {
        match arrival {
            Arrival::Knocked(stream) => self.private.admit(stream),
            Arrival::Introduced(id, takes_fds) => {
                if let Some(peer) = self.private.connection(id) {
                    peer.takes_fds = takes_fds;
                }
            }
            Arrival::Said(id, message) => return self.said(id, message, core),
            Arrival::Ended(id, ending) => {
                self.left(&Peer::Private(id));
                self.private.ended(id, &ending);
            }
            Arrival::BusUp(outgoing) => self.system.up(outgoing),
            Arrival::BusDown => self.system.down(),
            Arrival::Bus(message) => {
                if let Some(verdict) = self.polkit.answered(&message, self.system.polkit()) {
                    return self.judged(verdict);
                }
                if let Some(name) = link::who_left(&message) {
                    self.left(&Peer::System(name));
                }
                let calls = self.system.heard(message);
                self.ready.extend(calls.into_iter().map(Arrival::Called));
            }
            Arrival::Called(message) => return self.called(message, core),
        }
        None
    }

    /// Answers a call. An answer to one that no longer waits is dropped, and with it the life line.
    pub(crate) fn reply(&mut self, request: RequestId, answer: Answer, life_line: Option<OwnedFd>) {
        let Some(Waiting { from, message }) = self.waiting.remove(&request) else { return };
        match reply::letter(&message, answer, life_line) {
            Ok(letter) => self.post(&from, &message, &letter),
            Err(fault) => self.send(&from, &message, Err(fault)),
        }
        self.drop_what_is_in_vain();
    }

    /// Tells the system bus, if it is there by now, what was announced while nobody was there to hear it: of whom a logind
    /// before this one told, the end has to be told. From now on all is told at once.
    pub(crate) fn speak(&mut self) {
        for signal in self.untold.take().unwrap_or_default() {
            self.system.send(signal);
        }
        self.drop_what_is_in_vain();
    }

    /// Tells everybody.
    pub(crate) fn announce(&mut self, signal: &Signal, core: &Core) {
        let is_heard = self.private.is_listened_to();
        if !is_heard && !self.system.is_up() && self.untold.is_none() {
            return;
        }
        let view = View { core, configured: &self.configured };
        let announcement = match signals::announcement(signal, view) {
            Some(Ok(announcement)) => announcement,
            Some(Err(error)) => return error!("cannot write the signal {signal:?}: {error}"),
            None => return,
        };
        let serial = self.next_serial();
        self.tell_bus(announcement.letter.seal(serial, None));
        if is_heard {
            self.private.announce(&announcement, serial);
        }
        self.drop_what_is_in_vain();
    }

    fn tell_bus(&mut self, signal: Parcel) {
        match &mut self.untold {
            Some(untold) if untold.len() < MOST_UNTOLD => untold.push(signal),
            Some(_) => {}
            None => self.system.send(signal),
        }
    }

    /// A message through the private door.
    fn said(&mut self, id: ConnectionId, message: Message, core: &Core) -> Option<Called> {
        if message.message_type() != Type::MethodCall {
            return None;
        }
        let header = message.header();
        let from = Peer::Private(id);
        let answer = match driver::addressee(&header) {
            Addressee::Driver => {
                let (peer, rules_of_user) = self.private.connection_and_rules(id)?;
                driver::answer(id, peer, rules_of_user, &message)
            }
            Addressee::Nobody => Err(driver::nobody(&header)),
            Addressee::Registry => {
                let peer = self.private.connection(id)?;
                self.last_request += 1;
                let request = RequestId(self.last_request);
                let view = View { core, configured: &self.configured };
                let served = serve(view, &self.world, &peer.credentials, (&message, request, peer.takes_fds));
                return self.settle(from, &message, request, served);
            }
        };
        self.send(&from, &message, answer);
        None
    }

    /// A call through the system bus whose sender is known.
    fn called(&mut self, message: Message, core: &Core) -> Option<Called> {
        let sender = message.header().sender()?.as_str().to_owned();
        let credentials = self.system.sender(&message)?;
        self.last_request += 1;
        let request = RequestId(self.last_request);
        let view = View { core, configured: &self.configured };
        let served = serve(view, &self.world, credentials, (&message, request, true));
        self.settle(Peer::System(sender), &message, request, served)
    }

    /// Sends the answer, or keeps the call until there is one.
    fn settle(
        &mut self,
        from: Peer,
        message: &Message,
        request: RequestId,
        served: Result<Outcome, Fault>,
    ) -> Option<Called> {
        let (called, question) = match served {
            Ok(Outcome::Called(called)) => (called, None),
            Ok(Outcome::Asked(called, question)) => (called, Some(question)),
            Ok(Outcome::Answered(answer)) => {
                self.send(&from, message, Ok(answer));
                return None;
            }
            Err(fault) => {
                self.send(&from, message, Err(fault));
                return None;
            }
        };
        if self.waiting.values().filter(|waiting| waiting.from == from).count() >= MOST_WAITING {
            let fault = Fault::new(error::LIMITS_EXCEEDED, "Too many calls of this connection wait for their answers");
            self.send(&from, message, Err(fault));
            return None;
        }
        self.waiting.insert(request, Waiting { from, message: message.clone() });
        match question {
            Some(question) => self.ask_polkit(request, called, question, message),
            None => Some(*called),
        }
    }

    /// Sends an answer that is not an error.
    fn post(&mut self, to: &Peer, call: &Message, letter: &Letter) {
        if call.primary_header().flags().contains(Flags::NO_REPLY_EXPECTED) {
            return;
        }
        let serial = self.next_serial();
        match to {
            Peer::System(_) => self.system.send(letter.seal(serial, None)),
            Peer::Private(id) => self.private.send(*id, letter.seal(serial, Some(OWN_NAME))),
        }
    }

    fn next_serial(&mut self) -> u32 {
        self.last_serial = self.last_serial.checked_add(1).unwrap_or(FIRST_SERIAL);
        self.last_serial
    }

    /// Sends an answer.
    pub(super) fn send(&mut self, to: &Peer, call: &Message, answer: Result<Message, Fault>) {
        if call.primary_header().flags().contains(Flags::NO_REPLY_EXPECTED) {
            return;
        }
        let written = answer.or_else(|fault| reply::error(call, &fault));
        match (to, written) {
            (_, Err(error)) => error!("cannot write an answer: {error}"),
            (Peer::System(_), Ok(message)) => self.system.send(message),
            (Peer::Private(id), Ok(message)) => match reply::through_private_door(message) {
                Ok(message) => self.private.send(*id, message),
                Err(error) => error!("cannot write an answer: {error}"),
            },
        }
    }
}

fn serve(
    view: View<'_>,
    world: &World,
    credentials: &Credentials,
    call: (&Message, RequestId, bool),
) -> Result<Outcome, Fault> {
    dispatch::serve(&Call::new(view, world, credentials, call))
}
