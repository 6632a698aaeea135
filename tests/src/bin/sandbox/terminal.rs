//! The terminal the sandbox was started on, if there is one: which streams it is, its modes, its size.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};
use rustix::termios::{OptionalActions, Termios, Winsize, isatty, tcgetattr, tcgetwinsize, tcsetattr};

/// What is left to know of a terminal that was let go of.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Which of standard input, output and error were a terminal.
    pub(crate) streams: [bool; 3],
    /// The window's size, if any was.
    pub(crate) size: Option<Winsize>,
}

/// The host's terminal, seen from the sandbox's standard streams.
#[derive(Debug)]
pub(crate) struct HostTerminal {
    /// Which of standard input, output and error are a terminal.
    pub(crate) streams: [bool; 3],
    saved: Option<(OwnedFd, Termios)>,
}

impl HostTerminal {
    /// Looks at the standard streams and remembers the terminal's modes.
    pub(crate) fn look() -> io::Result<Self> {
        let (input, output, errors) = (io::stdin(), io::stdout(), io::stderr());
        let all = [input.as_fd(), output.as_fd(), errors.as_fd()];
        let streams = all.map(isatty);
        let saved = match all.into_iter().find(|stream| isatty(stream)) {
            Some(stream) => Some((stream.try_clone_to_owned()?, tcgetattr(stream)?)),
            None => None,
        };
        Ok(Self { streams, saved })
    }

    /// Whether somebody can type.
    pub(crate) fn is_typed_at(&self) -> bool {
        self.streams[0]
    }

    /// Passes every key on as it is typed (`cfmakeraw(3)`).
    pub(crate) fn make_raw(&self) -> io::Result<()> {
        if let Some((fd, saved)) = &self.saved {
            let mut raw = saved.clone();
            raw.make_raw();
            tcsetattr(fd, OptionalActions::Drain, &raw)?;
        }
        Ok(())
    }

    /// Gives the terminal the modes back that it had at the start.
    pub(crate) fn restore(&self) -> io::Result<()> {
        match &self.saved {
            Some((fd, saved)) => Ok(tcsetattr(fd, OptionalActions::Now, saved)?),
            None => Ok(()),
        }
    }

    /// The window's size now.
    pub(crate) fn size(&self) -> io::Result<Option<Winsize>> {
        self.saved.as_ref().map(|(fd, _)| Ok(tcgetwinsize(fd)?)).transpose()
    }

    /// Lets go of the terminal: nobody can reach it through this process any more.
    pub(crate) fn leave(self) -> io::Result<Shape> {
        let shape = Shape { streams: self.streams, size: self.size()? };
        let nothing = nothing()?;
        if shape.streams[0] {
            dup2_stdin(&nothing)?;
        }
        if shape.streams[1] {
            dup2_stdout(&nothing)?;
        }
        if shape.streams[2] {
            dup2_stderr(&nothing)?;
        }
        Ok(shape)
    }
}

/// Lets go of all standard streams.
pub(crate) fn leave_streams() -> io::Result<()> {
    let nothing = nothing()?;
    dup2_stdin(&nothing)?;
    dup2_stdout(&nothing)?;
    Ok(dup2_stderr(&nothing)?)
}

fn nothing() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/null")
}
