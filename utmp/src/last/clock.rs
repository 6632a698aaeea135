//! Seconds as people read them, in the local time zone.
//!
//! A list has a time or two a line, most of them near the one before. What chrono says of an hour, and how a day is
//! written, is kept for the next.

use std::io::Write;

use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeZone};

use crate::digits::two;

const DAY: i64 = 86_400;
const HOUR: i64 = 3600;
/// Hours and days kept: a power of two.
const KEPT: i64 = 64;

const WEEKDAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// What stands in the text of a day where a time of that day belongs.
const CLOCK: &str = "00:00:00";
/// Where it stands in `Tue Nov 14 00:00:00 2023`.
const CLOCK_IN_WORDS: usize = 11;

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
    hours: Vec<Hour>,
    days: Vec<Option<Day>>,
}

/// An hour of the world's that is all in one day here.
#[derive(Clone, Copy)]
struct Hour {
    number: i64,
    begins: Local,
}

/// An instant as clocks here show it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Local {
    day: i64,
    /// Of the day.
    second: u32,
    /// Seconds east of Greenwich.
    offset: i64,
}

#[derive(Clone)]
struct Day {
    number: i64,
    /// `Tue Nov 14 00:00:00 2023`
    words: Vec<u8>,
    /// `2023-11-14T00:00:00`
    iso: Vec<u8>,
}

impl Clock {
    /// A clock of the local time zone.
    pub(crate) fn new() -> Self {
        let none = Hour { number: i64::MIN, begins: Local { day: 0, second: 0, offset: 0 } };
        Self { hours: vec![none; KEPT as usize], days: vec![None; KEPT as usize] }
    }

    /// Writes `seconds` behind `text`; `?` for a time no calendar has.
    pub(crate) fn write(&mut self, text: &mut Vec<u8>, style: Style, seconds: i64) {
        if style == Style::None {
            return;
        }
        let local = self.local(seconds);
        let (hour, minute, second) = (local.second / 3600, local.second / 60 % 60, local.second % 60);
        if style == Style::HoursMinutes {
            let ([a, b], [c, d]) = (two(hour), two(minute));
            text.extend_from_slice(&[a, b, b':', c, d]);
            return;
        }
        let Some(day) = self.day(local.day) else { return text.push(b'?') };
        let start = text.len();
        let time = if style == Style::Full {
            text.extend_from_slice(&day.words);
            start + CLOCK_IN_WORDS
        } else {
            text.extend_from_slice(&day.iso);
            text.len() - CLOCK.len()
        };
        if let Some([h1, h2, _, m1, m2, _, s1, s2]) = text.get_mut(time..time + CLOCK.len()) {
            ([*h1, *h2], [*m1, *m2], [*s1, *s2]) = (two(hour), two(minute), two(second));
        }
        if style == Style::Iso {
            let minutes = (local.offset.unsigned_abs() / 60) as u32;
            text.push(if local.offset < 0 { b'-' } else { b'+' });
            text.extend_from_slice(&two(minutes / 60));
            text.push(b':');
            text.extend_from_slice(&two(minutes % 60));
        }
    }

    /// An hour that begins and ends with the same offset has it throughout: no zone changes twice in one.
    fn local(&mut self, seconds: i64) -> Local {
        let number = seconds.div_euclid(HOUR);
        let within = seconds.rem_euclid(HOUR) as u32;
        let kept = &mut self.hours[(number & (KEPT - 1)) as usize];
        if kept.number != number {
            let begins = Local::at(number.saturating_mul(HOUR));
            let ends = Local::at(number.saturating_mul(HOUR).saturating_add(HOUR - 1));
            if (begins.day, begins.offset) != (ends.day, ends.offset) {
                return Local::at(seconds);
            }
            *kept = Hour { number, begins };
        }
        Local { second: kept.begins.second + within, ..kept.begins }
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
        let (day, month) = (WEEKDAYS[date.weekday().num_days_from_monday() as usize], MONTHS[date.month0() as usize]);
        let mut words = [&day[..], b" ", month].concat();
        // Into a Vec nothing fails.
        let _ = write!(words, " {:>2} {CLOCK} {}", date.day(), date.year());
        let iso = format!("{}{CLOCK}", date.format("%Y-%m-%dT")).into_bytes();
        Some(Self { number, words, iso })
    }
}

impl Local {
    fn at(seconds: i64) -> Self {
        let offset = DateTime::from_timestamp(seconds, 0).map_or(0, |time| {
            let offset = chrono::Local.offset_from_utc_datetime(&time.naive_utc()).fix();
            offset.local_minus_utc().into()
        });
        let local = seconds.saturating_add(offset);
        Self { day: local.div_euclid(DAY), second: local.rem_euclid(DAY) as u32, offset }
    }
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
                let time = DateTime::from_timestamp(seconds, 0).unwrap().with_timezone(&chrono::Local);
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
