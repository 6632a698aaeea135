//! The parent of the shell: it waits, and passes on what asks it to end.

use std::iter;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tracing::{debug, warn};
use utmp::Exit;

use crate::line::Line;
use crate::sys;

/// A shell that has not ended after this time is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// The signals the parent waits for, held back so that none is lost between two looks.
pub(crate) struct Watch(SigSet);

impl Watch {
    /// Holds SIGCHLD, SIGHUP and SIGTERM back from here on. The child of a fork gives itself its own mask.
    pub(crate) fn begin() -> Self {
        let signals = SigSet::from_iter([Signal::SIGCHLD, Signal::SIGHUP, Signal::SIGTERM]);
        if let Err(error) = signals.thread_block() {
            warn!(%error, "signals are not held back");
        }
        Self(signals)
    }

    /// Waits until `shell` has ended. SIGHUP and SIGTERM end it, also if it is stopped, and are sent again until it has:
    /// bash forgets one that comes between its prompt and its reading.
    pub(crate) fn outlive(self, shell: Pid) -> Exit {
        let mut asked = sys::is_end_asked().then_some(Signal::SIGHUP); // before there was a shell
        loop {
            if let Some(exit) = reaped(shell) {
                return exit;
            }
            if let Some(signal) = asked {
                end(shell, signal);
            }
            match sys::wait_for_signal(&self.0, asked.map(|_| AGAIN)) {
                Ok(Some(signal @ (Signal::SIGHUP | Signal::SIGTERM))) => asked = Some(signal),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => warn!(%error, "waiting for the shell"),
            }
        }
    }
}

impl Drop for Watch {
    /// Lets the signals through again: what PAM's modules start at the end must not inherit them held back.
    fn drop(&mut self) {
        if let Err(error) = self.0.thread_unblock() {
            warn!(%error, "signals stay blocked");
        }
    }
}

/// Gives up the line as our controlling terminal, so that the child can have it without taking it from anybody. For a
/// session leader the kernel sends SIGHUP, which is not the end of the line.
pub(crate) fn let_go(line: &Line) {
    let left = sys::ignore(Signal::SIGHUP).map_err(Into::into).and_then(|()| sys::leave_terminal(line.fd()));
    if let Err(error) = left {
        debug!(%error, "the line was not our controlling terminal");
    }
    if let Err(error) = sys::note_ends() {
        warn!(%error, "a hangup will not end the session");
    }
}

/// How `shell` ended, if it has.
fn reaped(shell: Pid) -> Option<Exit> {
    match waitpid(shell, Some(WaitPidFlag::WNOHANG)) {
        Ok(WaitStatus::Exited(_, code)) => Some(Exit { termination: 0, exit: i16::try_from(code).unwrap_or(-1) }),
        Ok(WaitStatus::Signaled(_, signal, _)) => {
            Some(Exit { termination: i16::try_from(signal as i32).unwrap_or(-1), exit: 0 })
        }
        Ok(_) | Err(Errno::EINTR) => None,
        Err(error) => {
            warn!(%error, "the shell is gone");
            Some(Exit::default())
        }
    }
}

/// Passes `signal` on to the shell's process group; SIGHUP with it, because interactive shells ignore SIGTERM, and
/// SIGCONT, because a stopped process takes neither.
fn end(shell: Pid, signal: Signal) {
    let with_it: &[Signal] = match signal {
        Signal::SIGHUP => &[Signal::SIGCONT],
        _ => &[Signal::SIGHUP, Signal::SIGCONT],
    };
    for signal in iter::once(signal).chain(with_it.iter().copied()) {
        // Before its setsid the shell has no group of its own yet.
        if killpg(shell, signal).is_err()
            && let Err(error) = kill(shell, signal)
        {
            warn!(%error, "cannot signal the shell");
        }
    }
}
