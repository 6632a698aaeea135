//! A record's bytes: glibc's `struct utmpx` in both of its layouts, in either byte order.
//!
//! glibc has 32-bit seconds also on most 64-bit machines (`__WORDSIZE_TIME64_COMPAT32`, bits/utmp.h), and 64-bit ones on
//! a few; musl's utmpx.h declares the latter everywhere.

use zerocopy::byteorder::{I16, I32, I64, NativeEndian, U32};
use zerocopy::{ByteOrder, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

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

#[cfg(not(any(target_env = "musl", target_arch = "aarch64", target_arch = "s390x", target_arch = "loongarch64")))]
pub(crate) type Native = Short<NativeEndian>;

#[cfg(any(target_env = "musl", target_arch = "aarch64", target_arch = "s390x", target_arch = "loongarch64"))]
pub(crate) type Native = Long<NativeEndian>;

impl Unused {
    /// All of them, one behind the other.
    pub(crate) fn to_bytes(self) -> [u8; 26] {
        let mut bytes = [0; 26];
        bytes[..2].copy_from_slice(&self.after_kind);
        bytes[2..22].copy_from_slice(&self.reserved);
        bytes[22..].copy_from_slice(&self.tail);
        bytes
    }

    /// Those that stand in `bytes`.
    pub(crate) fn from_bytes(bytes: [u8; 26]) -> Self {
        let mut unused = Self::default();
        unused.after_kind.copy_from_slice(&bytes[..2]);
        unused.reserved.copy_from_slice(&bytes[2..22]);
        unused.tail.copy_from_slice(&bytes[22..]);
        unused
    }
}

/// The layout with 32-bit times, as it stands in a file; read through [`View`](crate::View).
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Short<O: ByteOrder> {
    pub(crate) kind: I16<O>,
    pub(crate) after_kind: [u8; 2],
    pub(crate) pid: I32<O>,
    pub(crate) line: [u8; 32],
    pub(crate) id: [u8; 4],
    pub(crate) user: [u8; 32],
    pub(crate) host: [u8; 256],
    pub(crate) termination: I16<O>,
    pub(crate) exit: I16<O>,
    pub(crate) session: I32<O>,
    pub(crate) seconds: U32<O>,
    pub(crate) microseconds: I32<O>,
    pub(crate) address: [u8; 16],
    pub(crate) reserved: [u8; 20],
}

/// The layout with 64-bit times, as it stands in a file; read through [`View`](crate::View).
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Long<O: ByteOrder> {
    pub(crate) kind: I16<O>,
    pub(crate) after_kind: [u8; 2],
    pub(crate) pid: I32<O>,
    pub(crate) line: [u8; 32],
    pub(crate) id: [u8; 4],
    pub(crate) user: [u8; 32],
    pub(crate) host: [u8; 256],
    pub(crate) termination: I16<O>,
    pub(crate) exit: I16<O>,
    pub(crate) session: I64<O>,
    pub(crate) seconds: I64<O>,
    pub(crate) microseconds: I64<O>,
    pub(crate) address: [u8; 16],
    pub(crate) reserved: [u8; 20],
    pub(crate) tail: [u8; 4],
}

const _: () = assert!(size_of::<Short<NativeEndian>>() == 384);
const _: () = assert!(size_of::<Long<NativeEndian>>() == 400);

impl<O: ByteOrder> From<&Short<O>> for Record {
    fn from(raw: &Short<O>) -> Self {
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

impl<O: ByteOrder> From<&Record> for Short<O> {
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

impl<O: ByteOrder> From<&Long<O>> for Record {
    fn from(raw: &Long<O>) -> Self {
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

impl<O: ByteOrder> From<&Record> for Long<O> {
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

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use proptest::prelude::*;

    use super::*;

    /// libc's declaration of `$theirs` against the field `$ours`.
    macro_rules! same_place {
        ($($ours:ident $theirs:ident),* $(,)?) => {
            [$((stringify!($ours), offset_of!(Native, $ours), offset_of!(libc::utmpx, $theirs))),*]
        };
    }

    #[test]
    fn every_field_stands_where_libc_declares_it() {
        assert_eq!(SIZE, size_of::<libc::utmpx>());
        let fields = same_place!(kind ut_type, pid ut_pid, line ut_line, id ut_id, user ut_user, host ut_host,
            termination ut_exit, session ut_session, seconds ut_tv, address ut_addr_v6);
        for (field, ours, theirs) in fields {
            assert_eq!(ours, theirs, "{field}");
        }
    }

    #[test]
    fn every_field_of_both_layouts_stands_where_glibc_has_it() {
        let short = [
            offset_of!(Short<NativeEndian>, exit),
            offset_of!(Short<NativeEndian>, session),
            offset_of!(Short<NativeEndian>, seconds),
            offset_of!(Short<NativeEndian>, microseconds),
            offset_of!(Short<NativeEndian>, address),
            offset_of!(Short<NativeEndian>, reserved),
        ];
        assert_eq!(short, [334, 336, 340, 344, 348, 364]);
        let long = [
            offset_of!(Long<NativeEndian>, exit),
            offset_of!(Long<NativeEndian>, session),
            offset_of!(Long<NativeEndian>, seconds),
            offset_of!(Long<NativeEndian>, microseconds),
            offset_of!(Long<NativeEndian>, address),
            offset_of!(Long<NativeEndian>, reserved),
        ];
        assert_eq!(long, [334, 336, 344, 352, 360, 376]);
    }

    #[test]
    fn the_short_layout_holds_times_to_2106_and_no_further() {
        let written = |seconds| {
            Record::from(&Short::<NativeEndian>::from(&Record::boot(b"", Time { seconds, microseconds: 1 << 40 }))).time
        };
        assert_eq!(written(4_294_967_295).seconds, 4_294_967_295);
        assert_eq!(written(4_294_967_296).seconds, 4_294_967_295);
        assert_eq!(written(-1).seconds, 0);
        assert_eq!(written(0).microseconds, i32::MAX.into());
    }

    proptest! {
        #[test]
        fn any_short_record_survives_a_round_trip(bytes in prop::array::uniform32(any::<[u8; 12]>())) {
            let bytes: [u8; 384] = zerocopy::transmute!(bytes);
            let record = Record::from(Short::<NativeEndian>::ref_from_bytes(&bytes).unwrap());
            let written = Short::<NativeEndian>::from(&record);
            prop_assert_eq!(written.as_bytes(), &bytes);
        }

        #[test]
        fn any_long_record_survives_a_round_trip(bytes in prop::array::uniform25(any::<[u8; 16]>())) {
            let bytes: [u8; 400] = zerocopy::transmute!(bytes);
            let record = Record::from(Long::<NativeEndian>::ref_from_bytes(&bytes).unwrap());
            let written = Long::<NativeEndian>::from(&record);
            prop_assert_eq!(written.as_bytes(), &bytes);
        }

        #[test]
        fn any_record_of_this_machine_survives_a_round_trip(bytes in prop::collection::vec(any::<u8>(), SIZE)) {
            let bytes: [u8; SIZE] = bytes.try_into().unwrap();
            prop_assert_eq!(Record::from_bytes(&bytes).to_bytes(), bytes);
        }
    }
}
