//! All sessions, by name and by leader.

use alloc::collections::BTreeMap;
use alloc::format;

use crate::leader::Leader;
use crate::names::SessionId;
use crate::session::{Session, Stage};

/// The sessions there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sessions {
    by_id: BTreeMap<SessionId, Session>,
    by_leader: BTreeMap<u32, SessionId>,
    last_counter: u64,
}

impl Sessions {
    pub(crate) fn get(&self, id: &SessionId) -> Option<&Session> {
        self.by_id.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &SessionId) -> Option<&mut Session> {
        self.by_id.get_mut(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.by_id.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn insert(&mut self, session: Session) {
        self.by_leader.insert(session.leader.pid, session.id.clone());
        self.by_id.insert(session.id.clone(), session);
    }

    pub(crate) fn remove(&mut self, id: &SessionId) -> Option<Session> {
        let session = self.by_id.remove(id)?;
        if self.by_leader.get(&session.leader.pid) == Some(id) {
            self.by_leader.remove(&session.leader.pid);
        }
        Some(session)
    }

    /// The session that the process leads, unless it is ending: then its leader may begin another.
    pub(crate) fn led_by(&self, leader: Leader) -> Option<&Session> {
        let session = self.by_leader.get(&leader.pid).and_then(|id| self.by_id.get(id))?;
        let is_same = session.leader.start_time == leader.start_time;
        (is_same && session.stage != Stage::Closing).then_some(session)
    }

    /// A name for a new session: the audit session's number if it is free, else `c` and a counter.
    pub(crate) fn new_id(&mut self, audit: Option<u32>) -> SessionId {
        if let Some(id) = audit.and_then(|n| SessionId::new(&format!("{n}")))
            && !self.by_id.contains_key(&id)
        {
            return id;
        }
        loop {
            self.last_counter += 1;
            if let Some(id) = SessionId::new(&format!("c{}", self.last_counter))
                && !self.by_id.contains_key(&id)
            {
                return id;
            }
        }
    }
}
