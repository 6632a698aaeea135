//! What PID 1 tells the outer process over their socket: the master of the inside's terminal, and why it failed.

use std::io::{self, IoSlice, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};

/// Something the outer process has heard.
#[derive(Debug)]
pub(crate) enum News {
    /// The master of a terminal inside, to be joined to the host's (`unix(7)`, SCM_RIGHTS).
    Terminal(OwnedFd),
    /// A part of the reason for which PID 1 ends.
    Words(Vec<u8>),
    /// There will be no more.
    End,
}

/// Sends the master of a terminal.
pub(crate) fn hand_over(master: &OwnedFd, link: &UnixStream) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let fds = [master.as_fd()];
    control.push(SendAncillaryMessage::ScmRights(&fds));
    sendmsg(link, &[IoSlice::new(b"\n")], &mut control, SendFlags::empty())?;
    Ok(())
}

/// Sends the reason for which PID 1 ends.
pub(crate) fn explain(words: &str, mut link: &UnixStream) -> io::Result<()> {
    link.write_all(words.as_bytes())
}

/// Takes the next of what was sent, waiting for it.
pub(crate) fn receive(link: &UnixStream) -> io::Result<News> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut words = [0; 1024];
    let received = recvmsg(link, &mut [IoSliceMut::new(&mut words)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let master = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
        _ => None,
    });
    Ok(match master {
        Some(master) => News::Terminal(master),
        None if received.bytes == 0 => News::End,
        None => News::Words(words[..received.bytes].to_vec()),
    })
}
