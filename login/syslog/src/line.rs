//! One log line: its priority, its name, its text, and the escaping that keeps it one line.

use std::error::Error;
use std::fmt::{self, Write as _};

use tracing::Level;
use tracing::field::{Field, Visit};

/// The longest text of a line, so that the whole line fits both RFC 3164's 1024 bytes and the kernel's 992
/// (`LOG_LINE_MAX`, kernel/printk).
const TEXT_MAX: usize = 900;

/// Stands at the end of a text that was cut.
const CUT: &str = "...";

/// Whose log it is (`syslog(3)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Facility {
    /// `LOG_DAEMON`: a system daemon.
    Daemon = 3,
    /// `LOG_AUTH`: security messages anyone may read.
    Auth = 4,
    /// `LOG_AUTHPRIV`: security messages for the administrator.
    AuthPriv = 10,
}

/// How grave it is (`syslog(3)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Severity {
    Error = 3,
    Warning = 4,
    Info = 6,
    Debug = 7,
}

impl Severity {
    pub(crate) fn of(level: Level) -> Self {
        match level {
            Level::ERROR => Self::Error,
            Level::WARN => Self::Warning,
            Level::INFO => Self::Info,
            _ => Self::Debug,
        }
    }
}

/// One line of the log, its text escaped and of bounded length.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) facility: Facility,
    pub(crate) severity: Severity,
    pub(crate) identifier: &'static str,
    pub(crate) pid: u32,
    pub(crate) text: String,
}

impl Line {
    /// For the log daemon: `<PRI>Mmm dd hh:mm:ss NAME[PID]: TEXT` (RFC 3164 §4.1, without the host as `syslog(3)`).
    pub(crate) fn datagram(&self) -> String {
        let now = chrono::Local::now().format("%b %e %H:%M:%S");
        format!("<{}>{now} {}", self.priority(), self.named())
    }

    /// For the kernel's log, which has its own time: `<PRI>NAME[PID]: TEXT`.
    pub(crate) fn kernel_record(&self) -> String {
        format!("<{}>{}\n", self.priority(), self.named())
    }

    /// For a person: `NAME: TEXT`.
    pub(crate) fn plain(&self) -> String {
        format!("{}: {}\n", self.identifier, self.text)
    }

    fn named(&self) -> String {
        format!("{}[{}]: {}", self.identifier, self.pid, self.text)
    }

    fn priority(&self) -> u8 {
        self.facility as u8 * 8 + self.severity as u8
    }
}

/// Collects an event's fields into the text of a line: the message first, then `key=value` in their order.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    message: Escaped,
    rest: Escaped,
}

impl Fields {
    pub(crate) fn into_text(self) -> String {
        let Self { mut message, rest } = self;
        // Both sides are escaped already, so they are joined as they are.
        message.text.push_str(if message.text.is_empty() { rest.text.trim_start() } else { &rest.text });
        message.is_cut |= rest.is_cut;
        if message.is_cut || message.text.len() > TEXT_MAX {
            message.text.truncate(TEXT_MAX - CUT.len());
            message.text.push_str(CUT);
        }
        message.text
    }

    fn value(&mut self, field: &Field, bytes: &[u8]) {
        if field.name() == "message" {
            self.message.bytes(bytes);
            return;
        }
        let quote = if bytes.is_empty() || bytes.iter().any(|b| matches!(b, b' ' | b'=' | b'"')) { "\"" } else { "" };
        self.rest.plain(" ");
        self.rest.plain(field.name());
        self.rest.plain("=");
        self.rest.plain(quote);
        self.rest.bytes(bytes);
        self.rest.plain(quote);
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = Bounded::default();
        // A value that cannot be printed is printed as far as it went; Bounded itself ends the writing by an error.
        let _ended_early = write!(text, "{value:?}");
        self.value(field, &text.0);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.value(field, value.as_bytes());
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.value(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = Bounded::default();
        let mut next = Some(value);
        while let Some(error) = next {
            let colon = if text.0.is_empty() { "" } else { ": " };
            if write!(text, "{colon}{error}").is_err() {
                break; // full
            }
            next = error.source();
        }
        self.value(field, &text.0);
    }
}

/// A printed value of bounded length: a field of a megabyte must not become a line of a megabyte in memory.
#[derive(Debug, Default)]
struct Bounded(Vec<u8>);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = (TEXT_MAX + 1).saturating_sub(self.0.len());
        self.0.extend(text.bytes().take(room));
        if text.len() < room { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Printable ASCII of bounded length.
#[derive(Debug, Default)]
struct Escaped {
    text: String,
    is_cut: bool,
}

impl Escaped {
    /// Our own text.
    fn plain(&mut self, text: &str) {
        if self.has_room() {
            self.text.push_str(text);
        }
    }

    /// Outside bytes: `\xNN` for what is not printable ASCII, and `\\`, `\"` so that the escaping can be undone.
    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if !self.has_room() {
                return;
            }
            match byte {
                b'\\' | b'"' => self.text.extend(['\\', char::from(byte)]),
                b' '..=b'~' => self.text.push(char::from(byte)),
                _ => self.text.push_str(&format!("\\x{byte:02x}")),
            }
        }
    }

    fn has_room(&mut self) -> bool {
        self.is_cut = self.text.len() > TEXT_MAX;
        !self.is_cut
    }
}

#[cfg(test)]
mod tests;
