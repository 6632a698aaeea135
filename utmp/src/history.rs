//! A file of records to be read: opened, its encoding recognised, and its readers.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::backwards::Backward;
use crate::encoding::Encoding;
use crate::forward::Forward;
use crate::range;
use crate::read::{self, ReadError};
use crate::step::Step;

/// Bytes looked at, at each end, to recognise the encoding: some records of every one.
const LOOKED_AT: u64 = 24 * 1024;

/// wtmp, btmp or another file of records, to be read whole or in part.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    file: File,
    length: u64,
    encoding: Encoding,
}

impl History {
    /// Opens the file at `path`; its encoding is recognised unless it is given. What is appended later is not read.
    ///
    /// # Errors
    /// If the file is not there, cannot be read, or is no regular file.
    pub fn open(path: &Path, encoding: Option<Encoding>) -> Result<Self, ReadError> {
        let absent = || ReadError::Open { path: path.to_owned(), source: Errno::NOENT.into() };
        let file = read::existing(path)?.ok_or_else(absent)?;
        let mut history = Self { path: path.to_owned(), length: 0, encoding: Encoding::NATIVE, file };
        history.length = history.metadata()?.len();
        history.encoding = match encoding {
            Some(encoding) => encoding,
            None => history.guess().map_err(|e| history.unreadable(e))?,
        };
        Ok(history)
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How its records are encoded.
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// How many bytes it had when it was opened.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// What the system knows of the file.
    ///
    /// # Errors
    /// What the system says.
    pub fn metadata(&self) -> Result<Metadata, ReadError> {
        self.file.metadata().map_err(|e| self.unreadable(e))
    }

    /// From the first record to the last.
    pub const fn forward(&self) -> Forward<At<'_>> {
        Forward::new(At { file: &self.file, offset: 0, end: self.length }, self.encoding)
    }

    /// From the last record to the first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn backward(&self) -> Result<Backward<'_>, ReadError> {
        Backward::new(&self.file, self.encoding, 0, self.length).map_err(|e| self.unreadable(e))
    }

    /// From the last record back to where none can be of `since` or later, and as much further as a clock that was
    /// set meanwhile makes wise: the caller still looks at each record's time. See `range.rs` for what is certain.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn backward_since(&self, since: i64) -> Result<Backward<'_>, ReadError> {
        range::start(&self.file, self.encoding, self.length, since)
            .and_then(|floor| Backward::new(&self.file, self.encoding, floor, self.length))
            .map_err(|e| self.unreadable(e))
    }

    /// The time of the first record, whatever it says; none if there is no record.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn begins(&self) -> Result<Option<i64>, ReadError> {
        let mut records = self.forward();
        loop {
            match records.next().map_err(|e| self.unreadable(e))? {
                Some(Step::Record(view)) => return Ok(Some(view.seconds())),
                Some(Step::Skipped(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// The time of the last record, whatever it says; none if there is no record.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn ends(&self) -> Result<Option<i64>, ReadError> {
        let mut records = self.backward()?;
        loop {
            match records.next().map_err(|e| self.unreadable(e))? {
                Some(Step::Record(view)) => return Ok(Some(view.seconds())),
                Some(Step::Skipped(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// The error of a reader of this file.
    pub fn unreadable(&self, source: io::Error) -> ReadError {
        ReadError::Read { path: self.path.clone(), source }
    }

    fn guess(&self) -> io::Result<Encoding> {
        let looked_at = LOOKED_AT.min(self.length);
        let mut head = vec![0; looked_at as usize];
        let mut tail = head.clone();
        self.file.read_exact_at(&mut head, 0)?;
        self.file.read_exact_at(&mut tail, self.length - looked_at)?;
        Ok(Encoding::guess(&head, &tail, Some(self.length)))
    }
}

/// A part of a file as a reader of its own, which leaves the file's own place alone.
#[derive(Debug)]
pub struct At<'f> {
    file: &'f File,
    offset: u64,
    end: u64,
}

impl io::Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.offset).unwrap_or(usize::MAX).min(buffer.len());
        let had = self.file.read_at(&mut buffer[..most], self.offset)?;
        self.offset += had as u64;
        Ok(had)
    }
}
