//! Reading records from the first to the last, from a file or a pipe, with little memory however many they are.

use std::io::{self, Read};

use crate::encoding::Encoding;
use crate::step::{self, Skipped, Step, Verdict};

/// Bytes read at once, at most.
const BLOCK: usize = 128 * 1024;
/// A record is judged by itself and the two behind it.
const JUDGED: usize = 3;

/// The records of `R` in the order they were written.
pub struct Forward<R> {
    from: R,
    encoding: Encoding,
    buffer: Vec<u8>,
    /// How much of the buffer was read.
    filled: usize,
    /// Where the next record begins in the buffer.
    next: usize,
    /// Where the buffer begins in the file.
    offset: u64,
    /// Bytes before `next` that are no record and were not told of yet.
    torn: u64,
}

impl<R: Read> Forward<R> {
    /// The records of `from`, which is at its start.
    pub const fn new(from: R, encoding: Encoding) -> Self {
        Self { from, encoding, buffer: Vec::new(), filled: 0, next: 0, offset: 0, torn: 0 }
    }

    /// The records of `from`, whose first `head` was read already, and which is at byte `offset`.
    pub const fn resumed(head: Vec<u8>, offset: u64, from: R, encoding: Encoding) -> Self {
        let filled = head.len();
        Self { from, encoding, buffer: head, filled, next: 0, offset, torn: 0 }
    }

    /// The next record, or stretch that is none; none at the end. May be asked again when the file has grown.
    ///
    /// # Errors
    /// What the system says of reading.
    #[expect(clippy::should_implement_trait, reason = "the record is lent, which Iterator cannot do")]
    pub fn next(&mut self) -> io::Result<Option<Step<'_>>> {
        let size = self.encoding.size();
        loop {
            if self.left().len() < JUDGED * size {
                self.fill()?;
            }
            if self.left().len() < size {
                match self.eaten(self.filled) {
                    Some(start) if !self.left().is_empty() => self.next = start,
                    _ => return Ok(None),
                }
            }
            match step::forward(self.encoding, self.left()) {
                Verdict::Torn(bytes) => self.pass_over(bytes),
                Verdict::Record if self.torn > 0 => return Ok(self.told_torn()),
                Verdict::Record => break,
            }
        }
        let at = self.next;
        self.next += size;
        Ok(self.encoding.view(&self.buffer[at..]).map(Step::Record))
    }

    /// What is left when the file will not grow: part of a record, or what was none before it.
    pub fn tail(&self) -> Option<Skipped> {
        let length = self.left().len() as u64 + self.torn;
        (length > 0).then(|| Skipped { at: self.offset + self.next as u64 - self.torn, length })
    }

    /// Goes on behind bytes that are no record.
    fn pass_over(&mut self, bytes: usize) {
        let next = self.next + bytes;
        if let Some(start) = self.eaten(next) {
            self.next = start;
        } else {
            self.next = next;
            self.torn += bytes as u64;
        }
    }

    /// Where the record that ends at `end` begins, if it begins in the one handed out last: if that one was cut off late,
    /// it looked whole with the start of the next one as its end, and that next one is still to be handed out.
    fn eaten(&self, end: usize) -> Option<usize> {
        let start = end.checked_sub(self.encoding.size())?;
        let begins_in_last = start < self.next && self.torn == 0;
        (begins_in_last && self.encoding.view(&self.buffer[start..])?.is_anchor()).then_some(start)
    }

    fn told_torn<'a>(&mut self) -> Option<Step<'a>> {
        let length = std::mem::take(&mut self.torn);
        let at = self.offset + self.next as u64 - length;
        (length > 0).then_some(Step::Skipped(Skipped { at, length }))
    }

    fn left(&self) -> &[u8] {
        &self.buffer[self.next..self.filled]
    }

    /// Reads until there is enough to judge a record by, or until the end.
    fn fill(&mut self) -> io::Result<()> {
        let kept = self.next.min(self.encoding.size());
        let start = self.next - kept;
        self.offset += start as u64;
        self.buffer.copy_within(start..self.filled, 0);
        (self.next, self.filled) = (kept, self.filled - start);
        if self.buffer.len() < BLOCK {
            self.buffer.resize(BLOCK, 0);
        }
        while self.filled < self.next + JUDGED * self.encoding.size() {
            match self.from.read(&mut self.buffer[self.filled..]) {
                Ok(0) => break,
                Ok(more) => self.filled += more,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}
