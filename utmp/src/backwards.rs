//! Reading records from the last to the first, with little memory however long the file is.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::layout::SIZE;
use crate::read::ReadError;
use crate::record::Record;
use crate::write;

/// Records read at once.
const BLOCK: usize = 128;

/// The whole records of a file from its end; what a torn write left behind them is none.
///
/// Ends after the first error. A file that shrinks meanwhile ends where it is gone.
#[derive(Debug)]
pub struct Backwards {
    path: PathBuf,
    file: Option<File>,
    unread: u64,
    block: VecDeque<Record>,
}

impl Backwards {
    /// Those of `file`, if there is one.
    pub(crate) fn new(path: PathBuf, file: Option<File>) -> Result<Self, ReadError> {
        let length = file.as_ref().map_or(Ok(0), write::length);
        match length {
            Ok(length) => Ok(Self { path, file, unread: write::whole(length, SIZE), block: VecDeque::new() }),
            Err(e) => Err(ReadError::Read { path, source: e.into() }),
        }
    }

    fn read_block(&mut self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let start = self.unread.saturating_sub((BLOCK * SIZE) as u64);
        let mut bytes = vec![0; usize::try_from(self.unread - start).unwrap_or_default()];
        self.unread = start;
        file.read_exact_at(&mut bytes, start)?;
        self.block = bytes.as_chunks::<SIZE>().0.iter().map(Record::from_bytes).collect();
        Ok(())
    }
}

impl Iterator for Backwards {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.block.is_empty() && self.unread > 0 {
            match self.read_block() {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => self.unread = 0,
                Err(source) => {
                    self.unread = 0;
                    return Some(Err(ReadError::Read { path: self.path.clone(), source }));
                }
            }
        }
        self.block.pop_back().map(Ok)
    }
}
