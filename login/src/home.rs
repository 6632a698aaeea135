//! The user's home, which may lie on a disk that never answers.

use std::ffi::c_int;
use std::io;
use std::mem;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, chdir};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, pidfd_open};
use tracing::warn;

use crate::account::Account;
use crate::sys::{self, Fork};
use crate::{child, paths};

/// A home has this long to answer: an automounter may have to wake a disk, or a server, first.
const PATIENCE: Duration = Duration::from_secs(15);

/// Gives `account` the root folder for a home if its own does not answer, within [`PATIENCE`] or the shorter `timeout` of
/// a login: nothing that begins there, neither a greeting nor the shell, will hang. The home it had is returned then.
pub(crate) fn leave_silent(account: &mut Account, timeout: Option<Duration>) -> Option<PathBuf> {
    let patience = timeout.map_or(PATIENCE, |timeout| timeout.min(PATIENCE));
    if answers(account, patience) {
        return None;
    }
    warn!(user = account.name.as_str(), home = %account.home.display(), ?patience, "the home does not answer");
    Some(mem::replace(&mut account.home, paths::ROOT_FOLDER.into()))
}

/// Whether `account`'s home answers within `patience`, be it with a refusal.
///
/// A process of its own asks, as the user: it has none of our descriptors, so that nothing of the session stays open if it
/// hangs, and it is killed then and not waited for, because a process that waits for a disk may be beyond killing. Where
/// no process can be had, home is taken to answer.
fn answers(account: &Account, patience: Duration) -> bool {
    match asked(account, patience) {
        Ok(answers) => answers,
        Err(error) => {
            warn!(%error, "cannot ask whether the home answers");
            true
        }
    }
}

fn asked(account: &Account, patience: Duration) -> io::Result<bool> {
    let asking = match sys::fork()? {
        Fork::Child => sys::exit_now(ask(account)),
        Fork::Parent(asking) => asking,
    };
    let answers = ends_within(asking, patience);
    if matches!(answers, Ok(true)) {
        let _status = waitpid(asking, None); // it has ended, and how is the shell's to find out
    } else {
        kill(asking, Signal::SIGKILL)?;
    }
    answers
}

/// The one act of the process that asks.
fn ask(account: &Account) -> c_int {
    sys::close_all();
    sys::reset_signals();
    c_int::from(child::become_user(account).is_err() || chdir(&account.home).is_err())
}

fn ends_within(process: Pid, patience: Duration) -> io::Result<bool> {
    let process = rustix::process::Pid::from_raw(process.as_raw()).ok_or(Errno::SRCH)?;
    let end: OwnedFd = pidfd_open(process, PidfdFlags::empty())?;
    let deadline = Instant::now() + patience;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).unwrap_or_default();
        match poll(&mut [PollFd::from_borrowed_fd(end.as_fd(), PollFlags::IN)], Some(&left)) {
            Err(Errno::INTR) => {}
            ended => return Ok(ended? == 1),
        }
    }
}
