//! Whether a user, a seat or the whole machine is idle: when every session of it is.

use crate::names::SessionId;
use crate::registry::Core;
use crate::seat::Seat;
use crate::session::{Idle, Session, Stage};
use crate::user::User;

impl Core {
    /// Whether all of the user's sessions are idle, and since when.
    pub fn user_idle(&self, user: &User) -> Idle {
        all(user.sessions().iter().filter_map(|id: &SessionId| self.session(id)))
    }

    /// Whether all sessions on the seat are idle, and since when.
    pub fn seat_idle(&self, seat: &Seat) -> Idle {
        all(seat.sessions().iter().filter_map(|id: &SessionId| self.session(id)))
    }

    /// Whether all sessions are idle, and since when.
    pub fn idle(&self) -> Idle {
        all(self.sessions())
    }
}

/// Idle since the last of them is; not idle since the first of them is not.
fn all<'a>(sessions: impl Iterator<Item = &'a Session>) -> Idle {
    let counted = sessions.filter(|s| s.stage() == Stage::Open && s.class().can_idle()).map(Session::idle);
    let idle = Idle { is_idle: true, ..Idle::default() };
    counted.fold(idle, |all, one| match (all.is_idle, one.is_idle) {
        (true, true) => Idle { is_idle: true, since: all.since.max(one.since) },
        (true, false) => one,
        (false, true) => all,
        (false, false) => Idle { is_idle: false, since: all.since.min(one.since) },
    })
}
