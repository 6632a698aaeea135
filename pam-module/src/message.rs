//! D-Bus messages as bytes (D-Bus Specification, "Message Protocol"): a call is written, an answer is read.

use std::os::fd::OwnedFd;

use zbus::Variant;
use zbus::wire::serialized::{Context, Data};
use zbus::wire::{BE, Endian, LE};

/// What has to be read before a message's length is known.
pub(crate) const HEAD: usize = 16;

/// The longest message taken: the answers waited for are a few hundred bytes long.
pub(crate) const LONGEST: usize = 64 * 1024;

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
    /// The arguments, little-endian.
    pub(crate) body: Data<'a, 'a>,
}

impl Call<'_> {
    /// The call as bytes, little-endian. The header is written by hand because the codec puts the parentheses of a
    /// structure around a signature of several types, and a message must not have them.
    pub(crate) fn bytes(&self, serial: u32) -> Vec<u8> {
        let mut fields = Fields::default();
        fields.text(field::PATH, b'o', self.path);
        fields.text(field::INTERFACE, b's', self.interface);
        fields.text(field::MEMBER, b's', self.member);
        fields.text(field::DESTINATION, b's', self.destination);
        fields.signature(self.signature);
        fields.unix_fds(self.body.fds().len());
        let mut message = vec![b'l', METHOD_CALL, 0, VERSION];
        message.extend(length(self.body.bytes().len()));
        message.extend(serial.to_le_bytes());
        message.extend(length(fields.0.len()));
        message.extend(fields.0);
        pad(&mut message, 8);
        message.extend(self.body.bytes());
        message
    }
}

/// The header fields of a call, `a(yv)`. They begin at an offset of 16, so their own alignment is the message's.
#[derive(Default)]
struct Fields(Vec<u8>);

impl Fields {
    fn begin(&mut self, code: u8, kind: u8) {
        pad(&mut self.0, 8);
        self.0.extend([code, 1, kind, 0]);
    }

    fn text(&mut self, code: u8, kind: u8, text: &str) {
        self.begin(code, kind);
        self.0.extend(length(text.len()));
        self.0.extend(text.bytes());
        self.0.push(0);
    }

    fn signature(&mut self, signature: &str) {
        let Ok(length @ 1..) = u8::try_from(signature.len()) else { return };
        self.begin(field::SIGNATURE, b'g');
        self.0.push(length);
        self.0.extend(signature.bytes());
        self.0.push(0);
    }

    fn unix_fds(&mut self, count: usize) {
        if count > 0 {
            self.begin(field::UNIX_FDS, b'u');
            self.0.extend(length(count));
        }
    }
}

fn pad(bytes: &mut Vec<u8>, alignment: usize) {
    bytes.resize(bytes.len().next_multiple_of(alignment), 0);
}

/// A length as it is written. Nothing we write comes near 4 GiB; if it did, the receiver would refuse the message.
fn length(n: usize) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes()
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

/// The first bytes of a message: how long it is and how its numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    endian: Endian,
    fields_end: usize,
    total: usize,
}

impl Head {
    pub(crate) fn parse(bytes: &[u8; HEAD]) -> Result<Self, Malformed> {
        let endian = match bytes[0] {
            b'l' => LE,
            b'B' => BE,
            _ => return Err(Malformed::Head),
        };
        if bytes[3] != VERSION {
            return Err(Malformed::Head);
        }
        let number = |at: usize| {
            let four = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
            let n = if bytes[0] == b'B' { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
            usize::try_from(n).ok().filter(|&n| n <= LONGEST).ok_or(Malformed::TooLong)
        };
        let (body, fields) = (number(4)?, number(12)?);
        let fields_end = HEAD + fields;
        let total = fields_end.next_multiple_of(8) + body;
        if total > LONGEST { Err(Malformed::TooLong) } else { Ok(Self { endian, fields_end, total }) }
    }

    /// The whole message's length.
    pub(crate) fn total(self) -> usize {
        self.total
    }
}

/// A message that came.
#[derive(Debug)]
pub(crate) struct Incoming {
    kind: u8,
    reply_serial: Option<u32>,
    error_name: String,
    signature: String,
    descriptors: usize,
    body: Data<'static, 'static>,
}

/// The header as the codec reads it: endianness, type, flags, version, body's length, serial, fields.
type Header<'m> = (u8, u8, u8, u8, u32, u32, Vec<(u8, Variant<'m>)>);

impl Incoming {
    /// Reads the message of `head` from all its bytes and the file descriptors that came with them.
    pub(crate) fn parse(head: Head, mut bytes: Vec<u8>, fds: Vec<OwnedFd>) -> Result<Self, Malformed> {
        if bytes.len() != head.total {
            return Err(Malformed::Header);
        }
        let body = bytes.split_off(head.fields_end.next_multiple_of(8));
        bytes.truncate(head.fields_end);
        let mut incoming = Self::without_body(&Data::new(bytes, Context::new(head.endian, 0)))?;
        if incoming.descriptors != fds.len() {
            return Err(Malformed::Descriptors);
        }
        incoming.body = Data::new_fds(body, Context::new(head.endian, 0), fds);
        Ok(incoming)
    }

    fn without_body(header: &Data<'_, '_>) -> Result<Self, Malformed> {
        let ((_, kind, _, _, _, _, fields), _) = header.deserialize::<Header<'_>>().map_err(|_| Malformed::Header)?;
        let mut incoming = Self {
            kind,
            reply_serial: None,
            error_name: String::new(),
            signature: String::new(),
            descriptors: 0,
            body: Data::new(Vec::new(), header.context()),
        };
        for (code, value) in fields {
            match (code, value) {
                (field::REPLY_SERIAL, Variant::U32(serial)) => incoming.reply_serial = Some(serial),
                (field::ERROR_NAME, Variant::Str(name)) => incoming.error_name = name.as_str().to_owned(),
                (field::SIGNATURE, Variant::Signature(types)) => incoming.signature = types.to_string_no_parens(),
                (field::UNIX_FDS, Variant::U32(n)) => incoming.descriptors = n.try_into().unwrap_or(usize::MAX),
                (field::REPLY_SERIAL | field::ERROR_NAME | field::SIGNATURE | field::UNIX_FDS, _) => {
                    return Err(Malformed::Header);
                }
                _ => {}
            }
        }
        Ok(incoming)
    }

    /// Whether this answers the call of that serial.
    pub(crate) fn answers(&self, serial: u32) -> bool {
        matches!(self.kind, METHOD_RETURN | ERROR) && self.reply_serial == Some(serial)
    }

    /// If this is a refusal, its error name and text (empty if none came).
    pub(crate) fn refusal(&self) -> Option<(&str, &str)> {
        if self.kind != ERROR {
            return None;
        }
        let text = if self.signature.starts_with('s') { self.body.deserialize::<&str>().ok() } else { None };
        Some((&self.error_name, text.map_or("", |(text, _)| text)))
    }

    /// The body, whose types must be `signature`.
    pub(crate) fn body(&self, signature: &str) -> Result<&Data<'static, 'static>, Malformed> {
        if self.signature == signature { Ok(&self.body) } else { Err(Malformed::Signature) }
    }
}
