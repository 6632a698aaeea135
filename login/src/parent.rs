//! The parent of the shell: it waits, and passes on what asks it to end.

use std::iter;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, killpg};
use nix::sys::time::TimeSpec;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::process::{PidfdFlags, pidfd_open};
use tracing::{debug, warn};
use utmp::Exit;

use crate::line::Line;
use crate::sys;

/// A shell that has not ended after this time is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// The signals that ask for the end, held back so that none is lost between two looks.
pub(crate) struct Watch {
    held_back: SigSet,
    /// What is held back while the shell is waited for: these are not.
    meanwhile: SigSet,
}

impl Watch {
    /// Holds SIGHUP and SIGTERM back from here on. The child of a fork gives itself its own mask.
    pub(crate) fn begin() -> Self {
        let held_back = SigSet::from_iter([Signal::SIGHUP, Signal::SIGTERM]);
        let mut meanwhile = held_back.thread_swap_mask(SigmaskHow::SIG_BLOCK).unwrap_or_else(|error| {
            warn!(%error, "signals are not held back");
            SigSet::empty()
        });
        held_back.iter().for_each(|signal| meanwhile.remove(signal));
        if let Err(error) = sys::keep_children() {
            warn!(%error, "how the shell ends may stay unknown");
        }
        Self { held_back, meanwhile }
    }

    /// Waits until `shell` has ended. SIGHUP and SIGTERM end it, also if it is stopped, and are sent again until it has:
    /// bash forgets one that comes between its prompt and its reading.
    ///
    /// No SIGCHLD is waited for, which a PAM module may ignore, or a thread that it has left behind take.
    pub(crate) fn outlive(self, shell: Pid) -> Exit {
        let mut process = descriptor(shell);
        let mut has_ended = false;
        loop {
            if let Some(exit) = reaped(shell) {
                return exit;
            }
            if has_ended {
                process = None; // whoever traces it has it first, and it would stay ready until then
            }
            let asked = sys::asked_to_end();
            if let Some(signal) = asked {
                end(shell, signal);
            }
            let time = (asked.is_some() || process.is_none()).then_some(AGAIN);
            has_ended = self.sees_end(process.as_ref(), time);
        }
    }

    /// Waits until `process` has ended, one of the signals came, or `time` is over; whether it has ended.
    fn sees_end(&self, process: Option<&OwnedFd>, time: Option<Duration>) -> bool {
        let mut files: Vec<_> = process.iter().map(|file| PollFd::new(file.as_fd(), PollFlags::POLLIN)).collect();
        match ppoll(&mut files, time.map(TimeSpec::from_duration), Some(self.meanwhile)) {
            Ok(ready) => ready > 0,
            Err(Errno::EINTR) => false,
            Err(error) => {
                warn!(%error, "waiting for the shell");
                false
            }
        }
    }
}

impl Drop for Watch {
    /// Lets the signals through again: what PAM's modules start at the end must not inherit them held back.
    fn drop(&mut self) {
        if let Err(error) = self.held_back.thread_unblock() {
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

/// The descriptor of `shell`, by which it is waited for; without one it is looked at by the clock.
fn descriptor(shell: Pid) -> Option<OwnedFd> {
    let process = rustix::process::Pid::from_raw(shell.as_raw())?;
    let opened = pidfd_open(process, PidfdFlags::empty());
    opened.inspect_err(|error| warn!(%error, "the shell's end is looked for each second")).ok()
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
