//! A record as a JSON object that loses nothing, and back.
//!
//! A text is a string; where that would lose something, because it is not UTF-8 or something stands behind its end, the
//! whole field stands beside it in hexadecimal, and counts.

use std::fmt::Write;
use std::str::Chars;

use crate::json;
use crate::layout::Unused;
use crate::record::{Exit, Record, Time};
use crate::text::Text;

/// Writes `record` as an object.
pub fn write(text: &mut String, record: &Record) {
    let _ = write!(text, "{{\"type\":{},\"pid\":{},", i16::from(record.kind), record.pid); // a String takes all
    field(text, "id", &record.id);
    field(text, "user", &record.user);
    field(text, "line", &record.line);
    field(text, "host", &record.host);
    let (exit, time) = (record.exit, record.time);
    let _ = write!(
        text,
        "\"termination\":{},\"exit\":{},\"session\":{},\"seconds\":{},\"microseconds\":{},\"address\":\"{}\"",
        exit.termination,
        exit.exit,
        record.session,
        time.seconds,
        time.microseconds,
        json::hex(&record.address)
    );
    if record.unused != Unused::default() {
        let _ = write!(text, ",\"unused\":\"{}\"", json::hex(&record.unused.to_bytes()));
    }
    text.push('}');
}

fn field<const N: usize>(text: &mut String, name: &str, value: &Text<N>) {
    let _ = write!(text, "\"{name}\":"); // a String takes all
    json::string(text, value.as_bytes());
    if str::from_utf8(value.as_bytes()).is_err() || Text::<N>::new(value.as_bytes()) != *value {
        let _ = write!(text, ",\"{name}_bytes\":\"{}\"", json::hex(value.field()));
    }
    text.push(',');
}

/// Why a text is not what [`write`] writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JsonError {
    /// It is no object of texts and numbers.
    #[error("this is not an object of texts and numbers")]
    Syntax,
    /// It is one, and no record's.
    #[error("a text is too long for its field, a number too large, or a word unknown")]
    Value,
}

/// The record of an object, read from the start of a line that may have a bracket or a comma around it.
///
/// None for a line that is only such a bracket.
///
/// # Errors
/// If it is not what [`write`] writes, or does not fit into a record.
pub fn read(line: &str) -> Result<Option<Record>, JsonError> {
    let line = line.trim();
    let line = line.strip_prefix('[').unwrap_or(line);
    let line = line.strip_suffix(']').unwrap_or(line);
    let line = line.trim().trim_matches(',').trim();
    if line.is_empty() {
        return Ok(None);
    }
    let mut record = Record::dead_process(b"", 0, Time::default());
    record.exit = Exit::default();
    let members = object(line)?;
    for (name, value) in &members {
        // Where the bytes stand beside a text, they count.
        let spelt_out = format!("{name}_bytes");
        if !members.iter().any(|(other, _)| *other == spelt_out) {
            set(&mut record, name, value)?;
        }
    }
    Ok(Some(record))
}

enum Value {
    Number(i64),
    Text(String),
}

impl Value {
    fn number<N: TryFrom<i64>>(&self) -> Result<N, JsonError> {
        match self {
            Self::Number(number) => N::try_from(*number).map_err(|_| JsonError::Value),
            Self::Text(_) => Err(JsonError::Value),
        }
    }

    fn text<const N: usize>(&self) -> Result<Text<N>, JsonError> {
        match self {
            Self::Text(text) if text.len() <= N && !text.contains('\0') => Ok(Text::new(text)),
            _ => Err(JsonError::Value),
        }
    }

    fn bytes<const N: usize>(&self) -> Result<[u8; N], JsonError> {
        let Self::Text(text) = self else { return Err(JsonError::Value) };
        if text.len() != 2 * N || !text.is_ascii() {
            return Err(JsonError::Value);
        }
        let mut bytes = [0; N];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().as_chunks::<2>().0) {
            let digit = |digit: u8| char::from(digit).to_digit(16).ok_or(JsonError::Value);
            *byte = (digit(digits[0])? * 16 + digit(digits[1])?) as u8;
        }
        Ok(bytes)
    }
}

fn set(record: &mut Record, name: &str, value: &Value) -> Result<(), JsonError> {
    match name {
        "type" => record.kind = value.number::<i16>()?.into(),
        "pid" => record.pid = value.number()?,
        "id" => record.id = value.text()?,
        "id_bytes" => record.id = Text::from_field(value.bytes()?),
        "user" => record.user = value.text()?,
        "user_bytes" => record.user = Text::from_field(value.bytes()?),
        "line" => record.line = value.text()?,
        "line_bytes" => record.line = Text::from_field(value.bytes()?),
        "host" => record.host = value.text()?,
        "host_bytes" => record.host = Text::from_field(value.bytes()?),
        "termination" => record.exit.termination = value.number()?,
        "exit" => record.exit.exit = value.number()?,
        "session" => record.session = value.number()?,
        "seconds" => record.time.seconds = value.number()?,
        "microseconds" => record.time.microseconds = value.number()?,
        "address" => record.address = value.bytes()?,
        "unused" => record.unused = Unused::from_bytes(value.bytes()?),
        _ => return Err(JsonError::Value),
    }
    Ok(())
}

/// The names and values of a flat object.
fn object(text: &str) -> Result<Vec<(String, Value)>, JsonError> {
    let mut rest = text.chars();
    let mut members = Vec::new();
    expect(&mut rest, '{')?;
    loop {
        skip_blanks(&mut rest);
        let name = string(&mut rest)?;
        skip_blanks(&mut rest);
        expect(&mut rest, ':')?;
        skip_blanks(&mut rest);
        let value = if rest.as_str().starts_with('"') { Value::Text(string(&mut rest)?) } else { number(&mut rest)? };
        members.push((name, value));
        skip_blanks(&mut rest);
        match rest.next() {
            Some(',') => {}
            Some('}') if rest.as_str().is_empty() => return Ok(members),
            _ => return Err(JsonError::Syntax),
        }
    }
}

fn skip_blanks(rest: &mut Chars<'_>) {
    *rest = rest.as_str().trim_start().chars();
}

fn expect(rest: &mut Chars<'_>, wanted: char) -> Result<(), JsonError> {
    if rest.next() == Some(wanted) { Ok(()) } else { Err(JsonError::Syntax) }
}

fn number(rest: &mut Chars<'_>) -> Result<Value, JsonError> {
    let text = rest.as_str();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(text.len());
    *rest = text[end..].chars();
    text[..end].parse().map(Value::Number).map_err(|_| JsonError::Syntax)
}

fn string(rest: &mut Chars<'_>) -> Result<String, JsonError> {
    expect(rest, '"')?;
    let mut text = String::new();
    loop {
        match rest.next().ok_or(JsonError::Syntax)? {
            '"' => return Ok(text),
            '\\' => text.push(escaped(rest)?),
            c => text.push(c),
        }
    }
}

fn escaped(rest: &mut Chars<'_>) -> Result<char, JsonError> {
    match rest.next().ok_or(JsonError::Syntax)? {
        'n' => Ok('\n'),
        'r' => Ok('\r'),
        't' => Ok('\t'),
        'b' => Ok('\x08'),
        'f' => Ok('\x0c'),
        c @ ('"' | '\\' | '/') => Ok(c),
        'u' => {
            let unit = four_digits(rest)?;
            if !(0xd800..0xdc00).contains(&unit) {
                return char::from_u32(unit).ok_or(JsonError::Syntax);
            }
            expect(rest, '\\')?;
            expect(rest, 'u')?;
            let low = four_digits(rest)?.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or(JsonError::Syntax)?;
            char::from_u32(0x1_0000 + (unit - 0xd800) * 0x400 + low).ok_or(JsonError::Syntax)
        }
        _ => Err(JsonError::Syntax),
    }
}

fn four_digits(rest: &mut Chars<'_>) -> Result<u32, JsonError> {
    (0..4).try_fold(0, |unit, _| {
        let digit = rest.next().and_then(|c| c.to_digit(16)).ok_or(JsonError::Syntax)?;
        Ok(unit * 16 + digit)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encoding::Encoding;

    proptest! {
        #[test]
        fn any_record_survives_json(bytes in prop::collection::vec(prop_oneof![Just(0u8), b' '..b'~', any::<u8>()], 400), which in 0..4usize) {
            let encoding = Encoding::ALL[which];
            let mut text = String::new();
            write(&mut text, &encoding.view(&bytes).unwrap().to_record());
            let record = read(&text).unwrap().unwrap();
            prop_assert_eq!(encoding.encode(&record), &bytes[..encoding.size()]);
        }

        #[test]
        fn any_text_is_a_record_or_refused(text in r#"[\[\]{}":,\\a-z0-9u-]{0,40}"#, other in any::<String>()) {
            let _ = (read(&text), read(&other));
        }
    }

    #[test]
    fn json_of_others_is_understood() {
        let text = r#" { "user" : "a\u0062\ud83d\ude00\/" , "pid":-5,"type":7 } ,"#;
        let record = read(text).unwrap().unwrap();
        assert_eq!((record.user, record.pid, i16::from(record.kind)), (Text::new("ab😀/"), -5, 7));
        assert_eq!(read("[").unwrap(), None);
        assert_eq!(read("]").unwrap(), None);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_not_cut() {
        for text in [
            r#"{"user":"123456789012345678901234567890123"}"#,
            r#"{"pid":3000000000}"#,
            r#"{"type":"7"}"#,
            r#"{"usr":"a"}"#,
            r#"{"user":"a"} {"#,
            r#"{"user":"\ud800"}"#,
            r#"{"user_bytes":"00"}"#,
            r#"{"user":5}"#,
            "{}",
            "{",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
