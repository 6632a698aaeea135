//! What can take long: the user database, and making and emptying runtime directories. It runs beside the loop.

use std::collections::BTreeMap;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use logind_core::Event;
use logind_core::event::{RequestId, VtNews, VtUse};
use logind_core::login::Account;
use logind_core::names::{SessionId, Uid, VtNumber};
use nix::unistd::User;
use rustix::io::Errno;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::effects::vt::who_has;

/// How many look-ups run at once. A directory service that hangs holds up no more threads than this.
const LOOK_UPS: usize = 8;

/// How many of those are of one user.
const LOOK_UPS_OF_ONE: usize = 2;

/// How many runtime directories are made at once. A making that hangs holds up no login but those of its user.
const MAKINGS: usize = 32;

/// How many runtime directories are removed at once.
const REMOVALS: usize = 4;

/// How many virtual terminals are looked at at once.
const LOOKS: usize = 2;

/// How many threads all of them need.
pub(crate) const THREADS: usize = LOOK_UPS + MAKINGS + REMOVALS + LOOKS;

/// How long a login waits for the user database. Our PAM module gives up much sooner; this is so that all calls end.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the making of a runtime directory waits for its turn, by when its login has given up.
const TURN: Duration = Duration::from_secs(1);

/// What is under way.
#[derive(Debug)]
pub(super) struct Jobs {
    running: JoinSet<(Uid, Event)>,
    look_ups: Arc<Semaphore>,
    makings: Arc<Semaphore>,
    removals: Arc<Semaphore>,
    looks: Arc<Semaphore>,
    turns: BTreeMap<Uid, Turns>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            running: JoinSet::new(),
            look_ups: Arc::new(Semaphore::new(LOOK_UPS)),
            makings: Arc::new(Semaphore::new(MAKINGS)),
            removals: Arc::new(Semaphore::new(REMOVALS)),
            looks: Arc::new(Semaphore::new(LOOKS)),
            turns: BTreeMap::new(),
        }
    }
}

/// The jobs of one user take turns, so that whatever holds them up holds up nobody else's. What is done to the runtime
/// directory is done in the order it was asked for.
#[derive(Debug)]
struct Turns {
    look_up: Arc<Semaphore>,
    directory: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { look_up: Arc::new(Semaphore::new(LOOK_UPS_OF_ONE)), directory: Arc::new(Semaphore::new(1)) }
    }
}

impl Turns {
    fn are_free(&self) -> bool {
        Arc::strong_count(&self.look_up) == 1 && Arc::strong_count(&self.directory) == 1
    }
}

impl Jobs {
    pub(super) fn look_up_user(&mut self, request: RequestId, uid: Uid) {
        let (turn, gate) = (Arc::clone(&self.turns(uid).look_up), Arc::clone(&self.look_ups));
        self.running.spawn(async move {
            let answer = async { beside_the_loop(enter(turn, gate).await?, move || look_up(uid)).await };
            let answer = timeout(PATIENCE, answer).await.unwrap_or_else(|_elapsed| Err(Errno::TIMEDOUT.into()));
            (uid, Event::UserFound { request, account: answer.map_err(errno) })
        });
    }

    /// Whether something is being done to the runtime directory of `uid`, or waits to be.
    pub(super) fn has_to_do_with_directory_of(&self, uid: Uid) -> bool {
        self.turns.get(&uid).is_some_and(|turns| Arc::strong_count(&turns.directory) > 1)
    }

    pub(super) fn make_runtime_directory(
        &mut self,
        session: SessionId,
        request: RequestId,
        uid: Uid,
        making: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) {
        let (turn, gate) = (Arc::clone(&self.turns(uid).directory), Arc::clone(&self.makings));
        self.running.spawn(async move {
            let outcome = in_turn(uid, enter(turn, gate), making).await;
            if let Err(error) = &outcome {
                tracing::warn!(session = %session, error = %error, "cannot make the runtime directory");
            }
            (uid, Event::RuntimeDirectoryMade { session, request, outcome: outcome.map_err(errno) })
        });
    }

    pub(super) fn remove_runtime_directory(
        &mut self,
        uid: Uid,
        removal: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) {
        let (turn, gate) = (Arc::clone(&self.turns(uid).directory), Arc::clone(&self.removals));
        self.running.spawn(async move {
            let outcome = async { beside_the_loop(enter(turn, gate).await?, removal).await }.await;
            (uid, Event::RuntimeDirectoryRemoved { uid, outcome: outcome.map_err(errno) })
        });
    }

    /// Utmp may be locked by whoever may write it, and a terminal's driver may be busy. What cannot be looked at is
    /// somebody's.
    pub(super) fn look_at_vt(&mut self, vt: VtNumber) {
        let gate = Arc::clone(&self.looks);
        self.running.spawn(async move {
            let permit = gate.acquire_owned().await.map_err(io::Error::other);
            let seen = match permit {
                Ok(permit) => beside_the_loop(permit, move || who_has(vt)).await,
                Err(error) => Err(error),
            };
            let seen = seen.unwrap_or_else(|error| {
                tracing::warn!(vt = vt.get(), error = %error, "cannot see who has a virtual terminal: it counts as somebody's");
                VtUse::Open
            });
            (Uid::ROOT, Event::Vt(vt, VtNews::Seen(seen)))
        });
    }

    fn turns(&mut self, uid: Uid) -> &Turns {
        self.turns.entry(uid).or_default()
    }

    /// The next outcome; waits for ever while nothing is under way.
    pub(super) async fn next(&mut self) -> Event {
        loop {
            match self.running.join_next().await {
                Some(Ok((uid, event))) => {
                    if self.turns.get(&uid).is_some_and(Turns::are_free) {
                        self.turns.remove(&uid);
                    }
                    return event;
                }
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
        let gate = Arc::clone(&gate);
        running.spawn(async move {
            let permit = gate.acquire_owned().await.map_err(io::Error::other)?;
            beside_the_loop(permit, move || look_up(uid)).await
        });
    }
    let mut accounts = Vec::new();
    while let Ok(Some(answer)) = tokio::time::timeout_at(deadline, running.join_next()).await {
        accounts.extend(answer.ok().and_then(Result::ok));
    }
    accounts
}

/// What lets a job run, and counts it until it ends.
type Permits = [OwnedSemaphorePermit; 2];

/// Waits for the user's turn first, so that who waits for that takes no place from anybody.
async fn enter(turn: Arc<Semaphore>, gate: Arc<Semaphore>) -> io::Result<Permits> {
    let turn = turn.acquire_owned().await.map_err(io::Error::other)?;
    Ok([turn, gate.acquire_owned().await.map_err(io::Error::other)?])
}

/// Makes a runtime directory unless its turn comes too late.
async fn in_turn(
    uid: Uid,
    turn: impl Future<Output = io::Result<Permits>>,
    making: impl FnOnce() -> io::Result<()> + Send + 'static,
) -> io::Result<()> {
    let Ok(permits) = timeout(TURN, turn).await else { return Err(Errno::TIMEDOUT.into()) };
    let mut running = pin!(beside_the_loop(permits?, making));
    if let Ok(outcome) = timeout(TURN, &mut running).await {
        return outcome;
    }
    tracing::warn!(uid = uid.get(), "the runtime directory takes long to make");
    running.await
}

/// Runs `job` on a thread of the pool, counted until it ends, also if nobody waits any more.
async fn beside_the_loop<T: Send + 'static>(
    permits: impl Send + 'static,
    job: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let running = spawn_blocking(move || {
        let outcome = job();
        drop(permits);
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn uid(n: u32) -> Uid {
        Uid::new(n).expect("a uid")
    }

    async fn next(jobs: &mut Jobs) -> Event {
        timeout(Duration::from_secs(10), jobs.next()).await.expect("an outcome")
    }

    /// Begins to make a directory of `n`, which is done once the sender is gone.
    fn make(jobs: &mut Jobs, n: u32, request: u64) -> mpsc::Sender<()> {
        let (hold, held) = mpsc::channel::<()>();
        let session = SessionId::new(&format!("c{request}")).expect("a name");
        jobs.make_runtime_directory(session, RequestId(request), uid(n), move || {
            let _ = held.recv(); // the other end is never used but to be dropped
            Ok(())
        });
        hold
    }

    fn made(request: u64, outcome: Result<(), i32>) -> Event {
        let session = SessionId::new(&format!("c{request}")).expect("a name");
        Event::RuntimeDirectoryMade { session, request: RequestId(request), outcome }
    }

    #[tokio::test]
    async fn a_directory_that_hangs_holds_up_its_own_users_jobs_only_and_those_run_in_order() {
        let mut jobs = Jobs::default();
        let hanging = make(&mut jobs, 4711, 1);
        drop(make(&mut jobs, 4711, 2));
        drop(make(&mut jobs, 4712, 3));
        assert_eq!(next(&mut jobs).await, made(3, Ok(())));
        assert_eq!(next(&mut jobs).await, made(2, Err(libc::ETIMEDOUT)), "its turn never came");
        jobs.remove_runtime_directory(uid(4711), || Ok(()));
        jobs.remove_runtime_directory(uid(4712), || Ok(()));
        assert_eq!(next(&mut jobs).await, Event::RuntimeDirectoryRemoved { uid: uid(4712), outcome: Ok(()) });
        assert!(timeout(Duration::from_millis(50), jobs.next()).await.is_err(), "it is removed while it is made");
        drop(hanging);
        let outcomes = [next(&mut jobs).await, next(&mut jobs).await];
        assert!(outcomes.contains(&made(1, Ok(()))), "{outcomes:?}");
        assert!(jobs.turns.is_empty());
    }

    #[tokio::test]
    async fn as_many_makings_as_there_are_places_leave_room_for_what_else_there_is_to_do() {
        let mut jobs = Jobs::default();
        let places = u32::try_from(MAKINGS).expect("a number");
        let held: Vec<_> = (1..=places).map(|n| make(&mut jobs, 4711 + n, n.into())).collect();
        jobs.look_up_user(RequestId(99), Uid::ROOT);
        assert!(matches!(next(&mut jobs).await, Event::UserFound { account: Ok(_), .. }));
        jobs.remove_runtime_directory(uid(4711), || Ok(()));
        assert!(matches!(next(&mut jobs).await, Event::RuntimeDirectoryRemoved { outcome: Ok(()), .. }));
        drop(held);
        for _ in 0..places {
            assert!(matches!(next(&mut jobs).await, Event::RuntimeDirectoryMade { outcome: Ok(()), .. }));
        }
        assert!(jobs.turns.is_empty());
    }

    #[tokio::test]
    async fn look_ups_of_one_user_wait_for_each_other_and_all_are_answered() {
        let mut jobs = Jobs::default();
        let places = u32::try_from(LOOK_UPS_OF_ONE).expect("a number");
        let turns = Arc::clone(&jobs.turns(uid(4711)).look_up);
        let held = turns.acquire_many_owned(places).await.expect("both");
        jobs.look_up_user(RequestId(1), uid(4711));
        jobs.look_up_user(RequestId(2), Uid::ROOT);
        assert!(matches!(next(&mut jobs).await, Event::UserFound { request: RequestId(2), .. }));
        drop(held);
        assert!(matches!(next(&mut jobs).await, Event::UserFound { request: RequestId(1), .. }));
        assert!(jobs.turns.is_empty());
    }
}
