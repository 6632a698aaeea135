//! Our codec beside zbus', which it must agree with, and under bytes that nobody wrote.

use std::os::fd::OwnedFd;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use rustix::fs::{MemfdFlags, memfd_create};
use zbus::wire::serialized::{Context, Data};
use zbus::wire::{BE, LE, to_bytes};
use zbus::{ObjectPath, Variant};

use super::*;
use crate::login1::session_of;
use crate::message::{HEAD, Head, Incoming, LONGEST};
use crate::names::Class;

/// The values of a reply to CreateSession, the file descriptor by its place.
type Values<'m> = (&'m str, &'m str, &'m str, u32, u32, &'m str, u32, bool);
/// The same as zbus has them.
type ZbusValues<'m> = (&'m str, ObjectPath<'m>, &'m str, u32, u32, &'m str, u32, bool);

fn zbus_context(endian: Endian) -> Context {
    Context::new(if endian == Endian::Big { BE } else { LE }, 0)
}

fn read(bytes: &[u8], endian: Endian) -> Option<Values<'_>> {
    let mut reader = Reader::new(bytes, endian);
    let (id, path, runtime_path) = (reader.text()?, reader.text()?, reader.text()?);
    let (life_line, uid, seat) = (reader.u32()?, reader.u32()?, reader.text()?);
    let values = (id, path, runtime_path, life_line, uid, seat, reader.u32()?, reader.boolean()?);
    reader.is_at_end().then_some(values)
}

fn zbus_reads(bytes: &[u8], endian: Endian, expected: Values<'_>) -> bool {
    let data = Data::new(bytes, zbus_context(endian));
    let Ok(((id, path, runtime_path, life_line, uid, seat, vt, existed), used)) = data.deserialize::<ZbusValues<'_>>()
    else {
        return false;
    };
    used == bytes.len() && (id, path.as_str(), runtime_path, life_line, uid, seat, vt, existed) == expected
}

fn zbus_writes(values: Values<'_>, endian: Endian) -> Vec<u8> {
    let (id, path, runtime_path, life_line, uid, seat, vt, existed) = values;
    let path = ObjectPath::try_from(path).expect("a path");
    let values: ZbusValues<'_> = (id, path, runtime_path, life_line, uid, seat, vt, existed);
    to_bytes(zbus_context(endian), &values).expect("a body").bytes().to_vec()
}

prop_compose! {
    fn endian()(is_big in any::<bool>()) -> Endian {
        if is_big { Endian::Big } else { Endian::Little }
    }
}

/// A reply that zbus wrote, and how.
fn reply() -> impl Strategy<Value = (Vec<u8>, Endian)> {
    ("[^\0]{0,20}", "(/[a-z0-9_]{1,9}){1,3}", "[^\0]{0,20}", "[^\0]{0,9}", any::<[u32; 3]>(), any::<bool>(), endian())
        .prop_map(|(id, path, runtime_path, seat, [life_line, uid, vt], existed, endian)| {
            let values = (&*id, &*path, &*runtime_path, life_line, uid, &*seat, vt, existed);
            let bytes = zbus_writes(values, endian);
            assert_eq!(read(&bytes, endian), Some(values), "what zbus writes is read as it was meant");
            (bytes, endian)
        })
}

/// Bytes with some of them exchanged.
fn damaged(mut bytes: Vec<u8>, damage: Vec<(Index, u8)>) -> Vec<u8> {
    for (place, value) in damage {
        if !bytes.is_empty() {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
    }
    bytes
}

fn damage() -> impl Strategy<Value = Vec<(Index, u8)>> {
    let value = prop_oneof![any::<u8>(), Just(0), Just(1), Just(4), Just(b's'), Just(b'v'), Just(0xff)];
    vec((any::<Index>(), value), 0..4)
}

fn life_line() -> OwnedFd {
    memfd_create("life-line", MemfdFlags::CLOEXEC).expect("a file in memory")
}

/// A message that came with one file descriptor, read as an answer.
fn incoming(bytes: Vec<u8>) -> Option<Incoming> {
    let head = Head::parse(bytes.first_chunk()?).ok()?;
    Incoming::parse(head, bytes, vec![life_line()]).ok()
}

/// A reply's bytes around those of its fields and its body.
fn message(endian: Endian, fields: &[u8], body: &[u8]) -> Vec<u8> {
    let number = |n: usize| {
        let n = u32::try_from(n).expect("a length");
        if endian == Endian::Big { n.to_be_bytes() } else { n.to_le_bytes() }
    };
    let mut bytes = vec![if endian == Endian::Big { b'B' } else { b'l' }, 2, 0, 1];
    bytes.extend([number(body.len()), number(7), number(fields.len())].concat());
    bytes.extend(fields);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.extend(body);
    bytes
}

/// The fields as zbus reads them, and as we do, where both take them.
fn fields_agree(bytes: &[u8], endian: Endian, ours: &Incoming) -> bool {
    type Header<'m> = (u8, u8, u8, u8, u32, u32, Vec<(u8, Variant<'m>)>);
    let header = Data::new(bytes, zbus_context(endian));
    let Ok((header, _)) = header.deserialize::<Header<'_>>() else { return true };
    let serial = header.6.iter().rev().find(|(code, _)| *code == 5).map(|(_, value)| value);
    serial.is_none_or(|serial| matches!(serial, Variant::U32(serial) if ours.answers(*serial)))
}

proptest! {
    #[test]
    fn what_is_written_zbus_reads(
        texts in vec("[^\0]{0,30}", 3),
        numbers in any::<(u32, u64, bool, u8)>(),
    ) {
        let (u, t, b, y) = numbers;
        let mut writer = Writer::default();
        writer.byte(y);
        writer.text(&texts[0]);
        writer.u64(t);
        writer.boolean(b);
        writer.structures(|elements| {
            for text in &texts[1..] {
                elements.structure();
                elements.text(text);
                elements.signature("u");
                elements.u32(u);
            }
        });
        let elements: Vec<_> = texts[1..].iter().map(|text| (text.as_str(), Variant::U32(u))).collect();
        let expected = to_bytes(Context::new(LE, 0), &(y, &*texts[0], t, b, elements)).expect("a body");
        prop_assert_eq!(writer.bytes(), expected.bytes());
    }

    #[test]
    fn what_is_believed_of_a_damaged_reply_zbus_would_believe(reply in reply(), damage in damage()) {
        let (bytes, endian) = reply;
        let bytes = damaged(bytes, damage);
        if let Some(values) = read(&bytes, endian) {
            // Of an object path we take any text: nothing is done with it.
            let is_path = ObjectPath::try_from(values.1).is_ok();
            prop_assert!(!is_path || zbus_reads(&bytes, endian, values), "{:?}", values);
        }
    }

    #[test]
    fn any_bytes_may_come_without_a_panic(
        fields in vec(any::<u8>(), 0..80),
        body in vec(any::<u8>(), 0..80),
        endian in endian(),
    ) {
        let bytes = message(endian, &fields, &body);
        if let Some(incoming) = incoming(bytes) {
            let _ = (incoming.refusal().map(|(name, text)| (name.len(), text.len())), session_of(incoming, Class::USER));
        }
    }

    #[test]
    fn any_damage_to_a_whole_reply_is_refused_or_read_as_zbus_would(reply in reply(), damage in damage(), more in damage()) {
        let (body, endian) = reply;
        // Serial 7 is answered with these types and one file descriptor, from a name.
        let number = |n: u32| if endian == Endian::Big { n.to_be_bytes() } else { n.to_le_bytes() };
        let fields = [
            &[5, 1, b'u', 0], &number(7)[..], &[8, 1, b'g', 0, 8], b"soshusub\0", &[0; 6],
            &[9, 1, b'u', 0], &number(1), &[7, 1, b's', 0], &number(4), b":1.2\0",
        ].concat();
        let bytes = message(endian, &damaged(fields, damage), &body);
        if let Some(ours) = incoming(bytes.clone()) {
            prop_assert!(fields_agree(&bytes, endian, &ours));
        }
        if let Some(ours) = incoming(damaged(bytes, more)) {
            let _ = session_of(ours, Class::USER);
        }
    }
}

#[test]
fn a_head_that_promises_too_much_is_refused_before_anything_is_read() {
    let longest = u32::try_from(LONGEST).expect("a length");
    let total = |at: usize, length: u32| {
        let mut head: [u8; HEAD] = *message(Endian::Big, &[], &[]).first_chunk().expect("a head");
        head[at..at + 4].copy_from_slice(&length.to_be_bytes());
        Head::parse(&head).map(Head::total).ok()
    };
    for at in [4, 12] {
        assert_eq!(total(at, longest - 16), Some(LONGEST));
        for length in [longest - 15, longest, u32::MAX - 15, u32::MAX] {
            assert_eq!(total(at, length), None, "{length} at {at}");
        }
    }
}

#[test]
fn what_is_not_whole_or_not_ended_is_none() {
    let text = |bytes: &[u8]| Reader::new(bytes, Endian::Little).text().map(str::to_owned);
    assert_eq!(text(b"\x02\0\0\0ab\0"), Some("ab".into()));
    for bytes in [&b""[..], b"\x02\0\0", b"\x02\0\0\0ab", b"\x02\0\0\0abc", b"\x02\0\0\0a\0\0", b"\x01\0\0\0\xff\0"] {
        assert_eq!(text(bytes), None, "{bytes:?}");
    }
    assert_eq!(text(b"\xff\xff\xff\xffab\0"), None);
    let second = |bytes: &[u8]| {
        let mut reader = Reader::new(bytes, Endian::Little);
        reader.byte().and_then(|_| reader.u32())
    };
    assert_eq!(second(&[9, 0, 0, 0, 1, 0, 0, 0]), Some(1));
    assert_eq!(second(&[9, 0, 1, 0, 1, 0, 0, 0]), None, "padding that says something");
    assert_eq!(Reader::new(&[2, 0, 0, 0], Endian::Little).boolean(), None);
}

#[test]
fn a_field_of_a_kind_not_known_is_passed_over() {
    let mut fields = Writer::default();
    let begin = |fields: &mut Writer, code: u8, kind: &str| {
        fields.structure();
        fields.byte(code);
        fields.signature(kind);
    };
    begin(&mut fields, 100, "y");
    fields.byte(1);
    begin(&mut fields, 101, "t");
    fields.u64(1);
    begin(&mut fields, 102, "o");
    fields.text("/a");
    begin(&mut fields, 103, "g");
    fields.signature("a{sv}");
    begin(&mut fields, 9, "u");
    fields.u32(1);
    begin(&mut fields, 5, "u");
    fields.u32(7);
    let bytes = message(Endian::Little, fields.bytes(), &[]);
    assert!(incoming(bytes).expect("a message").answers(7));
    for kind in ["a", "as", "(s)", "v", "", "z", "ss"] {
        let mut fields = Writer::default();
        begin(&mut fields, 9, "u");
        fields.u32(1);
        begin(&mut fields, 100, kind);
        fields.u64(0);
        assert!(incoming(message(Endian::Little, fields.bytes(), &[])).is_none(), "{kind}");
    }
}
