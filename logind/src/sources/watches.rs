//! The three witnesses of each session: its leader's pidfd, its life line, its scope.

use std::collections::BTreeMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use logind_core::Event;
use logind_core::names::{SessionId, Uid};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use super::poller::{FIRST_FREE, Interest, Poller, SCOPES};
use crate::effects::cgroup::{Cgroups, is_populated};

/// What tells the token of a life line from that of its session's leader: [`FIRST_FREE`] is even.
const LIFE_LINE: u64 = 1;

/// What is watched of every session.
#[derive(Debug)]
pub(super) struct Watches {
    sessions: BTreeMap<SessionId, Watched>,
    /// The first token of each: its leader's; its life line's is the next.
    tokens: BTreeMap<u64, SessionId>,
    next_token: u64,
    cgroups: Cgroups,
    scopes: OwnedFd,
    scope_watches: BTreeMap<i32, SessionId>,
}

/// What is watched of one session.
#[derive(Debug)]
struct Watched {
    token: u64,
    leader: Option<Source>,
    life_line: Option<Source>,
    scope: Option<(i32, Uid)>,
}

/// A descriptor that tells once of an end, and is kept to be asked.
#[derive(Debug)]
struct Source {
    fd: OwnedFd,
    has_told: bool,
}

impl Source {
    fn new(fd: OwnedFd) -> Self {
        Self { fd, has_told: false }
    }
}

impl Watches {
    pub(super) fn open(poller: &Poller, cgroups: Cgroups) -> io::Result<Self> {
        let scopes = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        poller.add(&scopes, SCOPES, Interest::Readable)?;
        let (sessions, tokens, scope_watches) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Self { sessions, tokens, next_token: FIRST_FREE, cgroups, scopes, scope_watches })
    }

    /// The pidfd of a session's leader.
    pub(super) fn leader_of(&self, session: &SessionId) -> Option<BorrowedFd<'_>> {
        Some(self.sessions.get(session)?.leader.as_ref()?.fd.as_fd())
    }

    pub(super) fn leader(&mut self, poller: &Poller, session: &SessionId, pidfd: OwnedFd) -> io::Result<()> {
        let watched = self.watched(session);
        poller.add(&pidfd, watched.token, Interest::Readable)?;
        watched.leader = Some(Source::new(pidfd));
        Ok(())
    }

    pub(super) fn life_line(&mut self, poller: &Poller, session: &SessionId, reader: OwnedFd) -> io::Result<()> {
        let watched = self.watched(session);
        poller.add(&reader, watched.token | LIFE_LINE, Interest::HungUp)?;
        watched.life_line = Some(Source::new(reader));
        Ok(())
    }

    fn watched(&mut self, session: &SessionId) -> &mut Watched {
        self.sessions.entry(*session).or_insert_with(|| {
            let token = self.next_token;
            self.next_token += 2;
            self.tokens.insert(token, *session);
            Watched { token, leader: None, life_line: None, scope: None }
        })
    }

    pub(super) fn scope(&mut self, session: &SessionId, uid: Uid) -> io::Result<Option<Event>> {
        let Some(scope) = self.cgroups.scope(uid, session) else { return Ok(None) };
        match inotify::add_watch(&self.scopes, scope.join("cgroup.events"), WatchFlags::MODIFY) {
            Ok(watch) => {
                self.scope_watches.insert(watch, *session);
                self.watched(session).scope = Some((watch, uid));
                // Asked after the watch is there, so that no change falls between.
                Ok((!is_populated(&scope)?).then_some(Event::ScopeEmpty(*session)))
            }
            // No more watches are to be had (inotify(7)). The registry asks for the scope of a session whose leader or
            // life line is gone, so it ends all the same.
            Err(Errno::NOSPC) => {
                tracing::warn!(session = %session, "the scope is not watched: fs.inotify.max_user_watches is reached");
                Ok(None)
            }
            Err(Errno::NOENT) => Ok(Some(Event::ScopeEmpty(*session))),
            Err(errno) => Err(errno.into()),
        }
    }

    pub(super) fn forget(&mut self, poller: &Poller, session: &SessionId) {
        let Some(watched) = self.sessions.remove(session) else { return };
        self.tokens.remove(&watched.token);
        for source in watched.leader.into_iter().chain(watched.life_line).filter(|source| !source.has_told) {
            poller.remove(source.fd);
        }
        if let Some((watch, _)) = watched.scope {
            self.scope_watches.remove(&watch);
            // It goes by itself with the file it was for, so it may be gone.
            if let Err(errno) = inotify::remove_watch(&self.scopes, watch)
                && errno != Errno::INVAL
            {
                tracing::warn!(session = %session, error = %errno, "cannot stop watching the scope");
            }
        }
    }

    /// What the end of a leader or a life line means.
    pub(super) fn ended(&mut self, poller: &Poller, token: u64) -> Option<Event> {
        let session = *self.tokens.get(&(token & !LIFE_LINE))?;
        let watched = self.sessions.get_mut(&session)?;
        let (source, event) = match token & LIFE_LINE {
            0 => (watched.leader.as_mut()?, Event::LeaderExited(session)),
            _ => (watched.life_line.as_mut()?, Event::LifeLineClosed(session)),
        };
        if std::mem::replace(&mut source.has_told, true) {
            return None;
        }
        poller.remove(&source.fd);
        Some(event)
    }

    /// The scopes that became empty.
    pub(super) fn scopes_changed(&mut self) -> Vec<Event> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(self.scopes.as_fd(), &mut buffer);
        let mut events = Vec::new();
        loop {
            match reader.next() {
                Ok(change) if change.events().contains(ReadFlags::QUEUE_OVERFLOW) => {
                    events.extend(self.scope_watches.keys().filter_map(|&watch| self.emptied(watch)));
                }
                Ok(change) if change.events().contains(ReadFlags::IGNORED) => {} // the scope was removed
                Ok(change) => events.extend(self.emptied(change.wd())),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return events,
                Err(errno) => {
                    tracing::warn!(error = %errno, "cannot read what happened to scopes");
                    return events;
                }
            }
        }
    }

    fn emptied(&self, watch: i32) -> Option<Event> {
        let session = *self.scope_watches.get(&watch)?;
        let (_, uid) = self.sessions.get(&session)?.scope?;
        match self.cgroups.is_populated(uid, &session) {
            Ok(Some(false)) => Some(Event::ScopeEmpty(session)),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(session = %session, error = %error, "cannot read whether the scope is empty");
                None
            }
        }
    }
}
