//! The values of configuration keys: booleans, numbers, lists, spans of time (systemd.time(7)), sizes.

use logind_core::time::Span;

use crate::effects::getty::LINE;

/// A size that may depend on how much memory the machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemorySize {
    /// So many bytes.
    Bytes(u64),
    /// So many ten-thousandths of the memory.
    OfMemory {
        /// 1 to 10,000.
        permyriad: u64,
    },
}

impl MemorySize {
    /// The size in bytes on a machine with `memory` bytes.
    pub(crate) fn in_bytes(self, memory: u64) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::OfMemory { permyriad } => {
                u64::try_from(u128::from(memory) * u128::from(permyriad) / 10_000).unwrap_or(u64::MAX)
            }
        }
    }
}

/// A boolean in any of the words of systemd.syntax(7).
pub(super) fn boolean(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

/// A whole number in decimal. A zero in front is refused: systemd would take the rest as octal.
pub(super) fn number(value: &str) -> Option<u64> {
    let is_decimal = value.bytes().all(|b| b.is_ascii_digit()) && (value == "0" || !value.starts_with('0'));
    value.parse().ok().filter(|_| is_decimal)
}

/// How many virtual terminals, or which: as many as the kernel tells of whether they are in use (`ioctl_vt(2)`,
/// VT_GETSTATE).
pub(super) fn terminals(value: &str) -> Option<u8> {
    number(value).and_then(|n| u8::try_from(n).ok()).filter(|&n| n <= 15)
}

/// A program by its absolute path, with arguments; one of the words must have the line's place in it.
pub(super) fn command(value: &str) -> Option<Vec<String>> {
    words(value).filter(|words| {
        let is_absolute = words.first().is_some_and(|program| program.starts_with('/'));
        is_absolute && words.iter().skip(1).any(|word| word.contains(LINE))
    })
}

/// The words of a list: separated by blanks, quoted with `"` or `'`, a backslash before a byte that is meant.
pub(super) fn words(value: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => word.get_or_insert_default().push(letters.next()?),
            _ if quote == Some(letter) => quote = None,
            '"' | '\'' if quote.is_none() => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            _ if letter.is_ascii_whitespace() && quote.is_none() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// A span of time: `10`, `1min 30s`, `1.5h`, `infinity`; a number without a unit is seconds.
pub(super) fn time_span(value: &str) -> Option<Span> {
    if value == "infinity" {
        return Some(Span(u64::MAX));
    }
    let mut rest = value.trim();
    let mut sum = None;
    while !rest.is_empty() {
        let (number, after) = Decimal::parse(rest)?;
        let after = after.trim_start();
        let letters = after.find(|c: char| c.is_ascii_whitespace() || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let part = number.times(microseconds(unit)?)?;
        sum = Some(sum.unwrap_or(0u64).checked_add(part)?);
        rest = after.trim_start();
    }
    sum.map(Span)
}

fn microseconds(unit: &str) -> Option<u64> {
    const SECOND: u64 = 1_000_000;
    const DAY: u64 = 24 * 60 * 60 * SECOND;
    Some(match unit {
        "usec" | "us" | "µs" | "μs" => 1,
        "msec" | "ms" => 1_000,
        "" | "seconds" | "second" | "sec" | "s" => SECOND,
        "minutes" | "minute" | "min" | "m" => 60 * SECOND,
        "hours" | "hour" | "hr" | "h" => 60 * 60 * SECOND,
        "days" | "day" | "d" => DAY,
        "weeks" | "week" | "w" => 7 * DAY,
        "months" | "month" | "M" => 2_629_800 * SECOND, // 30.4375 days
        "years" | "year" | "y" => 31_557_600 * SECOND,  // 365.25 days
        _ => return None,
    })
}

/// A size: bytes, with `K`, `M`, `G`, `T`, `P`, `E` to the base 1024, or a share of the memory with `%`, `‰` or `‱`.
pub(super) fn memory_size(value: &str) -> Option<MemorySize> {
    let (number, unit) = Decimal::parse(value)?;
    let share = |factor: u64| {
        let permyriad = number.times(factor).filter(|n| (1..=10_000).contains(n))?;
        Some(MemorySize::OfMemory { permyriad })
    };
    let bytes = |power: u32| number.times(1 << (10 * power)).filter(|&n| n > 0).map(MemorySize::Bytes);
    match unit.trim() {
        "%" => share(100),
        "‰" => share(10),
        "‱" => share(1),
        "" | "B" => bytes(0),
        "K" => bytes(1),
        "M" => bytes(2),
        "G" => bytes(3),
        "T" => bytes(4),
        "P" => bytes(5),
        "E" => bytes(6),
        _ => None,
    }
}

/// A decimal number that is not negative: a whole part and billionths.
#[derive(Clone, Copy)]
struct Decimal {
    whole: u64,
    billionths: u64,
}

impl Decimal {
    /// The number that `text` begins with, and what comes after it.
    fn parse(text: &str) -> Option<(Self, &str)> {
        let (whole, rest) = text.split_at(digits(text));
        let Some(tail) = rest.strip_prefix('.') else {
            return Some((Self { whole: whole.parse().ok()?, billionths: 0 }, rest));
        };
        let (fraction, rest) = tail.split_at(digits(tail));
        if fraction.is_empty() || fraction.len() > 9 {
            return None;
        }
        Some((Self { whole: whole.parse().ok()?, billionths: format!("{fraction:0<9}").parse().ok()? }, rest))
    }

    fn times(self, factor: u64) -> Option<u64> {
        let billionths = u128::from(self.whole) * 1_000_000_000 + u128::from(self.billionths);
        let product = billionths.checked_mul(u128::from(factor))?;
        u64::try_from(product / 1_000_000_000).ok()
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
