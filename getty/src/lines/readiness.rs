//! Telling who started the keeper that there is a prompt on each line, that it reads its files again, that it ends.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use rustix::time::{ClockId, clock_gettime};
use tracing::warn;

/// Who is to be told.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    /// The descriptor of `--ready-fd`: a newline, once, as s6 has it.
    pub(crate) fd: Option<OwnedFd>,
    /// The socket in `NOTIFY_SOCKET` (`sd_notify(3)`).
    pub(crate) socket: Option<OsString>,
}

impl Readiness {
    /// There is a prompt on each line that can have one. Somebody who does not listen is no reason to end.
    pub(crate) fn ready(&mut self) {
        if let Some(fd) = self.fd.take()
            && let Err(error) = std::fs::File::from(fd).write_all(b"\n")
        {
            warn!(%error, "cannot write to the descriptor of --ready-fd");
        }
        self.notify("READY=1");
    }

    /// The files are read again; [`Self::ready`] follows.
    pub(crate) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let microseconds = now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1000);
        self.notify(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }

    /// The prompts go.
    pub(crate) fn stopping(&self) {
        self.notify("STOPPING=1");
    }

    fn notify(&self, message: &str) {
        if let Some(socket) = &self.socket
            && let Err(error) = send(socket, message.as_bytes())
        {
            warn!(%error, "cannot write to NOTIFY_SOCKET");
        }
    }
}

/// To a path, or to a name in the abstract namespace after `@` (`unix(7)`).
fn send(socket: &OsStr, message: &[u8]) -> io::Result<()> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    let sender = UnixDatagram::unbound()?;
    sender.set_nonblocking(true)?;
    sender.send_to_addr(message, &address).map(drop)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn next(listener: &UnixDatagram) -> String {
        let mut message = [0; 64];
        let length = listener.recv(&mut message).unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap()
    }

    #[test]
    fn both_who_wait_are_told_and_the_socket_hears_what_follows() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        let (mut reader, writer) = io::pipe().unwrap();
        let mut readiness = Readiness { fd: Some(writer.into()), socket: Some(path.into()) };
        readiness.ready();
        assert_eq!(next(&listener), "READY=1");
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "\n", "and the descriptor is closed");
        readiness.reloading();
        let message = next(&listener);
        let time = message.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
        assert!(time.parse::<u64>().unwrap() > 0);
        readiness.ready();
        assert_eq!(next(&listener), "READY=1");
        readiness.stopping();
        assert_eq!(next(&listener), "STOPPING=1");
    }

    #[test]
    fn nobody_who_listens_is_no_failure() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut readiness = Readiness { fd: Some(writer.into()), socket: Some("/nonexistent/socket".into()) };
        readiness.ready();
        Readiness::default().ready();
        assert!(send(OsStr::new("@no-such-name-is-bound"), b"READY=1").is_err());
    }
}
