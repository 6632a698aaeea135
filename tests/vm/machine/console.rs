//! The machine's serial line with somebody at it: what came, kept in a file too, and what is typed.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tests::outcome::{Failure, Outcome};
use tests::wait::Deadline;

use super::PATIENCE;

/// The serial line. It is always read, since a machine whose line nobody reads stands still.
#[derive(Debug)]
pub(crate) struct Console {
    line: UnixStream,
    came: Arc<Came>,
    matched: usize,
}

#[derive(Default, Debug)]
struct Came {
    bytes: Mutex<Vec<u8>>,
    more: Condvar,
}

impl Console {
    /// Begins to read the line; `log` gets what comes.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn read(line: UnixStream, mut log: File) -> Outcome<Self> {
        let came = Arc::new(Came::default());
        let (mut reader, kept) = (line.try_clone()?, Arc::clone(&came));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut bytes) {
                if let Err(error) = log.write_all(&bytes[..length]) {
                    eprintln!("vm: the console's log: {error}");
                }
                kept.lock().extend_from_slice(&bytes[..length]);
                kept.more.notify_all();
            }
        });
        Ok(Self { line, came, matched: 0 })
    }

    /// Types `text` as it is; a return key is `\r`.
    ///
    /// # Errors
    /// That QEMU has ended.
    pub(crate) fn send(&mut self, text: impl AsRef<[u8]>) -> Outcome {
        Ok(self.line.write_all(text.as_ref())?)
    }

    /// Waits until `text` comes after what was expected before.
    ///
    /// # Errors
    /// That it did not come, with the end of what did.
    pub(crate) fn expect(&mut self, text: &str) -> Outcome {
        let deadline = Deadline::after(PATIENCE);
        let mut bytes = self.came.lock();
        loop {
            let new = &bytes[self.matched..];
            if let Some(at) = new.windows(text.len()).position(|window| window == text.as_bytes()) {
                self.matched += at + text.len();
                return Ok(());
            }
            let Some(left) = deadline.left() else {
                let new = String::from_utf8_lossy(new).into_owned();
                return Err(Failure::new(format!("{text:?} does not come over the serial line:\n{new}")));
            };
            bytes = self.came.more.wait_timeout(bytes, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Forgets what came so far, so that it is not taken for what is expected next.
    pub(crate) fn forget(&mut self) {
        self.matched = self.came.lock().len();
    }
}

impl Came {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
