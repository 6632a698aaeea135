//! The two halves of a connection's socket, as zbus reads and writes messages through them; those of a private
//! connection with a bound on what a peer may send.
//!
//! zbus frames and parses the messages. It would make room for 128 MiB on the word of 16 bytes, which is the bus's to
//! bound, but not each peer's: of those a message is refused by its first 16 bytes.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::cmsg_space;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, Shutdown, recv, recvmsg, sendmsg, shutdown,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use zbus::connection::socket::{BoxedSplit, ReadHalf, Split, WriteHalf};
use zbus::export::async_trait::async_trait;

use super::sasl::{Heard, Introduction, LONGEST_LINE};
use crate::sys;

/// The longest message taken. The longest sensible one, a CreateSession of the longest texts, has a quarter.
pub(super) const LONGEST_MESSAGE: usize = 128 * 1024;

/// The most descriptors a message of a private peer may bring, and that we send; none brings more than one.
const MOST_FDS: usize = 8;

/// The most that any message can bring (`SCM_MAX_FD`, unix(7)). The bus hands on whatever its callers send: one that did not
/// fit would end the connection, for everybody.
const MOST_FDS_OF_ANY: usize = 253;

/// The part of a message that says how long the whole is (D-Bus Specification, Message Format).
const HEAD: usize = 16;

/// A stream socket. The runtime tells when it can be read, and that it can be written only after it was full: each
/// message that the other end reads makes room, and would wake us for nothing.
#[derive(Debug)]
pub(super) struct Stream(AsyncFd<OwnedFd>);

impl Stream {
    /// The `socket`, which does not block.
    ///
    /// # Errors
    /// What the kernel says of watching it.
    pub(super) fn new(socket: OwnedFd) -> io::Result<Self> {
        sys::watched(socket, Interest::READABLE).map(Self)
    }

    async fn read<T>(&self, read: impl FnMut(&OwnedFd) -> io::Result<T>) -> io::Result<T> {
        self.0.async_io(Interest::READABLE, read).await
    }

    async fn write<T>(&self, mut write: impl FnMut(&OwnedFd) -> io::Result<T>) -> io::Result<T> {
        loop {
            match write(self.0.get_ref()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.has_room().await?,
                outcome => return outcome,
            }
        }
    }

    /// Waits until the socket is full no longer.
    async fn has_room(&self) -> io::Result<()> {
        let copy = self.0.get_ref().try_clone().and_then(|copy| sys::watched(copy, Interest::WRITABLE));
        let copy = copy.inspect_err(|error| tracing::warn!(error = %error, "cannot wait for a peer to read"))?;
        copy.writable().await.map(drop)
    }
}

/// Both halves of `stream` for a connection of zbus's to the bus, which bounds what it sends itself, and another that
/// writes once that is made.
pub(super) fn to_bus(stream: Stream) -> (BoxedSplit, Writer) {
    let stream = Arc::new(stream);
    let [for_zbus, own] = [(); 2].map(|()| Writer::new(Arc::clone(&stream)));
    (Split::new(Box::new(FromBus(stream)), Box::new(for_zbus)), own)
}

/// The half that the bus's messages are read from.
#[derive(Debug)]
struct FromBus(Arc<Stream>);

#[async_trait]
impl ReadHalf for FromBus {
    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        let Received { count, fds, .. } = self.0.read(|socket| receive(socket, buffer)).await?;
        // One for whose descriptors we have no room is a call with wrong arguments, and its maker alone suffers.
        Ok((count, fds))
    }

    fn can_pass_unix_fd(&self) -> bool {
        true
    }
}

/// Lets the peer introduce itself; returns whether it takes descriptors. Not a byte behind BEGIN is read.
///
/// # Errors
/// `InvalidData` if it does not speak the protocol, `UnexpectedEof` if it left, what the socket says.
pub(super) async fn introduced(stream: &Stream, mut peer: Introduction) -> io::Result<bool> {
    let mut lines = [0; LONGEST_LINE];
    loop {
        let there = stream.read(|socket| peek_lines(socket, &mut lines)).await?;
        let Heard { used, answer, begun } =
            peer.hear(&lines[..there]).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let mut left = used;
        while left > 0 {
            let bytes = &mut lines[..left];
            left -= stream.read(|socket| Ok(recv(socket, &mut *bytes, RecvFlags::empty())?.0)).await?;
        }
        let mut rest = answer.as_bytes();
        while !rest.is_empty() {
            rest = &rest[send(stream, rest, &[]).await?..];
        }
        if let Some(takes_fds) = begun {
            return Ok(takes_fds);
        }
    }
}

/// Looks at what has come, once a line of it is complete.
fn peek_lines(socket: &OwnedFd, lines: &mut [u8]) -> io::Result<usize> {
    let (there, _) = recv(socket, &mut *lines, RecvFlags::PEEK)?;
    match &lines[..there] {
        [] => Err(io::ErrorKind::UnexpectedEof.into()),
        some if some.contains(&b'\n') => Ok(there),
        full if full.len() == LONGEST_LINE => Err(io::ErrorKind::InvalidData.into()),
        _ => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// The half that a peer's messages are read from.
#[derive(Debug)]
pub(super) struct Reader {
    stream: Arc<Stream>,
    frame: Frame,
}

impl Reader {
    /// The reading half of `stream`, whose peer has introduced itself.
    pub(super) fn new(stream: Arc<Stream>) -> Self {
        Self { stream, frame: Frame::default() }
    }
}

#[async_trait]
impl ReadHalf for Reader {
    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        let Received { count, fds, are_all } = self.stream.read(|socket| receive(socket, buffer)).await?;
        if !are_all {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.frame.pass(&buffer[..count], fds.len())?;
        Ok((count, fds))
    }

    fn can_pass_unix_fd(&self) -> bool {
        true
    }
}

/// What was received: so many bytes, and the descriptors that came with them, or those for which there was room.
struct Received {
    count: usize,
    fds: Vec<OwnedFd>,
    are_all: bool,
}

fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> io::Result<Received> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MOST_FDS_OF_ANY))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let got = recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut fds = Vec::new();
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = part {
            fds.extend(rights);
        }
    }
    Ok(Received { count: got.bytes, fds, are_all: !got.flags.contains(ReturnFlags::CTRUNC) })
}

/// Where in a message the bytes are that pass. A read never crosses the end of a message: zbus asks for exactly as much
/// as the message still has.
#[derive(Debug, Default)]
struct Frame {
    head: Vec<u8>,
    left: usize,
    fds: usize,
}

impl Frame {
    /// Takes note of bytes that pass, and of descriptors that came with them.
    fn pass(&mut self, bytes: &[u8], fds: usize) -> io::Result<()> {
        self.fds += fds;
        if self.fds > MOST_FDS {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if self.left == 0 {
            self.head.extend_from_slice(bytes);
            if self.head.len() < HEAD {
                return Ok(());
            }
            let length = message_length(&self.head).filter(|&length| length <= LONGEST_MESSAGE);
            self.left = length.ok_or(io::ErrorKind::InvalidData)? - HEAD;
            self.head.clear();
        } else {
            self.left = self.left.saturating_sub(bytes.len());
        }
        if self.left == 0 {
            self.fds = 0;
        }
        Ok(())
    }
}

/// The length of the message that begins with `head`; none if it is no head.
fn message_length(head: &[u8]) -> Option<usize> {
    let number = |at: usize| -> Option<usize> {
        let bytes: [u8; 4] = head.get(at..at + 4)?.try_into().ok()?;
        let number = match head.first()? {
            b'l' => u32::from_le_bytes(bytes),
            b'B' => u32::from_be_bytes(bytes),
            _ => return None,
        };
        usize::try_from(number).ok()
    };
    let fields = number(12)?.checked_next_multiple_of(8)?;
    HEAD.checked_add(fields)?.checked_add(number(4)?)
}

/// The half that messages are written to.
#[derive(Debug)]
pub(super) struct Writer(Arc<Stream>);

impl Writer {
    /// The writing half of `stream`.
    pub(super) fn new(stream: Arc<Stream>) -> Self {
        Self(stream)
    }
}

#[async_trait]
impl WriteHalf for Writer {
    async fn sendmsg(&mut self, buffer: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        send(&self.0, buffer, fds).await
    }

    async fn close(&mut self) -> io::Result<()> {
        Ok(shutdown(self.0.0.get_ref(), Shutdown::Both)?)
    }

    fn can_pass_unix_fd(&self) -> bool {
        true
    }
}

async fn send(stream: &Stream, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let write = |socket: &OwnedFd| {
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MOST_FDS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?)
    };
    stream.write(write).await
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn head(fields: u32, body: u32) -> Vec<u8> {
        let mut head = vec![b'l', 1, 0, 1];
        head.extend(body.to_le_bytes());
        head.extend(1u32.to_le_bytes());
        head.extend(fields.to_le_bytes());
        head
    }

    #[tokio::test]
    async fn what_a_full_socket_does_not_take_is_sent_once_the_other_end_reads() {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        ours.set_nonblocking(true).expect("it is ours");
        let mut writer = Writer::new(Arc::new(Stream::new(ours.into()).expect("watched")));
        let bytes: Vec<u8> = (0..4_000_000_u32).map(|n| n.to_ne_bytes()[0]).collect();
        let writing = async {
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                rest = &rest[writer.sendmsg(rest, &[]).await.expect("it is read")..];
            }
            drop(writer);
        };
        let reading = std::thread::spawn(move || {
            let mut got = Vec::new();
            (&theirs).read_to_end(&mut got).map(|_| got)
        });
        timeout(Duration::from_secs(20), writing).await.expect("all of it is sent");
        assert!(reading.join().expect("no panic").expect("its bytes") == bytes);
    }

    #[test]
    fn a_message_is_as_long_as_its_head_says() {
        assert_eq!(message_length(&head(0, 0)), Some(16));
        assert_eq!(message_length(&head(13, 5)), Some(16 + 16 + 5));
        assert_eq!(message_length(&[b'x'; 16]), None);
        let mut big = head(0x0d00_0000, 0x0500_0000);
        big[0] = b'B';
        assert_eq!(message_length(&big), Some(16 + 16 + 5));
    }

    #[test]
    fn a_message_that_says_it_is_huge_is_refused_by_its_head() {
        for (fields, body) in [(0, 200_000), (200_000, 0), (u32::MAX, u32::MAX)] {
            let mut frame = Frame::default();
            assert!(frame.pass(&head(fields, body)[..15], 0).is_ok());
            assert!(frame.pass(&head(fields, body)[15..], 0).is_err());
        }
    }

    #[test]
    fn each_message_is_counted_anew() {
        let mut frame = Frame::default();
        for _ in 0..100 {
            frame.pass(&head(8, 3), 1).expect("a head");
            frame.pass(&[0; 4], 0).expect("a part");
            frame.pass(&[0; 7], 0).expect("the rest");
        }
        assert_eq!((frame.left, frame.head.len(), frame.fds), (0, 0, 0));
    }

    #[test]
    fn a_message_does_not_bring_a_bag_of_descriptors() {
        let mut frame = Frame::default();
        frame.pass(&head(8, 100), 0).expect("a head");
        assert!((0..100).any(|_| frame.pass(&[0], 1).is_err()));
    }
}
