//! The times people write: `2026-11-20 12:34`, `yesterday`, `-5days` (last(1), TIME FORMATS).
//!
//! Everything util-linux's parse_timestamp understands, as strptime(3) reads it: numbers may have leading blanks, a blank
//! stands for any number of them, a day beyond the month's end is one of the next month.

use chrono::offset::LocalResult;
use chrono::{DateTime, Datelike, Duration, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Weekday};

const MICROSECONDS: u64 = 1_000_000;

/// What an interval may be counted in, in microseconds. Of two that a word begins with, the longer stands first.
const UNITS: [(&str, u64); 27] = [
    ("seconds", MICROSECONDS),
    ("second", MICROSECONDS),
    ("sec", MICROSECONDS),
    ("s", MICROSECONDS),
    ("minutes", 60 * MICROSECONDS),
    ("minute", 60 * MICROSECONDS),
    ("min", 60 * MICROSECONDS),
    ("months", 2_629_800 * MICROSECONDS),
    ("month", 2_629_800 * MICROSECONDS),
    ("msec", 1000),
    ("ms", 1000),
    ("m", 60 * MICROSECONDS),
    ("hours", 3600 * MICROSECONDS),
    ("hour", 3600 * MICROSECONDS),
    ("hr", 3600 * MICROSECONDS),
    ("h", 3600 * MICROSECONDS),
    ("days", 86_400 * MICROSECONDS),
    ("day", 86_400 * MICROSECONDS),
    ("d", 86_400 * MICROSECONDS),
    ("weeks", 604_800 * MICROSECONDS),
    ("week", 604_800 * MICROSECONDS),
    ("w", 604_800 * MICROSECONDS),
    ("years", 31_557_600 * MICROSECONDS),
    ("year", 31_557_600 * MICROSECONDS),
    ("y", 31_557_600 * MICROSECONDS),
    ("usec", 1),
    ("us", 1),
];

/// What a date may look like, in the letters of strptime(3), in the order they are tried.
const FORMATS: [&str; 10] = [
    "%y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M",
    "%y-%m-%d",
    "%Y-%m-%d",
    "%H:%M:%S",
    "%H:%M",
    "%Y%m%d%H%M%S",
];

const WEEKDAYS: [(&str, Weekday); 14] = [
    ("Sunday", Weekday::Sun),
    ("Sun", Weekday::Sun),
    ("Monday", Weekday::Mon),
    ("Mon", Weekday::Mon),
    ("Tuesday", Weekday::Tue),
    ("Tue", Weekday::Tue),
    ("Wednesday", Weekday::Wed),
    ("Wed", Weekday::Wed),
    ("Thursday", Weekday::Thu),
    ("Thu", Weekday::Thu),
    ("Friday", Weekday::Fri),
    ("Fri", Weekday::Fri),
    ("Saturday", Weekday::Sat),
    ("Sat", Weekday::Sat),
];

/// The seconds since the epoch that `text` means at `now` in the local time zone; none if it means none.
pub fn parse(text: &str, now: DateTime<Local>) -> Option<i64> {
    let midnight =
        |days: i64| seconds(now.date_naive().checked_add_signed(Duration::days(days))?.and_time(NaiveTime::MIN));
    let now_microseconds = u64::try_from(now.timestamp_micros()).ok()?;
    let at = |microseconds: u64| i64::try_from(microseconds / MICROSECONDS).ok();
    match text {
        "now" => Some(now.timestamp()),
        "today" => midnight(0),
        "yesterday" => midnight(-1),
        "tomorrow" => midnight(1),
        _ => {
            if let Some(interval) = text.strip_prefix('+') {
                at(now_microseconds.checked_add(microseconds(interval)?)?)
            } else if let Some(interval) = text.strip_prefix('-').or_else(|| text.strip_suffix(" ago")) {
                at(now_microseconds.saturating_sub(microseconds(interval)?))
            } else {
                date(text, now)
            }
        }
    }
}

/// An interval: numbers with units, one behind the other.
fn microseconds(text: &str) -> Option<u64> {
    let mut rest = text.trim_start();
    let mut sum: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (whole, behind) = digits(rest);
        let (fraction, behind) = match behind.strip_prefix('.') {
            Some(behind) => {
                let (fraction, behind) = digits(behind);
                (Some(fraction).filter(|fraction| !fraction.is_empty())?, behind)
            }
            None => ("", behind),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let behind = behind.trim_start();
        let (name, unit) = UNITS.iter().find(|(name, _)| behind.starts_with(name))?;
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        sum = sum.checked_add(whole.checked_mul(*unit)?)?.checked_add(part_of(*unit, fraction))?;
        rest = behind[name.len()..].trim_start();
    }
    Some(sum)
}

/// The digits `text` begins with, and what is behind them.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// `unit` times the fraction whose decimal digits these are.
fn part_of(unit: u64, digits: &str) -> u64 {
    let mut worth = unit;
    let mut sum = 0;
    for digit in digits.bytes() {
        worth /= 10;
        sum += u64::from(digit - b'0') * worth;
    }
    sum
}

fn date(text: &str, now: DateTime<Local>) -> Option<i64> {
    let (weekday, text) = weekday(text);
    let local = FORMATS.iter().find_map(|format| scan(text, format, now.naive_local()))?;
    if weekday.is_some_and(|weekday| weekday != local.weekday()) {
        return None;
    }
    seconds(local)
}

/// The day of the week `text` begins with, in any case, and what is behind it.
fn weekday(text: &str) -> (Option<Weekday>, &str) {
    for (name, weekday) in WEEKDAYS {
        if let Some((word, behind)) = text.split_once(' ')
            && word.eq_ignore_ascii_case(name)
        {
            return (Some(weekday), behind);
        }
    }
    (None, text)
}

/// Reads all of `text` by `format`; what the format does not name is that of `now`, seconds and times of day zero.
fn scan(text: &str, format: &str, now: NaiveDateTime) -> Option<NaiveDateTime> {
    let (mut year, mut month, mut day) = (now.year(), now.month(), now.day());
    let (mut hour, mut minute, mut second) = (0, 0, 0);
    let mut rest = text.as_bytes();
    let mut letters = format.bytes();
    while let Some(letter) = letters.next() {
        match letter {
            b'%' => match letters.next()? {
                b'Y' => year = number(&mut rest, 0, 9999, 4)?.cast_signed(),
                b'y' => {
                    let short = number(&mut rest, 0, 99, 2)?.cast_signed();
                    year = if short < 69 { 2000 + short } else { 1900 + short };
                }
                b'm' => month = number(&mut rest, 1, 12, 2)?,
                b'd' => day = number(&mut rest, 1, 31, 2)?,
                b'H' => hour = number(&mut rest, 0, 23, 2)?,
                b'M' => minute = number(&mut rest, 0, 59, 2)?,
                _ => second = number(&mut rest, 0, 61, 2)?,
            },
            b' ' => rest = rest.trim_ascii_start(),
            letter => rest = rest.strip_prefix(&[letter])?,
        }
    }
    // The 31st of a month of 30 days is the first of the next.
    let first = NaiveDate::from_ymd_opt(year, month, 1)?.and_time(NaiveTime::MIN);
    let behind = Duration::days(i64::from(day) - 1)
        + Duration::seconds(i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second));
    rest.is_empty().then(|| first.checked_add_signed(behind))?
}

/// A number of at most `most` digits, fewer where another would make it too large, as strptime(3) takes it.
fn number(rest: &mut &[u8], from: u32, to: u32, most: usize) -> Option<u32> {
    *rest = rest.trim_ascii_start();
    let mut value = 0;
    let mut had = 0;
    while had < most
        && (had == 0 || value * 10 <= to)
        && let Some((digit, behind)) = rest.split_first().filter(|(digit, _)| digit.is_ascii_digit())
    {
        value = value * 10 + u32::from(digit - b'0');
        *rest = behind;
        had += 1;
    }
    (had > 0 && (from..=to).contains(&value)).then_some(value)
}

/// The seconds of a local time. Of one that comes twice the first; one that never comes is as much later as the clock is
/// put forward.
fn seconds(local: NaiveDateTime) -> Option<i64> {
    let seconds = match Local.from_local_datetime(&local) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.timestamp(),
        LocalResult::None => {
            let hours = Duration::hours(3);
            let before = Local.from_local_datetime(&local.checked_sub_signed(hours)?).earliest()?;
            before.timestamp() + hours.num_seconds()
        }
    };
    Some(seconds).filter(|seconds| *seconds >= 0 && local.nanosecond() == 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Friday, 2026-11-20 21:22:23 local time.
    fn now() -> DateTime<Local> {
        Local.with_ymd_and_hms(2026, 11, 20, 21, 22, 23).unwrap()
    }

    fn shown(text: &str) -> Option<String> {
        let time = DateTime::from_timestamp(parse(text, now())?, 0)?;
        Some(time.with_timezone(&Local).format("%F %T").to_string())
    }

    #[test]
    fn what_the_manual_names_is_understood() {
        for (text, means) in [
            ("20261119123456", "2026-11-19 12:34:56"),
            ("2026-11-19 12:34:56", "2026-11-19 12:34:56"),
            ("2026-11-19 12:34", "2026-11-19 12:34:00"),
            ("2026-11-19", "2026-11-19 00:00:00"),
            ("26-11-19", "2026-11-19 00:00:00"),
            ("2026-11-19T12:34:56", "2026-11-19 12:34:56"),
            ("12:34:56", "2026-11-20 12:34:56"),
            ("12:34", "2026-11-20 12:34:00"),
            ("2:3", "2026-11-20 02:03:00"),
            ("now", "2026-11-20 21:22:23"),
            ("today", "2026-11-20 00:00:00"),
            ("yesterday", "2026-11-19 00:00:00"),
            ("tomorrow", "2026-11-21 00:00:00"),
            ("+5min", "2026-11-20 21:27:23"),
            ("-5days", "2026-11-15 21:22:23"),
            ("-5 days", "2026-11-15 21:22:23"),
            ("5 days ago", "2026-11-15 21:22:23"),
            ("+1h 30min", "2026-11-20 22:52:23"),
            ("-1.5h", "2026-11-20 19:52:23"),
            ("-.5h", "2026-11-20 20:52:23"),
            ("-1w", "2026-11-13 21:22:23"),
            ("Fri 2026-11-20", "2026-11-20 00:00:00"),
            ("friday 26-11-20 1:2", "2026-11-20 01:02:00"),
            (" 2026-11-20", "2026-11-20 00:00:00"),
            ("2026-11-31", "2026-12-01 00:00:00"),
            ("23:59:60", "2026-11-21 00:00:00"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(means), "{text}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for text in [
            "",
            "NOW",
            "+90",
            "@5",
            "2026-11-20T12:34",
            "202611201234",
            "20261120",
            "Mon 2026-11-20",
            "2026-11-20 ",
            "2026/11/20",
            "2026-13-01",
            "24:00",
            "23:60",
            "+5 foo",
            "-",
            "+",
            "ago",
            "5 ago",
            "-5d ago",
            "12:34:56.789",
            "0000-00-00",
            "-3 M",
            "today ",
            "-1e3",
            "-99999999999999999999d",
            "-1.h",
            "yesterday 12:00",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_understood_or_refused(text in "[-+0-9:. TFMadefhinostuyw]{0,24}") {
            parse(&text, now());
        }

        #[test]
        fn any_characters_are_refused_without_harm(text in any::<String>()) {
            parse(&text, now());
        }
    }
}
