//! The messages that logind sends most, signals and the answers to logins, written by hand (D-Bus Specification, Message
//! Format).
//!
//! zbus writes each field of a header through a serializer for everything, which costs more than all else that telling
//! of a session does. A body that is more than texts and numbers is still zbus's to write.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use serde::Serialize;
use zbus::message::{Header, Type};
use zbus::wire::serialized::Context;
use zbus::wire::{NATIVE_ENDIAN, to_bytes};
use zbus::{DynamicType, Message, ObjectPath};

/// Codes of header fields.
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SENDER: u8 = 7;
const SIGNATURE: u8 = 8;
const UNIX_FDS: u8 = 9;

/// A message on which only its number and its sender are missing.
#[derive(Debug)]
pub(super) struct Letter {
    kind: Type,
    /// The header's fields before the sender.
    fields: Fields,
    signature: &'static str,
    body: Vec<u8>,
    fd: Option<Arc<OwnedFd>>,
}

/// A message that is ready to be sent.
#[derive(Clone, Debug)]
pub(super) enum Parcel {
    /// Written by zbus.
    Message(Message),
    /// Written here: its bytes, and the descriptor that goes along.
    Letter(Arc<[u8]>, Option<Arc<OwnedFd>>),
}

impl Letter {
    /// A signal of the object at `path`.
    pub(super) fn signal(path: &ObjectPath<'_>, interface: &str, member: &str) -> Self {
        let mut fields = Fields::default();
        fields.text(PATH, b'o', path.as_str());
        fields.text(INTERFACE, b's', interface);
        fields.text(MEMBER, b's', member);
        Self::new(Type::Signal, fields)
    }

    /// The answer to the call with this header.
    pub(super) fn answer(call: &Header<'_>) -> Self {
        let mut fields = Fields::default();
        fields.number(REPLY_SERIAL, call.primary().serial_num().get());
        if let Some(caller) = call.sender() {
            fields.text(DESTINATION, b's', caller.as_str());
        }
        Self::new(Type::MethodReturn, fields)
    }

    fn new(kind: Type, fields: Fields) -> Self {
        Self { kind, fields, signature: "", body: Vec::new(), fd: None }
    }

    /// The same with a body of this signature.
    pub(super) fn with(self, signature: &'static str, body: Body) -> Self {
        Self { signature, body: body.0, ..self }
    }

    /// The same with a descriptor, the only one.
    pub(super) fn with_fd(self, fd: OwnedFd) -> Self {
        Self { fd: Some(Arc::new(fd)), ..self }
    }

    /// The whole message with its number and, where no bus adds it, the sender's name.
    pub(super) fn seal(&self, serial: u32, sender: Option<&str>) -> Parcel {
        let mut fields = self.fields.clone();
        if let Some(sender) = sender {
            fields.text(SENDER, b's', sender);
        }
        if !self.signature.is_empty() {
            fields.signature(self.signature);
        }
        if self.fd.is_some() {
            fields.number(UNIX_FDS, 1);
        }
        let endian = if cfg!(target_endian = "big") { b'B' } else { b'l' };
        let mut bytes = Vec::with_capacity(24 + fields.0.len() + self.body.len());
        bytes.extend([endian, self.kind as u8, 0, 1]); // no flags; the protocol's version
        bytes.extend(length(&self.body));
        bytes.extend(serial.to_ne_bytes());
        bytes.extend(length(&fields.0));
        bytes.extend(fields.0);
        align(&mut bytes, 8);
        bytes.extend(&self.body);
        Parcel::Letter(bytes.into(), self.fd.clone())
    }
}

/// What a message says: values one after the other, each at a multiple of four.
#[derive(Debug, Default)]
pub(super) struct Body(Vec<u8>);

impl Body {
    /// Any values, which have no descriptors.
    ///
    /// # Errors
    /// What zbus says if it cannot write them.
    pub(super) fn of<B: Serialize + DynamicType>(values: &B) -> zbus::Result<Self> {
        Ok(Self(to_bytes(Context::new(NATIVE_ENDIAN, 0), values)?.bytes().to_vec()))
    }

    /// The same and a text (`s`) or a path (`o`).
    pub(super) fn text(mut self, text: &str) -> Self {
        align(&mut self.0, 4);
        self.0.extend(length(text.as_bytes()));
        self.0.extend(text.as_bytes());
        self.0.push(0);
        self
    }

    /// The same and a number (`u`), a truth (`b`) or a descriptor's place among the message's (`h`).
    pub(super) fn number(mut self, number: u32) -> Self {
        align(&mut self.0, 4);
        self.0.extend(number.to_ne_bytes());
        self
    }
}

impl From<Message> for Parcel {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

impl Parcel {
    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Message(message) => message.data().bytes(),
            Self::Letter(bytes, _) => bytes,
        }
    }

    /// The descriptors that go with its first byte.
    pub(super) fn fds(&self) -> Vec<BorrowedFd<'_>> {
        match self {
            Self::Message(message) => message.data().fds().iter().map(AsFd::as_fd).collect(),
            Self::Letter(_, fd) => fd.iter().map(|fd| fd.as_fd()).collect(),
        }
    }
}

/// Header fields, which begin at a multiple of eight in the message as in here: an array of (code, variant).
#[derive(Clone, Debug, Default)]
struct Fields(Vec<u8>);

impl Fields {
    fn begin(&mut self, code: u8, kind: u8) {
        align(&mut self.0, 8);
        self.0.extend([code, 1, kind, 0]);
    }

    fn text(&mut self, code: u8, kind: u8, text: &str) {
        self.begin(code, kind);
        self.0.extend(length(text.as_bytes()));
        self.0.extend(text.as_bytes());
        self.0.push(0);
    }

    fn number(&mut self, code: u8, number: u32) {
        self.begin(code, b'u');
        self.0.extend(number.to_ne_bytes());
    }

    fn signature(&mut self, signature: &str) {
        self.begin(SIGNATURE, b'g');
        self.0.push(u8::try_from(signature.len()).unwrap_or(u8::MAX)); // ours have a few letters
        self.0.extend(signature.as_bytes());
        self.0.push(0);
    }
}

fn align(bytes: &mut Vec<u8>, to: usize) {
    bytes.resize(bytes.len().next_multiple_of(to), 0);
}

/// What is written here has a few hundred bytes, and is bounded where it came in.
fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_ne_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::num::NonZeroU32;

    use zbus::{Fd, Variant};

    use super::*;

    const SERIAL: u32 = 0x8000_0001;

    fn by_zbus(builder: zbus::message::Builder<'_>, body: &(impl Serialize + DynamicType)) -> Vec<u8> {
        let serial = NonZeroU32::new(SERIAL).expect("it is not zero");
        builder.serial(serial).build(body).expect("a message").data().bytes().to_vec()
    }

    fn path() -> ObjectPath<'static> {
        ObjectPath::from_static_str_unchecked("/org/freedesktop/login1/session/c12")
    }

    #[test]
    fn a_signal_is_to_the_byte_what_zbus_makes_of_it() {
        let values = BTreeMap::from([("Active", Variant::from(true)), ("State", Variant::from("online"))]);
        let body = ("org.freedesktop.login1.Session", values, [""; 0].as_slice());
        for sender in [None, Some(":1.0")] {
            let of = |member| {
                let builder = Message::signal(path(), "org.example.Some", member);
                sender.into_iter().fold(builder, |builder, sender| builder.sender(sender))
            };
            let letter = |member| Letter::signal(&path(), "org.example.Some", member);
            assert_eq!(letter("Lock").seal(SERIAL, sender).bytes(), by_zbus(of("Lock"), &()));
            let new = letter("SessionNew").with("so", Body::default().text("c12").text(&path()));
            assert_eq!(new.seal(SERIAL, sender).bytes(), by_zbus(of("SessionNew"), &("c12", path())));
            let changed = letter("PropertiesChanged").with("sa{sv}as", Body::of(&body).expect("a body"));
            assert_eq!(changed.seal(SERIAL, sender).bytes(), by_zbus(of("PropertiesChanged"), &body));
        }
    }

    #[test]
    fn an_answer_is_to_the_byte_what_zbus_makes_of_it() {
        for caller in [None, Some(":1.1234567")] {
            let call = Message::method_call("/org/freedesktop/login1", "CreateSession");
            let call = caller.into_iter().fold(call, |call, caller| call.sender(caller)).build(&()).expect("a call");
            let done = Letter::answer(&call.header()).seal(SERIAL, Some(":1.0"));
            assert_eq!(done.bytes(), by_zbus(Message::method_return(&call.header()).sender(":1.0"), &()));
            assert!(done.fds().is_empty());

            let (null, copy) =
                [(); 2].map(|()| OwnedFd::from(std::fs::File::open("/dev/null").expect("it is there"))).into();
            let body = Body::default().text("c12").text(&path()).number(0).number(7).text("").number(1);
            let opened = Letter::answer(&call.header()).with("sohusb", body).with_fd(null).seal(SERIAL, None);
            let body = ("c12", path(), Fd::from(copy), 7_u32, "", true);
            let expected = by_zbus(Message::method_return(&call.header()), &body);
            assert_eq!(opened.bytes(), expected);
            assert_eq!(opened.fds().len(), 1);
        }
    }
}
