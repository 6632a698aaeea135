//! One connection to the system bus: our name there, and who calls.
//!
//! Everything is a message that comes in or goes out, in order: a caller's credentials are asked of the bus and its call
//! waits, while the calls of others go on.

use std::collections::HashMap;
use std::num::NonZeroU32;

use logind_api::{BUS_NAME, error};
use tracing::{info, warn};
use zbus::message::{Flags, Header, Type};
use zbus::{Message, OwnedVariant};

use super::credentials::Credentials;
use super::driver::DRIVER;
use super::fault::Fault;
use super::letter::Parcel;
use super::outgoing::{Outgoing, Stuck};
use super::polkit;
use super::wire::LONGEST_MESSAGE;

/// How many calls of one sender may wait for its credentials.
const MOST_PARKED: usize = 256;

/// RequestName's flag `DBUS_NAME_FLAG_DO_NOT_QUEUE`.
const DO_NOT_QUEUE: u32 = 4;

/// A connection to the bus.
#[derive(Debug)]
pub(super) struct Link {
    outgoing: Outgoing,
    owns_name: bool,
    polkit: Option<String>,
    asked: HashMap<NonZeroU32, Question>,
    known: HashMap<String, Credentials>,
    parked: HashMap<String, Vec<Message>>,
}

/// What the bus has been asked.
#[derive(Debug)]
enum Question {
    /// For our name.
    Name,
    /// Who has polkit's.
    Polkit,
    /// Who the sender of this name is.
    Who(String),
}

/// What came of a message that cannot be served.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Nothing can be sent any more.
    Stuck,
    /// This call is refused.
    Refused(Message, Fault),
}

impl From<Stuck> for Trouble {
    fn from(_: Stuck) -> Self {
        Self::Stuck
    }
}

impl Link {
    /// A connection that has just been made: hears who leaves, and asks for our name.
    ///
    /// # Errors
    /// If nothing can be sent.
    pub(super) fn begin(outgoing: Outgoing) -> Result<Self, Stuck> {
        let (asked, known, parked) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut link = Self { outgoing, owns_name: false, polkit: None, asked, known, parked };
        link.subscribe()?;
        link.ask_name()?;
        link.ask_polkit()?;
        Ok(link)
    }

    /// Whether our name is ours.
    pub(super) fn owns_name(&self) -> bool {
        self.owns_name
    }

    /// Who has polkit's name: only that one's word is polkit's.
    pub(super) fn polkit(&self) -> Option<&str> {
        self.polkit.as_deref()
    }

    /// Who sent `message`, if the bus has said.
    pub(super) fn sender(&self, message: &Message) -> Option<&Credentials> {
        self.known.get(message.header().sender()?.as_str())
    }

    /// Sends a message.
    ///
    /// # Errors
    /// If too much waits, or the connection is gone.
    pub(super) fn send(&self, message: Parcel) -> Result<(), Stuck> {
        self.outgoing.push(message)
    }

    /// The calls that can be served now that `message` has come: it, or some that waited for it.
    ///
    /// # Errors
    /// If nothing can be sent any more, or a call is to be refused.
    pub(super) fn heard(&mut self, message: Message) -> Result<Vec<Message>, Trouble> {
        match message.message_type() {
            Type::MethodCall => self.called(message),
            _ if !is_from_driver(&message.header()) => Ok(Vec::new()),
            Type::Signal => Ok(self.told(&message).map(|()| Vec::new())?),
            Type::MethodReturn | Type::Error => Ok(self.answered(&message)),
        }
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

    fn ask_polkit(&mut self) -> Result<(), Stuck> {
        let call = to_driver("GetNameOwner").build(&polkit::NAME).map_err(|_| Stuck)?;
        self.asked.insert(call.primary_header().serial_num(), Question::Polkit);
        self.outgoing.push(call)
    }

    /// A call: to be served if its sender is known, else to wait until it is.
    fn called(&mut self, message: Message) -> Result<Vec<Message>, Trouble> {
        let Some(sender) = message.header().sender().map(|name| name.as_str().to_owned()) else {
            return Ok(Vec::new()); // the bus names every sender
        };
        if message.data().len() > LONGEST_MESSAGE {
            let fault = Fault::new(error::LIMITS_EXCEEDED, "The message is too long");
            return Err(Trouble::Refused(message, fault));
        }
        if self.known.contains_key(&sender) {
            return Ok(vec![message]);
        }
        let parked = self.parked.entry(sender.clone()).or_default();
        if parked.len() >= MOST_PARKED {
            let fault = Fault::new(error::LIMITS_EXCEEDED, "Too many calls before the bus said who makes them");
            return Err(Trouble::Refused(message, fault));
        }
        parked.push(message);
        if parked.len() == 1 {
            self.ask_who(sender)?;
        }
        Ok(Vec::new())
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
            Some(Question::Polkit) => {
                self.polkit =
                    message.body().deserialize().ok().filter(|_| message.message_type() == Type::MethodReturn);
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
                if name == polkit::NAME {
                    self.polkit = Some(new.to_owned()).filter(|new| !new.is_empty());
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

/// Who has left the bus, if that is what `message` tells.
pub(super) fn who_left(message: &Message) -> Option<String> {
    let header = message.header();
    let is_told = header.member().is_some_and(|member| member.as_str() == "NameOwnerChanged");
    if !is_told || !is_from_driver(&header) {
        return None;
    }
    let body = message.body();
    let (name, _, new) = body.deserialize::<(&str, &str, &str)>().ok()?;
    new.is_empty().then(|| name.to_owned())
}

fn to_driver(member: &'static str) -> zbus::message::Builder<'static> {
    Message::method_call("/org/freedesktop/DBus", member).destination(DRIVER).interface(DRIVER)
}

fn is_from_driver(header: &Header<'_>) -> bool {
    header.sender().is_some_and(|name| name.as_str() == DRIVER)
}

#[cfg(test)]
mod tests;
