//! Signals to a session's processes.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use logind_core::names::SessionId;
use rustix::io::Errno;

use super::cgroup;
use super::hierarchy;
use crate::processes::{self, Base};
use crate::sys;

/// How often a scope is read again for processes made while the others got the signal.
const ROUNDS: usize = 16;

/// Sends `signal` to the process that `leader` pins.
///
/// # Errors
/// `ESRCH` if it is gone.
pub(crate) fn leader(leader: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
    sys::send_signal(leader, signal)
}

/// Sends `signal` to every process in the scope of session `id` and below it; SIGKILL as one deed of the kernel.
///
/// # Errors
/// `ESRCH` if there is none.
pub(crate) fn scope(base: &Base, scope: &Path, id: &SessionId, signal: i32) -> io::Result<()> {
    if !cgroup::is_populated(scope)? {
        return Err(Errno::SRCH.into());
    }
    if signal == libc::SIGKILL {
        return hierarchy::write_file(&scope.join("cgroup.kill"), "1");
    }
    let mut seen = BTreeSet::new();
    let mut outcome = Err(Errno::SRCH.into());
    for _ in 0..ROUNDS {
        let before = seen.len();
        for cgroup in cgroup::tree(scope)? {
            // A cgroup that was removed meanwhile has no processes.
            for pid in hierarchy::processes_in(&cgroup).unwrap_or_default() {
                if seen.insert(pid) && one(base, pid, id, signal).is_ok() {
                    outcome = Ok(());
                }
            }
        }
        if seen.len() == before {
            break;
        }
    }
    outcome
}

/// Sends `signal` to process `pid` if it is still one of session `id`: the number may be another's by now. If it is given
/// away while this looks, the process that is pinned is gone, and the signal is nobody's.
fn one(base: &Base, pid: u32, id: &SessionId, signal: i32) -> io::Result<()> {
    let pinned = processes::open(pid)?;
    if base.place_of(pid)?.session.as_ref() != Some(id) {
        return Err(Errno::SRCH.into());
    }
    sys::send_signal(pinned.as_fd(), signal)
}
