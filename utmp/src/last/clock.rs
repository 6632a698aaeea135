//! Seconds as people read them, in the local time zone.
//!
//! A list has a time or two a line, most of them near the one before. What chrono says of an hour, and how a day is
//! written, is kept for the next.

use chrono::{DateTime, Datelike, Local, NaiveDate, Offset, TimeZone};

const DAY: i64 = 86_400;
const HOUR: i64 = 3600;
/// Hours and days kept: a power of two.
const KEPT: i64 = 64;

const WEEKDAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// How a time is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Style {
    /// Not at all.
    None,
    /// `22:13`
    HoursMinutes,
    /// `Tue Nov 14 22:13:20 2023`, as ctime(3).
    Full,
    /// `2023-11-14T22:13:20+00:00`
    Iso,
}

/// Writes times.
pub(crate) struct Clock {
    hours: Vec<Option<Hour>>,
    days: Vec<Option<Day>>,
    /// The time written last, and its offset: an instant is often both start and end.
    last: (i64, i64),
}

#[derive(Clone, Copy)]
struct Hour {
    number: i64,
    offset: i64,
}

#[derive(Clone)]
struct Day {
    number: i64,
    /// `Tue Nov 14 `
    words: [u8; 11],
    /// ` 2023`
    year: Vec<u8>,
    /// `2023-11-14T`
    iso: Vec<u8>,
}

impl Clock {
    /// A clock of the local time zone.
    pub(crate) fn new() -> Self {
        Self { hours: vec![None; KEPT as usize], days: vec![None; KEPT as usize], last: (i64::MIN, 0) }
    }

    /// Writes `seconds` behind `text`; `?` for a time no calendar has.
    pub(crate) fn write(&mut self, text: &mut Vec<u8>, style: Style, seconds: i64) {
        if style == Style::None {
            return;
        }
        let offset = self.offset(seconds);
        let local = seconds.saturating_add(offset);
        let in_day = local.rem_euclid(DAY);
        let (hour, minute, second) = (in_day / HOUR, in_day / 60 % 60, in_day % 60);
        if style == Style::HoursMinutes {
            two(text, hour);
            text.push(b':');
            two(text, minute);
            return;
        }
        let Some(day) = self.day(local.div_euclid(DAY)) else { return text.push(b'?') };
        text.extend_from_slice(if style == Style::Full { &day.words } else { &day.iso });
        two(text, hour);
        text.push(b':');
        two(text, minute);
        text.push(b':');
        two(text, second);
        if style == Style::Full {
            text.extend_from_slice(&day.year);
        } else {
            text.push(if offset < 0 { b'-' } else { b'+' });
            two(text, offset.abs() / HOUR);
            text.push(b':');
            two(text, offset.abs() / 60 % 60);
        }
    }

    /// Seconds east of Greenwich.
    fn offset(&mut self, seconds: i64) -> i64 {
        if self.last.0 != seconds {
            self.last = (seconds, self.offset_of_hour(seconds));
        }
        self.last.1
    }

    /// An hour that begins and ends with the same offset has it throughout: no zone changes twice in one.
    fn offset_of_hour(&mut self, seconds: i64) -> i64 {
        let number = seconds.div_euclid(HOUR);
        let kept = &mut self.hours[(number & (KEPT - 1)) as usize];
        if let Some(hour) = kept.filter(|hour| hour.number == number) {
            return hour.offset;
        }
        let (first, last) = (offset_at(number * HOUR), offset_at(number * HOUR + HOUR - 1));
        if first != last {
            return offset_at(seconds);
        }
        *kept = Some(Hour { number, offset: first });
        first
    }

    fn day(&mut self, number: i64) -> Option<&Day> {
        let kept = &mut self.days[(number & (KEPT - 1)) as usize];
        if kept.as_ref().is_none_or(|day| day.number != number) {
            *kept = Some(Day::new(number)?);
        }
        kept.as_ref()
    }
}

impl Day {
    fn new(number: i64) -> Option<Self> {
        let date = NaiveDate::from_epoch_days(i32::try_from(number).ok()?)?;
        let mut words = *b"           ";
        words[..3].copy_from_slice(WEEKDAYS[date.weekday().num_days_from_monday() as usize]);
        words[4..7].copy_from_slice(MONTHS[date.month0() as usize]);
        let day = date.day() as u8;
        if day >= 10 {
            words[8] = b'0' + day / 10;
        }
        words[9] = b'0' + day % 10;
        let year = format!(" {}", date.year()).into_bytes();
        let iso = date.format("%Y-%m-%dT").to_string().into_bytes();
        Some(Self { number, words, year, iso })
    }
}

fn offset_at(seconds: i64) -> i64 {
    let Some(time) = DateTime::from_timestamp(seconds, 0) else { return 0 };
    Local.offset_from_utc_datetime(&time.naive_utc()).fix().local_minus_utc().into()
}

fn two(text: &mut Vec<u8>, number: i64) {
    let number = number as u8;
    text.extend_from_slice(&[b'0' + number / 10 % 10, b'0' + number % 10]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(clock: &mut Clock, style: Style, seconds: i64) -> String {
        let mut text = Vec::new();
        clock.write(&mut text, style, seconds);
        String::from_utf8(text).unwrap()
    }

    proptest! {
        #[test]
        fn times_are_written_as_chrono_writes_them(times in prop::collection::vec(0..=i64::from(u32::MAX), 1..50)) {
            let mut clock = Clock::new();
            for seconds in times {
                let time = DateTime::from_timestamp(seconds, 0).unwrap().with_timezone(&Local);
                for (style, format) in
                    [(Style::Full, "%a %b %e %T %Y"), (Style::Iso, "%FT%T%:z"), (Style::HoursMinutes, "%R"), (Style::None, "")]
                {
                    prop_assert_eq!(written(&mut clock, style, seconds), time.format(format).to_string());
                }
            }
        }

        #[test]
        fn any_number_can_be_written(seconds: i64) {
            written(&mut Clock::new(), Style::Full, seconds);
        }
    }
}
