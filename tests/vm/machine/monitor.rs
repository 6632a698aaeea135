//! QEMU's monitor for people (`qemu(1)`, "QEMU Monitor"): the machine's keys and its power switch.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use tests::outcome::{Failure, Outcome};

/// QEMU itself is never slow.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a key is held, in milliseconds: the kernel's queue of scan codes is short.
const HELD: u32 = 10;
const PROMPT: &str = "(qemu) ";

/// A monitor that waits for a command.
#[derive(Debug)]
pub(crate) struct Monitor(UnixStream);

impl Monitor {
    /// The monitor at the other end.
    ///
    /// # Errors
    /// That it does not answer.
    pub(crate) fn meet(stream: UnixStream) -> Outcome<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut monitor = Self(stream);
        monitor.answer()?;
        Ok(monitor)
    }

    /// Presses keys at once, by QEMU's names: `ctrl-alt-f2`.
    ///
    /// # Errors
    /// That there is no such key.
    pub(crate) fn press(&mut self, keys: &str) -> Outcome {
        self.0.write_all(format!("sendkey {keys} {HELD}\n").as_bytes())?;
        let answer = self.answer()?;
        if answer.contains("nknown key") || answer.contains("nvalid") {
            return Err(Failure::new(format!("there are no keys {keys}")));
        }
        Ok(())
    }

    /// Presses the keys for a text, one after the other.
    ///
    /// # Errors
    /// That a character has no key.
    pub(crate) fn type_text(&mut self, text: &str) -> Outcome {
        text.chars().try_for_each(|letter| {
            let key = super::keys::of(letter);
            self.press(&key.ok_or_else(|| Failure::new(format!("{letter:?} has no key")))?)
        })
    }

    // All up to the next prompt.
    fn answer(&mut self) -> Outcome<String> {
        let mut answer = Vec::new();
        let mut bytes = [0; 1024];
        loop {
            let length = self.0.read(&mut bytes).map_err(|error| Failure::from(error).during("QEMU's monitor"))?;
            answer.extend_from_slice(&bytes[..length]);
            let text = String::from_utf8_lossy(&answer);
            if text.ends_with(PROMPT) {
                return Ok(text.into_owned());
            }
            if length == 0 {
                return Err(Failure::new(format!("QEMU has ended: {text}")));
            }
        }
    }
}
