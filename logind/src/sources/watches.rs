//! The three witnesses of each session: its leader's pidfd, its life line, its scope.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use logind_core::Event;
use logind_core::names::SessionId;
use rustix::io::Errno;

use super::poller::{FIRST_FREE, Interest, Poller};
use crate::effects::cgroup::{open_events, says_populated};

/// How many tokens a session has, each a witness's; the first is a multiple of it, as is [`FIRST_FREE`].
const WITNESSES: u64 = 4;
const LEADER: u64 = 0;
const LIFE_LINE: u64 = 1;
const SCOPE: u64 = 2;

/// What is watched of every session.
#[derive(Debug)]
pub(super) struct Watches {
    sessions: BTreeMap<SessionId, Watched>,
    /// The first token of each.
    tokens: BTreeMap<u64, SessionId>,
    next_token: u64,
}

/// What is watched of one session.
#[derive(Debug)]
struct Watched {
    token: u64,
    leader: Option<Source>,
    life_line: Option<Source>,
    /// The scope's cgroup.events.
    scope: Option<Source>,
}

/// A descriptor that tells of an end, and is kept to be asked.
#[derive(Debug)]
struct Source {
    fd: OwnedFd,
    has_told: bool,
}

impl Source {
    fn new(fd: OwnedFd) -> Self {
        Self { fd, has_told: false }
    }

    /// What it told is told no more.
    fn mute(&mut self, poller: &Poller) {
        if !std::mem::replace(&mut self.has_told, true) {
            poller.remove(&self.fd);
        }
    }
}

impl Default for Watches {
    fn default() -> Self {
        Self { sessions: BTreeMap::new(), tokens: BTreeMap::new(), next_token: FIRST_FREE }
    }
}

impl Watches {
    /// The pidfd of a session's leader.
    pub(super) fn leader_of(&self, session: &SessionId) -> Option<BorrowedFd<'_>> {
        Some(self.sessions.get(session)?.leader.as_ref()?.fd.as_fd())
    }

    /// The cgroup.events of a session's scope.
    pub(super) fn scope_of(&self, session: &SessionId) -> Option<BorrowedFd<'_>> {
        Some(self.sessions.get(session)?.scope.as_ref()?.fd.as_fd())
    }

    pub(super) fn leader(&mut self, poller: &Poller, session: &SessionId, pidfd: OwnedFd) -> io::Result<()> {
        let watched = self.watched(session);
        poller.add(&pidfd, watched.token | LEADER, Interest::Readable)?;
        watched.leader = Some(Source::new(pidfd));
        Ok(())
    }

    pub(super) fn life_line(&mut self, poller: &Poller, session: &SessionId, reader: OwnedFd) -> io::Result<()> {
        let watched = self.watched(session);
        poller.add(&reader, watched.token | LIFE_LINE, Interest::HungUp)?;
        watched.life_line = Some(Source::new(reader));
        Ok(())
    }

    /// Watches the scope at `path`, which may be empty already.
    pub(super) fn scope(&mut self, poller: &Poller, session: &SessionId, path: &Path) -> io::Result<Option<Event>> {
        let events = match open_events(path) {
            Err(Errno::NOENT) => return Ok(Some(Event::ScopeEmpty(*session))),
            outcome => outcome?,
        };
        // A change after this is told of, also if it comes before the descriptor is waited for.
        let is_empty = says_populated(events.as_fd())? != Some(true);
        let watched = self.watched(session);
        poller.add(&events, watched.token | SCOPE, Interest::Priority)?;
        watched.scope = Some(Source::new(events));
        Ok(is_empty.then_some(Event::ScopeEmpty(*session)))
    }

    fn watched(&mut self, session: &SessionId) -> &mut Watched {
        self.sessions.entry(*session).or_insert_with(|| {
            let token = self.next_token;
            self.next_token += WITNESSES;
            self.tokens.insert(token, *session);
            Watched { token, leader: None, life_line: None, scope: None }
        })
    }

    pub(super) fn forget(&mut self, poller: &Poller, session: &SessionId) {
        let Some(watched) = self.sessions.remove(session) else { return };
        self.tokens.remove(&watched.token);
        for mut source in [watched.leader, watched.life_line, watched.scope].into_iter().flatten() {
            source.mute(poller);
        }
    }

    /// What it means that a witness spoke. The end of a leader or a life line is told once.
    pub(super) fn spoke(&mut self, poller: &Poller, token: u64) -> Option<Event> {
        let session = *self.tokens.get(&(token - token % WITNESSES))?;
        let watched = self.sessions.get_mut(&session)?;
        match token % WITNESSES {
            LEADER => watched.leader.as_mut()?.mute(poller),
            LIFE_LINE => watched.life_line.as_mut()?.mute(poller),
            _ => return scope_spoke(poller, session, watched.scope.as_mut()?),
        }
        let event = if token % WITNESSES == LEADER { Event::LeaderExited } else { Event::LifeLineClosed };
        Some(event(session))
    }
}

fn scope_spoke(poller: &Poller, session: SessionId, scope: &mut Source) -> Option<Event> {
    match says_populated(scope.fd.as_fd()) {
        Ok(Some(true)) => None,
        Ok(Some(false)) => Some(Event::ScopeEmpty(session)),
        // Somebody removed it, and would be told of for ever.
        Ok(None) => {
            scope.mute(poller);
            Some(Event::ScopeEmpty(session))
        }
        Err(error) => {
            tracing::warn!(session = %session, error = %error, "cannot read whether the scope is empty");
            scope.mute(poller);
            None
        }
    }
}
