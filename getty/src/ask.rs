//! Asking for a name: the greeting, the line editor on the terminal, and what to do with a line that is no name.

use std::time::Duration;

use prompt::{LineEditor, LoginName, Outcome, Refusal};
use tracing::warn;
use utmp::Files;

use crate::deadline::Deadline;
use crate::end::End;
use crate::greeting::Greeting;
use crate::speed::{self, Speeds};
use crate::terminal::Terminal;

/// What a person answered.
pub(crate) struct Answer {
    /// Their name.
    pub(crate) name: LoginName,
    /// The key that erases a character on their keyboard.
    pub(crate) erase: u8,
}

/// DEL, which erases on every keyboard but old ones.
pub(crate) const DEFAULT_ERASE: u8 = 0x7f;

/// Where a person is asked.
pub(crate) struct Desk<'a> {
    /// The terminal, in raw mode.
    pub(crate) terminal: &'a Terminal,
    /// What stands on it.
    pub(crate) greeting: &'a Greeting,
    /// For the number of users in the issue.
    pub(crate) files: &'a Files,
    /// When to give up.
    pub(crate) deadline: Deadline,
}

/// How a line ended.
enum Input {
    Line(String),
    Interrupted,
    Break,
}

/// How long a line must be silent after it sent what is no name: noise, or another getty's prompt, is not answered.
const SILENCE: Duration = Duration::from_millis(200);

impl Desk<'_> {
    /// Asks until a name is given. A BREAK goes on to the next of `speeds`.
    ///
    /// # Errors
    /// [`End`] says what happened instead.
    pub(crate) fn name(&self, speeds: &mut Speeds) -> Result<Answer, End> {
        self.say(&self.opening())?;
        self.name_at_the_prompt(speeds)
    }

    /// The same where [`Self::opening`] stands on the terminal already.
    ///
    /// # Errors
    /// As [`Self::name`].
    pub(crate) fn name_at_the_prompt(&self, speeds: &mut Speeds) -> Result<Answer, End> {
        let mut erase = DEFAULT_ERASE;
        loop {
            if let Some(name) = self.name_until_greeted_again(speeds, &mut erase)? {
                return Ok(Answer { name, erase });
            }
            self.say(&self.opening())?;
        }
    }

    /// The greeting and the prompt.
    fn opening(&self) -> Vec<u8> {
        self.greeting.opening(self.terminal, self.files)
    }

    /// Greets without asking: login asks, or nobody does.
    ///
    /// # Errors
    /// As [`Self::name`].
    pub(crate) fn greet(&self) -> Result<(), End> {
        self.say(&self.greeting.text(self.terminal, self.files))
    }

    /// Says who is logged in without being asked, after a key was pressed if `pause` says so.
    ///
    /// # Errors
    /// As [`Self::name`].
    pub(crate) fn announce(&self, name: &LoginName, pause: bool) -> Result<(), End> {
        self.greet()?;
        if pause {
            self.say(b"[press a key to log in]")?;
            self.terminal.read_byte(self.deadline)?;
            self.say(b"\n")?;
        }
        self.say(format!("{}{} (automatic login)\n", self.greeting.prompt(), name.as_str()).as_bytes())
    }

    /// Waits for CR or LF, whatever the parity (`--wait-cr`).
    ///
    /// # Errors
    /// As [`Self::name`].
    pub(crate) fn await_enter(&self) -> Result<(), End> {
        while !matches!(self.terminal.read_byte(self.deadline)? & 0x7f, b'\r' | b'\n') {}
        Ok(())
    }

    /// A name, or none when the greeting shall be shown again: after an empty line, and at a new speed.
    fn name_until_greeted_again(&self, speeds: &mut Speeds, erase: &mut u8) -> Result<Option<LoginName>, End> {
        loop {
            match self.line(speeds, erase)? {
                Input::Interrupted => {}
                Input::Break => return Ok(None),
                Input::Line(line) => match LoginName::parse(line.as_bytes()) {
                    Ok(name) => return Ok(Some(name)),
                    Err(Refusal::Empty) => return Ok(None),
                    Err(refusal) => {
                        self.terminal.await_silence(SILENCE, self.deadline)?;
                        self.say(format!("{refusal}\n\n").as_bytes())?;
                    }
                },
            }
            self.say(self.greeting.prompt().as_bytes())?;
        }
    }

    fn line(&self, speeds: &mut Speeds, erase: &mut u8) -> Result<Input, End> {
        let mut editor = LineEditor::new();
        loop {
            let byte = self.terminal.read_byte(self.deadline)?;
            if byte == BREAK && self.next_speed(speeds) {
                return Ok(Input::Break);
            }
            if matches!(byte, BACKSPACE | DEFAULT_ERASE) {
                *erase = byte;
            }
            let step = editor.feed(byte);
            self.say(&step.echo)?;
            match step.outcome {
                None => {}
                Some(Outcome::Line(line)) => return Ok(Input::Line(line)),
                Some(Outcome::Interrupted) => return Ok(Input::Interrupted),
                Some(Outcome::EndOfFile) => return Err(End::Left),
            }
        }
    }

    /// Whether the line has another speed now.
    fn next_speed(&self, speeds: &mut Speeds) -> bool {
        let Some(next) = speeds.next() else { return false };
        if let Err(e) = speed::set(self.terminal, next) {
            warn!(line = self.terminal.line().as_str(), speed = next, error = %e, "cannot set the speed");
        }
        true
    }

    fn say(&self, bytes: &[u8]) -> Result<(), End> {
        self.terminal.write(bytes, self.deadline)
    }
}

/// How a BREAK is read (`termios(3)`, without BRKINT and IGNBRK).
const BREAK: u8 = 0;
const BACKSPACE: u8 = 0x08;
