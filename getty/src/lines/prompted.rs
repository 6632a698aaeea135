//! A line with a prompt on it that nobody has answered.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use rustix::event::epoll::EventFlags;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{QueueSelector, tcflush};
use tracing::warn;
use utmp::Files;

use super::entry::Entry;
use super::visit::{Beginning, Visit};
use crate::arguments::{Arguments, HangUp};
use crate::conversation::{self, Opening, Scene};
use crate::end::End;
use crate::modes::SavedModes;
use crate::records::{self, Predecessor};
use crate::terminal::{self, Terminal};

/// A line that is open and set up.
#[derive(Debug)]
pub(crate) struct Prompted {
    terminal: Terminal,
    saved: SavedModes,
    scene: Scene,
    /// What is shown; none if the conversation begins otherwise and needs its process now.
    shown: Option<Shown>,
    since: Instant,
}

#[derive(Debug)]
struct Shown {
    /// What the terminal has not taken yet.
    rest: Vec<u8>,
    /// What of all that is shown does not change by itself all the time.
    lasting: Vec<u8>,
}

impl From<Opening> for Shown {
    fn from(opening: Opening) -> Self {
        Self { rest: opening.text, lasting: opening.lasting }
    }
}

impl Prompted {
    /// Opens the line of `entry` as a getty does, throws out whoever is left there, sets it up, and shows its prompt as far as
    /// the terminal takes it at once.
    ///
    /// # Errors
    /// If the line cannot be used.
    pub(crate) fn open(entry: &Entry, files: &Files, now: Instant) -> Result<Self, End> {
        let terminal = Terminal::open(entry.line.clone())?;
        let predecessor = Predecessor::on(terminal.line(), files);
        let hang_up = match (&predecessor, entry.arguments.options.hang_up) {
            (Predecessor::Living, HangUp::UnlessLivedOn) => HangUp::Always, // whoever utmp means does not have the line
            (_, asked) => asked,
        };
        let terminal = predecessor.succeed(terminal, hang_up, files)?;
        conversation::bring_back(&terminal);
        records::announce(terminal.line(), entry.arguments.options.host.as_ref(), files);
        let saved = SavedModes::of(&terminal).map_err(|e| terminal.modes_failed(e))?;
        let scene = conversation::set_up(&entry.arguments, &terminal)?;
        let shown = conversation::opening(&entry.arguments, &terminal, &scene, files).map(Shown::from);
        let mut prompted = Self { terminal, saved, scene, shown, since: now };
        prompted.write()?;
        Ok(prompted)
    }

    /// Whether a prompt is shown, or on its way.
    pub(crate) fn has_prompt(&self) -> bool {
        self.shown.is_some()
    }

    /// Since when.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// Whether the terminal has not taken all of it yet.
    pub(crate) fn is_behind(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| !shown.rest.is_empty())
    }

    /// Writes what the terminal takes now; the rest stays.
    ///
    /// # Errors
    /// If the terminal will take no more. It need not be hung up, and may be ready for the rest for ever.
    pub(crate) fn write(&mut self) -> Result<(), End> {
        let Some(Shown { rest, .. }) = &mut self.shown else { return Ok(()) };
        while !rest.is_empty() {
            match rustix::io::write(&self.terminal, rest) {
                Ok(written) => drop(rest.drain(..written)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(()),
                Err(e) => return Err(terminal::failure(e)),
            }
        }
        *rest = Vec::new();
        Ok(())
    }

    /// Shows the issue and the prompt again if they read differently now; whether they do. What the terminal has not taken
    /// is not interrupted: a stopped terminal has nobody who reads.
    pub(crate) fn refresh(&mut self, arguments: &Arguments, files: &Files) -> bool {
        let Some(shown) = self.shown.as_mut().filter(|shown| shown.rest.is_empty()) else { return false };
        let changed = conversation::changed_opening(arguments, &self.terminal, &self.scene, files, &shown.lasting);
        let has_changed = changed.is_some();
        if let Some(opening) = changed {
            *shown = opening.into();
            if self.write().is_err() {
                // What is left makes that known as soon as the line is looked at.
            }
        }
        has_changed
    }

    /// What is waited for on the line; that it is hung up always is.
    pub(crate) fn interest(&self) -> EventFlags {
        if self.is_behind() { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN }
    }

    /// What is the case on the line now.
    pub(crate) fn look(&self) -> PollFlags {
        let mut files = [PollFd::new(&self.terminal, PollFlags::IN | PollFlags::OUT)];
        match poll(&mut files, Some(&Timespec::default())) {
            Ok(_) => files[0].revents(),
            Err(_) => PollFlags::empty(),
        }
    }

    /// Whether what can be read is the end: a line that was hung up under its file can be read, and nothing comes.
    pub(crate) fn is_hung_up(&self) -> bool {
        rustix::io::ioctl_fionread(&self.terminal).is_err()
    }

    /// What the child has to do in which somebody is answered, who may begin when something comes through `gate`.
    pub(crate) fn visit(self, arguments: Arguments, gate: OwnedFd) -> Visit {
        let Self { terminal, saved, scene, shown, .. } = self;
        let beginning = shown.map_or(Beginning::Whole, |shown| Beginning::Prompted(shown.rest));
        Visit { arguments, terminal, saved, scene, beginning, gate }
    }

    /// Leaves the terminal as it was found. What it has not taken is forgotten: else the kernel would hold whoever closes a
    /// stopped serial line until it takes it, half a minute at most.
    pub(crate) fn let_go(self) {
        if let Err(error) = self.saved.restore(&self.terminal) {
            warn!(line = self.terminal.line().as_str(), %error, "the line keeps the modes of the prompt");
        }
        if tcflush(&self.terminal, QueueSelector::OFlush).is_err() {
            // It was hung up, so there is nothing left to forget.
        }
    }
}

impl AsFd for Prompted {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.terminal.as_fd()
    }
}
