//! Waiting for what happens, each time with a deadline and never for a time to pass.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::outcome::{Failure, Outcome};

/// How long a case waits for one thing: long enough for a machine that runs much else, short enough to be read about.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// How often a file is read again whose change the kernel announces to nobody.
const GLANCE: Duration = Duration::from_millis(5);

/// The moment after which waiting is a failure.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// `time` from now.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// What is left; none once it has passed.
    #[must_use]
    pub fn left(self) -> Option<Duration> {
        self.0.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// What is left as `poll(2)` takes it, rounded up; zero once it has passed.
    #[must_use]
    pub fn timeout(self) -> PollTimeout {
        PollTimeout::try_from(self.left().map_or(0, |left| left.as_millis() + 1)).unwrap_or(PollTimeout::MAX)
    }
}

/// Waits until `fd` can be read or is hung up; false if the deadline came first.
///
/// # Errors
/// What `poll(2)` says.
pub fn readable(fd: BorrowedFd<'_>, deadline: Deadline) -> Outcome<bool> {
    let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
    loop {
        match poll(&mut fds, deadline.timeout()) {
            Ok(count) => return Ok(count > 0),
            Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads again and again until `check` finds something: for files of /proc and of cgroups that announce nothing.
///
/// # Errors
/// What `check` says, or that `what` did not come to be within [`PATIENCE`].
pub fn until<T>(what: &str, mut check: impl FnMut() -> Outcome<Option<T>>) -> Outcome<T> {
    let deadline = Deadline::after(PATIENCE);
    loop {
        if let Some(found) = check()? {
            return Ok(found);
        }
        if deadline.left().is_none() {
            return Err(late(what));
        }
        let glance = PollTimeout::try_from(GLANCE.as_millis()).unwrap_or(PollTimeout::ZERO);
        match poll(&mut [], glance) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits until `check` finds something, asked anew whenever anything changes in the folder (`inotify(7)`).
///
/// # Errors
/// That the folder cannot be watched, what `check` says, or that `what` did not come to be within [`PATIENCE`].
pub fn until_in<T>(folder: &Path, what: &str, mut check: impl FnMut() -> Outcome<Option<T>>) -> Outcome<T> {
    let deadline = Deadline::after(PATIENCE);
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC)?;
    let changes = AddWatchFlags::IN_CREATE
        | AddWatchFlags::IN_DELETE
        | AddWatchFlags::IN_MOVE
        | AddWatchFlags::IN_MODIFY
        | AddWatchFlags::IN_ATTRIB;
    inotify.add_watch(folder, changes).map_err(|e| Failure::from(e).during(folder.display()))?;
    loop {
        if let Some(found) = check()? {
            return Ok(found);
        }
        if !readable(inotify.as_fd(), deadline)? {
            return Err(late(what));
        }
        inotify.read_events()?;
    }
}

fn late(what: &str) -> Failure {
    Failure::new(format!("waited {} s in vain: {what}", PATIENCE.as_secs()))
}
