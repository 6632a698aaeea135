//! What a reader comes upon: a record, or a stretch that is none; and how it finds back to the records behind one.
//!
//! A write that was cut off leaves part of a record, and a program that does not know of it appends behind: from there on
//! nothing stands at a multiple of the record's size. So a record is looked at before it is believed, and where it does
//! not look like one, the records beside it decide: if they stand at another distance, it is torn. A strange record
//! among its like is a strange record, and handed out as it is.

use crate::encoding::Encoding;
use crate::view::View;

/// What a reader came upon.
pub enum Step<'a> {
    /// A record.
    Record(View<'a>),
    /// Bytes that are no record.
    Skipped(Skipped),
}

/// A stretch of a file that is no record: torn, or not a record's bytes at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Skipped {
    /// Where it begins, in bytes from the file's start.
    pub at: u64,
    /// How many bytes it has.
    pub length: u64,
}

/// Whether a reader may hand out what stands at the start of its bytes.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// It may.
    Record,
    /// It is none; the next records stand this many bytes further on.
    Torn(usize),
}

/// Judges the record `bytes` begin with, by itself and by those behind it.
#[inline]
pub(crate) fn forward(encoding: Encoding, bytes: &[u8]) -> Verdict {
    match encoding.view(bytes) {
        Some(view) if view.is_sound() => Verdict::Record,
        Some(view) => doubtful(encoding, view, |shift| {
            let behind = bytes.get(shift..)?;
            Some((encoding.view(behind)?, behind.get(encoding.size()..).and_then(|bytes| encoding.view(bytes))))
        }),
        None => Verdict::Record,
    }
}

/// Judges the record `bytes` end with, by itself and by those before it.
#[inline]
pub(crate) fn backward(encoding: Encoding, bytes: &[u8]) -> Verdict {
    match last(encoding, bytes) {
        Some(view) if view.is_sound() => Verdict::Record,
        Some(view) => doubtful(encoding, view, |shift| pair_before(encoding, bytes, shift)),
        None => Verdict::Record,
    }
}

/// How much of a record that was cut off `bytes` end with, in a file of whose length `over` bytes are no whole record's.
///
/// That it is as many bytes is likely, but not so where the file was torn before.
pub(crate) fn torn_tail(encoding: Encoding, bytes: &[u8], over: usize) -> usize {
    let is_anchor = |shift| pair_before(encoding, bytes, shift).is_some_and(|(view, _)| view.is_anchor());
    if over == 0 || is_anchor(0) {
        return 0;
    }
    let stands = |shift: &usize| stands(pair_before(encoding, bytes, *shift));
    if is_anchor(over) { over } else { (1..encoding.size()).find(stands).unwrap_or(over) }
}

/// The two records that end at a distance from the end, the second none where the file begins.
fn pair_before(encoding: Encoding, bytes: &[u8], shift: usize) -> Option<Pair<'_>> {
    let before = &bytes[..bytes.len().checked_sub(shift)?];
    let second = before.len().checked_sub(encoding.size()).and_then(|end| last(encoding, &before[..end]));
    Some((last(encoding, before)?, second))
}

/// The record `bytes` end with.
fn last(encoding: Encoding, bytes: &[u8]) -> Option<View<'_>> {
    encoding.view(&bytes[bytes.len().checked_sub(encoding.size())?..])
}

/// Two records beside each other, if there is a second.
type Pair<'a> = (View<'a>, Option<View<'a>>);

/// Whether two records beside each other show that records stand there.
fn stands(pair: Option<Pair<'_>>) -> bool {
    pair.is_some_and(|(first, second)| first.is_anchor() && second.is_none_or(|view| view.is_sound()))
}

/// `pair` gives the two records at a distance, the second none where the file ends.
#[cold]
fn doubtful<'a>(encoding: Encoding, view: View<'_>, pair: impl Fn(usize) -> Option<Pair<'a>>) -> Verdict {
    match (1..encoding.size()).find(|shift| stands(pair(*shift))) {
        Some(shift) => Verdict::Torn(shift),
        None if view.is_broken() => Verdict::Torn(encoding.size()),
        None => Verdict::Record,
    }
}
