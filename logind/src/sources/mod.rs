//! What turns one outside thing into events each, and the one place where they are waited for.

pub(crate) mod foreground;
mod gettys;
pub(crate) mod graphics;
mod jobs;
mod poller;
pub(crate) mod signals;
mod watches;

use std::collections::VecDeque;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::Child;

use logind_core::Event;
use logind_core::event::RequestId;
use logind_core::names::{SessionId, Uid, VtNumber};

use foreground::Foreground;
use gettys::Gettys;
use graphics::Graphics;
use jobs::Jobs;
use poller::Poller;
use watches::Watches;

pub(crate) use jobs::{THREADS, look_up_all};

/// Everything that is watched or waited for, but the bus and signals.
///
/// However many sessions there are, the runtime polls one descriptor: an epoll(7) instance that holds all others.
#[derive(Debug)]
pub(crate) struct Sources {
    poller: Poller,
    watches: Watches,
    foreground: Option<Foreground>,
    graphics: Option<Graphics>,
    gettys: Gettys,
    jobs: Jobs,
    ready: VecDeque<Event>,
}

impl Sources {
    /// Nothing watched yet but the virtual terminal in front, where there are virtual terminals.
    ///
    /// # Errors
    /// What the kernel says of an epoll instance.
    pub(crate) fn open(foreground: Option<Foreground>) -> io::Result<Self> {
        let poller = Poller::open()?;
        if let Some(foreground) = &foreground {
            poller.add(foreground, poller::FOREGROUND, poller::Interest::Priority)?;
        }
        Ok(Self {
            poller,
            watches: Watches::default(),
            foreground,
            graphics: None,
            gettys: Gettys::default(),
            jobs: Jobs::default(),
            ready: VecDeque::new(),
        })
    }

    /// Watches the graphics devices as well; whether there are any is an event.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn watch_graphics(&mut self, graphics: Graphics) -> io::Result<()> {
        self.poller.add(&graphics, poller::GRAPHICS, poller::Interest::Readable)?;
        self.ready.push_back(Event::Graphics(graphics.are_there()));
        self.graphics = Some(graphics);
        Ok(())
    }

    /// Watches a getty on `vt`, the process that `pidfd` pins, which is our `child` or that of the logind before us.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn watch_getty(&mut self, vt: VtNumber, pidfd: OwnedFd, child: Option<Child>) -> io::Result<()> {
        self.gettys.watch(&self.poller, vt, pidfd, child)
    }

    /// Looks who has `vt`; the answer is an event.
    pub(crate) fn look_at_vt(&mut self, vt: VtNumber) {
        self.jobs.look_at_vt(vt);
    }

    /// The next thing that happened. Nothing is lost if this is dropped while it waits.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return event;
            }
            tokio::select! {
                tokens = self.poller.ready() => self.collect(&tokens),
                event = self.jobs.next() => self.ready.push_back(event),
            }
        }
    }

    /// What is known already to have happened.
    pub(crate) fn ready(&mut self) -> Option<Event> {
        self.ready.pop_front()
    }

    fn collect(&mut self, tokens: &[u64]) {
        for &token in tokens {
            match token {
                poller::FOREGROUND => self.look_at_foreground(),
                poller::GRAPHICS => self.ready.extend(self.graphics.as_mut().and_then(Graphics::changed)),
                token if token & poller::GETTYS != 0 => self.ready.extend(self.gettys.ended(&self.poller, token)),
                token => self.ready.extend(self.watches.spoke(&self.poller, token)),
            }
        }
    }

    fn look_at_foreground(&mut self) {
        let Some(foreground) = &mut self.foreground else { return };
        match foreground.changed() {
            Ok(event) => self.ready.extend(event),
            Err(error) => {
                tracing::warn!(error = %error, "cannot see any more which virtual terminal is in front");
                self.poller.remove(&*foreground);
                self.foreground = None;
            }
        }
    }

    /// Watches the process that `pidfd` pins, the leader of `session`.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn watch_leader(&mut self, session: &SessionId, pidfd: OwnedFd) -> io::Result<()> {
        self.watches.leader(&self.poller, session, pidfd)
    }

    /// Watches our end of a life line.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn watch_life_line(&mut self, session: &SessionId, reader: OwnedFd) -> io::Result<()> {
        self.watches.life_line(&self.poller, session, reader)
    }

    /// Watches whether there are processes in the scope at a path; that it is empty already is an event too.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn watch_scope(&mut self, session: &SessionId, scope: &Path) -> io::Result<()> {
        self.ready.extend(self.watches.scope(&self.poller, session, scope)?);
        Ok(())
    }

    /// Watches nothing of a session any more.
    pub(crate) fn forget(&mut self, session: &SessionId) {
        self.watches.forget(&self.poller, session);
    }

    /// The pidfd of a session's leader, if it is watched or was until it ended.
    pub(crate) fn leader(&self, session: &SessionId) -> Option<BorrowedFd<'_>> {
        self.watches.leader_of(session)
    }

    /// The cgroup.events of a session's scope, if it is watched.
    pub(crate) fn scope(&self, session: &SessionId) -> Option<BorrowedFd<'_>> {
        self.watches.scope_of(session)
    }

    /// Lets an event happen that is known already.
    pub(crate) fn happen(&mut self, event: Event) {
        self.ready.push_back(event);
    }

    /// Asks the user database; the answer is an event.
    pub(crate) fn look_up_user(&mut self, request: RequestId, uid: Uid) {
        self.jobs.look_up_user(request, uid);
    }

    /// Whether something is being done to the runtime directory of `uid`, or waits to be.
    pub(crate) fn has_to_do_with_directory_of(&self, uid: Uid) -> bool {
        self.jobs.has_to_do_with_directory_of(uid)
    }

    /// Makes the runtime directory of `uid`, which `session` needs; the outcome is an event.
    pub(crate) fn make_runtime_directory(
        &mut self,
        session: SessionId,
        request: RequestId,
        uid: Uid,
        making: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) {
        self.jobs.make_runtime_directory(session, request, uid, making);
    }

    /// Removes the runtime directory of `uid`; the outcome is an event.
    pub(crate) fn remove_runtime_directory(
        &mut self,
        uid: Uid,
        removal: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) {
        self.jobs.remove_runtime_directory(uid, removal);
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use logind_core::event::VtNews;
    use rustix::fs::CWD;

    use super::*;
    use crate::effects::life_line::{self, LifeLine};
    use crate::processes::{Base, Process};

    async fn next(sources: &mut Sources) -> Event {
        tokio::time::timeout(Duration::from_secs(10), sources.next()).await.expect("an event")
    }

    async fn is_quiet(sources: &mut Sources) -> bool {
        tokio::time::timeout(Duration::from_millis(50), sources.next()).await.is_err()
    }

    #[tokio::test]
    async fn the_end_of_a_leader_and_of_a_life_line_is_told_once() {
        let mut sources = Sources::open(None).expect("sources");
        let id = SessionId::new("c1").expect("a name");
        let place = tempfile::tempdir().expect("a directory");
        let LifeLine { reader, writer } = life_line::make(CWD, place.path().join("c1.ref")).expect("a life line");
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("a process");
        let leader = Process::by_pid(child.id(), &Base::find()).expect("it runs").fd;
        let copy = leader.try_clone().expect("a copy");
        sources.watch_leader(&id, leader).expect("watched");
        sources.watch_life_line(&id, reader).expect("watched");
        rustix::io::write(&writer, b"noise").expect("room");
        assert!(is_quiet(&mut sources).await);

        drop(writer);
        assert_eq!(next(&mut sources).await, Event::LifeLineClosed(id));
        drop(child.stdin.take());
        assert_eq!(next(&mut sources).await, Event::LeaderExited(id));
        assert!(is_quiet(&mut sources).await);
        sources.forget(&id);
        assert!(sources.leader(&id).is_none());
        child.wait().expect("its end");
        drop(copy);
    }

    #[tokio::test]
    async fn a_session_that_is_forgotten_tells_nothing() {
        let mut sources = Sources::open(None).expect("sources");
        let id = SessionId::new("c1").expect("a name");
        let place = tempfile::tempdir().expect("a directory");
        let LifeLine { reader, writer } = life_line::make(CWD, place.path().join("c1.ref")).expect("a life line");
        let copy = reader.try_clone().expect("a copy");
        sources.watch_life_line(&id, reader).expect("watched");
        sources.forget(&id);
        drop(writer);
        assert!(is_quiet(&mut sources).await);
        drop(copy);
    }

    #[tokio::test]
    async fn a_user_that_is_not_there_is_enoent() {
        let mut sources = Sources::open(None).expect("sources");
        let uid = Uid::new(3_999_999_999).expect("a uid");
        sources.look_up_user(RequestId(7), uid);
        sources.look_up_user(RequestId(8), Uid::ROOT);
        let mut answers = [next(&mut sources).await, next(&mut sources).await];
        answers.sort_by_key(|answer| matches!(answer, Event::UserFound { request: RequestId(8), .. }));
        assert_eq!(answers[0], Event::UserFound { request: RequestId(7), account: Err(libc::ENOENT) });
        assert!(matches!(&answers[1], Event::UserFound { account: Ok(root), .. } if root.name == "root"));
    }

    #[tokio::test]
    async fn the_end_of_a_getty_is_told_once_and_its_child_is_buried() {
        let mut sources = Sources::open(None).expect("sources");
        let vt = |n| VtNumber::new(n).expect("a terminal");
        let gettys = [3, 63].map(|n| {
            let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("a process");
            let (stdin, pid) = (child.stdin.take(), child.id());
            let (pidfd, process) = crate::processes::pin(pid).expect("it runs");
            sources.watch_getty(vt(n), pidfd, Some(child)).expect("watched");
            (stdin, process)
        });
        assert!(is_quiet(&mut sources).await);
        let [(three, process), (last, _)] = gettys;
        drop(three);
        assert_eq!(next(&mut sources).await, Event::Vt(vt(3), VtNews::GettyExited));
        let gone = std::fs::metadata(format!("/proc/{}", process.pid)).is_err();
        assert!(gone, "it waits to be buried");
        assert!(is_quiet(&mut sources).await);
        drop(last);
        assert_eq!(next(&mut sources).await, Event::Vt(vt(63), VtNews::GettyExited));
    }

    #[tokio::test]
    async fn a_getty_of_the_logind_before_us_is_watched_by_its_pidfd_alone() {
        let mut sources = Sources::open(None).expect("sources");
        let vt = VtNumber::new(3).expect("a terminal");
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("a process");
        let (pidfd, _) = crate::processes::pin(child.id()).expect("it runs");
        sources.watch_getty(vt, pidfd, None).expect("watched");
        drop(child.stdin.take());
        assert_eq!(next(&mut sources).await, Event::Vt(vt, VtNews::GettyExited));
        child.wait().expect("its end");
    }
}
