//! A D-Bus connection for a few calls: authentication, calls, their answers, and nothing that outlives them.

use std::os::fd::{AsFd, OwnedFd};

use logind_api::error;
use rustix::io::Errno;

use crate::deadline::Deadline;
use crate::message::{Call, HEAD, Head, Incoming, Malformed};
use crate::socket::{Silence, Socket};
use crate::wire::Writer;

/// The longest line of the authentication protocol taken; a server's are shorter than 60 bytes.
const LINE_MAX: usize = 256;

/// Why a call has no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Silence(#[from] Silence),
    #[error("the login manager's answer makes no sense: {0}")]
    Malformed(#[from] Malformed),
    #[error("the login manager's answer makes no sense: no {0}")]
    Nonsense(&'static str),
    #[error("the login manager's door is no D-Bus peer for us: {0}")]
    Unwelcome(&'static str),
    /// Not in a session, and no session to be had: the virtual terminal asked for is in one.
    #[error("the virtual terminal has a session already")]
    Taken,
    #[error("the login manager refused: {0}")]
    Refused(Refusal),
    /// A call was broken off, and made again the session was already there: nobody knows whose.
    #[error("the login manager went away in the middle and now says the process is in a session already")]
    Orphaned,
}

impl Failure {
    /// Whether other words in the request might have had another answer.
    pub(crate) fn is_about_words(&self) -> bool {
        match self {
            Self::Taken => true,
            Self::Refused(refusal) => refusal.is(error::INVALID_ARGS) || refusal.is(error::NO_SUCH_SEAT),
            _ => false,
        }
    }
}

/// An error reply, as it came: not to be shown before it is escaped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {text}")]
pub(crate) struct Refusal {
    name: String,
    text: String,
}

impl Refusal {
    /// Whether it is the error of that name.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// Whether the bus says it because nobody holds the name asked for (D-Bus Specification).
    fn means_absent(&self) -> bool {
        self.is("org.freedesktop.DBus.Error.ServiceUnknown")
            || self.is("org.freedesktop.DBus.Error.NameHasNoOwner")
            || self.name.starts_with("org.freedesktop.DBus.Error.Spawn.")
    }

    /// Whether the bus says it because who was asked went away without a word (D-Bus Specification).
    fn means_broken(&self) -> bool {
        self.is("org.freedesktop.DBus.Error.NoReply") || self.is("org.freedesktop.DBus.Error.Disconnected")
    }
}

/// An authenticated connection.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: Socket,
    last_serial: u32,
    deadline: Deadline,
}

impl Connection {
    /// Connects to the peer at `path`; everything said over the connection is bounded by `deadline`.
    pub(crate) fn open(path: &str, deadline: Deadline) -> Result<Self, Failure> {
        let connection = Self { socket: Socket::connect(path, deadline)?, last_serial: 0, deadline };
        connection.authenticate()?;
        Ok(connection)
    }

    /// SASL EXTERNAL as who we are, with file descriptors (D-Bus Specification, "Authentication Protocol").
    fn authenticate(&self) -> Result<(), Failure> {
        let uid = rustix::process::geteuid().as_raw().to_string();
        let hex: String = uid.bytes().map(|digit| format!("{digit:02x}")).collect();
        let welcome = self.ask(&format!("\0AUTH EXTERNAL {hex}\r\n"))?;
        if !welcome.starts_with(b"OK ") {
            return Err(Failure::Unwelcome("EXTERNAL was refused"));
        }
        if self.ask("NEGOTIATE_UNIX_FD\r\n")? != b"AGREE_UNIX_FD" {
            return Err(Failure::Unwelcome("file descriptors were refused"));
        }
        Ok(self.socket.write(b"BEGIN\r\n", None, self.deadline)?)
    }

    /// Writes a line and reads the one that answers it, without its end.
    fn ask(&self, line: &str) -> Result<Vec<u8>, Failure> {
        self.socket.write(line.as_bytes(), None, self.deadline)?;
        let mut answer = Vec::new();
        let mut buffer = [0; LINE_MAX];
        while answer.len() < LINE_MAX {
            let mut fds = Vec::new();
            let read = self.socket.read(&mut buffer, &mut fds, self.deadline)?;
            answer.extend_from_slice(buffer.get(..read).unwrap_or_default());
            if answer.ends_with(b"\r\n") {
                answer.truncate(answer.len() - 2);
                return Ok(answer);
            }
        }
        Err(Failure::Nonsense("line's end"))
    }

    /// Makes the bus know us; a peer without a bus needs none of it (D-Bus Specification, `Hello`).
    pub(crate) fn hello(&mut self) -> Result<(), Failure> {
        let bus = "org.freedesktop.DBus";
        let hello = Call {
            destination: bus,
            path: "/org/freedesktop/DBus",
            interface: bus,
            member: "Hello",
            signature: "",
            body: Writer::default(),
            descriptor: None,
        };
        self.call(&hello).map(drop)
    }

    /// Calls and waits for the answer, passing over whatever else is said meanwhile.
    pub(crate) fn call(&mut self, call: &Call<'_>) -> Result<Incoming, Failure> {
        self.last_serial += 1;
        let descriptor = call.descriptor.as_ref().map(AsFd::as_fd);
        self.socket.write(&call.bytes(self.last_serial), descriptor, self.deadline)?;
        loop {
            let Some(incoming) = self.receive()? else { continue };
            if !incoming.answers(self.last_serial) {
                continue;
            }
            let Some((name, text)) = incoming.refusal() else { return Ok(incoming) };
            return Err(judged(Refusal { name: name.to_owned(), text: text.to_owned() }));
        }
    }

    /// Reads one message, whole; none if it is no answer.
    fn receive(&self) -> Result<Option<Incoming>, Failure> {
        let mut fds = Vec::new();
        let mut start = [0; HEAD];
        self.fill(&mut start, &mut fds)?;
        let head = Head::parse(&start)?;
        if !head.is_answer() {
            self.pass_over(head.total() - HEAD)?;
            return Ok(None);
        }
        let mut bytes = vec![0; head.total()];
        let (first, rest) = bytes.split_at_mut(HEAD);
        first.copy_from_slice(&start);
        self.fill(rest, &mut fds)?;
        Ok(Some(Incoming::parse(head, bytes, fds)?))
    }

    /// Reads what is left of a message that is none of ours.
    fn pass_over(&self, mut left: usize) -> Result<(), Failure> {
        let mut buffer = [0; 4096];
        while left > 0 {
            let count = left.min(buffer.len());
            self.fill(buffer.get_mut(..count).unwrap_or_default(), &mut Vec::new())?;
            left -= count;
        }
        Ok(())
    }

    fn fill(&self, mut buffer: &mut [u8], fds: &mut Vec<OwnedFd>) -> Result<(), Failure> {
        while !buffer.is_empty() {
            let read = self.socket.read(buffer, fds, self.deadline)?;
            buffer = buffer.get_mut(read..).unwrap_or_default();
        }
        Ok(())
    }
}

/// What an error reply means: some are the bus' words for a peer that is not there.
fn judged(refusal: Refusal) -> Failure {
    if refusal.means_absent() {
        Failure::Silence(Silence::Absent(Errno::SRCH))
    } else if refusal.means_broken() {
        Failure::Silence(Silence::Broken(Errno::PIPE))
    } else {
        Failure::Refused(refusal)
    }
}
