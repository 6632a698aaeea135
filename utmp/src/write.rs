//! Bytes into a file, all of them or none.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{fstat, ftruncate};
use rustix::io::{Errno, pwrite, retry_on_intr};

use crate::backwards::Backward;
use crate::encoding::Encoding;
use crate::layout::SIZE;
use crate::limit;
use crate::step::Step;

/// How often a file that seems torn is looked at again: the system shows a record's first part before its last while
/// a writer without the lock writes it.
const LOOKS: u32 = 4;
/// How long each time; the kernel has no event for it.
const LOOK: Duration = Duration::from_micros(500);

/// Appends `record` to a file opened with `O_APPEND`; whoever writes alone first cuts off a last record that was torn.
///
/// With `O_APPEND` two writers never write over each other, also where neither could have the lock; and files that an
/// administrator made append-only (chattr(1)) can be written. But nothing is cut off where others may write meanwhile:
/// what seems torn may be half of a record being written, and what is behind it when it is cut, many whole ones.
///
/// # Errors
/// What the system says; if alone, the file then ends where its last whole record does.
pub(crate) fn append(file: &File, record: &[u8], is_alone: bool) -> io::Result<()> {
    let end = if is_alone { healed(file)? } else { length(file)? };
    limit::raised(end + record.len() as u64, || {
        let written = retry_on_intr(|| pwrite(file, record, end))?;
        if written == record.len() {
            return Ok(());
        }
        // Only if nobody appended behind us: a torn record is healed by whoever comes next, a cut one is lost.
        if is_alone && length(file)? == end + written as u64 {
            ftruncate(file, end)?;
        }
        Err(io::ErrorKind::StorageFull.into())
    })
}

/// Where the file ends, after what stays torn for a while was cut off.
fn healed(file: &File) -> io::Result<u64> {
    let mut until = length(file)?;
    for _ in 0..LOOKS {
        if until == end_of_records(file, until)? {
            return Ok(until);
        }
        sleep(LOOK);
        until = length(file)?;
    }
    let end = end_of_records(file, until)?;
    if end != until && length(file)? == until {
        ftruncate(file, end)?;
    }
    Ok(end)
}

/// Where the last whole record of a file of `length` bytes ends: at a multiple of a record's size, unless the file was torn
/// before and somebody appended behind it.
pub(crate) fn end_of_records(file: &File, length: u64) -> io::Result<u64> {
    if length == whole(length, SIZE) {
        return Ok(length);
    }
    match Backward::new(file, Encoding::NATIVE, 0, length)?.next()? {
        Some(Step::Skipped(torn)) => Ok(torn.at),
        Some(Step::Record(_)) => Ok(length),
        None => Ok(0),
    }
}

/// Writes `record` at `offset`, over what is there or behind it.
///
/// # Errors
/// What the system says; the file is then as it was.
pub(crate) fn replace(file: &File, offset: u64, record: &[u8]) -> io::Result<()> {
    let before = length(file)?;
    let old = read_at_most(file, offset, record.len())?;
    limit::raised(offset + record.len() as u64, || {
        let written = retry_on_intr(|| pwrite(file, record, offset))?;
        if written == record.len() {
            return Ok(());
        }
        file.write_all_at(&old, offset)?;
        if length(file)? > before {
            ftruncate(file, before)?;
        }
        Err(io::ErrorKind::StorageFull.into())
    })
}

/// Where the last whole record of a file of `length` bytes ends.
pub(crate) fn whole(length: u64, record: usize) -> u64 {
    length - length % record as u64
}

/// How long `file` is now.
pub(crate) fn length(file: &File) -> Result<u64, Errno> {
    Ok(u64::try_from(fstat(file)?.st_size).unwrap_or_default())
}

fn read_at_most(file: &File, offset: u64, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; most];
    let mut had = 0;
    while had < most {
        match file.read_at(&mut bytes[had..], offset + had as u64) {
            Ok(0) => break,
            Ok(more) => had += more,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    bytes.truncate(had);
    Ok(bytes)
}
