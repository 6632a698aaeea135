//! Asking for a name: the greeting, the line editor on the terminal, and what to do with a line that is no name.

mod pace;
mod typing;

use std::time::{Duration, Instant};

use prompt::{LoginName, Refusal};
use tracing::warn;
use utmp::Files;

use crate::deadline::Deadline;
use crate::end::End;
use crate::greeting::Greeting;
use crate::issue::Watch;
use crate::modes::Habits;
use crate::speed::{self, Speeds};
use crate::terminal::Terminal;
pub(crate) use typing::Reading;

pub(crate) use pace::Pace;
use typing::{Typed, Typing};

/// What a person answered.
pub(crate) struct Answer {
    /// Their name.
    pub(crate) name: LoginName,
    /// What their terminal is like.
    pub(crate) habits: Habits,
}

/// Where a person is asked.
pub(crate) struct Desk<'a> {
    terminal: &'a Terminal,
    files: &'a Files,
    deadline: Deadline,
    reading: Reading,
    greeting: Greeting,
    watch: Watch,
    pace: Pace,
    /// What stands on the screen that may change by itself.
    shown: Vec<u8>,
    /// What is written before the greeting when it is shown again by itself.
    fresh_screen: &'static [u8],
    /// When the last byte came.
    heard: Option<Instant>,
}

/// How a line ended.
enum Input {
    Line(String, Habits),
    Interrupted,
    Break,
}

/// How long a line must be silent after it sent what is no name: noise, or another getty's prompt, is not answered.
const SILENCE: Duration = Duration::from_millis(200);

/// How long a line is silent before and after a BREAK that somebody meant: within noise there is none.
const BREAK_SILENCE: Duration = Duration::from_millis(150);

/// A byte that was typed.
#[derive(Clone, Copy)]
struct Byte {
    value: u8,
    /// Whether nothing had come for [`BREAK_SILENCE`].
    follows_silence: bool,
}

impl<'a> Desk<'a> {
    /// A desk at `terminal`, with nobody to leave before `deadline`.
    pub(crate) fn new(terminal: &'a Terminal, files: &'a Files, greeting: Greeting, deadline: Deadline) -> Self {
        let watch = greeting.watch();
        Self {
            terminal,
            files,
            deadline,
            reading: Reading::default(),
            greeting,
            watch,
            pace: Pace::default(),
            shown: Vec::new(),
            fresh_screen: b"\n",
            heard: None,
        }
    }

    /// The same, where what is typed is taken as `reading` says, and `fresh_screen` is written before a greeting that is
    /// shown again by itself.
    pub(crate) fn reading(self, reading: Reading, fresh_screen: &'static [u8]) -> Self {
        Self { reading, fresh_screen, ..self }
    }

    /// Asks until a name is given. A BREAK goes on to the next of `speeds`. With `pause`, the first question comes after a
    /// key was pressed.
    ///
    /// # Errors
    /// [`End`] says what happened instead.
    pub(crate) fn name(&mut self, speeds: &mut Speeds, pause: bool) -> Result<Answer, End> {
        self.greet()?;
        if pause {
            self.pause()?;
        }
        self.say_prompt()?;
        self.name_at_the_prompt(speeds)
    }

    /// The same where the greeting and the prompt stand on the terminal already.
    ///
    /// # Errors
    /// As [`Self::name`].
    pub(crate) fn name_at_the_prompt(&mut self, speeds: &mut Speeds) -> Result<Answer, End> {
        self.shown = self.greeting.lasting_text(self.terminal, self.files);
        let mut habits = Habits::default();
        loop {
            if let Some(answer) = self.name_until_greeted_again(speeds, &mut habits)? {
                return Ok(answer);
            }
            self.greet()?;
            self.say_prompt()?;
        }
    }

    fn say_prompt(&self) -> Result<(), End> {
        self.say(self.greeting.prompt().as_bytes())
    }

    /// Greets and leaves the question to login.
    ///
    /// # Errors
    /// As [`Self::name`].
    pub(crate) fn leave_the_question(&mut self) -> Result<(), End> {
        self.greet()?;
        self.say(b"\n")
    }

    fn greet(&mut self) -> Result<(), End> {
        let text = self.greeting.text(self.terminal, self.files);
        self.shown = self.greeting.lasting_text(self.terminal, self.files);
        self.say(&text)
    }

    /// Says who is logged in without being asked, after a key was pressed if `pause` says so.
    ///
    /// # Errors
    /// As [`Self::name`].
    pub(crate) fn announce(&mut self, name: &LoginName, pause: bool) -> Result<(), End> {
        self.greet()?;
        if pause {
            self.pause()?;
        }
        self.say(format!("{}{} (automatic login)\n\n", self.greeting.prompt(), name.as_str()).as_bytes())
    }

    /// Waits for CR or LF, whatever the parity (`--wait-cr`).
    ///
    /// # Errors
    /// As [`Self::name`].
    pub(crate) fn await_enter(&mut self) -> Result<(), End> {
        while !matches!(self.byte()?.value & 0x7f, b'\r' | b'\n') {}
        Ok(())
    }

    fn pause(&mut self) -> Result<(), End> {
        self.say(PAUSE)?;
        self.first_byte(PAUSE)?;
        self.say(b"\n")
    }

    /// A name, or none when the greeting shall be shown again: after an empty line, and at a new speed.
    fn name_until_greeted_again(&mut self, speeds: &mut Speeds, habits: &mut Habits) -> Result<Option<Answer>, End> {
        loop {
            match self.line(speeds, habits)? {
                Input::Interrupted => {}
                Input::Break => return Ok(None),
                Input::Line(line, habits) => match LoginName::parse(line.as_bytes()) {
                    Ok(name) => return Ok(Some(Answer { name, habits })),
                    Err(Refusal::Empty) => return Ok(None),
                    Err(refusal) => {
                        self.terminal.await_silence(SILENCE, self.deadline)?;
                        self.say(format!("{refusal}\n\n").as_bytes())?;
                    }
                },
            }
            self.say_prompt()?;
        }
    }

    fn line(&mut self, speeds: &mut Speeds, habits: &mut Habits) -> Result<Input, End> {
        let reading = self.reading.clone();
        let mut typing = Typing::new(&reading, *habits);
        loop {
            let byte = if typing.is_empty() {
                let prompt = self.greeting.prompt();
                self.first_byte(prompt.as_bytes())?
            } else {
                self.byte()?
            };
            if byte.value == BREAK && speeds.has_others() {
                if byte.follows_silence && self.is_break_alone()? {
                    self.next_speed(speeds);
                    return Ok(Input::Break);
                }
                continue; // noise
            }
            let (echo, typed) = typing.press(byte.value);
            *habits = typing.habits();
            self.say(&echo)?;
            match typed {
                None => {}
                Some(Typed::Line(line, habits)) => return Ok(Input::Line(line, habits)),
                Some(Typed::Interrupted) => return Ok(Input::Interrupted),
                Some(Typed::EndOfFile) => return Err(End::Left),
            }
        }
    }

    /// The next byte.
    fn byte(&mut self) -> Result<Byte, End> {
        let value = self.terminal.read_byte(self.deadline)?;
        let now = Instant::now();
        let follows_silence = self.heard.is_none_or(|heard| now.duration_since(heard) >= BREAK_SILENCE);
        self.heard = Some(now);
        Ok(Byte { value, follows_silence })
    }

    /// The first byte of a line. Until it comes, the greeting and `question` are shown again whenever they changed.
    fn first_byte(&mut self, question: &[u8]) -> Result<Byte, End> {
        loop {
            let until = self.deadline.min(self.pace.deadline());
            match self.terminal.await_input(self.watch.files(), until) {
                Ok(true) => return self.byte(),
                Ok(false) => {
                    if self.watch.take() {
                        self.pace.note(Instant::now());
                    }
                }
                Err(End::TimedOut) if !self.deadline.has_come(Instant::now()) => {}
                Err(e) => return Err(e),
            }
            if self.pace.take(Instant::now()) {
                self.show_again(question)?;
            }
        }
    }

    /// Shows the greeting and `question` again if they read differently now, the time of day apart.
    fn show_again(&mut self, question: &[u8]) -> Result<(), End> {
        self.greeting.read_again();
        if self.greeting.lasting_text(self.terminal, self.files) == self.shown {
            return Ok(());
        }
        self.watch = self.greeting.watch(); // it may have addresses in it now
        self.say(self.fresh_screen)?;
        self.greet()?;
        self.say(question)
    }

    /// Whether nothing but more of the same BREAK comes until the line is silent: noise has other bytes too.
    fn is_break_alone(&mut self) -> Result<bool, End> {
        let mut is_alone = true;
        loop {
            let silence = Deadline::after(Instant::now(), BREAK_SILENCE);
            match self.terminal.read_byte(self.deadline.min(silence)) {
                Ok(byte) => is_alone &= byte == BREAK,
                Err(End::TimedOut) if !self.deadline.has_come(Instant::now()) => return Ok(is_alone),
                Err(e) => return Err(e),
            }
        }
    }

    fn next_speed(&self, speeds: &mut Speeds) {
        let Some(next) = speeds.next() else { return };
        if let Err(e) = speed::set(self.terminal, next) {
            warn!(line = self.terminal.line().as_str(), speed = next, error = %e, "cannot set the speed");
        }
    }

    fn say(&self, bytes: &[u8]) -> Result<(), End> {
        self.terminal.write(bytes, self.deadline)
    }
}

/// How a BREAK is read (`termios(3)`, without BRKINT and IGNBRK).
const BREAK: u8 = 0;
const PAUSE: &[u8] = b"[press a key to log in]";
