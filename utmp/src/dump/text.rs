//! util-linux's text of a record: eight fields in brackets. It loses exit status and session, and every byte that is not
//! plain ASCII.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use chrono::{DateTime, NaiveDateTime};

use crate::last::host;
use crate::record::{Record, Time};
use crate::text::Text;
use crate::view::View;

/// Writes records as text.
#[derive(Default)]
pub(crate) struct Writer {
    /// The day written last, and its text: `2023-11-14T`.
    day: i64,
    date: Vec<u8>,
}

impl Writer {
    /// Writes `view` behind `page`, in a line.
    pub(crate) fn write(&mut self, page: &mut Vec<u8>, view: &View<'_>) {
        write_numbers(page, view.kind(), view.pid());
        cleaned(page, view.id_field().split(|byte| *byte == 0).next().unwrap_or_default(), 4);
        page.extend_from_slice(b"] [");
        cleaned(page, view.user(), 8);
        page.extend_from_slice(b"] [");
        cleaned(page, view.line(), 12);
        page.extend_from_slice(b"] [");
        cleaned(page, view.host(), 20);
        page.extend_from_slice(b"] [");
        let start = page.len();
        write_address(page, view.address());
        page.resize(page.len().max(start + 15), b' ');
        page.extend_from_slice(b"] [");
        self.write_time(page, view.seconds(), view.microseconds());
        page.extend_from_slice(b"]\n");
    }

    fn write_time(&mut self, page: &mut Vec<u8>, seconds: i64, microseconds: i64) {
        let day = seconds.div_euclid(86_400);
        if self.date.is_empty() || self.day != day {
            let Some(date) = DateTime::from_timestamp(seconds, 0) else { return page.push(b'?') };
            self.date = date.format("%Y-%m-%dT").to_string().into_bytes();
            self.day = day;
        }
        page.extend_from_slice(&self.date);
        let second = seconds.rem_euclid(86_400);
        for (number, behind) in [(second / 3600, b':'), (second / 60 % 60, b':'), (second % 60, b',')] {
            page.extend_from_slice(&[b'0' + (number / 10) as u8, b'0' + (number % 10) as u8, behind]);
        }
        if (0..1_000_000).contains(&microseconds) {
            let mut digits = [b'0'; 6];
            let mut rest = microseconds;
            for digit in digits.iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
            page.extend_from_slice(&digits);
        } else {
            let _ = write!(page, "{microseconds:06}"); // into a Vec nothing fails
        }
        page.extend_from_slice(b"+00:00");
    }
}

fn write_numbers(page: &mut Vec<u8>, kind: i16, pid: i32) {
    if let (0..=9, 0..=99_999) = (kind, pid) {
        let digit = |worth: i32| b'0' + (pid / worth % 10) as u8;
        page.extend_from_slice(&[b'[', b'0' + kind as u8, b']', b' ', b'[']);
        page.extend_from_slice(&[digit(10_000), digit(1000), digit(100), digit(10), digit(1), b']', b' ', b'[']);
    } else {
        let _ = write!(page, "[{kind}] [{pid:05}] ["); // into a Vec nothing fails
    }
}

fn write_address(page: &mut Vec<u8>, address: &[u8; 16]) {
    if address == &[0; 16] {
        page.extend_from_slice(b"0.0.0.0");
    } else if address[4..] == [0; 12] {
        for (number, byte) in address[..4].iter().enumerate() {
            if number > 0 {
                page.push(b'.');
            }
            if *byte >= 100 {
                page.push(b'0' + byte / 100);
            }
            if *byte >= 10 {
                page.push(b'0' + byte / 10 % 10);
            }
            page.push(b'0' + byte % 10);
        }
    } else {
        page.extend_from_slice(host::unmapped(address).as_bytes());
    }
}

/// With a `?` for what is not printable and for the brackets, filled up with blanks.
fn cleaned(page: &mut Vec<u8>, text: &[u8], width: usize) {
    let start = page.len();
    page.extend_from_slice(text);
    let is_shown = |byte: u8| (b' '..=b'~').contains(&byte) & (byte != b'[') & (byte != b']');
    // Without an early end, so that the compiler looks at many bytes at once.
    if !text.iter().fold(true, |shown, byte| shown & is_shown(*byte)) {
        page[start..].iter_mut().filter(|byte| !is_shown(**byte)).for_each(|byte| *byte = b'?');
    }
    if page.len() < start + width {
        page.resize(start + width, b' ');
    }
}

/// The record a line tells of; none if it tells of none.
pub(crate) fn read(line: &[u8]) -> Option<Record> {
    let mut fields = Fields(line);
    let kind: i16 = number(fields.next()?)?;
    let pid: i32 = number(fields.next()?)?;
    let [id, user, tty, host, address, time] = [(); 6].map(|()| fields.next());
    let mut record = Record::dead_process(word(tty?), pid, read_time(time?)?);
    record.kind = kind.into();
    record.id = Text::new(id?.trim_ascii_end());
    record.user = Text::new(word(user?));
    record.host = Text::new(word(host?));
    record.address = read_address(word(address?));
    Some(record)
}

/// What stands between brackets, one after the other.
struct Fields<'t>(&'t [u8]);

impl<'t> Fields<'t> {
    fn next(&mut self) -> Option<&'t [u8]> {
        let start = self.0.iter().position(|byte| *byte == b'[')? + 1;
        let length = self.0[start..].iter().position(|byte| *byte == b']')?;
        let field = &self.0[start..start + length];
        self.0 = &self.0[start + length + 1..];
        Some(field)
    }
}

/// Up to the first blank, which was filled in.
fn word(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == b' ').next().unwrap_or_default()
}

fn number<N: std::str::FromStr>(field: &[u8]) -> Option<N> {
    str::from_utf8(field.trim_ascii()).ok()?.parse().ok()
}

fn read_address(text: &[u8]) -> [u8; 16] {
    let text = str::from_utf8(text).unwrap_or_default();
    let mut address = [0; 16];
    if let Ok(v4) = text.parse::<Ipv4Addr>() {
        address[..4].copy_from_slice(&v4.octets());
    } else if let Ok(v6) = text.parse::<Ipv6Addr>() {
        address = v6.octets();
    }
    address
}

/// `2023-11-14T22:13:20,000005+00:00`, or as util-linux wrote it before 2.28: `Tue Nov 14 22:13:20 2023 GMT`.
fn read_time(field: &[u8]) -> Option<Time> {
    let text = str::from_utf8(field).ok()?.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(&text.replace(',', ".")) {
        return Some(Time { seconds: time.timestamp(), microseconds: time.timestamp_subsec_micros().into() });
    }
    let text = text.trim_end_matches(" GMT").trim_end_matches(" UTC");
    let time = NaiveDateTime::parse_from_str(text, "%a %b %e %H:%M:%S %Y").ok()?;
    Some(Time::from_seconds(time.and_utc().timestamp()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encoding::Encoding;

    proptest! {
        #[test]
        fn any_record_is_a_line_that_is_read_again(bytes in prop::collection::vec(prop_oneof![Just(0u8), 0..9u8, any::<u8>()], 384)) {
            let view = Encoding::ALL[0].view(&bytes).unwrap();
            let mut line = Vec::new();
            Writer::default().write(&mut line, &view);
            prop_assert!(line.ends_with(b"\n") && line.iter().filter(|byte| !(b' '..=b'~').contains(byte)).count() == 1);
            if (0..1_000_000).contains(&view.microseconds()) {
                let record = read(&line).unwrap();
                prop_assert_eq!(record.time, view.to_record().time);
                prop_assert_eq!((record.pid, i16::from(record.kind)), (view.pid(), view.kind()));
                prop_assert_eq!(&record.address, view.address());
            }
        }

        #[test]
        fn any_bytes_are_a_record_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200), text in r"(\[[^\]]{0,9}\] ?){0,9}") {
            let _ = (read(&bytes), read(text.as_bytes()));
        }
    }
}
