//! The person's screen and keyboard: questions, answers, and the modes of the line while they are typed.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use prompt::{LineEditor, Outcome};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::stdio::{stdin, stdout};
use rustix::termios::{Action, tcflow};
use termios::{
    ECHO, ECHONL, ICANON, ICRNL, IEXTEN, INLCR, ISIG, IXON, TCIFLUSH, TCSAFLUSH, TCSANOW, Termios, VMIN, VTIME,
};
use tracing::debug;
use zeroize::{Zeroize as _, Zeroizing};

use crate::pam::Answer;
use crate::sys;

/// The line as a terminal, on the standard streams, in the modes login found it in.
#[derive(Clone, Copy)]
pub(crate) struct Terminal {
    modes: Termios,
}

/// How an answer ended.
pub(crate) enum Reply {
    Answer(Answer),
    /// More than PAM can take, or with a NUL byte in it.
    Unusable,
    /// `^D` at the start, or the line is gone.
    Over,
}

impl Terminal {
    /// The terminal on standard input, and its modes as they are to be left.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn on_standard_input() -> io::Result<Self> {
        Ok(Self { modes: Termios::from_fd(fd())? })
    }

    /// The modes it was found in.
    pub(crate) fn modes(&self) -> Termios {
        self.modes
    }

    /// Shows `text` as it is.
    ///
    /// # Errors
    /// If the line is gone.
    pub(crate) fn show(&self, text: &[u8]) -> io::Result<()> {
        let mut rest = text;
        while !rest.is_empty() {
            match rustix::io::write(stdout(), rest) {
                Ok(written) => rest = &rest[written..],
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Asks with the line editor: what is typed is seen. `^C` begins a new line. `^S` is a byte like others, as at getty's
    /// prompt: noise that holds the echo would have nobody read the `^Q` behind it.
    ///
    /// # Errors
    /// If the line is gone.
    pub(crate) fn ask_visible(&self, question: &[u8]) -> io::Result<Reply> {
        let mut raw = self.modes;
        raw.c_iflag &= !(ICRNL | INLCR | IXON);
        raw.c_lflag &= !(ICANON | ECHO | ECHONL | ISIG | IEXTEN);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        termios::tcsetattr(fd(), TCSANOW, &raw)?;
        let reply = self.edit_line(question);
        termios::tcsetattr(fd(), TCSANOW, &self.modes)?;
        reply
    }

    /// Asks without an echo. What was typed before the question is thrown away: it was seen, or meant for another.
    ///
    /// # Errors
    /// If the line is gone.
    pub(crate) fn ask_hidden(&self, question: &[u8]) -> io::Result<Reply> {
        let mut hushed = self.modes;
        hushed.c_iflag |= ICRNL;
        hushed.c_lflag |= ICANON | ISIG;
        hushed.c_lflag &= !(ECHO | ECHONL);
        termios::tcsetattr(fd(), TCSAFLUSH, &hushed)?;
        let reply = self.show(question).and_then(|()| read_hidden_line());
        // TCSAFLUSH on the way back too: the rest of an over-long line must not become the answer to what comes next.
        termios::tcsetattr(fd(), TCSAFLUSH, &self.modes)?;
        self.show(b"\r\n")?; // the Enter that was not echoed
        reply
    }

    /// Does nothing for `time`: after a failure, or for the last words, since whoever prompts next may clear the screen. Ends at
    /// once if the line hangs up, and for no signal.
    pub(crate) fn linger(&self, time: Duration) {
        let end = Instant::now() + time;
        loop {
            let left = Timespec::try_from(end.saturating_duration_since(Instant::now())).unwrap_or_default();
            match poll(&mut [PollFd::from_borrowed_fd(stdin(), PollFlags::empty())], Some(&left)) {
                Err(Errno::INTR) => {}
                Err(error) => return debug!(%error, "a delay is cut short"),
                Ok(_) => return,
            }
        }
    }

    /// Gives `line` its modes back and throws away what was typed for the shell that is gone. It may have left the line
    /// stopped, or with a discipline that has no modes.
    ///
    /// # Errors
    /// If the line hung up.
    pub(crate) fn restore(&self, line: BorrowedFd<'_>) -> io::Result<()> {
        if sys::discipline(line)? != N_TTY {
            sys::set_discipline(line, N_TTY)?;
        }
        tcflow(line, Action::OOn)?;
        termios::tcflush(line.as_raw_fd(), TCIFLUSH)?;
        termios::tcsetattr(line.as_raw_fd(), TCSANOW, &self.modes)
    }

    fn edit_line(&self, question: &[u8]) -> io::Result<Reply> {
        let mut editor = LineEditor::new();
        self.show(question)?;
        loop {
            let mut byte = [0];
            if read(&mut byte)? == 0 {
                return Ok(Reply::Over);
            }
            let step = editor.feed(byte[0]);
            self.show(&step.echo)?;
            match step.outcome {
                None => {}
                Some(Outcome::Line(line)) => return Ok(reply(Zeroizing::new(line.into_bytes()))),
                Some(Outcome::EndOfFile) => return Ok(Reply::Over),
                Some(Outcome::Interrupted) => self.show(question)?,
            }
        }
    }
}

/// The discipline of terminals (linux/tty.h).
const N_TTY: c_int = 0;

fn fd() -> RawFd {
    stdin().as_raw_fd()
}

fn reply(line: Zeroizing<Vec<u8>>) -> Reply {
    Answer::new(line).map_or(Reply::Unusable, Reply::Answer)
}

/// Reads a line that the kernel edits; the buffer has its final size from the start, so no copy stays behind.
fn read_hidden_line() -> io::Result<Reply> {
    let mut line = Zeroizing::new(Vec::with_capacity(Answer::MAX_LENGTH + 1));
    let mut byte = Zeroizing::new([0]);
    loop {
        if read(&mut byte)? == 0 {
            return Ok(if line.is_empty() { Reply::Over } else { Reply::Unusable }); // `^D`
        }
        match byte[0] {
            b'\n' => return Ok(reply(line)),
            _ if line.len() > Answer::MAX_LENGTH => return Ok(Reply::Unusable),
            typed => line.push(typed),
        }
        byte.zeroize();
    }
}

fn read(byte: &mut [u8; 1]) -> io::Result<usize> {
    loop {
        match rustix::io::read(stdin(), &mut *byte) {
            Err(Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}
