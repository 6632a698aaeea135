//! The times people write: what they mean by a calendar of another making, and any text without harm.

use chrono::{DateTime, Datelike, Duration, Local, NaiveDate, NaiveDateTime, TimeZone, Timelike};
use utmp::last::when::parse;

use crate::driver;
use crate::mutation;
use crate::random::Random;

const UNITS: &[(&str, i64)] = &[
    ("s", 1),
    ("sec", 1),
    ("second", 1),
    ("seconds", 1),
    ("m", 60),
    ("min", 60),
    ("minute", 60),
    ("minutes", 60),
    ("h", 3600),
    ("hr", 3600),
    ("hour", 3600),
    ("hours", 3600),
    ("d", 86_400),
    ("day", 86_400),
    ("days", 86_400),
    ("w", 604_800),
    ("week", 604_800),
    ("weeks", 604_800),
    ("month", 2_629_800),
    ("months", 2_629_800),
    ("y", 31_557_600),
    ("year", 31_557_600),
    ("years", 31_557_600),
];
const WORDS: &[&str] = &[
    "now",
    "today",
    "yesterday",
    "tomorrow",
    "ago",
    " ",
    "+",
    "-",
    ":",
    ".",
    "Mon",
    "Sunday",
    "T",
    "2026",
    "12",
    "00",
    "61",
    "9999",
    "99999999999999999999",
    "5",
    "1.5",
    "day",
    "months",
    "ms",
    "usec",
    "\u{e9}",
    "\0",
];

#[test]
fn a_time_means_what_a_calendar_says_and_any_text_does_no_harm() {
    driver::attempts("times", |random| {
        let now = Local.timestamp_opt(1_000_000_000 + random.below(3_000_000_000) as i64, 0).unwrap();
        dates(random, now);
        intervals(random, now);
        let mut text: String = (0..random.below(8)).map(|_| random.one_of(WORDS)).collect();
        if random.often(50) {
            let mut bytes = text.into_bytes();
            mutation::mutate(random, &mut bytes);
            text = String::from_utf8_lossy(&bytes).into_owned();
        }
        assert!(parse(&text, now).is_none_or(|seconds| seconds >= 0), "{text:?}");
    });
}

/// The first of the instants at which clocks here show `local`; none where none does.
fn instant(local: NaiveDateTime) -> Option<i64> {
    Some(Local.from_local_datetime(&local).earliest()?.timestamp())
}

fn dates(random: &mut Random, now: DateTime<Local>) {
    let day = NaiveDate::from_ymd_opt(1971, 1, 1).unwrap() + Duration::days(random.below(120 * 365) as i64);
    let (hour, minute, second) = (random.below(24) as u32, random.below(60) as u32, random.below(60) as u32);
    let today = now.date_naive();
    let full = day.and_hms_opt(hour, minute, second).unwrap();
    let whole_minute = full.with_second(0).unwrap();
    let two_digits = (1969..2069).contains(&day.year());
    let cases = [
        (full.format("%Y-%m-%d %H:%M:%S"), Some(full)),
        (full.format("%Y%m%d%H%M%S"), Some(full)),
        (full.format("%Y-%m-%dT%H:%M:%S"), Some(full)),
        (full.format("%Y-%m-%d %H:%M"), Some(whole_minute)),
        (full.format("%y-%m-%d %H:%M:%S"), two_digits.then_some(full)),
        (full.format("%Y-%m-%d"), day.and_hms_opt(0, 0, 0)),
        (full.format("%a %Y-%m-%d"), day.and_hms_opt(0, 0, 0)),
        (full.format("%A %Y-%m-%d %H:%M"), Some(whole_minute)),
        (full.format("%H:%M:%S"), today.and_hms_opt(hour, minute, second)),
        (full.format("%H:%M"), today.and_hms_opt(hour, minute, 0)),
    ];
    for (text, means) in cases {
        let text = text.to_string();
        if let Some(means) = means.and_then(instant) {
            assert_eq!(parse(&text, now), Some(means), "{text:?} at {now}");
        }
    }
    let another_day = (day + Duration::days(1 + random.below(6) as i64)).format("%a");
    assert_eq!(parse(&format!("{another_day} {}", full.format("%Y-%m-%d")), now), None);
}

fn intervals(random: &mut Random, now: DateTime<Local>) {
    let parts: Vec<(i64, (&str, i64))> =
        (0..1 + random.below(3)).map(|_| (random.below(400) as i64, random.one_of(UNITS))).collect();
    let blank = |random: &mut Random| random.one_of(&["", " "]);
    let text: Vec<_> = parts.iter().map(|(count, (unit, _))| format!("{count}{}{unit}", blank(random))).collect();
    // A letter behind a unit would make another unit of it.
    let text = text.join(random.one_of(&["", " "]));
    let sum: i64 = parts.iter().map(|(count, (_, unit))| count * unit).sum();
    assert_eq!(parse(&format!("+{text}"), now), Some(now.timestamp() + sum), "+{text}");
    let before = Some((now.timestamp() - sum).max(0));
    assert_eq!(parse(&format!("-{text}"), now), before, "-{text}");
    assert_eq!(parse(&format!("{text} ago"), now), before, "{text} ago");
}
