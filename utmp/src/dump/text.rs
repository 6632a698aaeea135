//! util-linux's text of a record: eight fields in brackets. It loses exit status and session, and every byte that is not
//! plain ASCII.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use chrono::{DateTime, NaiveDateTime};

use crate::digits::{two, write_dotted};
use crate::field;
use crate::last::host;
use crate::record::{Record, Time};
use crate::text::Text;
use crate::view::View;

/// What stands in the text of a day where a time of that day belongs, to the end of the line.
const TIME: &str = "00:00:00,000000+00:00]\n";
const MILLION: i64 = 1_000_000;
/// As many blanks as the widest field has.
const BLANKS: [u8; 32] = [b' '; 32];
/// Bytes of a host that are looked at at once: most have no more.
const HOST: usize = 32;

/// Writes records as text.
#[derive(Default, Debug)]
pub struct Writer {
    /// The day written last, and its text: `2023-11-14T` and [`TIME`].
    day: i64,
    date: Vec<u8>,
}

impl Writer {
    /// Writes `view` behind `page`, in a line.
    pub fn write(&mut self, page: &mut Vec<u8>, view: &View<'_>) {
        write_numbers(page, view.kind(), view.pid());
        write_text(page, view.id_field().split(|byte| *byte == 0).next().unwrap_or_default(), false, 4);
        page.extend_from_slice(b"] [");
        write_text(page, view.user(), is_clean(view.user_field()), 8);
        page.extend_from_slice(b"] [");
        write_text(page, view.line(), is_clean(view.line_field()), 12);
        page.extend_from_slice(b"] [");
        let (host, start) = (view.host(), view.host_field().first_chunk::<HOST>());
        write_text(page, host, host.len() <= HOST && start.is_some_and(is_clean), 20);
        page.extend_from_slice(b"] [");
        let start = page.len();
        write_address(page, view.address());
        fill(page, start, 15);
        page.extend_from_slice(b"] [");
        self.write_time(page, view.seconds(), view.microseconds());
    }

    fn write_time(&mut self, page: &mut Vec<u8>, seconds: i64, microseconds: i64) {
        let day = seconds.div_euclid(86_400);
        if self.date.is_empty() || self.day != day {
            let Some(date) = DateTime::from_timestamp(seconds, 0) else {
                return page.extend_from_slice(b"?]\n");
            };
            self.date = format!("{}{TIME}", date.format("%Y-%m-%dT")).into_bytes();
            self.day = day;
        }
        page.extend_from_slice(&self.date);
        let start = page.len() - TIME.len();
        let second = seconds.rem_euclid(86_400) as u32;
        let Some([h1, h2, _, m1, m2, _, s1, s2, _, digits @ ..]) = page.get_mut(start..) else { return };
        ([*h1, *h2], [*m1, *m2], [*s1, *s2]) = (two(second / 3600), two(second / 60 % 60), two(second % 60));
        match (digits, u32::try_from(microseconds)) {
            ([a, b, c, d, e, f, ..], Ok(number @ 0..1_000_000)) => {
                ([*a, *b], [*c, *d], [*e, *f]) = (two(number / 10_000), two(number / 100 % 100), two(number % 100));
            }
            _ => {
                page.truncate(start + "00:00:00,".len());
                let _ = writeln!(page, "{microseconds:06}+00:00]"); // into a Vec nothing fails
            }
        }
    }
}

fn write_numbers(page: &mut Vec<u8>, kind: i16, pid: i32) {
    if let (0..=9, 0..=99_999) = (kind, pid) {
        let pid = pid.unsigned_abs();
        let ([a, b], [c, d], [_, e]) = (two(pid / 1000), two(pid / 10 % 100), two(pid % 10));
        page.extend_from_slice(&[b'[', b'0' + kind as u8, b']', b' ', b'[']);
        page.extend_from_slice(&[a, b, c, d, e, b']', b' ', b'[']);
    } else {
        let _ = write!(page, "[{kind}] [{pid:05}] ["); // into a Vec nothing fails
    }
}

fn write_address(page: &mut Vec<u8>, address: &[u8; 16]) {
    match address {
        [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] => {
            [a, b, c, d].into_iter().for_each(|byte| write_dotted(page, *byte));
            page.pop(); // the last dot
        }
        _ => page.extend_from_slice(host::unmapped(address).as_bytes()),
    }
}

/// Writes a text of which `clean` tells that nothing in it needs to be replaced; else with a `?` for what is not printable
/// and for the brackets. Filled up with blanks.
#[inline]
fn write_text(page: &mut Vec<u8>, text: &[u8], is_clean: bool, width: usize) {
    let start = page.len();
    page.extend_from_slice(text);
    if !is_clean {
        let is_shown = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'[' && byte != b']';
        page[start..].iter_mut().filter(|byte| !is_shown(**byte)).for_each(|byte| *byte = b'?');
    }
    fill(page, start, width);
}

/// Makes what stands from `start` on at least `width` bytes, by blanks.
#[inline]
fn fill(page: &mut Vec<u8>, start: usize, width: usize) {
    let end = page.len().max(start + width);
    page.extend_from_slice(&BLANKS);
    page.truncate(end);
}

/// Whether nothing in a field needs to be replaced.
#[inline]
fn is_clean<const N: usize>(bytes: &[u8; N]) -> bool {
    field::is_plain(bytes) & !field::has(bytes, b'[') & !field::has(bytes, b']')
}

/// The record a line tells of; none if it tells of none.
pub fn read(line: &[u8]) -> Option<Record> {
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
        // A leap second has a million microseconds more; who counts without it is in the next one.
        let microseconds = i64::from(time.timestamp_subsec_micros());
        let seconds = time.timestamp() + microseconds / MILLION;
        return Some(Time { seconds, microseconds: microseconds % MILLION });
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

    #[test]
    fn a_leap_second_is_the_next_one() {
        let time = read_time(b"2016-12-31T23:59:60,500000+00:00").unwrap();
        assert_eq!(time, Time { seconds: 1_483_228_800, microseconds: 500_000 });
    }

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
