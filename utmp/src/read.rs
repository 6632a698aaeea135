//! Reading records forward, as many as are whole.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::Errno;

use crate::layout::SIZE;
use crate::record::Record;

/// Why records could not be read. A file that is not there is not an error: it has no records.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A FIFO, a device … stands where the file belongs, or where a link there leads to.
    #[error("{} is not a regular file", path.display())]
    NotRegular {
        /// What stands there.
        path: PathBuf,
    },
    /// The device failed.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The whole records of a file from its start; what a torn write left at its end is none.
#[derive(Debug)]
pub struct Records {
    bytes: Vec<u8>,
    next: usize,
}

impl Records {
    /// Those in the bytes of a file.
    pub(crate) const fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, next: 0 }
    }
}

impl Iterator for Records {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let record = self.bytes.get(self.next..)?.first_chunk::<SIZE>()?;
        self.next += SIZE;
        Some(Record::from_bytes(record))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.bytes.len().saturating_sub(self.next) / SIZE;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Records {}

/// The file to read, if it exists. A link is followed: reading through it harms nobody.
pub(crate) fn existing(path: &Path) -> Result<Option<File>, ReadError> {
    let failed = |e: Errno| ReadError::Open { path: path.to_owned(), source: e.into() };
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match open(path, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(e) => return Err(failed(e)),
    };
    if FileType::from_raw_mode(fstat(&file).map_err(failed)?.st_mode) != FileType::RegularFile {
        return Err(ReadError::NotRegular { path: path.to_owned() });
    }
    Ok(Some(file.into()))
}

/// The bytes of `file` from `offset` to its end.
pub(crate) fn from(mut file: &File, offset: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
