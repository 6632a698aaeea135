//! QEMU's monitor for people (`qemu(1)`, "QEMU Monitor"): the machine's keys and its power switch.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use tests::outcome::{Failure, Outcome};
use tests::wait::Deadline;

/// QEMU itself is never slow.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a key is held, in milliseconds.
const HELD: u32 = 10;
/// How long the machine may take to read what a key gave: its processor may have to wait for one of the host's.
const TAKEN: Duration = Duration::from_secs(120);
/// The status of the keyboard's controller, and the bit in it that says that there is something to read (the i8042's).
const CONTROLLER: &str = "i /1bx 0x64\n";
const IS_FULL: u8 = 1;
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
        self.await_taken()
    }

    // The keyboard has room for a few keys and forgets more: the next comes when the machine has read this one. What that
    // gives when it is let go comes before the next.
    fn await_taken(&mut self) -> Outcome {
        let deadline = Deadline::after(TAKEN);
        while deadline.left().is_some() {
            self.0.write_all(CONTROLLER.as_bytes())?;
            let answer = self.answer()?;
            // portb[0x0064] = 0x1c
            let status = answer.split("= 0x").nth(1).and_then(|rest| u8::from_str_radix(rest.get(..2)?, 16).ok());
            let status = status.ok_or_else(|| Failure::new(format!("the keyboard's controller says {answer:?}")))?;
            if status & IS_FULL == 0 {
                return Ok(());
            }
        }
        Err(Failure::new("the machine does not read its keyboard"))
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
