//! What the child does in which somebody answered a prompt: from there on it is the getty of that line alone.

use std::convert::Infallible;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::sys::signal::SigSet;
use tracing::warn;
use utmp::Files;

use crate::arguments::{Arguments, Line};
use crate::conversation::{self, Scene};
use crate::end::End;
use crate::modes::SavedModes;
use crate::terminal::Terminal;
use crate::{login, records};

/// Somebody at a line.
#[derive(Debug)]
pub(crate) struct Visit {
    /// How a getty of the line alone would be called.
    pub(crate) arguments: Arguments,
    /// The line, set up, with a prompt on it.
    pub(crate) terminal: Terminal,
    /// What it was before.
    pub(crate) saved: SavedModes,
    /// How it was set up.
    pub(crate) scene: Scene,
    /// How the conversation begins.
    pub(crate) beginning: Beginning,
    /// Where the keeper writes once it has noted this process.
    pub(crate) gate: OwnedFd,
}

/// How a conversation begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Beginning {
    /// Nothing has been shown.
    Whole,
    /// The prompt stands there, but for this rest, and a key was pressed.
    Prompted(Vec<u8>),
}

/// How long a name may take. Then the line is given back to the keeper, with whatever was typed of one: a prompt that
/// noise or a cat has answered is no process for ever.
const PATIENCE: Duration = Duration::from_secs(300);

impl Visit {
    /// The line.
    pub(crate) fn line(&self) -> Line {
        self.arguments.line.clone()
    }

    /// Takes the line over and becomes login, as the getty of one line does; comes back only if that came to nothing.
    ///
    /// # Errors
    /// [`End`] says what happened instead.
    pub(crate) fn become_login(self) -> Result<Infallible, End> {
        let Self { arguments, terminal, saved, scene, beginning, gate } = self;
        if !is_open(gate) {
            return Err(End::Left); // the keeper was killed before it noted this process: the next one will ask
        }
        login::shield()?;
        SigSet::empty().thread_set_mask().map_err(|e| End::Failed(e.into()))?;
        terminal.take_control()?;
        let files = Files::system();
        records::announce(terminal.line(), arguments.options.host.as_ref(), &files);
        let call = match beginning {
            Beginning::Whole => conversation::hold(&arguments, &terminal, &files),
            Beginning::Prompted(rest) => conversation::take_up(&arguments, &terminal, &files, scene, &rest, PATIENCE),
        };
        let call = call.inspect_err(|_| {
            if let Err(e) = saved.restore(&terminal) {
                warn!(line = terminal.line().as_str(), error = %e, "the line keeps the modes of the prompt");
            }
        })?;
        login::exec(&call)
    }
}

/// Waits for the keeper's word; false if it died instead.
fn is_open(gate: OwnedFd) -> bool {
    let mut word = [0];
    File::from(gate).read_exact(&mut word).is_ok()
}
