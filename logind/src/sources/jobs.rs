//! What can take long: the user database, and emptying runtime directories. It runs beside the loop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use logind_core::Event;
use logind_core::event::RequestId;
use logind_core::login::Account;
use logind_core::names::Uid;
use nix::unistd::User;
use rustix::io::Errno;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};

use crate::effects::runtime_directory::RuntimeDirectories;

/// How many look-ups run at once. A directory service that hangs holds up no more threads than this.
const LOOK_UPS: usize = 8;

/// How many runtime directories are removed at once.
const REMOVALS: usize = 4;

/// How many threads all of them need.
pub(crate) const THREADS: usize = LOOK_UPS + REMOVALS;

/// How long a login waits for the user database. Our PAM module gives up much sooner; this is so that all calls end.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is under way.
#[derive(Debug)]
pub(super) struct Jobs {
    running: JoinSet<Event>,
    look_ups: Arc<Semaphore>,
    removals: Arc<Semaphore>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            running: JoinSet::new(),
            look_ups: Arc::new(Semaphore::new(LOOK_UPS)),
            removals: Arc::new(Semaphore::new(REMOVALS)),
        }
    }
}

impl Jobs {
    pub(super) fn look_up_user(&mut self, request: RequestId, uid: Uid) {
        let gate = Arc::clone(&self.look_ups);
        self.running.spawn(async move {
            let answer = tokio::time::timeout(PATIENCE, beside_the_loop(gate, move || look_up(uid))).await;
            let account = answer.unwrap_or_else(|_elapsed| Err(Errno::TIMEDOUT.into())).map_err(errno);
            Event::UserFound { request, account }
        });
    }

    pub(super) fn remove_runtime_directory(&mut self, directories: RuntimeDirectories, uid: Uid) {
        let gate = Arc::clone(&self.removals);
        self.running.spawn(async move {
            let outcome = beside_the_loop(gate, move || directories.remove(uid)).await.map_err(errno);
            Event::RuntimeDirectoryRemoved { uid, outcome }
        });
    }

    /// The next outcome; waits for ever while nothing is under way.
    pub(super) async fn next(&mut self) -> Event {
        loop {
            match self.running.join_next().await {
                Some(Ok(event)) => return event,
                // No job panics or is aborted: those that call what could, catch it.
                Some(Err(error)) => tracing::error!(error = %error, "a job was lost"),
                None => std::future::pending().await,
            }
        }
    }
}

/// The accounts of those of `uids` that the user database knows, as far as it tells in time.
pub(crate) async fn look_up_all(uids: Vec<Uid>, patience: Duration) -> Vec<Account> {
    let deadline = tokio::time::Instant::now() + patience;
    let gate = Arc::new(Semaphore::new(LOOK_UPS));
    let mut running = JoinSet::new();
    for uid in uids {
        running.spawn(beside_the_loop(Arc::clone(&gate), move || look_up(uid)));
    }
    let mut accounts = Vec::new();
    while let Ok(Some(answer)) = tokio::time::timeout_at(deadline, running.join_next()).await {
        accounts.extend(answer.ok().and_then(Result::ok));
    }
    accounts
}

/// Runs `job` on a thread of the pool once `gate` lets it, which counts it until it ends, also if nobody waits any more.
async fn beside_the_loop<T: Send + 'static>(
    gate: Arc<Semaphore>,
    job: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let permit = gate.acquire_owned().await.map_err(io::Error::other)?;
    let running = spawn_blocking(move || {
        let outcome = job();
        drop(permit);
        outcome
    });
    running.await.map_err(io::Error::other)? // a panic
}

/// What the user database says of `uid` (getpwuid_r(3)). Can take long.
///
/// # Errors
/// `ENOENT` if there is no such user; `EINVAL` if the name cannot be shown; what the database says if it fails.
fn look_up(uid: Uid) -> io::Result<Account> {
    match User::from_uid(nix::unistd::Uid::from_raw(uid.get())) {
        // It goes into state files, onto the bus and into logs.
        Ok(Some(user)) if user.name.is_empty() || user.name.contains(char::is_control) => Err(Errno::INVAL.into()),
        Ok(Some(user)) => Ok(Account { uid, gid: user.gid.as_raw(), name: user.name }),
        Ok(None) => Err(Errno::NOENT.into()),
        Err(errno) => Err(errno.into()),
    }
}

/// What an outcome that is no errno, a job that panicked, is told as.
fn errno(error: io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EIO)
}
