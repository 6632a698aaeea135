//! The user's home, which may lie on a disk that never answers.

use std::ffi::c_int;
use std::io;
use std::mem;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
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

/// … and this long where nothing depends on the answer.
const AT_ONCE: Duration = Duration::from_secs(2);

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

/// Whether `file` is in `account`'s home; it is not if the home does not say so at once.
pub(crate) fn has(account: &Account, file: &str) -> bool {
    match asked(account, AT_ONCE, || account.home.join(file).exists()) {
        Ok(Some(is_there)) => is_there,
        Ok(None) => {
            warn!(user = account.name.as_str(), home = %account.home.display(), file, "the home does not answer");
            false
        }
        Err(error) => {
            warn!(%error, file, "cannot ask what is in the home");
            false
        }
    }
}

/// Whether `account`'s home answers within `patience`, be it with a refusal. Where nobody can ask, it is taken to.
fn answers(account: &Account, patience: Duration) -> bool {
    match asked(account, patience, || chdir(&account.home).is_ok()) {
        Ok(answer) => answer.is_some(),
        Err(error) => {
            warn!(%error, "cannot ask whether the home answers");
            true
        }
    }
}

/// The answer to `question`, which may hang; none if there is none within `patience`.
///
/// A process of its own asks, as the user: it has none of our descriptors, so that nothing of the session stays open if it
/// hangs, and it is killed then and not waited for, because a process that waits for a disk may be beyond killing.
fn asked(account: &Account, patience: Duration, question: impl FnOnce() -> bool) -> io::Result<Option<bool>> {
    let asking = match sys::fork()? {
        Fork::Child => sys::exit_now(ask(account, question)),
        Fork::Parent(asking) => asking,
    };
    let has_ended = ends_within(asking, patience);
    if !matches!(has_ended, Ok(true)) {
        kill(asking, Signal::SIGKILL)?;
        return has_ended.map(|_| None);
    }
    Ok(Some(waitpid(asking, None)? == WaitStatus::Exited(asking, 0)))
}

/// The one act of the process that asks; 0 for yes.
fn ask(account: &Account, question: impl FnOnce() -> bool) -> c_int {
    sys::close_all();
    sys::reset_signals();
    c_int::from(child::become_user(account).is_err() || !question())
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
