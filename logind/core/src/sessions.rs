//! All sessions, by name and by leader.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;

use crate::leader::Leader;
use crate::names::SessionId;
use crate::session::{Session, Stage};

/// The sessions there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions {
    /// Boxed, for half of such a map's places are empty.
    by_id: BTreeMap<SessionId, Box<Session>>,
    /// By the leader's pid. More than one only if the others close, or their leader's end is not known yet.
    by_leader: BTreeSet<(u32, SessionId)>,
    last_counter: u64,
}

/// The counter is no part of what there is: it says where the search for a free name begins.
impl PartialEq for Sessions {
    fn eq(&self, other: &Self) -> bool {
        self.by_id == other.by_id && self.by_leader == other.by_leader
    }
}

impl Eq for Sessions {}

impl Sessions {
    pub(crate) fn get(&self, id: &SessionId) -> Option<&Session> {
        self.by_id.get(id).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, id: &SessionId) -> Option<&mut Session> {
        self.by_id.get_mut(id).map(Box::as_mut)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.by_id.values().map(Box::as_ref)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn insert(&mut self, session: Session) {
        self.by_leader.insert((session.leader.pid, session.id));
        self.by_id.insert(session.id, Box::new(session));
    }

    pub(crate) fn remove(&mut self, id: &SessionId) -> Option<Session> {
        let session = self.by_id.remove(id)?;
        self.by_leader.remove(&(session.leader.pid, *id));
        Some(*session)
    }

    /// The session that the process leads, unless it is ending: then its leader may begin another.
    pub(crate) fn led_by(&self, leader: Leader) -> Option<&Session> {
        let led = self.by_leader.range((leader.pid, SessionId::BEFORE_ALL)..).take_while(|(pid, _)| *pid == leader.pid);
        let mut sessions = led.filter_map(|(_, id)| self.get(id));
        sessions.find(|s| s.leader.start_time == leader.start_time && s.stage != Stage::Closing)
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
