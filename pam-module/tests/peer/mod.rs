//! A small D-Bus peer that answers as it is told to: well, late, wrongly, by halves or never.
#![allow(dead_code, reason = "the unit tests and the tests of the built module use different parts")]

use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use zbus::wire::serialized::{Context, Data};
use zbus::wire::{Endian, LE, to_bytes};
use zbus::{Fd, ObjectPath, Variant};

/// A call as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) serial: u32,
    /// Who the bus says it is from; empty without a bus.
    pub(crate) sender: String,
    pub(crate) destination: String,
    pub(crate) path: String,
    pub(crate) interface: String,
    pub(crate) member: String,
    pub(crate) signature: String,
    pub(crate) descriptors: usize,
    body: Vec<u8>,
}

/// The arguments of CreateSession and CreateSessionWithPIDFD.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) uid: u32,
    pub(crate) pid: Option<u32>,
    pub(crate) service: String,
    pub(crate) kind: String,
    pub(crate) class: String,
    pub(crate) desktop: String,
    pub(crate) seat: String,
    pub(crate) vt: u32,
    pub(crate) tty: String,
    pub(crate) display: String,
    pub(crate) is_remote: bool,
    pub(crate) remote_user: String,
    pub(crate) remote_host: String,
    pub(crate) properties: Vec<String>,
}

type Properties<'m> = Vec<(&'m str, Variant<'m>)>;
type WithPid<'m> = (
    u32,
    u32,
    &'m str,
    &'m str,
    &'m str,
    &'m str,
    &'m str,
    u32,
    &'m str,
    &'m str,
    bool,
    &'m str,
    &'m str,
    Properties<'m>,
);
type WithPidfd<'m> = (
    u32,
    Fd<'m>,
    &'m str,
    &'m str,
    &'m str,
    &'m str,
    &'m str,
    u32,
    &'m str,
    &'m str,
    bool,
    &'m str,
    &'m str,
    u64,
    Properties<'m>,
);

impl Seen {
    /// The arguments, read as the types they are said to be.
    pub(crate) fn asked(&self) -> Asked {
        let context = Context::new(LE, 0);
        let names = |properties: Properties<'_>| properties.iter().map(|(name, _)| (*name).to_owned()).collect();
        let text = str::to_owned;
        if self.signature == "uusssssussbssa(sv)" {
            let data = Data::new(self.body.as_slice(), context);
            let (m, used) = data.deserialize::<WithPid<'_>>().expect("arguments of CreateSession");
            assert_eq!(used, self.body.len());
            Asked {
                uid: m.0,
                pid: Some(m.1),
                service: text(m.2),
                kind: text(m.3),
                class: text(m.4),
                desktop: text(m.5),
                seat: text(m.6),
                vt: m.7,
                tty: text(m.8),
                display: text(m.9),
                is_remote: m.10,
                remote_user: text(m.11),
                remote_host: text(m.12),
                properties: names(m.13),
            }
        } else {
            assert_eq!((self.signature.as_str(), self.descriptors), ("uhsssssussbssta(sv)", 1));
            let stdin = std::io::stdin();
            let data = Data::new_borrowed_fds(self.body.as_slice(), context, [stdin.as_fd()]);
            let (m, used) = data.deserialize::<WithPidfd<'_>>().expect("arguments of CreateSessionWithPIDFD");
            assert_eq!((used, m.13), (self.body.len(), 0));
            Asked {
                uid: m.0,
                pid: None,
                service: text(m.2),
                kind: text(m.3),
                class: text(m.4),
                desktop: text(m.5),
                seat: text(m.6),
                vt: m.7,
                tty: text(m.8),
                display: text(m.9),
                is_remote: m.10,
                remote_user: text(m.11),
                remote_host: text(m.12),
                properties: names(m.14),
            }
        }
    }

    /// The one number.
    pub(crate) fn number(&self) -> u32 {
        let data = Data::new(self.body.as_slice(), Context::new(LE, 0));
        data.deserialize::<(u32,)>().expect("a number").0.0
    }

    /// The one text argument.
    pub(crate) fn text(&self) -> String {
        let data = Data::new(self.body.as_slice(), Context::new(LE, 0));
        data.deserialize::<(&str,)>().expect("a text").0.0.to_owned()
    }
}

/// What the peer does with a call.
pub(crate) enum Act {
    /// Answers with these bytes, with the file descriptors beside them.
    Send(Vec<u8>, Vec<OwnedFd>),
    /// As `Send`, one after the other.
    SendAll(Vec<(Vec<u8>, Vec<OwnedFd>)>),
    /// As `Send`, a byte at a time.
    Dribble(Vec<u8>, Vec<OwnedFd>),
    /// As `Send`, again and again until nobody listens.
    Flood(Vec<u8>),
    /// Keeps the connection and never answers.
    Hang,
    /// Closes the connection.
    Drop,
    /// Closes the connection and removes the socket, as a killed daemon's successor would before it binds its own.
    Die,
}

/// A session as CreateSession returns it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) runtime_path: String,
    pub(crate) uid: u32,
    pub(crate) seat: String,
    pub(crate) vt: u32,
    pub(crate) existed: bool,
}

impl Session {
    pub(crate) fn of(uid: u32) -> Self {
        let runtime_path = format!("/run/user/{uid}");
        Self { id: "c1".into(), runtime_path, uid, seat: String::new(), vt: 0, existed: false }
    }

    /// The reply to `seen`, with `life_line`.
    pub(crate) fn reply(&self, seen: &Seen, endian: Endian, life_line: &impl AsFd) -> Vec<u8> {
        self.reply_to(seen.serial, &seen.sender, endian, life_line)
    }

    /// The reply to the call of that serial and sender, with `life_line`.
    pub(crate) fn reply_to(&self, serial: u32, sender: &str, endian: Endian, life_line: &impl AsFd) -> Vec<u8> {
        let path = ObjectPath::try_from("/org/freedesktop/login1/session/c1").expect("a path");
        let s = self;
        let fd = Fd::from(life_line.as_fd());
        let values = (&*s.id, path, &*s.runtime_path, fd, s.uid, &*s.seat, s.vt, s.existed);
        let body = to_bytes(Context::new(endian, 0), &values).expect("a body");
        let texts = [(DESTINATION, b's', sender)];
        let reply = Message { endian, reply_serial: serial, texts: &texts, signature: "soshusub", ..Message::REPLY };
        Message { body: body.bytes(), descriptors: 1, ..reply }.bytes()
    }
}

/// An empty reply.
pub(crate) fn done(seen: &Seen) -> Act {
    let texts = [(DESTINATION, b's', &*seen.sender)];
    Act::Send(Message { reply_serial: seen.serial, texts: &texts, ..Message::REPLY }.bytes(), Vec::new())
}

/// An error reply of that name.
pub(crate) fn refused(seen: &Seen, name: &str) -> Act {
    let body = to_bytes(Context::new(LE, 0), &("told so",)).expect("a body");
    let texts = [(DESTINATION, b's', &*seen.sender), (ERROR_NAME, b's', name)];
    let reply = Message { kind: 3, reply_serial: seen.serial, texts: &texts, ..Message::REPLY };
    Act::Send(Message { signature: "s", body: body.bytes(), ..reply }.bytes(), Vec::new())
}

/// Header fields, by their codes.
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const ERROR_NAME: u8 = 4;
const DESTINATION: u8 = 6;
const SENDER: u8 = 7;
const SIGNATURE: u8 = 8;
const UNIX_FDS: u8 = 9;

/// A message of the peer's.
#[derive(Clone, Copy)]
pub(crate) struct Message<'m> {
    /// 1 is a call, 2 a reply, 3 an error, 4 a signal.
    pub(crate) kind: u8,
    pub(crate) endian: Endian,
    pub(crate) reply_serial: u32,
    /// Header fields of text: code, type, value; an empty one is left out.
    pub(crate) texts: &'m [(u8, u8, &'m str)],
    pub(crate) signature: &'m str,
    pub(crate) body: &'m [u8],
    pub(crate) descriptors: u32,
}

impl Message<'_> {
    /// An empty reply to nothing.
    pub(crate) const REPLY: Self =
        Self { kind: 2, endian: LE, reply_serial: 0, texts: &[], signature: "", body: &[], descriptors: 0 };

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let number = |n: u32| if self.endian == LE { n.to_le_bytes() } else { n.to_be_bytes() };
        let length = |n: usize| number(u32::try_from(n).expect("a length"));
        let mut fields = Vec::new();
        let mut begin = |code: u8, kind: u8, value: &[u8]| {
            fields.resize(fields.len().next_multiple_of(8), 0);
            fields.extend([code, 1, kind, 0]);
            fields.extend(value);
        };
        if self.reply_serial > 0 {
            begin(5, b'u', &number(self.reply_serial));
        }
        for (code, kind, text) in self.texts.iter().filter(|(_, _, text)| !text.is_empty()) {
            begin(*code, *kind, &[&length(text.len()), text.as_bytes(), &[0]].concat());
        }
        if let Ok(length @ 1..) = u8::try_from(self.signature.len()) {
            begin(SIGNATURE, b'g', &[&[length], self.signature.as_bytes(), &[0]].concat());
        }
        if self.descriptors > 0 {
            begin(UNIX_FDS, b'u', &number(self.descriptors));
        }
        let mut message = vec![if self.endian == LE { b'l' } else { b'B' }, self.kind, 0, 1];
        message.extend([length(self.body.len()), number(77), length(fields.len())].concat());
        message.extend(fields);
        message.resize(message.len().next_multiple_of(8), 0);
        message.extend(self.body);
        message
    }
}

/// How the peer greets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// As the specification says.
    Proper,
    /// Accepts the connection and says nothing.
    Silent,
    /// Will not have us.
    Rejecting,
    /// Passes no file descriptors.
    WithoutDescriptors,
    /// An answer without end.
    Endless,
    /// No D-Bus at all.
    Garbage,
}

/// A peer, until it is dropped.
pub(crate) struct Peer {
    path: PathBuf,
    seen: Arc<Mutex<Vec<Seen>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    /// Listens at `path` and does with each call what `script` says; it is told how many came before.
    pub(crate) fn listen(path: &Path, script: impl FnMut(usize, &Seen) -> Act + Send + 'static) -> Self {
        Self::greeting(path, Greeting::Proper, script)
    }

    pub(crate) fn greeting(
        path: &Path,
        greeting: Greeting,
        mut script: impl FnMut(usize, &Seen) -> Act + Send + 'static,
    ) -> Self {
        let listener = UnixListener::bind(path).expect("a socket of our own");
        let (seen, ended) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (calls, end, at) = (seen.clone(), ended.clone(), path.to_owned());
        let thread = std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { break };
                if end.load(Ordering::SeqCst) {
                    break;
                }
                if greet(&mut stream, greeting).is_none() {
                    held.push(stream);
                    continue;
                }
                match serve(&stream, &calls, &mut script) {
                    Some(Act::Hang) => held.push(stream),
                    Some(Act::Die) => {
                        std::fs::remove_file(&at).expect("our own socket");
                        break;
                    }
                    _ => {}
                }
            }
        });
        Self { path: path.to_owned(), seen, ended, thread: Some(thread) }
    }

    /// Takes the name org.freedesktop.login1 on the bus at `path`, and does with each call what `script` says.
    pub(crate) fn on_bus(path: &Path, mut script: impl FnMut(usize, &Seen) -> Act + Send + 'static) -> Self {
        let mut stream = UnixStream::connect(path).expect("a bus");
        let hex: String = rustix::process::geteuid().to_string().bytes().map(|digit| format!("{digit:02x}")).collect();
        for said in [format!("\0AUTH EXTERNAL {hex}\r\n"), "NEGOTIATE_UNIX_FD\r\n".into()] {
            stream.write_all(said.as_bytes()).expect("the bus");
            line(&mut stream).expect("the bus' answer");
        }
        stream.write_all(b"BEGIN\r\n").expect("the bus");
        let bus = "org.freedesktop.DBus";
        let to = [(PATH, b'o', "/org/freedesktop/DBus"), (INTERFACE, b's', bus), (DESTINATION, b's', bus)];
        let hello = [&to[..], &[(MEMBER, b's', "Hello")]].concat();
        let request_name = [&to[..], &[(MEMBER, b's', "RequestName")]].concat();
        let body = to_bytes(Context::new(LE, 0), &("org.freedesktop.login1", 0_u32)).expect("a body");
        let hello = Message { kind: 1, texts: &hello, ..Message::REPLY };
        let request_name = Message { kind: 1, texts: &request_name, signature: "su", ..Message::REPLY };
        stream.write_all(&hello.bytes()).expect("the bus");
        stream.write_all(&Message { body: body.bytes(), ..request_name }.bytes()).expect("the bus");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let calls = seen.clone();
        std::thread::spawn(move || serve(&stream, &calls, &mut script));
        Self { path: path.to_owned(), seen, ended: Arc::default(), thread: None }
    }

    /// The calls that came so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many calls of that method came.
    pub(crate) fn count(&self, member: &str) -> usize {
        self.seen().iter().filter(|seen| seen.member == member).count()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the listener. Where the socket is gone there is none to wake, and the process ends with its threads.
        if UnixStream::connect(&self.path).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

/// Authenticates whoever comes; none if the connection is over, but held open.
fn greet(stream: &mut UnixStream, greeting: Greeting) -> Option<()> {
    let mut zero = [1];
    stream.read_exact(&mut zero).ok()?;
    assert_eq!(zero, [0]);
    assert!(line(stream)?.starts_with("AUTH EXTERNAL "));
    let answer: &[u8] = match greeting {
        Greeting::Silent => return None,
        Greeting::Rejecting => b"REJECTED EXTERNAL\r\n",
        Greeting::Endless => &[b'x'; 100_000],
        Greeting::Garbage => b"HTTP/1.1 400 Bad Request\r\n\r\n",
        Greeting::Proper | Greeting::WithoutDescriptors => b"OK 0123456789abcdef0123456789abcdef\r\n",
    };
    stream.write_all(answer).ok()?;
    assert_eq!(line(stream)?, "NEGOTIATE_UNIX_FD");
    let passes = greeting == Greeting::Proper;
    stream.write_all(if passes { b"AGREE_UNIX_FD\r\n" } else { b"ERROR\r\n" }).ok()?;
    assert_eq!(line(stream)?, "BEGIN");
    Some(())
}

fn line(stream: &mut UnixStream) -> Option<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        line.push(byte[0]);
    }
    line.truncate(line.len() - 2);
    String::from_utf8(line).ok()
}

/// Answers calls until the other side goes or the script has had enough of it: then, how.
fn serve(stream: &UnixStream, calls: &Mutex<Vec<Seen>>, script: &mut impl FnMut(usize, &Seen) -> Act) -> Option<Act> {
    loop {
        let seen = receive(stream)?;
        let before = {
            let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
            calls.push(seen.clone());
            calls.len() - 1
        };
        match script(before, &seen) {
            Act::Send(bytes, fds) => send(stream, &bytes, &fds)?,
            Act::SendAll(messages) => messages.iter().try_for_each(|(bytes, fds)| send(stream, bytes, fds))?,
            Act::Dribble(bytes, fds) => {
                send(stream, bytes.get(..1)?, &fds)?;
                bytes.get(1..)?.iter().try_for_each(|byte| send(stream, &[*byte], &[]))?;
            }
            Act::Flood(bytes) => while send(stream, &bytes, &[]).is_some() {},
            last @ (Act::Hang | Act::Drop | Act::Die) => return Some(last),
        }
    }
}

fn send(stream: &UnixStream, bytes: &[u8], fds: &[OwnedFd]) -> Option<()> {
    let fds: Vec<BorrowedFd<'_>> = fds.iter().map(AsFd::as_fd).collect();
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(64))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&fds)));
    }
    let sent = sendmsg(stream, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::NOSIGNAL).ok()?;
    let mut stream = stream;
    stream.write_all(bytes.get(sent..)?).ok()
}

type Header<'m> = (u8, u8, u8, u8, u32, u32, Vec<(u8, Variant<'m>)>);

/// The next call, past whatever a bus has to say.
fn receive(stream: &UnixStream) -> Option<Seen> {
    loop {
        let mut start = [0; 16];
        let descriptors = receive_start(stream, &mut start)?;
        assert_eq!((start[0], start[3]), (b'l', 1), "a little-endian message");
        let number = |at: usize| u32::from_le_bytes([start[at], start[at + 1], start[at + 2], start[at + 3]]) as usize;
        let fields_end = 16 + number(12);
        let mut bytes = vec![0; fields_end.next_multiple_of(8) + number(4)];
        bytes[..16].copy_from_slice(&start);
        let mut reader = stream;
        reader.read_exact(&mut bytes[16..]).ok()?;
        if start[1] == 1 {
            let body = bytes.split_off(fields_end.next_multiple_of(8));
            return Some(call(&bytes[..fields_end], body, descriptors));
        }
    }
}

fn call(header: &[u8], body: Vec<u8>, descriptors: usize) -> Seen {
    let data = Data::new(header, Context::new(LE, 0));
    let (fields, used) = data.deserialize::<Header<'_>>().expect("a header");
    assert_eq!(used, header.len());
    let field = |wanted: u8| fields.6.iter().find(|(code, _)| *code == wanted).map(|(_, value)| value);
    let text = |wanted: u8| match field(wanted) {
        Some(Variant::Str(text)) => text.to_string(),
        Some(Variant::ObjectPath(path)) => path.to_string(),
        Some(Variant::Signature(signature)) => signature.to_string_no_parens(),
        Some(other) => unreachable!("field {wanted} is {other:?}"),
        None => String::new(),
    };
    let announced = match field(UNIX_FDS) {
        Some(Variant::U32(count)) => *count as usize,
        _ => 0,
    };
    assert_eq!(announced, descriptors);
    Seen {
        serial: fields.5,
        sender: text(SENDER),
        destination: text(DESTINATION),
        path: text(PATH),
        interface: text(INTERFACE),
        member: text(MEMBER),
        signature: text(SIGNATURE),
        descriptors,
        body,
    }
}

fn receive_start(stream: &UnixStream, start: &mut [u8; 16]) -> Option<usize> {
    let (mut filled, mut descriptors) = (0, 0);
    while filled < start.len() {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut start[filled..])];
        let read = recvmsg(stream, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC).ok()?;
        if read.bytes == 0 {
            return None;
        }
        filled += read.bytes;
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                descriptors += rights.count();
            }
        }
    }
    Some(descriptors)
}
