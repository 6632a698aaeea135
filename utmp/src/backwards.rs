//! Reading records from the last to the first, with little memory however long the file is.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::encoding::Encoding;
use crate::read::ReadError;
use crate::record::Record;
use crate::step::{self, Skipped, Step, Verdict};
use crate::write;

/// Bytes read at once: what the processor's nearer caches hold.
const BLOCK: u64 = 128 * 1024;
/// A record is judged by itself and the two before it.
const JUDGED: u64 = 3;

/// The records of a file from the one before `end` to the one at `floor`.
///
/// A file that shrinks meanwhile ends where it is gone.
pub struct Backward<'f> {
    file: &'f File,
    encoding: Encoding,
    floor: u64,
    /// Where the next record ends.
    end: u64,
    /// Bytes behind `end` that are no record and were not told of yet.
    torn: u64,
    buffer: Vec<u8>,
    /// Where the buffer begins in the file.
    base: u64,
}

impl<'f> Backward<'f> {
    /// Those of the first `length` bytes of `file` that end behind byte `floor`.
    ///
    /// # Errors
    /// What the system says of reading.
    pub(crate) fn new(file: &'f File, encoding: Encoding, floor: u64, length: u64) -> io::Result<Self> {
        let mut reader = Self { file, encoding, floor, end: length, torn: 0, buffer: Vec::new(), base: length };
        reader.pass_over_tail(length % encoding.size() as u64)?;
        Ok(reader)
    }

    /// The record before, or the stretch that is none; none at the start.
    ///
    /// # Errors
    /// What the system says of reading.
    #[expect(clippy::should_implement_trait, reason = "the record is lent, which Iterator cannot do")]
    #[inline]
    pub fn next(&mut self) -> io::Result<Option<Step<'_>>> {
        let size = self.encoding.size() as u64;
        loop {
            self.fill()?;
            if self.end - self.floor < size {
                return Ok(self.told_start());
            }
            match step::backward(self.encoding, self.left()) {
                Verdict::Torn(bytes) => self.tear(bytes as u64),
                Verdict::Record if self.torn > 0 => return Ok(self.told_torn()),
                Verdict::Record => break,
            }
        }
        self.end -= size;
        let at = (self.end - self.base) as usize;
        Ok(self.encoding.view(&self.buffer[at..]).map(Step::Record))
    }

    /// Where in the file the record begins that was handed out last.
    pub const fn position(&self) -> u64 {
        self.end
    }

    /// A file that does not end with a whole record was torn there.
    fn pass_over_tail(&mut self, over: u64) -> io::Result<()> {
        self.fill()?;
        let torn = step::torn_tail(self.encoding, self.left(), over as usize);
        if torn as u64 <= self.end - self.floor {
            self.tear(torn as u64);
        }
        Ok(())
    }

    /// What is left at the start is part of a record, unless the reader was to go no further.
    fn told_start<'a>(&mut self) -> Option<Step<'a>> {
        if self.floor == 0 {
            self.tear(self.end);
        } else {
            self.end = self.floor;
        }
        self.told_torn()
    }

    fn tear(&mut self, bytes: u64) {
        let bytes = bytes.min(self.end - self.floor);
        self.end -= bytes;
        self.torn += bytes;
    }

    fn told_torn<'a>(&mut self) -> Option<Step<'a>> {
        let length = std::mem::take(&mut self.torn);
        (length > 0).then_some(Step::Skipped(Skipped { at: self.end, length }))
    }

    #[inline]
    fn left(&self) -> &[u8] {
        &self.buffer[..(self.end - self.base) as usize]
    }

    /// Has enough in the buffer to judge a record by.
    #[inline]
    fn fill(&mut self) -> io::Result<()> {
        let wanted = (JUDGED * self.encoding.size() as u64).min(self.end - self.floor);
        if self.end - self.base >= wanted { Ok(()) } else { self.read_block() }
    }

    #[cold]
    fn read_block(&mut self) -> io::Result<()> {
        self.base = self.end.saturating_sub(BLOCK).max(self.floor);
        self.buffer.resize((self.end - self.base) as usize, 0);
        match self.file.read_exact_at(&mut self.buffer, self.base) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                (self.end, self.base) = (self.floor, self.floor);
                Ok(())
            }
            outcome => outcome,
        }
    }
}

/// The records of this machine's wtmp from the last to the first; what is torn is none.
///
/// Ends after the first error.
#[derive(Debug)]
pub struct Backwards {
    path: PathBuf,
    file: Option<File>,
    /// Where the record that was read last begins.
    end: u64,
    block: Vec<Record>,
}

impl Backwards {
    /// Those of `file`, if there is one.
    pub(crate) fn new(path: PathBuf, file: Option<File>) -> Result<Self, ReadError> {
        match file.as_ref().map_or(Ok(0), write::length) {
            Ok(end) => Ok(Self { path, file, end, block: Vec::new() }),
            Err(e) => Err(ReadError::Read { path, source: e.into() }),
        }
    }

    fn read_block(&mut self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut reader = Backward::new(file, Encoding::NATIVE, 0, self.end)?;
        while self.block.len() < 64 {
            match reader.next()? {
                Some(Step::Record(view)) => self.block.push(view.to_record()),
                Some(Step::Skipped(_)) => {}
                None => break,
            }
        }
        self.end = reader.end;
        self.block.reverse();
        Ok(())
    }
}

impl Iterator for Backwards {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.block.is_empty()
            && self.end > 0
            && let Err(source) = self.read_block()
        {
            self.end = 0;
            return Some(Err(ReadError::Read { path: self.path.clone(), source }));
        }
        self.block.pop().map(Ok)
    }
}
