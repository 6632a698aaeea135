//! D-Bus messages as bytes (D-Bus Specification, "Message Protocol"): a call is written, an answer is read.

use std::os::fd::OwnedFd;

use crate::wire::{Endian, Reader, Writer, length};

/// What has to be read before a message's length is known.
pub(crate) const HEAD: usize = 16;

/// The longest answer taken: those waited for are a few hundred bytes long.
pub(crate) const LONGEST: usize = 64 * 1024;

/// The longest message there is (D-Bus Specification).
const LONGEST_OF_ALL: usize = 128 * 1024 * 1024;

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;
const VERSION: u8 = 1;

/// Codes of header fields.
mod field {
    pub(super) const PATH: u8 = 1;
    pub(super) const INTERFACE: u8 = 2;
    pub(super) const MEMBER: u8 = 3;
    pub(super) const ERROR_NAME: u8 = 4;
    pub(super) const REPLY_SERIAL: u8 = 5;
    pub(super) const DESTINATION: u8 = 6;
    pub(super) const SIGNATURE: u8 = 8;
    pub(super) const UNIX_FDS: u8 = 9;
}

/// A method and what it is called with.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) destination: &'a str,
    pub(crate) path: &'a str,
    pub(crate) interface: &'a str,
    pub(crate) member: &'a str,
    /// The types of the arguments, in the order of `body`.
    pub(crate) signature: &'a str,
    /// The arguments.
    pub(crate) body: Writer,
    /// The file descriptor among them.
    pub(crate) descriptor: Option<OwnedFd>,
}

impl Call<'_> {
    /// The call as bytes.
    pub(crate) fn bytes(&self, serial: u32) -> Vec<u8> {
        let mut message = Writer::default();
        for byte in [b'l', METHOD_CALL, 0, VERSION] {
            message.byte(byte);
        }
        message.u32(length(self.body.bytes().len()));
        message.u32(serial);
        message.structures(|fields| self.write_fields(fields));
        message.append(&self.body);
        message.into_bytes()
    }

    fn write_fields(&self, fields: &mut Writer) {
        let begin = |fields: &mut Writer, code: u8, kind: &str| {
            fields.structure();
            fields.byte(code);
            fields.signature(kind);
        };
        for (code, kind, text) in [
            (field::PATH, "o", self.path),
            (field::INTERFACE, "s", self.interface),
            (field::MEMBER, "s", self.member),
            (field::DESTINATION, "s", self.destination),
        ] {
            begin(fields, code, kind);
            fields.text(text);
        }
        if !self.signature.is_empty() {
            begin(fields, field::SIGNATURE, "g");
            fields.signature(self.signature);
        }
        if self.descriptor.is_some() {
            begin(fields, field::UNIX_FDS, "u");
            fields.u32(1);
        }
    }
}

/// A message that is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("not D-Bus")]
    Head,
    #[error("a message longer than {LONGEST} bytes")]
    TooLong,
    #[error("a header that cannot be read")]
    Header,
    #[error("a body that cannot be read")]
    Body,
    #[error("other types than promised")]
    Signature,
    #[error("other file descriptors than announced")]
    Descriptors,
}

/// The first bytes of a message: what it is, how long it is, and how its numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    endian: Endian,
    kind: u8,
    fields_end: usize,
    total: usize,
}

impl Head {
    pub(crate) fn parse(bytes: &[u8; HEAD]) -> Result<Self, Malformed> {
        let endian = match bytes[0] {
            b'l' => Endian::Little,
            b'B' => Endian::Big,
            _ => return Err(Malformed::Head),
        };
        if bytes[3] != VERSION {
            return Err(Malformed::Head);
        }
        let number = |at: usize| {
            let n = endian.u32([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
            usize::try_from(n).ok().filter(|&n| n <= LONGEST_OF_ALL).ok_or(Malformed::TooLong)
        };
        let (body, fields) = (number(4)?, number(12)?);
        let fields_end = HEAD + fields;
        let head = Self { endian, kind: bytes[1], fields_end, total: fields_end.next_multiple_of(8) + body };
        let longest = if head.is_answer() { LONGEST } else { LONGEST_OF_ALL };
        if head.total > longest { Err(Malformed::TooLong) } else { Ok(head) }
    }

    /// Whether it is an answer. A bus passes those on to nobody but who has called; anything else anybody may send.
    pub(crate) fn is_answer(self) -> bool {
        matches!(self.kind, METHOD_RETURN | ERROR)
    }

    /// The whole message's length.
    pub(crate) fn total(self) -> usize {
        self.total
    }
}

/// An answer that came.
#[derive(Debug)]
pub(crate) struct Incoming {
    head: Head,
    reply_serial: Option<u32>,
    error_name: String,
    signature: String,
    /// All of it, the head too.
    bytes: Vec<u8>,
    descriptors: Vec<OwnedFd>,
}

impl Incoming {
    /// Reads the message of `head` from all its bytes and the file descriptors that came with them.
    pub(crate) fn parse(head: Head, bytes: Vec<u8>, descriptors: Vec<OwnedFd>) -> Result<Self, Malformed> {
        if bytes.len() != head.total {
            return Err(Malformed::Header);
        }
        let mut incoming = Self {
            head,
            reply_serial: None,
            error_name: String::new(),
            signature: String::new(),
            bytes: Vec::new(),
            descriptors,
        };
        let header = bytes.get(..head.fields_end).ok_or(Malformed::Header)?;
        let announced = incoming.read_fields(header).ok_or(Malformed::Header)?;
        if usize::try_from(announced) != Ok(incoming.descriptors.len()) {
            return Err(Malformed::Descriptors);
        }
        incoming.bytes = bytes;
        Ok(incoming)
    }

    /// Reads the header fields, `a(yv)`; how many file descriptors they announce.
    fn read_fields(&mut self, header: &[u8]) -> Option<u32> {
        let mut header = Reader::new(header, self.head.endian);
        header.pass(HEAD)?;
        let mut descriptors = 0;
        while !header.is_at_end() {
            header.structure()?;
            match (header.byte()?, header.signature()?) {
                (field::REPLY_SERIAL, "u") => self.reply_serial = Some(header.u32()?),
                (field::ERROR_NAME, "s") => self.error_name = header.text()?.to_owned(),
                (field::SIGNATURE, "g") => self.signature = header.signature()?.to_owned(),
                (field::UNIX_FDS, "u") => descriptors = header.u32()?,
                (field::REPLY_SERIAL | field::ERROR_NAME | field::SIGNATURE | field::UNIX_FDS, _) => return None,
                (_, kind) => header.skip(kind)?,
            }
        }
        Some(descriptors)
    }

    /// Whether this answers the call of that serial.
    pub(crate) fn answers(&self, serial: u32) -> bool {
        self.head.is_answer() && self.reply_serial == Some(serial)
    }

    /// If this is a refusal, its error name and text (empty if none came).
    pub(crate) fn refusal(&self) -> Option<(&str, &str)> {
        if self.head.kind != ERROR {
            return None;
        }
        let text = if self.signature.starts_with('s') { self.reader().text() } else { None };
        Some((&self.error_name, text.unwrap_or_default()))
    }

    /// The body, whose types must be `signature`.
    pub(crate) fn body(&self, signature: &str) -> Result<Reader<'_>, Malformed> {
        if self.signature == signature { Ok(self.reader()) } else { Err(Malformed::Signature) }
    }

    fn reader(&self) -> Reader<'_> {
        Reader::new(self.bytes.get(self.head.fields_end.next_multiple_of(8)..).unwrap_or_default(), self.head.endian)
    }

    /// The file descriptor in that place beside the message.
    pub(crate) fn into_descriptor(mut self, place: u32) -> Option<OwnedFd> {
        let place = usize::try_from(place).ok().filter(|&place| place < self.descriptors.len())?;
        Some(self.descriptors.swap_remove(place))
    }
}
