//! Telling who started us that logins can come.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Who waits to be told.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    /// The descriptor of `--ready-fd`: a newline, as s6, runit's and OpenRC's supervisors take it; or why there is none, as
    /// from an OpenRC before 0.62, which knows nothing of it.
    pub(crate) fd: Option<io::Result<OwnedFd>>,
    /// The socket in `NOTIFY_SOCKET` (sd_notify(3)).
    pub(crate) socket: Option<OsString>,
}

impl Readiness {
    /// Says it, once. Somebody who does not listen is no reason not to run.
    pub(crate) fn tell(self) {
        if let Some(fd) = self.fd
            && let Err(error) = fd.and_then(|fd| File::from(fd).write_all(b"\n"))
        {
            tracing::warn!(error = %error, "nobody waits at the descriptor of --ready-fd");
        }
        if let Some(socket) = self.socket
            && let Err(error) = notify(&socket, b"READY=1")
        {
            tracing::warn!(error = %error, "cannot write to NOTIFY_SOCKET");
        }
    }
}

/// A path, or a name in the abstract namespace after `@` (unix(7)).
fn notify(socket: &OsStr, message: &[u8]) -> io::Result<()> {
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

    #[test]
    fn both_who_wait_are_told() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("notify");
        let listener = UnixDatagram::bind(&path).expect("a socket");
        let (mut reader, writer) = io::pipe().expect("a pipe");
        Readiness { fd: Some(Ok(writer.into())), socket: Some(path.into()) }.tell();
        let mut message = [0; 32];
        let length = listener.recv(&mut message).expect("a message");
        assert_eq!(&message[..length], b"READY=1");
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("it is closed too");
        assert_eq!(text, "\n");
    }

    #[test]
    fn a_name_without_a_file_is_found() {
        let name = format!("session-rs-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let listener = UnixDatagram::bind_addr(&address).expect("a socket");
        notify(OsStr::new(&format!("@{name}")), b"READY=1").expect("told");
        assert_eq!(listener.recv(&mut [0; 32]).expect("a message"), 7);
        assert!(notify(OsStr::new("/nonexistent/socket"), b"READY=1").is_err());
    }
}
