//! The three witnesses of each session: its leader's pidfd, its life line, its scope.

use std::collections::BTreeMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use logind_core::Event;
use logind_core::names::SessionId;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use super::poller::{FIRST_FREE, Interest, Poller, SCOPES};
use crate::effects::cgroup::is_populated;

/// What is watched of every session.
#[derive(Debug)]
pub(super) struct Watches {
    sessions: BTreeMap<SessionId, Watched>,
    tokens: BTreeMap<u64, (SessionId, Witness)>,
    next_token: u64,
    scopes: OwnedFd,
    scope_watches: BTreeMap<i32, SessionId>,
}

/// What is watched of one session.
#[derive(Debug, Default)]
struct Watched {
    leader: Option<(u64, OwnedFd)>,
    life_line: Option<(u64, OwnedFd)>,
    scope: Option<(i32, PathBuf)>,
}

#[derive(Clone, Copy, Debug)]
enum Witness {
    Leader,
    LifeLine,
}

impl Watched {
    /// The leader's pidfd.
    fn leader(&self) -> Option<&OwnedFd> {
        self.leader.as_ref().map(|(_, pidfd)| pidfd)
    }

    /// Our end of the life line.
    fn life_line(&self) -> Option<&OwnedFd> {
        self.life_line.as_ref().map(|(_, reader)| reader)
    }
}

impl Watches {
    pub(super) fn open(poller: &Poller) -> io::Result<Self> {
        let scopes = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        poller.add(&scopes, SCOPES, Interest::Readable)?;
        Ok(Self {
            sessions: BTreeMap::new(),
            tokens: BTreeMap::new(),
            next_token: FIRST_FREE,
            scopes,
            scope_watches: BTreeMap::new(),
        })
    }

    /// The pidfd of a session's leader.
    pub(super) fn leader_of(&self, session: &SessionId) -> Option<BorrowedFd<'_>> {
        Some(self.sessions.get(session)?.leader()?.as_fd())
    }

    pub(super) fn leader(&mut self, poller: &Poller, session: &SessionId, pidfd: OwnedFd) -> io::Result<()> {
        let token = self.add(poller, session, &pidfd, Witness::Leader)?;
        self.sessions.entry(session.clone()).or_default().leader = Some((token, pidfd));
        Ok(())
    }

    pub(super) fn life_line(&mut self, poller: &Poller, session: &SessionId, reader: OwnedFd) -> io::Result<()> {
        let token = self.add(poller, session, &reader, Witness::LifeLine)?;
        self.sessions.entry(session.clone()).or_default().life_line = Some((token, reader));
        Ok(())
    }

    fn add(&mut self, poller: &Poller, session: &SessionId, source: &OwnedFd, witness: Witness) -> io::Result<u64> {
        let token = self.next_token;
        let interest = match witness {
            Witness::Leader => Interest::Readable,
            Witness::LifeLine => Interest::HungUp,
        };
        poller.add(source, token, interest)?;
        self.next_token += 1;
        self.tokens.insert(token, (session.clone(), witness));
        Ok(token)
    }

    pub(super) fn scope(&mut self, session: &SessionId, scope: PathBuf) -> io::Result<Option<Event>> {
        match inotify::add_watch(&self.scopes, scope.join("cgroup.events"), WatchFlags::MODIFY) {
            Ok(watch) => {
                self.scope_watches.insert(watch, session.clone());
                // Asked after the watch is there, so that no change falls between.
                let is_empty = !is_populated(&scope)?;
                self.sessions.entry(session.clone()).or_default().scope = Some((watch, scope));
                Ok(is_empty.then(|| Event::ScopeEmpty(session.clone())))
            }
            // No more watches are to be had (inotify(7)). The registry asks for the scope of a session whose leader or
            // life line is gone, so it ends all the same.
            Err(Errno::NOSPC) => {
                tracing::warn!(session = %session, "the scope is not watched: fs.inotify.max_user_watches is reached");
                Ok(None)
            }
            Err(Errno::NOENT) => Ok(Some(Event::ScopeEmpty(session.clone()))),
            Err(errno) => Err(errno.into()),
        }
    }

    pub(super) fn forget(&mut self, poller: &Poller, session: &SessionId) {
        let Some(watched) = self.sessions.remove(session) else { return };
        for (token, source) in watched.leader.into_iter().chain(watched.life_line) {
            if self.tokens.remove(&token).is_some() {
                poller.remove(source);
            }
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

    /// What the end of a leader or a life line means. It is told once; the descriptor is kept to be asked.
    pub(super) fn ended(&mut self, poller: &Poller, token: u64) -> Option<Event> {
        let (session, witness) = self.tokens.remove(&token)?;
        let watched = self.sessions.get(&session)?;
        let (source, event) = match witness {
            Witness::Leader => (watched.leader()?, Event::LeaderExited(session.clone())),
            Witness::LifeLine => (watched.life_line()?, Event::LifeLineClosed(session.clone())),
        };
        poller.remove(source);
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
        let session = self.scope_watches.get(&watch)?;
        let (_, scope) = self.sessions.get(session)?.scope.as_ref()?;
        match is_populated(scope) {
            Ok(true) => None,
            Ok(false) => Some(Event::ScopeEmpty(session.clone())),
            Err(error) => {
                tracing::warn!(session = %session, error = %error, "cannot read whether the scope is empty");
                None
            }
        }
    }
}
