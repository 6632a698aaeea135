//! The text of records, of util-linux's kind and JSON: what is read of it is written again the same.

use utmp::Encoding;
use utmp::dump::{json, text};

use crate::driver;
use crate::mutation;
use crate::random::Random;

/// What stands in the fields of a line that somebody wrote by hand.
const FIELDS: &[&str] = &[
    "7",
    "-1",
    "99999",
    "00012",
    "2147483648",
    "~",
    "~~  ",
    "tty1        ",
    "bob",
    " bob",
    "a b",
    "",
    "?",
    "1.2.3.4",
    "0.0.0.0",
    "::1",
    "::ffff:1.2.3.4",
    "2001:db8::1",
    "999.1.1.1",
    "2023-11-14T22:13:20,000005+00:00",
    "2106-02-07T06:28:15,999999+00:00",
    "1969-12-31T23:59:59,000000+00:00",
    "2016-12-31T23:59:60,000000+00:00",
    "9999-12-31T23:59:59,000000+14:00",
    "Tue Nov 14 22:13:20 2023 GMT",
    "\u{fc}",
    "\x1b[2J",
];
const MEMBERS: &[&str] = &[
    "type",
    "pid",
    "id",
    "user",
    "line",
    "host",
    "termination",
    "exit",
    "session",
    "seconds",
    "microseconds",
    "address",
    "unused",
    "user_bytes",
    "host_bytes",
    "else",
];
const VALUES: &[&str] = &[
    "0",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "1e9",
    "\"\"",
    "\"bob\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"00\"",
    "\"00000000000000000000000000000000\"",
    "null",
    "true",
    "[",
    "{}",
];

#[test]
fn what_is_read_of_any_text_is_written_again_the_same() {
    driver::attempts("text", |random| {
        let encoding = random.one_of(&Encoding::ALL);
        let mut line = line(random, encoding);
        if random.often(50) {
            mutation::mutate(random, &mut line);
        }
        if let Some(first) = again(encoding, &line) {
            assert!(first.iter().all(|byte| (b' '..=b'~').contains(byte) || *byte == b'\n'));
            let second = again(encoding, &first).expect("what was written is read");
            assert_eq!(first.escape_ascii().to_string(), second.escape_ascii().to_string());
        }
        objects(random, encoding);
    });
}

/// What the record of `line` is written as, where it has one.
fn again(encoding: Encoding, line: &[u8]) -> Option<Vec<u8>> {
    let bytes = encoding.encode(&text::read(line)?);
    let mut written = Vec::new();
    text::Writer::default().write(&mut written, &encoding.view(&bytes).unwrap());
    Some(written)
}

fn line(random: &mut Random, encoding: Encoding) -> Vec<u8> {
    let mut line = Vec::new();
    if random.often(40) {
        let bytes = encoding.encode(&mutation::record(random));
        text::Writer::default().write(&mut line, &encoding.view(&bytes).unwrap());
    } else {
        let fields: Vec<_> = (0..6 + random.below(4)).map(|_| format!("[{}]", random.one_of(FIELDS))).collect();
        line.extend(fields.join(random.one_of(&[" ", "", "\t"])).into_bytes());
    }
    line
}

/// Any record survives JSON, whatever its bytes; any text is an object or refused.
fn objects(random: &mut Random, encoding: Encoding) {
    let mut bytes = encoding.encode(&mutation::record(random));
    mutation::mutate(random, &mut bytes);
    bytes.resize(encoding.size(), random.below(256) as u8);
    let record = encoding.view(&bytes).unwrap().to_record();
    let mut object = String::new();
    json::write(&mut object, &record);
    assert!(!object.contains(char::is_control), "{object:?}");
    assert_eq!(json::read(&object).unwrap().as_ref(), Some(&record), "{object}");
    let mut bytes = object.into_bytes();
    if random.often(50) {
        let member = |random: &mut Random| format!("\"{}\":{}", random.one_of(MEMBERS), random.one_of(VALUES));
        let members: Vec<_> = (0..random.below(16)).map(|_| member(random)).collect();
        bytes = format!("{{{}}}", members.join(",")).into_bytes();
    }
    mutation::mutate(random, &mut bytes);
    if let Ok(Some(record)) = json::read(&String::from_utf8_lossy(&bytes)) {
        let mut written = String::new();
        json::write(&mut written, &record);
        assert_eq!(json::read(&written).unwrap(), Some(record), "{written}");
    }
}
