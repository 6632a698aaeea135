//! A piece of work that may hang, done by a process of its own within a time.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, pidfd_open};

use crate::sys::{self, Fork};

/// What `work` answers in a fork of this process; none if it takes longer than `patience`.
///
/// That process has none of our descriptors, so that nothing of the session stays open if it hangs, and it is killed then
/// and not waited for, because a process that waits for a disk may be beyond killing.
///
/// # Errors
/// If no process can be had, or none can be waited for.
pub(crate) fn within(patience: Duration, work: impl FnOnce() -> bool) -> io::Result<Option<bool>> {
    let errand = match sys::fork()? {
        Fork::Child => sys::exit_now(run(work)),
        Fork::Parent(errand) => errand,
    };
    let has_ended = ends_within(errand, patience);
    if !matches!(has_ended, Ok(true)) {
        kill(errand, Signal::SIGKILL)?;
        return has_ended.map(|_| None);
    }
    Ok(Some(waitpid(errand, None)? == WaitStatus::Exited(errand, 0)))
}

/// The one act of that process; 0 for yes.
fn run(work: impl FnOnce() -> bool) -> c_int {
    sys::close_all();
    sys::reset_signals();
    c_int::from(!work())
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
