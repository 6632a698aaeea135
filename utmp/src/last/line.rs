//! An entry as a line of the list, in util-linux's columns.

use std::io::Write;

use super::clock::{Clock, Style};
use super::host::{self, Names};
use super::options::Options;
use super::sessions::{End, Entry, What};

/// Writes lines.
pub(crate) struct Lines<'o> {
    options: &'o Options,
    clock: Clock,
    names: Names,
    line: Vec<u8>,
    until: Vec<u8>,
    length: Vec<u8>,
}

/// Columns of the first two fields, and of the host.
const USER: usize = 8;
const LINE: usize = 12;
const HOST: usize = 16;
/// The most that is shown of an entry.
const MOST: usize = 511;

impl<'o> Lines<'o> {
    pub(crate) fn new(options: &'o Options) -> Self {
        let names = Names::default();
        Self { options, clock: Clock::new(), names, line: Vec::new(), until: Vec::new(), length: Vec::new() }
    }

    /// Writes `entry` behind `page`, at `now`; `is_gone` if it is a login without an end that is over.
    pub(crate) fn write(&mut self, page: &mut Vec<u8>, entry: &Entry<'_>, now: i64, is_gone: bool) {
        self.write_end(entry, now, is_gone);
        let (login_width, logout_width) = widths(self.options);
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        self.field(&mut line, entry.view.user(), USER, if self.options.whole { 32 } else { USER });
        self.field(&mut line, shown_line(entry, &mut [0; 32]), LINE, LINE);
        if self.options.host && !self.options.host_last {
            self.write_host(&mut line, entry);
        }
        let start = line.len();
        self.clock.write(&mut line, self.options.login_style, entry.view.seconds());
        self.pad(&mut line, start, login_width, login_width);
        let start = line.len();
        line.extend_from_slice(&self.until);
        self.pad(&mut line, start, logout_width, logout_width);
        if self.options.host && self.options.host_last {
            let start = line.len();
            line.extend_from_slice(&self.length);
            self.pad(&mut line, start, LINE, LINE);
            self.write_host(&mut line, entry);
        } else {
            let blanks =
                if self.options.tabs { self.length.iter().take_while(|byte| **byte == b' ').count() } else { 0 };
            line.extend_from_slice(&self.length[blanks..]);
        }
        line.truncate(MOST);
        print_safely(page, without_trailing_space(&line), self.options.tabs);
        self.line = line;
    }

    /// Writes when the file begins, below its entries.
    pub(crate) fn write_footer(&mut self, page: &mut Vec<u8>, name: &[u8], begins: i64) {
        if self.options.login_style == Style::None {
            return;
        }
        page.push(b'\n');
        page.extend_from_slice(name);
        page.extend_from_slice(b" begins ");
        self.clock.write(page, self.options.login_style, begins);
        page.push(b'\n');
    }

    fn write_host(&mut self, line: &mut Vec<u8>, entry: &Entry<'_>) {
        let most = if self.options.whole { 256 } else { HOST };
        // With the host last, nothing is cut off.
        let most = if self.options.host_last { 256 } else { most };
        let width = if self.options.host_last { 0 } else { HOST };
        if self.options.addresses {
            self.field(line, host::text(entry.view.address()).as_bytes(), width, most);
        } else if self.options.names {
            let name = self.names.of(entry.view.address()).to_owned();
            self.field(line, name.as_bytes(), width, most);
        } else {
            // The last byte of a full field is lost in util-linux's copy.
            let host = entry.view.host();
            self.field(line, &host[..host.len().min(255)], width, most);
        }
    }

    fn field(&self, line: &mut Vec<u8>, text: &[u8], width: usize, most: usize) {
        let start = line.len();
        if self.options.tabs {
            // A tab of its own would make two fields of one.
            line.extend(text.trim_ascii().iter().map(|byte| if *byte == b'\t' { b' ' } else { *byte }));
        } else {
            line.extend_from_slice(text);
            if self.options.mark && text.len() > most {
                line.truncate(start + most - 1);
                line.push(b'*');
            }
        }
        self.pad(line, start, width, if self.options.tabs { usize::MAX / 2 } else { most });
    }

    /// Makes what stands from `start` on a field.
    fn pad(&self, line: &mut Vec<u8>, start: usize, width: usize, most: usize) {
        if self.options.tabs {
            line.truncate(start + most);
            let blanks = line[start..].iter().take_while(|byte| **byte == b' ').count();
            line.drain(start..start + blanks);
            while line.len() > start && line.ends_with(b" ") {
                line.pop();
            }
            line.push(b'\t');
        } else {
            line.truncate(start + most);
            line.resize(line.len().max(start + width), b' ');
            line.push(b' ');
        }
    }

    /// Finds the words for the end of an entry and how long it was.
    fn write_end(&mut self, entry: &Entry<'_>, now: i64, is_gone: bool) {
        let (until, length) = (&mut self.until, &mut self.length);
        until.clear();
        length.clear();
        let crashed = entry.crashed.filter(|_| self.options.mark);
        let (end, ended) = crashed.map_or((entry.end, entry.until), |at| (End::Crash, at));
        let long = matches!(self.options.logout_style, Style::Full | Style::Iso);
        let mut words = |one: &str, short: &str, rest: &str| {
            until.extend_from_slice(if long { one } else { short }.as_bytes());
            length.extend_from_slice(if long { "" } else { rest }.as_bytes());
        };
        match end {
            End::Instant => {}
            End::Open if is_gone && self.options.logout_style == Style::None => words("", "", "no logout"),
            End::Open if is_gone => words("  gone - no logout", "   gone", "- no logout"),
            End::Open => words("  still logged in", "  still", "logged in"),
            End::Normal if ended == now => words("  still running", "  still", "running"),
            End::Down | End::Crash if ended == now => {
                words("", "", "running");
                until.extend_from_slice(if end == End::Down { b"- down " } else { b"- crash" });
            }
            End::Normal => {
                until.extend_from_slice(b"- ");
                self.clock.write(until, self.options.logout_style, ended);
                write_length(length, ended.saturating_sub(entry.view.seconds()));
            }
            End::Down | End::Crash => {
                until.extend_from_slice(if end == End::Down { b"- down " } else { b"- crash" });
                write_length(length, ended.saturating_sub(entry.view.seconds()));
            }
        }
        if entry.what == What::Refused && self.options.tabs {
            until.clear();
            length.clear();
        }
    }
}

const fn widths(options: &Options) -> (usize, usize) {
    match (options.login_style, options.logout_style) {
        (Style::None, _) => (0, 0),
        (Style::Iso, _) => (25, 27),
        (_, Style::Full) => (24, 26),
        _ => (16, 7),
    }
}

/// The line of an entry, or what stands in its place. Those of ftp and uucp have numbers that mean nothing.
pub(crate) fn shown_line<'e>(entry: &Entry<'e>, buffer: &'e mut [u8; 32]) -> &'e [u8] {
    match entry.what {
        What::Boot => b"system boot",
        What::Shutdown => b"system down",
        What::OldTime => b"old time",
        What::NewTime => b"new time",
        What::RunLevel(level) => {
            let mut text = &mut buffer[..];
            let end: &[u8] = if level == 0 { b"" } else { &[level, b')'] };
            // Ten bytes fit.
            let _ = text.write_all(b"(to lvl ").and_then(|()| text.write_all(end));
            &buffer[..8 + end.len()]
        }
        What::Login | What::Refused => short_line(entry.view.line()),
    }
}

/// `ftp` of `ftpd123` stays, `ftp` of `ftp123` is all that is shown.
fn short_line(line: &[u8]) -> &[u8] {
    for name in [&b"ftp"[..], b"uucp"] {
        if line.starts_with(name) && line.get(name.len()).is_some_and(u8::is_ascii_digit) {
            return name;
        }
    }
    line
}

/// `(days+hours:minutes)`; what is below zero shows its sign where C's division leaves it.
fn write_length(text: &mut Vec<u8>, seconds: i64) {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let two = |number: i64| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
    if days != 0 {
        text.push(b'(');
        // Into a Vec nothing fails.
        let _ = write!(text, "{days}");
        text.push(b'+');
        text.extend_from_slice(&two(hours.abs()));
    } else {
        text.extend_from_slice(b" (");
        if hours < 0 {
            let _ = write!(text, "{hours}");
        } else if seconds < 0 {
            text.extend_from_slice(b"-00");
        } else {
            text.extend_from_slice(&two(hours));
        }
    }
    text.push(b':');
    text.extend_from_slice(&two(minutes.abs()));
    text.push(b')');
}

/// What isspace(3) calls space has no place at a line's end.
fn without_trailing_space(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t'..=b'\r')).map_or(0, |last| last + 1);
    &line[..end]
}

/// Writes a line so that no byte of it does anything to a terminal, as util-linux does; but a bell, a carriage return or a
/// line's end, which make an entry look like another, are escaped as well.
fn print_safely(page: &mut Vec<u8>, line: &[u8], tabs: bool) {
    // Without an early end, so that the compiler looks at many bytes at once.
    let is_plain =
        line.iter().fold(true, |plain, byte| plain & ((b' '..=b'~').contains(byte) | (tabs & (*byte == b'\t'))));
    if is_plain {
        page.extend_from_slice(line);
    } else {
        for byte in line {
            match byte {
                b' '..=b'~' | b'\t' => page.push(*byte),
                0x80.. => {
                    page.extend_from_slice(&[b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)])
                }
                _ => page.extend_from_slice(&[b'*', byte ^ 0x40]),
            }
        }
    }
    page.push(b'\n');
}
