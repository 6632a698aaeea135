//! A record where it stands in a buffer, read field by field: what the readers of long files hand out.

use zerocopy::IntoBytes;
use zerocopy::byteorder::{BigEndian, LittleEndian};

use crate::field::{is_padded, is_plain, text};
use crate::layout::{Long, Short};
use crate::record::Record;

/// A record in a buffer, in whichever encoding it has.
#[derive(Clone, Copy)]
pub struct View<'a>(pub(crate) Raw<'a>);

/// Its bytes, in one of the four encodings.
#[derive(Clone, Copy)]
pub(crate) enum Raw<'a> {
    /// 384 bytes, little-endian.
    ShortLittle(&'a Short<LittleEndian>),
    /// 384 bytes, big-endian.
    ShortBig(&'a Short<BigEndian>),
    /// 400 bytes, little-endian.
    LongLittle(&'a Long<LittleEndian>),
    /// 400 bytes, big-endian.
    LongBig(&'a Long<BigEndian>),
}

/// `$expression` with `$raw` as the record of whichever encoding `$view` is of.
macro_rules! of_each {
    ($view:expr, $raw:ident => $expression:expr) => {
        match $view.0 {
            Raw::ShortLittle($raw) => $expression,
            Raw::ShortBig($raw) => $expression,
            Raw::LongLittle($raw) => $expression,
            Raw::LongBig($raw) => $expression,
        }
    };
}

/// The earliest time a record may have without doubt: 1971. A clock without a battery starts in 1970, and a small number is often
/// no time at all.
const EARLIEST: i64 = 365 * 86_400;
/// The latest: the end of 32-bit seconds.
const LATEST: i64 = u32::MAX as i64;

impl<'a> View<'a> {
    /// `ut_type`.
    #[inline]
    pub fn kind(&self) -> i16 {
        of_each!(self, raw => raw.kind.get())
    }

    /// `ut_pid`.
    #[inline]
    pub fn pid(&self) -> i32 {
        of_each!(self, raw => raw.pid.get())
    }

    /// `ut_line`, padding and all.
    #[inline]
    pub fn line_field(&self) -> &'a [u8; 32] {
        of_each!(self, raw => &raw.line)
    }

    /// `ut_line`, up to its first NUL.
    #[inline]
    pub fn line(&self) -> &'a [u8] {
        text(self.line_field())
    }

    /// `ut_line`, with nothing but NUL behind its first NUL.
    #[inline]
    pub(crate) fn padded_line(&self) -> [u8; 32] {
        let field = *self.line_field();
        if is_padded(&field) {
            return field;
        }
        let mut padded = [0; 32];
        padded[..self.line().len()].copy_from_slice(self.line());
        padded
    }

    /// `ut_id`, padding and all.
    #[inline]
    pub fn id_field(&self) -> &'a [u8; 4] {
        of_each!(self, raw => &raw.id)
    }

    /// `ut_user`, padding and all.
    #[inline]
    pub fn user_field(&self) -> &'a [u8; 32] {
        of_each!(self, raw => &raw.user)
    }

    /// `ut_user`, up to its first NUL.
    #[inline]
    pub fn user(&self) -> &'a [u8] {
        text(self.user_field())
    }

    /// `ut_host`, padding and all.
    #[inline]
    pub fn host_field(&self) -> &'a [u8; 256] {
        of_each!(self, raw => &raw.host)
    }

    /// `ut_host`, up to its first NUL.
    #[inline]
    pub fn host(&self) -> &'a [u8] {
        text(self.host_field())
    }

    /// `ut_tv.tv_sec`.
    #[inline]
    pub fn seconds(&self) -> i64 {
        match self.0 {
            Raw::ShortLittle(raw) => raw.seconds.get().into(),
            Raw::ShortBig(raw) => raw.seconds.get().into(),
            Raw::LongLittle(raw) => raw.seconds.get(),
            Raw::LongBig(raw) => raw.seconds.get(),
        }
    }

    /// `ut_tv.tv_usec`.
    #[inline]
    pub fn microseconds(&self) -> i64 {
        match self.0 {
            Raw::ShortLittle(raw) => raw.microseconds.get().into(),
            Raw::ShortBig(raw) => raw.microseconds.get().into(),
            Raw::LongLittle(raw) => raw.microseconds.get(),
            Raw::LongBig(raw) => raw.microseconds.get(),
        }
    }

    /// `ut_addr_v6`.
    #[inline]
    pub fn address(&self) -> &'a [u8; 16] {
        of_each!(self, raw => &raw.address)
    }

    /// The record, decoded: a copy of its own.
    pub fn to_record(&self) -> Record {
        of_each!(self, raw => Record::from(raw))
    }

    /// Whether it looks like a record at a glance: a known type, a line that names one, texts that are padded, a time.
    /// Also an empty record, which is all NUL.
    ///
    /// What does not need not be torn: programs write strange records. What does may still not be one.
    #[inline]
    pub(crate) fn is_sound(&self) -> bool {
        match self.kind() {
            1..=9 => {
                (EARLIEST..=LATEST).contains(&self.seconds())
                    && (0..1_000_000).contains(&self.microseconds())
                    && is_name(self.line_field())
                    && is_padded(self.user_field())
                    && is_long_padded(self.host_field())
                    && of_each!(self, raw => raw.after_kind == [0; 2] && raw.reserved == [0; 20])
            }
            0 => self.is_blank(),
            _ => false,
        }
    }

    /// Whether it is beyond doubt a record: as sound as can be, and says something. What a search may rest on.
    pub(crate) fn is_anchor(&self) -> bool {
        matches!(self.kind(), 1..=9)
            && self.is_sound()
            && (self.line_field()[0] != 0 || self.user_field()[0] != 0 || self.pid() > 0)
    }

    /// Whether nothing in it looks like a record: no known type, and a line that nobody names so, or bytes where a
    /// record has none.
    pub(crate) fn is_broken(&self) -> bool {
        let padding = of_each!(self, raw => raw.after_kind);
        !matches!(self.kind(), 0..=9) && (padding != [0; 2] || !is_name(self.line_field()))
    }

    fn is_blank(&self) -> bool {
        of_each!(self, raw => raw.as_bytes().iter().all(|byte| *byte == 0))
    }
}

/// Whether only NUL follows the first NUL of a long field that is mostly empty: what is behind its first bytes is zero, or
/// looked at like them.
#[inline]
fn is_long_padded(field: &[u8; 256]) -> bool {
    let Some((first, rest)) = field.split_first_chunk::<64>() else { return is_padded(field) };
    let is_empty = rest.iter().fold(0, |any, byte| any | byte) == 0;
    if is_empty { is_padded(first) } else { is_padded(field) }
}

/// Whether it may be a line's name, which unlike a user's or a host's is no outside text: programs name terminals.
#[inline]
fn is_name(line: &[u8; 32]) -> bool {
    is_padded(line) & is_plain(line)
}
