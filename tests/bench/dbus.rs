//! A D-Bus client as lean as can be, so that what is measured is the daemon: one socket, calls by hand, no thread
//! (D-Bus Specification, "Message Protocol").

use std::collections::VecDeque;
use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use tests::outcome::{Failure, Outcome};

/// What is read before a message's length is known.
const HEAD: usize = 16;
const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;
const SIGNAL: u8 = 4;

/// Codes of header fields.
mod field {
    pub(super) const PATH: u8 = 1;
    pub(super) const INTERFACE: u8 = 2;
    pub(super) const MEMBER: u8 = 3;
    pub(super) const REPLY_SERIAL: u8 = 5;
    pub(super) const DESTINATION: u8 = 6;
    pub(super) const SIGNATURE: u8 = 8;
}

/// How long an answer may take: more than the slowest peer needs for its slowest answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Values in the D-Bus marshalling, little-endian, each aligned to its size.
#[derive(Debug, Default)]
pub(crate) struct Body(Vec<u8>);

impl Body {
    /// A `u`, or a `b`.
    pub(crate) fn u32(mut self, value: u32) -> Self {
        self.align(4);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// An `s`, or an `o`.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.align(4);
        self.0.extend(length(text.len()));
        self.0.extend(text.bytes());
        self.0.push(0);
        self
    }

    /// An array of structures with nothing in it.
    pub(crate) fn no_structures(self) -> Self {
        let mut body = self.u32(0);
        body.align(8);
        body
    }

    fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    fn field(&mut self, code: u8, kind: u8, text: &str) {
        self.align(8);
        self.0.extend([code, 1, kind, 0]);
        if kind == b'g' {
            self.0.extend(length(text.len()).first());
        } else {
            self.0.extend(length(text.len()));
        }
        self.0.extend(text.bytes());
        self.0.push(0);
    }
}

// Nothing said here comes near 4 GiB.
fn length(n: usize) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes()
}

/// Where a call goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct To {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) interface: &'static str,
}

const BUS: To = To { name: "org.freedesktop.DBus", path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus" };

/// An answer's or a signal's content.
#[derive(Debug)]
pub(crate) struct Content {
    bytes: Vec<u8>,
    /// The descriptors beside it.
    pub(crate) fds: Vec<OwnedFd>,
}

impl Content {
    /// The string it begins with.
    pub(crate) fn first_text(&self) -> Outcome<String> {
        let length = number(&self.bytes, 0)?;
        let text = self.bytes.get(4..4 + length).ok_or_else(torn)?;
        Ok(String::from_utf8_lossy(text).into_owned())
    }
}

/// A connection to a bus, or to a door that answers as one.
#[derive(Debug)]
pub(crate) struct Client {
    stream: UnixStream,
    serial: u32,
    signals: VecDeque<(String, Content)>,
}

impl Client {
    /// Connects as who we are, and says Hello.
    pub(crate) fn connect(path: &str) -> Outcome<Self> {
        let stream = UnixStream::connect(path).map_err(|e| Failure::from(e).during(path))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut client = Self { stream, serial: 0, signals: VecDeque::new() };
        client.stream.write_all(b"\0AUTH EXTERNAL 30\r\n")?; // the uid 0, in hexadecimal ASCII
        client.line("OK ")?;
        client.stream.write_all(b"NEGOTIATE_UNIX_FD\r\n")?;
        client.line("AGREE_UNIX_FD")?;
        client.stream.write_all(b"BEGIN\r\n")?;
        client.call(BUS, "Hello", "", Body::default())?;
        Ok(client)
    }

    /// Wants the signals of that name.
    pub(crate) fn listen(&mut self, member: &str) -> Outcome {
        let rule = format!("type='signal',member='{member}'");
        self.call(BUS, "AddMatch", "s", Body::default().text(&rule)).map(drop)
    }

    /// Calls, and waits for the answer; signals that come meanwhile are kept.
    pub(crate) fn call(&mut self, to: To, member: &str, signature: &str, body: Body) -> Outcome<Content> {
        let serial = self.send(to, member, signature, body)?;
        loop {
            let (head, content) = self.receive()?;
            match head.kind {
                METHOD_RETURN if head.reply_to == Some(serial) => return Ok(content),
                ERROR if head.reply_to == Some(serial) => {
                    let text = content.first_text().unwrap_or_default();
                    return Err(Failure::new(format!("{member} is refused: {text}")));
                }
                SIGNAL => self.signals.push_back((head.member, content)),
                _ => {}
            }
        }
    }

    /// Waits for the next signal of that name; the string it begins with.
    pub(crate) fn signal(&mut self, member: &str) -> Outcome<String> {
        loop {
            let (name, content) = match self.signals.pop_front() {
                Some(kept) => kept,
                None => match self.receive()? {
                    (head, content) if head.kind == SIGNAL => (head.member, content),
                    _ => continue,
                },
            };
            if name == member {
                return content.first_text();
            }
        }
    }

    fn send(&mut self, to: To, member: &str, signature: &str, body: Body) -> Outcome<u32> {
        self.serial += 1;
        let mut fields = Body::default();
        fields.field(field::PATH, b'o', to.path);
        fields.field(field::INTERFACE, b's', to.interface);
        fields.field(field::MEMBER, b's', member);
        fields.field(field::DESTINATION, b's', to.name);
        if !signature.is_empty() {
            fields.field(field::SIGNATURE, b'g', signature);
        }
        let mut message = Body(vec![b'l', METHOD_CALL, 0, 1]).u32(0).u32(self.serial).u32(0);
        message.0[4..8].copy_from_slice(&length(body.0.len()));
        message.0[12..16].copy_from_slice(&length(fields.0.len()));
        message.0.extend(fields.0);
        message.align(8);
        message.0.extend(body.0);
        self.stream.write_all(&message.0)?;
        Ok(self.serial)
    }

    fn receive(&mut self) -> Outcome<(Head, Content)> {
        let mut fds = Vec::new();
        let mut head = [0; HEAD];
        self.fill(&mut head, &mut fds)?;
        if head[0] != b'l' {
            return Err(Failure::new("a message that is not little-endian"));
        }
        let fields = number(&head, 12)?;
        let mut header = vec![0; fields.next_multiple_of(8)];
        self.fill(&mut header, &mut fds)?;
        let mut bytes = vec![0; number(&head, 4)?];
        self.fill(&mut bytes, &mut fds)?;
        Ok((Head::parse(head[1], &header[..fields])?, Content { bytes, fds }))
    }

    // The descriptors of a message come with its first byte.
    fn fill(&self, mut buffer: &mut [u8], fds: &mut Vec<OwnedFd>) -> Outcome {
        while !buffer.is_empty() {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(8))];
            let mut ancillary = RecvAncillaryBuffer::new(&mut space);
            let read = recvmsg(&self.stream, &mut [IoSliceMut::new(buffer)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
            if read.bytes == 0 {
                return Err(Failure::new("the connection is closed"));
            }
            for message in ancillary.drain() {
                if let RecvAncillaryMessage::ScmRights(rights) = message {
                    fds.extend(rights);
                }
            }
            buffer = &mut buffer[read.bytes..];
        }
        Ok(())
    }

    fn line(&mut self, beginning: &str) -> Outcome {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            line.push(byte[0]);
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        if line.starts_with(beginning) { Ok(()) } else { Err(Failure::new(format!("the bus says {line:?}"))) }
    }
}

/// What a header says, as far as it matters here.
#[derive(Debug)]
struct Head {
    kind: u8,
    reply_to: Option<u32>,
    member: String,
}

impl Head {
    // Header fields are a(yv); the variants of the standard ones are strings, signatures and numbers.
    fn parse(kind: u8, fields: &[u8]) -> Outcome<Self> {
        let mut head = Self { kind, reply_to: None, member: String::new() };
        let mut at = 0;
        while at < fields.len() {
            at = at.next_multiple_of(8);
            let (code, signature) = (fields.get(at).ok_or_else(torn)?, fields.get(at + 2).ok_or_else(torn)?);
            at += 4;
            match signature {
                b'u' => {
                    let value = number(fields, at)?;
                    if *code == field::REPLY_SERIAL {
                        head.reply_to = u32::try_from(value).ok();
                    }
                    at += 4;
                }
                b'g' => at += usize::from(*fields.get(at).ok_or_else(torn)?) + 2,
                _ => {
                    let length = number(fields, at)?;
                    let text = fields.get(at + 4..at + 4 + length).ok_or_else(torn)?;
                    if *code == field::MEMBER {
                        head.member = String::from_utf8_lossy(text).into_owned();
                    }
                    at += 4 + length + 1;
                }
            }
        }
        Ok(head)
    }
}

fn number(bytes: &[u8], at: usize) -> Outcome<usize> {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes);
    four.and_then(|n| usize::try_from(n).ok()).ok_or_else(torn)
}

fn torn() -> Failure {
    Failure::new("a message that ends too soon")
}
