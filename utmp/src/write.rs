//! Bytes into a file, all of them or none.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rustix::fs::{fstat, ftruncate};
use rustix::io::{Errno, pwrite, retry_on_intr};

use crate::limit;

/// Appends `record` to a file opened with `O_APPEND`, after a last record that was torn is cut off.
///
/// With `O_APPEND` two writers never write over each other, also where neither could have the lock; and files that an
/// administrator made append-only (chattr(1)) can be written.
///
/// # Errors
/// What the system says; the file then ends where its last whole record does.
pub(crate) fn append(file: &File, record: &[u8]) -> io::Result<()> {
    let end = length(file)?;
    let start = whole(end, record.len());
    if end != start {
        ftruncate(file, start)?;
    }
    limit::raised(start + record.len() as u64, || {
        let written = retry_on_intr(|| pwrite(file, record, start))?;
        if written == record.len() {
            return Ok(());
        }
        // Only if nobody appended behind us: a torn record is healed by whoever comes next, a cut one is lost.
        if length(file)? == start + written as u64 {
            ftruncate(file, start)?;
        }
        Err(io::ErrorKind::StorageFull.into())
    })
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
