//! The system bus: being there under our name whenever the bus is, and knowing who calls.
//!
//! Everything is a message that comes in or goes out, in order: a caller's credentials are asked of the bus and its call
//! waits, while the calls of others go on.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::StreamExt;
use logind_api::BUS_NAME;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{info, warn};
use zbus::connection::socket::WriteHalf;
use zbus::export::async_trait::async_trait;
use zbus::message::{Flags, Header, Type};
use zbus::{Connection, Message, OwnedVariant};

use super::bus_socket;
use super::credentials::Credentials;
use super::driver::DRIVER;
use super::incoming::Arrival;
use super::outgoing::{Most, Outgoing, Stuck, Task};

/// How many calls of one sender may wait for its credentials.
const MOST_PARKED: usize = 64;

/// How much may wait for the bus, which reads for everybody at once.
const MOST: Most = Most { messages: 65_536, bytes: 128 * 1024 * 1024 };

/// A connection that lasts shorter than this is followed by a pause, each longer than the one before.
const SHORT: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// RequestName's flag `DBUS_NAME_FLAG_DO_NOT_QUEUE`.
const DO_NOT_QUEUE: u32 = 4;

/// The door to the system bus.
#[derive(Debug)]
pub(super) struct SystemDoor {
    path: PathBuf,
    arrivals: mpsc::Sender<Arrival>,
    link: Option<Link>,
    _keeper: Task,
}

/// A connection to the bus.
#[derive(Debug)]
struct Link {
    outgoing: Outgoing,
    owns_name: bool,
    asked: HashMap<NonZeroU32, Question>,
    known: HashMap<String, Credentials>,
    parked: HashMap<String, Vec<Message>>,
}

/// What the bus has been asked.
#[derive(Debug)]
enum Question {
    /// For our name.
    Name,
    /// Who the sender of this name is.
    Who(String),
}

impl SystemDoor {
    /// Connects to the bus at `path` in the background, and again whenever it was lost.
    pub(super) fn open(path: PathBuf, arrivals: mpsc::Sender<Arrival>) -> Self {
        let keeper = Task(tokio::spawn(keep(path.clone(), arrivals.clone())));
        Self { path, arrivals, link: None, _keeper: keeper }
    }

    /// Whether logind owns its name there.
    pub(super) fn owns_name(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.owns_name)
    }

    /// The bus is there: take our name, and hear who leaves.
    pub(super) fn up(&mut self, connection: Connection) {
        let mut link = Link::new(Outgoing::to(ToBus(connection), MOST));
        let asked = link.subscribe().and_then(|()| link.ask_name());
        self.link = Some(link);
        self.check(asked);
    }

    /// The bus is gone, and with it all who called through it.
    pub(super) fn down(&mut self) {
        if self.link.take().is_some() {
            info!("the system bus is gone");
        }
    }

    /// The calls that can be served now that `message` has come: it, or some that waited for it.
    pub(super) fn heard(&mut self, message: Message) -> Vec<Message> {
        let Some(link) = &mut self.link else { return Vec::new() };
        let (calls, done) = match message.message_type() {
            Type::MethodCall => link.called(message),
            _ if !is_from_driver(&message.header()) => (Vec::new(), Ok(())),
            Type::Signal => (Vec::new(), link.told(&message)),
            Type::MethodReturn | Type::Error => (link.answered(&message), Ok(())),
        };
        self.check(done);
        calls
    }

    /// Who sent `message`, if the bus has said.
    pub(super) fn sender(&self, message: &Message) -> Option<&Credentials> {
        self.link.as_ref()?.known.get(message.header().sender()?.as_str())
    }

    /// Sends a message.
    pub(super) fn send(&mut self, message: Message) {
        let sent = self.link.as_ref().map_or(Ok(()), |link| link.outgoing.push(message));
        self.check(sent);
    }

    /// Begins anew with a bus that does not read.
    fn check(&mut self, sent: Result<(), Stuck>) {
        if sent == Err(Stuck) {
            warn!("the system bus does not read what it is sent, the connection is closed");
            *self = Self::open(self.path.clone(), self.arrivals.clone());
        }
    }
}

impl Link {
    fn new(outgoing: Outgoing) -> Self {
        let (asked, known, parked) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { outgoing, owns_name: false, asked, known, parked }
    }

    fn subscribe(&self) -> Result<(), Stuck> {
        let rule = "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',\
                    path='/org/freedesktop/DBus',member='NameOwnerChanged'";
        let call = to_driver("AddMatch").with_flags(Flags::NO_REPLY_EXPECTED).build(&rule);
        self.outgoing.push(call.map_err(|_| Stuck)?)
    }

    fn ask_name(&mut self) -> Result<(), Stuck> {
        let call = to_driver("RequestName").build(&(BUS_NAME, DO_NOT_QUEUE)).map_err(|_| Stuck)?;
        self.asked.insert(call.primary_header().serial_num(), Question::Name);
        self.outgoing.push(call)
    }

    /// A call: to be served if its sender is known, else to wait until it is.
    fn called(&mut self, message: Message) -> (Vec<Message>, Result<(), Stuck>) {
        let Some(sender) = message.header().sender().map(|name| name.as_str().to_owned()) else {
            return (Vec::new(), Ok(())); // the bus names every sender
        };
        if self.known.contains_key(&sender) {
            return (vec![message], Ok(()));
        }
        let parked = self.parked.entry(sender.clone()).or_default();
        if parked.len() >= MOST_PARKED {
            warn!("{sender} calls faster than the bus says who it is, a call is dropped");
            return (Vec::new(), Ok(()));
        }
        parked.push(message);
        let first = parked.len() == 1;
        (Vec::new(), if first { self.ask_who(sender) } else { Ok(()) })
    }

    fn ask_who(&mut self, sender: String) -> Result<(), Stuck> {
        let call = to_driver("GetConnectionCredentials").build(&sender.as_str()).map_err(|_| Stuck)?;
        self.asked.insert(call.primary_header().serial_num(), Question::Who(sender));
        self.outgoing.push(call)
    }

    /// An answer of the bus: the calls that waited for it.
    fn answered(&mut self, message: &Message) -> Vec<Message> {
        let question = message.header().reply_serial().and_then(|serial| self.asked.remove(&serial));
        match question {
            None => Vec::new(),
            Some(Question::Name) => {
                self.named(message.body().deserialize::<u32>().ok());
                Vec::new()
            }
            Some(Question::Who(sender)) => {
                let calls = self.parked.remove(&sender).unwrap_or_default();
                let described = message.body().deserialize::<HashMap<String, OwnedVariant>>().ok();
                // One that left in between gets no answer, and needs none.
                let Some(credentials) = described.and_then(Credentials::of_bus) else { return Vec::new() };
                self.known.insert(sender, credentials);
                calls
            }
        }
    }

    /// RequestName was answered: 1 and 4 mean the name is ours.
    fn named(&mut self, answer: Option<u32>) {
        self.owns_name = matches!(answer, Some(1 | 4));
        if self.owns_name {
            info!("on the system bus as {BUS_NAME}");
        } else {
            warn!("{BUS_NAME} has another owner on the system bus, or may not be ours");
        }
    }

    /// Somebody came or went: forget who left, take our name if it is free.
    fn told(&mut self, message: &Message) -> Result<(), Stuck> {
        let header = message.header();
        let body = message.body();
        match header.member().map(|member| member.as_str()) {
            Some("NameOwnerChanged") => {
                let Ok((name, _, new)) = body.deserialize::<(&str, &str, &str)>() else { return Ok(()) };
                if new.is_empty() {
                    self.known.remove(name);
                }
                if name == BUS_NAME && new.is_empty() {
                    return self.ask_name();
                }
            }
            Some("NameLost") if body.deserialize::<&str>() == Ok(BUS_NAME) => {
                warn!("{BUS_NAME} was taken from us on the system bus");
                self.owns_name = false;
            }
            _ => {}
        }
        Ok(())
    }
}

fn to_driver(member: &'static str) -> zbus::message::Builder<'static> {
    Message::method_call("/org/freedesktop/DBus", member).destination(DRIVER).interface(DRIVER)
}

fn is_from_driver(header: &Header<'_>) -> bool {
    header.sender().is_some_and(|name| name.as_str() == DRIVER)
}

/// Connects, hands on what comes, and begins again when it ends.
async fn keep(path: PathBuf, arrivals: mpsc::Sender<Arrival>) {
    let mut pause = Duration::ZERO;
    loop {
        tokio::time::sleep(pause).await;
        let mut messages = bus_socket::connect(&path).await;
        let began = Instant::now();
        let connection = Connection::from(&messages);
        if arrivals.send(Arrival::BusUp(connection)).await.is_err() {
            return;
        }
        while let Some(Ok(message)) = messages.next().await {
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

/// The writing side of a connection to the bus.
#[derive(Debug)]
struct ToBus(Connection);

#[async_trait]
impl WriteHalf for ToBus {
    async fn send_message(&mut self, message: &Message) -> zbus::Result<()> {
        self.0.send(message).await
    }

    async fn close(&mut self) -> std::io::Result<()> {
        self.0.clone().close().await.map_err(std::io::Error::other)
    }
}
