//! Where in a long file the records of a time range begin, found without reading the file.
//!
//! Records stand in the order they were written, which is the order of their times as long as the clock only runs. It
//! does not: it is set back by a time service, it starts in 1970 on a machine without a battery, it was once in the
//! future. So no single record decides: what is asked is whether a whole block has any record of the time wanted, or of
//! up to a day before; the file is first looked at in places spread over all of it; and where the search ends, many
//! records before it are read nevertheless. What no search can find is then only a stretch of records whose clock was
//! more than a day ahead, that has fewer records than lie between two of those places, and is older than those read
//! nevertheless. A file of no more than 16,384 records is not searched but read.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::encoding::Encoding;
use crate::forward::Forward;
use crate::step::Step;

/// Records looked at together: more than are written before a clock without a battery is set. So many of them that are
/// behind in a row may hide those before.
const BLOCK: u64 = 64;
/// Places looked at before the search.
const PLACES: u64 = 128;
/// Records read nevertheless before the place found.
const MARGIN: u64 = 16_384;
/// How far a clock may be set back without a record being lost, wherever it stands.
const SET_BACK: i64 = 86_400;

/// The byte where a reader may stop who wants every record of `since` or later in the first `length` bytes of `file`.
pub(crate) fn start(file: &File, encoding: Encoding, length: u64, since: i64) -> io::Result<u64> {
    let size = encoding.size() as u64;
    let records = length / size;
    if records <= MARGIN {
        return Ok(0);
    }
    let reaches = |record: u64| reaches(file, encoding, record * size, length, since.saturating_sub(SET_BACK));
    // Nothing before `before` reaches, as far as was seen; something from `behind` on may.
    let (mut before, mut behind) = (0, records);
    for place in (0..PLACES).map(|number| records * number / PLACES) {
        if reaches(place)? {
            behind = place;
            break;
        }
        before = place;
    }
    while behind - before.min(behind) > BLOCK {
        let middle = before + (behind - before) / 2;
        if reaches(middle)? {
            behind = middle;
        } else {
            before = middle;
        }
    }
    Ok(before.saturating_sub(MARGIN) * size)
}

/// Whether the block at byte `at` has a record of `since` or later, or none that could be told the time of.
fn reaches(file: &File, encoding: Encoding, at: u64, length: u64, since: i64) -> io::Result<bool> {
    let bytes = (BLOCK * encoding.size() as u64).min(length - at);
    let mut block = vec![0; usize::try_from(bytes).unwrap_or_default()];
    match file.read_exact_at(&mut block, at) {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(true),
        outcome => outcome?,
    }
    let mut records = Forward::new(&block[..], encoding);
    let mut told = false;
    while let Some(step) = records.next()? {
        if let Step::Record(view) = step
            && view.is_sound()
            && view.kind() != 0
        {
            told = true;
            if view.seconds() >= since {
                return Ok(true);
            }
        }
    }
    Ok(!told)
}
