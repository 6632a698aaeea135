//! The system's log: what is sent to /dev/log, one line each in /var/log/messages (`syslog(3)`).

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;

use ::tests::paths::{LOG_SOCKET, LOGS, MESSAGES};

use crate::error::{Error, Tried};

/// The socket and the file.
#[derive(Debug)]
pub(super) struct Log {
    socket: UnixDatagram,
    file: File,
}

impl Log {
    /// Starts to listen.
    pub(super) fn open() -> Result<Self, Error> {
        let socket = UnixDatagram::bind(LOG_SOCKET).tried("listen at", LOG_SOCKET)?;
        socket.set_nonblocking(true).tried("listen at", LOG_SOCKET)?;
        fs::set_permissions(LOG_SOCKET, Permissions::from_mode(0o666)).tried("open to all", LOG_SOCKET)?;
        fs::write(MESSAGES, "").tried("write", MESSAGES)?;
        let file = OpenOptions::new().append(true).open(MESSAGES).tried("write", MESSAGES)?;
        Ok(Self { socket, file })
    }

    /// Writes down every message that has come.
    pub(super) fn drain(&mut self) {
        let mut message = [0; 8192];
        while let Ok(length) = self.socket.recv(&mut message) {
            self.write(&line(&message[..length]));
        }
    }

    /// Writes down something of init's own.
    pub(super) fn note(&mut self, text: &str) {
        self.write(&line(format!("init: {text}").as_bytes()));
    }

    fn write(&mut self, line: &str) {
        // A log that cannot be written has nowhere to say so; the folder is a tmpfs, or one of the host's that may be full.
        let _ = writeln!(self.file, "{line}");
    }
}

impl AsFd for Log {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The last line a service wrote to its standard error; else the last that anybody logged.
pub(super) fn last_words(service: &str) -> String {
    let last_line = |path: &str| {
        let log = fs::read(path).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        log.lines().rfind(|line| !line.trim().is_empty()).map(str::to_owned)
    };
    last_line(&format!("{LOGS}/{service}.log")).or_else(|| last_line(MESSAGES)).unwrap_or_else(|| "none".to_owned())
}

// A message without its priority (RFC 3164), its end, and with what is not printable escaped.
fn line(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let text = text.trim_end_matches(['\0', '\n']);
    let without_priority = text.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    let is_number = |digits: &str| digits.len() <= 3 && digits.bytes().all(|digit| digit.is_ascii_digit());
    let text = without_priority.filter(|(priority, _)| is_number(priority)).map_or(text, |(_, rest)| rest);
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_one_printable_line() {
        assert_eq!(line(b"<86>Nov 21 21:03:05 login[7]: hello\n\0"), "Nov 21 21:03:05 login[7]: hello");
        assert_eq!(line(b"a\nb\x1b[2J"), "a\\nb\\u{1b}[2J");
        assert_eq!(line(b"<login> <1>"), "<login> <1>");
    }
}
