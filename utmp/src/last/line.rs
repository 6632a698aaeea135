//! An entry as a line of the list, in util-linux's columns.
//!
//! A list has a million of them: each is written where it is read from, and its fields are looked at before they are
//! copied, because a processor waits where it reads in one piece what was just written in several.

use std::io::Write;

use super::clock::{Clock, Style};
use super::host::{self, Names};
use super::options::Options;
use super::sessions::{End, Entry, What};
use crate::digits::two;
use crate::field;

/// Writes lines.
pub(crate) struct Lines<'o> {
    options: &'o Options,
    clock: Clock,
    names: Names,
}

/// Columns of the first two fields, and of the host.
const USER: usize = 8;
const LINE: usize = 12;
const HOST: usize = 16;
/// The most that is shown of an entry.
const MOST: usize = 511;
/// As many blanks as the widest field has.
const BLANKS: [u8; 32] = [b' '; 32];

impl<'o> Lines<'o> {
    pub(crate) fn new(options: &'o Options) -> Self {
        Self { options, clock: Clock::new(), names: Names::default() }
    }

    /// Writes `entry` behind `page`, at `now`; `is_gone` if it is a login without an end that is over.
    pub(crate) fn write(&mut self, page: &mut Vec<u8>, entry: &Entry<'_>, now: i64, is_gone: bool) {
        let begins = page.len();
        let ends = Ends::of(entry, now, is_gone, self.options);
        let (login_width, logout_width) = widths(self.options);
        self.field(page, shown_user(entry), USER, if self.options.whole { 32 } else { USER });
        self.field(page, shown_line(entry, &mut [0; 16]), LINE, LINE);
        if self.options.host && !self.options.host_last {
            self.write_host(page, entry);
        }
        let start = page.len();
        self.clock.write(page, self.options.login_style, entry.view.seconds());
        self.pad(page, start, login_width, login_width);
        let start = page.len();
        self.write_until(page, &ends);
        self.pad(page, start, logout_width, logout_width);
        let start = page.len();
        ends.write_length(page);
        if self.options.host && self.options.host_last {
            self.pad(page, start, LINE, LINE);
            self.write_host(page, entry);
        } else if self.options.tabs {
            trim_start(page, start);
        }
        page.truncate(begins + MOST);
        trim_end(page, begins);
        // What a name server says is nobody's of the entry.
        if self.options.names || !is_plain(entry) {
            let line = page.split_off(begins);
            write_safely(page, &line);
        }
        page.push(b'\n');
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

    fn write_host(&mut self, page: &mut Vec<u8>, entry: &Entry<'_>) {
        let most = if self.options.whole { 256 } else { HOST };
        // With the host last, nothing is cut off.
        let most = if self.options.host_last { 256 } else { most };
        let width = if self.options.host_last { 0 } else { HOST };
        if self.options.addresses {
            self.field(page, host::text(entry.view.address()).as_bytes(), width, most);
        } else if self.options.names {
            let name = self.names.of(entry.view.address()).to_owned();
            self.field(page, name.as_bytes(), width, most);
        } else {
            // The last byte of a full field is lost in util-linux's copy.
            let host = entry.view.host();
            self.field(page, &host[..host.len().min(255)], width, most);
        }
    }

    #[inline]
    fn field(&self, page: &mut Vec<u8>, text: &[u8], width: usize, most: usize) {
        let start = page.len();
        if self.options.tabs {
            // A tab of its own would make two fields of one.
            page.extend(text.trim_ascii().iter().map(|byte| if *byte == b'\t' { b' ' } else { *byte }));
            self.pad(page, start, width, usize::MAX / 2);
        } else if self.options.mark && text.len() > most {
            page.extend_from_slice(&text[..most - 1]);
            page.push(b'*');
            self.pad(page, start, width, most);
        } else {
            page.extend_from_slice(&text[..text.len().min(most)]);
            self.pad(page, start, width, most);
        }
    }

    /// Makes what stands from `start` on a field.
    #[inline]
    fn pad(&self, page: &mut Vec<u8>, start: usize, width: usize, most: usize) {
        page.truncate(start + most);
        if self.options.tabs {
            trim_start(page, start);
            while page.len() > start && page.ends_with(b" ") {
                page.pop();
            }
            page.push(b'\t');
        } else {
            let end = page.len().max(start + width) + 1;
            page.extend_from_slice(&BLANKS);
            page.truncate(end);
        }
    }

    /// Writes when or how an entry ended; for lastb's tabs, nothing.
    fn write_until(&mut self, page: &mut Vec<u8>, ends: &Ends) {
        match ends {
            Ends::InWords { until, .. } => page.extend_from_slice(until.as_bytes()),
            Ends::ByTime { seconds, .. } => {
                page.extend_from_slice(b"- ");
                self.clock.write(page, self.options.logout_style, *seconds);
            }
        }
    }
}

/// How the end of an entry is told.
enum Ends {
    /// In words, and how long it was, in words or seconds.
    InWords { until: &'static str, length: Length },
    /// By its time, and how long it was.
    ByTime { seconds: i64, length: i64 },
}

enum Length {
    Words(&'static str),
    Seconds(i64),
}

impl Ends {
    fn of(entry: &Entry<'_>, now: i64, is_gone: bool, options: &Options) -> Self {
        if entry.what == What::Refused && options.tabs {
            return Self::words("", "");
        }
        let crashed = entry.crashed.filter(|_| options.mark);
        let (end, ended) = crashed.map_or((entry.end, entry.until), |at| (End::Crash, at));
        let long = matches!(options.logout_style, Style::Full | Style::Iso);
        let words = |one, short, rest| if long { Self::words(one, "") } else { Self::words(short, rest) };
        let length = ended.saturating_sub(entry.view.seconds());
        match end {
            End::Instant => Self::words("", ""),
            End::Open if is_gone && options.logout_style == Style::None => Self::words("", "no logout"),
            End::Open if is_gone => words("  gone - no logout", "   gone", "- no logout"),
            End::Open => words("  still logged in", "  still", "logged in"),
            End::Normal if ended == now => words("  still running", "  still", "running"),
            End::Down if ended == now => words("- down ", "- down ", "running"),
            End::Crash if ended == now => words("- crash", "- crash", "running"),
            End::Down => Self::InWords { until: "- down ", length: Length::Seconds(length) },
            End::Crash => Self::InWords { until: "- crash", length: Length::Seconds(length) },
            End::Normal => Self::ByTime { seconds: ended, length },
        }
    }

    const fn words(until: &'static str, length: &'static str) -> Self {
        Self::InWords { until, length: Length::Words(length) }
    }

    fn write_length(&self, page: &mut Vec<u8>) {
        match self {
            Self::InWords { length: Length::Words(words), .. } => page.extend_from_slice(words.as_bytes()),
            Self::InWords { length: Length::Seconds(length), .. } | Self::ByTime { length, .. } => {
                write_length(page, *length);
            }
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

/// Whether no byte of an entry's texts does anything to a terminal. May say no where nothing else of them is shown.
#[inline]
fn is_plain(entry: &Entry<'_>) -> bool {
    let (user, line, host) = (entry.view.user_field(), entry.view.line_field(), entry.view.host_field());
    let host = match host.first_chunk::<HOST>() {
        Some(start) if entry.view.host().len() <= HOST => field::is_plain(start),
        _ => field::is_plain(host),
    };
    let level = !matches!(entry.what, What::RunLevel(level) if level != 0 && !(b' '..=b'~').contains(&level));
    field::is_plain(user) & field::is_plain(line) & host & level
}

/// The user of an entry, or what stands in its place: dinit's boots have none.
#[inline]
pub(crate) fn shown_user<'e>(entry: &Entry<'e>) -> &'e [u8] {
    match entry.view.user() {
        [] if entry.what == What::Boot && entry.view.line_field()[0] == 0 => b"reboot",
        user => user,
    }
}

/// The line of an entry, or what stands in its place. Those of ftp and uucp have numbers that mean nothing.
pub(crate) fn shown_line<'e>(entry: &Entry<'e>, buffer: &'e mut [u8; 16]) -> &'e [u8] {
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
    let digits = |number: i64| two(number.unsigned_abs() as u32);
    if days != 0 {
        text.push(b'(');
        match days {
            1..=9 => text.push(b'0' + days as u8),
            _ => {
                let _ = write!(text, "{days}"); // into a Vec nothing fails
            }
        }
        text.push(b'+');
        text.extend_from_slice(&digits(hours));
    } else {
        text.extend_from_slice(b" (");
        if hours < 0 {
            let _ = write!(text, "{hours}");
        } else if seconds < 0 {
            text.extend_from_slice(b"-00");
        } else {
            text.extend_from_slice(&digits(hours));
        }
    }
    text.push(b':');
    text.extend_from_slice(&digits(minutes));
    text.push(b')');
}

/// Takes away the blanks that `page` has from `start` on.
fn trim_start(page: &mut Vec<u8>, start: usize) {
    let blanks = page[start..].iter().take_while(|byte| **byte == b' ').count();
    page.drain(start..start + blanks);
}

/// What isspace(3) calls space has no place at the end of the line that begins at `begins`.
fn trim_end(page: &mut Vec<u8>, begins: usize) {
    while page.len() > begins && page.last().is_some_and(|byte| matches!(byte, b' ' | b'\t'..=b'\r')) {
        page.pop();
    }
}

/// Writes a line so that no byte of it does anything to a terminal, as util-linux does; but a bell, a carriage return or a
/// line's end, which make an entry look like another, are escaped as well.
#[cold]
fn write_safely(page: &mut Vec<u8>, line: &[u8]) {
    for byte in line {
        match byte {
            b' '..=b'~' | b'\t' => page.push(*byte),
            0x80.. => page.extend_from_slice(&[b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]),
            _ => page.extend_from_slice(&[b'*', byte ^ 0x40]),
        }
    }
}
