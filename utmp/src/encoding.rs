//! How a file encodes its records: which of the two layouts, in which byte order, and how that is recognised.
//!
//! Nothing in a file says so. But a record that is read wrongly is rarely sound: its type is no type, its time none of
//! ours, its text not padded. So a few records are read in every way, and the way that makes most of them sound is right.

use std::fmt;
use std::str::FromStr;

use zerocopy::byteorder::{BigEndian, LittleEndian};
use zerocopy::{FromBytes, IntoBytes};

use crate::layout::{Long, SIZE, Short};
use crate::record::Record;
use crate::view::{Raw, View};

/// How long a record's seconds are, and so how long the record is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Width {
    /// 384 bytes, seconds of 32 bits: glibc on most machines.
    Short,
    /// 400 bytes, seconds of 64 bits: glibc on aarch64, s390x, loongarch64; musl.
    Long,
}

/// Which byte of a number comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Order {
    /// The least significant.
    Little,
    /// The most significant.
    Big,
}

/// A layout in a byte order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Encoding {
    /// The layout.
    pub width: Width,
    /// The byte order.
    pub order: Order,
}

/// The name of an encoding is none of `384le`, `384be`, `400le`, `400be`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a layout is one of 384le, 384be, 400le, 400be")]
pub struct UnknownEncoding;

impl Encoding {
    /// This machine's.
    pub const NATIVE: Self = Self {
        width: if SIZE == 384 { Width::Short } else { Width::Long },
        order: if cfg!(target_endian = "little") { Order::Little } else { Order::Big },
    };

    /// Every one, with the more common first.
    pub const ALL: [Self; 4] = [
        Self { width: Width::Short, order: Order::Little },
        Self { width: Width::Long, order: Order::Little },
        Self { width: Width::Short, order: Order::Big },
        Self { width: Width::Long, order: Order::Big },
    ];

    /// Bytes of a record.
    pub const fn size(self) -> usize {
        match self.width {
            Width::Short => 384,
            Width::Long => 400,
        }
    }

    /// The record at the start of `bytes`; none if they are fewer than a record has.
    pub fn view(self, bytes: &[u8]) -> Option<View<'_>> {
        let raw = match (self.width, self.order) {
            (Width::Short, Order::Little) => Raw::ShortLittle(Short::ref_from_prefix(bytes).ok()?.0),
            (Width::Short, Order::Big) => Raw::ShortBig(Short::ref_from_prefix(bytes).ok()?.0),
            (Width::Long, Order::Little) => Raw::LongLittle(Long::ref_from_prefix(bytes).ok()?.0),
            (Width::Long, Order::Big) => Raw::LongBig(Long::ref_from_prefix(bytes).ok()?.0),
        };
        Some(View(raw))
    }

    /// The bytes of `record` in a file of this encoding. What the layout cannot hold is written as the nearest it can.
    pub fn encode(self, record: &Record) -> Vec<u8> {
        match (self.width, self.order) {
            (Width::Short, Order::Little) => Short::<LittleEndian>::from(record).as_bytes().to_vec(),
            (Width::Short, Order::Big) => Short::<BigEndian>::from(record).as_bytes().to_vec(),
            (Width::Long, Order::Little) => Long::<LittleEndian>::from(record).as_bytes().to_vec(),
            (Width::Long, Order::Big) => Long::<BigEndian>::from(record).as_bytes().to_vec(),
        }
    }

    /// The encoding that makes most of the records sound that `head` begins and `tail` ends with, in a file of `length`
    /// bytes; the machine's own where the bytes do not tell.
    ///
    /// The tail tells where the head was torn. Between equals, the size that divides the length is taken.
    pub fn guess(head: &[u8], tail: &[u8], length: Option<u64>) -> Self {
        let rank = |encoding: Self| {
            let divides = length.is_some_and(|length| length % encoding.size() as u64 == 0);
            (encoding.sound_records(head, tail), divides, encoding == Self::NATIVE)
        };
        // max_by_key takes the last of equals, and the first of ALL is the most common.
        Self::ALL.into_iter().rev().max_by_key(|encoding| rank(*encoding)).unwrap_or(Self::NATIVE)
    }

    fn sound_records(self, head: &[u8], tail: &[u8]) -> usize {
        let is_sound = |bytes: &[u8]| self.view(bytes).is_some_and(|view| view.is_anchor());
        let from_start = head.chunks_exact(self.size()).filter(|bytes| is_sound(bytes)).count();
        let from_end = tail.rchunks_exact(self.size()).filter(|bytes| is_sound(bytes)).count();
        from_start + from_end
    }
}

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, UnknownEncoding> {
        Self::ALL.into_iter().find(|encoding| encoding.to_string() == name).ok_or(UnknownEncoding)
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.order {
            Order::Little => "le",
            Order::Big => "be",
        };
        write!(f, "{}{order}", self.size())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::Time;

    fn file(encoding: Encoding, records: usize) -> Vec<u8> {
        let record = |number: usize| {
            let line = format!("pts/{number}");
            Record::user_process(line.as_bytes(), 77, b"alice", Time { seconds: 1_700_000_000, microseconds: 5 })
        };
        (0..records).flat_map(|number| encoding.encode(&record(number))).collect()
    }

    fn guess(bytes: &[u8]) -> Encoding {
        Encoding::guess(bytes, bytes, Some(bytes.len() as u64))
    }

    #[test]
    fn each_encoding_is_recognised_from_one_record_and_from_many() {
        for encoding in Encoding::ALL {
            for records in [1, 2, 24, 25, 100] {
                assert_eq!(guess(&file(encoding, records)), encoding, "{records} records");
            }
        }
    }

    #[test]
    fn a_torn_head_or_tail_hides_no_encoding() {
        for encoding in Encoding::ALL {
            let whole = file(encoding, 5);
            assert_eq!(guess(&whole[100..]), encoding);
            assert_eq!(guess(&whole[..whole.len() - 100]), encoding);
        }
    }

    #[test]
    fn what_tells_nothing_is_read_as_the_machine_writes() {
        assert_eq!(guess(b""), Encoding::NATIVE);
        assert_eq!(guess(&[0; 384 * 400]), Encoding::NATIVE);
        assert_eq!(guess(&[0xff; 3000]), Encoding::NATIVE);
    }

    #[test]
    fn a_name_is_its_encodings_and_no_other() {
        for encoding in Encoding::ALL {
            assert_eq!(encoding.to_string().parse(), Ok(encoding));
        }
        for name in ["", "384", "le", "384LE", "400xe"] {
            assert_eq!(name.parse::<Encoding>(), Err(UnknownEncoding), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_record_survives_a_round_trip_in_any_encoding(bytes in prop::collection::vec(any::<u8>(), 400), which in 0..4usize) {
            let encoding = Encoding::ALL[which];
            let record = encoding.view(&bytes).unwrap().to_record();
            prop_assert_eq!(encoding.encode(&record), &bytes[..encoding.size()]);
        }

        #[test]
        fn any_bytes_have_an_encoding(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
            guess(&bytes);
        }
    }
}
