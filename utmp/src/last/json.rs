//! The list as JSON: one object a line, each entry with all that is known of it.

use std::fmt::Write;

use super::clock::{Clock, Style};
use super::host;
use super::line::{shown_line, shown_user};
use super::sessions::{End, Entry, What};
use crate::json;

/// Writes entries and files.
pub(crate) struct Json {
    clock: Clock,
    text: String,
    first: bool,
}

impl Json {
    pub(crate) fn new(page: &mut Vec<u8>) -> Self {
        page.extend_from_slice(b"{\"entries\":[");
        Self { clock: Clock::new(), text: String::new(), first: true }
    }

    /// Writes `entry` behind `page`; the end of a boot that crashed is when the system came up again.
    pub(crate) fn write(&mut self, page: &mut Vec<u8>, entry: &Entry<'_>, now: i64, is_gone: bool) {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        text.push_str(if self.first { "\n{" } else { ",\n{" });
        self.first = false;
        let (kind, end, until) = told(entry, now, is_gone);
        let _ = write!(text, "\"type\":\"{kind}\","); // a String takes all that is written
        json::field(&mut text, "user", shown_user(entry));
        text.push(',');
        json::field(&mut text, "line", shown_line(entry, &mut [0; 16]));
        text.push(',');
        json::field(&mut text, "host", entry.view.host());
        if entry.view.address() != &[0; 16] {
            let _ = write!(text, ",\"address\":\"{}\"", host::text(entry.view.address()));
        }
        let _ = write!(text, ",\"pid\":{}", entry.view.pid());
        self.write_time(&mut text, "login", Some(entry.view.seconds()));
        self.write_time(&mut text, "logout", until);
        let _ = write!(text, ",\"end\":\"{end}\"}}");
        page.extend_from_slice(text.as_bytes());
        self.text = text;
    }

    /// Writes what follows the entries: the files.
    pub(crate) fn write_footer(&mut self, page: &mut Vec<u8>, files: &[(Vec<u8>, i64)]) {
        let mut text = String::from("\n],\"files\":[");
        for (number, (name, begins)) in files.iter().enumerate() {
            text.push_str(if number == 0 { "\n{" } else { ",\n{" });
            json::field(&mut text, "file", name);
            self.write_time(&mut text, "begins", Some(*begins));
            text.push('}');
        }
        text.push_str("\n]}\n");
        page.extend_from_slice(text.as_bytes());
    }

    fn write_time(&mut self, text: &mut String, name: &str, seconds: Option<i64>) {
        let Some(seconds) = seconds else {
            let _ = write!(text, ",\"{name}\":null,\"{name}_seconds\":null");
            return;
        };
        let mut time = Vec::new();
        self.clock.write(&mut time, Style::Iso, seconds);
        let _ = write!(text, ",\"{name}\":\"{}\",\"{name}_seconds\":{seconds}", String::from_utf8_lossy(&time));
    }
}

/// The words for what it was and how it ended, and when.
fn told(entry: &Entry<'_>, now: i64, is_gone: bool) -> (&'static str, &'static str, Option<i64>) {
    let kind = match entry.what {
        What::Login => "login",
        What::Boot => "boot",
        What::Shutdown => "shutdown",
        What::RunLevel(_) => "runlevel",
        What::OldTime => "old-time",
        What::NewTime => "new-time",
        What::Refused => "refused",
    };
    let (end, until) = match (entry.end, entry.crashed) {
        (_, Some(at)) => ("crash", Some(at)),
        (End::Instant, _) => ("none", None),
        _ if entry.what == What::Refused => ("none", None),
        (End::Open, _) if is_gone => ("gone", None),
        (End::Open, _) => ("still", None),
        (End::Down, _) => ("down", Some(entry.until)),
        (End::Crash, _) => ("crash", Some(entry.until)),
        (End::Normal, _) if entry.until == now || entry.until == 0 => ("still", None),
        (End::Normal, _) if entry.what == What::Login => ("logout", Some(entry.until)),
        (End::Normal, _) => ("end", Some(entry.until)),
    };
    (kind, end, until)
}
