//! Reading ahead: while the records of one block are looked at, the next is read by another thread.
//!
//! For the tools' long files alone. Nothing that login or getty calls starts a thread.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread;

/// Blocks that are read but not asked for yet, at most.
const READY: usize = 2;
/// Bytes of a block read from a stream.
const BLOCK: usize = 64 * 1024;

/// Blocks that come from another thread, in the order it reads them.
#[derive(Debug)]
pub(crate) struct Ahead {
    ready: Receiver<io::Result<Vec<u8>>>,
    used: Sender<Vec<u8>>,
}

impl Ahead {
    /// Starts a thread that fills blocks with `read` until one stays empty, an error comes, or nobody asks any more.
    ///
    /// # Errors
    /// If there can be no more threads.
    pub(crate) fn start(mut read: impl FnMut(&mut Vec<u8>) -> io::Result<()> + Send + 'static) -> io::Result<Self> {
        let (give, ready) = sync_channel(READY);
        let (used, take) = channel();
        thread::Builder::new().name("read ahead".into()).spawn(move || {
            loop {
                let mut block: Vec<u8> = take.try_recv().unwrap_or_default();
                let outcome = read(&mut block).map(|()| block);
                let is_last = !outcome.as_ref().is_ok_and(|block| !block.is_empty());
                if give.send(outcome).is_err() || is_last {
                    return;
                }
            }
        })?;
        Ok(Self { ready, used })
    }

    /// The next block, in exchange for one that is not needed any more; an empty one at the end.
    ///
    /// # Errors
    /// What the system said to the thread.
    pub(crate) fn next(&self, used: Vec<u8>) -> io::Result<Vec<u8>> {
        // A thread that is done takes none back, and has no more to give.
        let _ = self.used.send(used);
        self.ready.recv().unwrap_or_else(|_| Ok(Vec::new()))
    }
}

/// A stream that is read ahead.
pub(crate) struct ReadAhead {
    ahead: Ahead,
    block: Vec<u8>,
    next: usize,
}

impl ReadAhead {
    /// Reads `stream` ahead.
    ///
    /// # Errors
    /// If there can be no more threads.
    pub(crate) fn of(mut stream: impl Read + Send + 'static) -> io::Result<Self> {
        let ahead = Ahead::start(move |block| {
            block.resize(BLOCK, 0);
            let had = loop {
                match stream.read(block) {
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    outcome => break outcome?,
                }
            };
            block.truncate(had);
            Ok(())
        })?;
        Ok(Self { ahead, block: Vec::new(), next: 0 })
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.next == self.block.len() {
            self.block = self.ahead.next(std::mem::take(&mut self.block))?;
            self.next = 0;
        }
        let had = (&self.block[self.next..]).read(buffer)?;
        self.next += had;
        Ok(had)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_ahead_is_what_is_there() {
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|number| (number % 251) as u8).collect();
        let mut read = Vec::new();
        ReadAhead::of(io::Cursor::new(bytes.clone())).unwrap().read_to_end(&mut read).unwrap();
        assert!(read == bytes);
    }

    #[test]
    fn an_error_comes_when_its_block_does_and_then_the_end() {
        let mut blocks = 0;
        let ahead = Ahead::start(move |block| {
            blocks += 1;
            *block = vec![blocks];
            if blocks == 3 { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
        });
        let ahead = ahead.unwrap();
        assert_eq!(ahead.next(Vec::new()).unwrap(), [1]);
        assert_eq!(ahead.next(Vec::new()).unwrap(), [2]);
        assert!(ahead.next(Vec::new()).is_err());
        assert!(ahead.next(Vec::new()).unwrap().is_empty());
    }
}
