//! A record's bytes: glibc's `struct utmpx` in both of its layouts, in the machine's byte order.
//!
//! glibc has 32-bit seconds also on most 64-bit machines (`__WORDSIZE_TIME64_COMPAT32`, bits/utmp.h), and 64-bit ones on
//! a few; musl's utmpx.h declares the latter everywhere.

use zerocopy::native_endian::{I16, I32, I64, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::record::{Exit, Kind, Record, Time};
use crate::text::Text;

/// Bytes of a record on this machine: 384, or 400 where its seconds have 64 bits.
pub const SIZE: usize = size_of::<Native>();

/// Bytes of a record that mean nothing. Zero in what we make; in what was read, kept for the round trip.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unused {
    after_kind: [u8; 2],
    reserved: [u8; 20],
    tail: [u8; 4],
}

#[cfg(not(any(
    target_env = "musl",
    target_arch = "aarch64",
    target_arch = "s390x",
    target_arch = "loongarch64"
)))]
pub(crate) use Short as Native;

#[cfg(any(target_env = "musl", target_arch = "aarch64", target_arch = "s390x", target_arch = "loongarch64"))]
pub(crate) use Long as Native;

/// The layout with 32-bit times.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Short {
    kind: I16,
    after_kind: [u8; 2],
    pid: I32,
    line: [u8; 32],
    id: [u8; 4],
    user: [u8; 32],
    host: [u8; 256],
    termination: I16,
    exit: I16,
    session: I32,
    seconds: U32,
    microseconds: I32,
    address: [u8; 16],
    reserved: [u8; 20],
}

/// The layout with 64-bit times.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Long {
    kind: I16,
    after_kind: [u8; 2],
    pid: I32,
    line: [u8; 32],
    id: [u8; 4],
    user: [u8; 32],
    host: [u8; 256],
    termination: I16,
    exit: I16,
    session: I64,
    seconds: I64,
    microseconds: I64,
    address: [u8; 16],
    reserved: [u8; 20],
    tail: [u8; 4],
}

const _: () = assert!(size_of::<Short>() == 384);
const _: () = assert!(size_of::<Long>() == 400);

impl From<&Short> for Record {
    fn from(raw: &Short) -> Self {
        Self {
            kind: Kind::from(raw.kind.get()),
            pid: raw.pid.get(),
            line: Text::from_field(raw.line),
            id: Text::from_field(raw.id),
            user: Text::from_field(raw.user),
            host: Text::from_field(raw.host),
            exit: Exit { termination: raw.termination.get(), exit: raw.exit.get() },
            session: raw.session.get().into(),
            time: Time { seconds: raw.seconds.get().into(), microseconds: raw.microseconds.get().into() },
            address: raw.address,
            unused: Unused { after_kind: raw.after_kind, reserved: raw.reserved, tail: [0; 4] },
        }
    }
}

impl From<&Record> for Short {
    fn from(record: &Record) -> Self {
        Self {
            kind: i16::from(record.kind).into(),
            after_kind: record.unused.after_kind,
            pid: record.pid.into(),
            line: *record.line.field(),
            id: *record.id.field(),
            user: *record.user.field(),
            host: *record.host.field(),
            termination: record.exit.termination.into(),
            exit: record.exit.exit.into(),
            session: (record.session.clamp(i32::MIN.into(), i32::MAX.into()) as i32).into(),
            seconds: (record.time.seconds.clamp(0, u32::MAX.into()) as u32).into(),
            microseconds: (record.time.microseconds.clamp(i32::MIN.into(), i32::MAX.into()) as i32).into(),
            address: record.address,
            reserved: record.unused.reserved,
        }
    }
}

impl From<&Long> for Record {
    fn from(raw: &Long) -> Self {
        Self {
            kind: Kind::from(raw.kind.get()),
            pid: raw.pid.get(),
            line: Text::from_field(raw.line),
            id: Text::from_field(raw.id),
            user: Text::from_field(raw.user),
            host: Text::from_field(raw.host),
            exit: Exit { termination: raw.termination.get(), exit: raw.exit.get() },
            session: raw.session.get(),
            time: Time { seconds: raw.seconds.get(), microseconds: raw.microseconds.get() },
            address: raw.address,
            unused: Unused { after_kind: raw.after_kind, reserved: raw.reserved, tail: raw.tail },
        }
    }
}

impl From<&Record> for Long {
    fn from(record: &Record) -> Self {
        Self {
            kind: i16::from(record.kind).into(),
            after_kind: record.unused.after_kind,
            pid: record.pid.into(),
            line: *record.line.field(),
            id: *record.id.field(),
            user: *record.user.field(),
            host: *record.host.field(),
            termination: record.exit.termination.into(),
            exit: record.exit.exit.into(),
            session: record.session.into(),
            seconds: record.time.seconds.into(),
            microseconds: record.time.microseconds.into(),
            address: record.address,
            reserved: record.unused.reserved,
            tail: record.unused.tail,
        }
    }
}

impl Record {
    /// The record as this machine's files hold it.
    pub fn to_bytes(&self) -> [u8; SIZE] {
        zerocopy::transmute!(Native::from(self))
    }

    /// The record that stands in `bytes`; any bytes are one.
    pub fn from_bytes(bytes: &[u8; SIZE]) -> Self {
        Self::from(zerocopy::transmute_ref!(bytes) as &Native)
    }
}
