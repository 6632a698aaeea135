//! Resource limits that other modules of the stack leave for us as PAM data (pam_systemd(8), "Limits"), as properties of
//! the session's scope.

use std::ffi::CStr;

use crate::wire::Writer;

/// A property of a scope: its name and its value.
pub(crate) type Property = (&'static str, Value);

/// A property's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    U32(u32),
    U64(u64),
}

impl Value {
    /// Writes it as `v`.
    pub(crate) fn write(self, to: &mut Writer) {
        match self {
            Self::U32(value) => {
                to.signature("u");
                to.u32(value);
            }
            Self::U64(value) => {
                to.signature("t");
                to.u64(value);
            }
        }
    }
}

/// A limit: under which name its text is found, and what it means.
pub(crate) struct Limit {
    pub(crate) data: &'static CStr,
    pub(crate) parse: fn(&[u8]) -> Option<Property>,
}

/// Every limit, by its name in PAM data.
pub(crate) const ALL: [Limit; 5] = [
    Limit { data: c"systemd.memory_max", parse: |text| amount("MemoryMax", "MemoryMaxScale", text, bytes) },
    Limit { data: c"systemd.tasks_max", parse: |text| amount("TasksMax", "TasksMaxScale", text, number) },
    Limit { data: c"systemd.cpu_weight", parse: |text| weight("CPUWeight", text) },
    Limit { data: c"systemd.io_weight", parse: |text| weight("IOWeight", text) },
    Limit { data: c"systemd.runtime_max_sec", parse: |text| Some(("RuntimeMaxUSec", Value::U64(microseconds(text)?))) },
];

fn amount(absolute: &'static str, scale: &'static str, text: &[u8], read: fn(&str) -> Option<u64>) -> Option<Property> {
    let text = str::from_utf8(text).ok()?.trim();
    if text == "infinity" {
        return Some((absolute, Value::U64(u64::MAX)));
    }
    if let Some(percent) = text.strip_suffix('%') {
        let percent = number(percent).filter(|percent| *percent <= 100)?;
        return Some((scale, Value::U32(u32::try_from(percent * u64::from(u32::MAX) / 100).ok()?)));
    }
    Some((absolute, Value::U64(read(text)?)))
}

fn weight(name: &'static str, text: &[u8]) -> Option<Property> {
    let weight = number(str::from_utf8(text).ok()?.trim()).filter(|weight| (1..=10_000).contains(weight))?;
    Some((name, Value::U64(weight)))
}

/// A number of bytes, with the suffixes of systemd.resource-control(5).
fn bytes(text: &str) -> Option<u64> {
    let (digits, shift) = match text.char_indices().next_back()? {
        (at, 'K') => (text.get(..at)?, 10),
        (at, 'M') => (text.get(..at)?, 20),
        (at, 'G') => (text.get(..at)?, 30),
        (at, 'T') => (text.get(..at)?, 40),
        (at, 'P') => (text.get(..at)?, 50),
        (at, 'E') => (text.get(..at)?, 60),
        _ => (text, 0),
    };
    number(digits)?.checked_mul(1 << shift)
}

fn number(digits: &str) -> Option<u64> {
    if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// A span of time, as systemd.time(7) writes it: `90`, `1h 30min`.
fn microseconds(text: &[u8]) -> Option<u64> {
    let mut rest = str::from_utf8(text).ok()?.trim();
    if rest == "infinity" {
        return Some(u64::MAX);
    }
    let mut sum: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (count, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        sum = sum.checked_add(number(count)?.checked_mul(unit_microseconds(unit)?)?)?;
        rest = after.trim_start();
    }
    (sum > 0).then_some(sum)
}

fn unit_microseconds(unit: &str) -> Option<u64> {
    const SECOND: u64 = 1_000_000;
    Some(match unit {
        "us" | "usec" => 1,
        "ms" | "msec" => 1000,
        "" | "s" | "sec" | "second" | "seconds" => SECOND,
        "m" | "min" | "minute" | "minutes" => 60 * SECOND,
        "h" | "hr" | "hour" | "hours" => 3600 * SECOND,
        "d" | "day" | "days" => 86400 * SECOND,
        "w" | "week" | "weeks" => 7 * 86400 * SECOND,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(name: &CStr, text: &str) -> Option<Property> {
        let limit = ALL.iter().find(|limit| limit.data == name).expect("a limit of that name");
        (limit.parse)(text.as_bytes())
    }

    #[test]
    fn limits_become_properties_of_the_scope() {
        assert_eq!(limit(c"systemd.memory_max", "2G"), Some(("MemoryMax", Value::U64(2 << 30))));
        assert_eq!(limit(c"systemd.memory_max", "infinity"), Some(("MemoryMax", Value::U64(u64::MAX))));
        assert_eq!(limit(c"systemd.memory_max", "50%"), Some(("MemoryMaxScale", Value::U32(u32::MAX / 2))));
        assert_eq!(limit(c"systemd.tasks_max", "512"), Some(("TasksMax", Value::U64(512))));
        assert_eq!(limit(c"systemd.cpu_weight", "100"), Some(("CPUWeight", Value::U64(100))));
        assert_eq!(limit(c"systemd.io_weight", "10000"), Some(("IOWeight", Value::U64(10_000))));
        let ninety_minutes = Some(("RuntimeMaxUSec", Value::U64(5_400_000_000)));
        assert_eq!(limit(c"systemd.runtime_max_sec", "1h 30min"), ninety_minutes);
        assert_eq!(limit(c"systemd.runtime_max_sec", "5400"), ninety_minutes);
    }

    #[test]
    fn a_limit_that_cannot_be_read_is_none() {
        for (name, text) in [
            (c"systemd.memory_max", ""),
            (c"systemd.memory_max", "G"),
            (c"systemd.memory_max", "-1"),
            (c"systemd.memory_max", "101%"),
            (c"systemd.memory_max", "99999999999E"),
            (c"systemd.tasks_max", "5K"),
            (c"systemd.cpu_weight", "0"),
            (c"systemd.io_weight", "10001"),
            (c"systemd.runtime_max_sec", "h"),
            (c"systemd.runtime_max_sec", "0"),
            (c"systemd.runtime_max_sec", "1 fortnight"),
            (c"systemd.runtime_max_sec", "99999999999999w"),
        ] {
            assert_eq!(limit(name, text), None, "{name:?} {text:?}");
        }
    }
}
