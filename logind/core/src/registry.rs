//! The core itself: it owns the nouns, hands each event to its verb, and answers what anybody may read.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use crate::answer::Refusal;
use crate::close::{self, Reach, Witness};
use crate::deadlines::{Deadlines, Subject};
use crate::effect::Effect;
use crate::event::{Event, Failed, Step};
use crate::gettys::{self, Getty, Gettys};
use crate::names::{SeatId, SessionId, Uid, VtNumber};
use crate::open::{self, Logins};
use crate::policy::Policy;
use crate::seat::{Seat, Seats};
use crate::session::{Session, SessionState, Stage};
use crate::sessions::Sessions;
use crate::time::Moment;
use crate::user::{User, UserState, Users};
use crate::{hint, kill, restore, stop, switch};

/// Who has at most one in so many of all sessions has few: looking each up by its name costs less than passing over all.
const FEW: usize = 8;

/// The registry of sessions, users and seats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core {
    sessions: Sessions,
    users: Users,
    seats: Seats,
    logins: Logins,
    gettys: Gettys,
    deadlines: Deadlines,
    policy: Policy,
    foreground: Option<VtNumber>,
}

impl Core {
    /// A registry with `seat0` and nobody at it. `has_vts`: whether the machine has virtual terminals.
    pub fn new(policy: Policy, has_vts: bool) -> Self {
        let seat0 = SeatId::seat0();
        Self {
            sessions: Sessions::default(),
            users: BTreeMap::new(),
            seats: BTreeMap::from([(seat0.clone(), Seat::new(seat0, has_vts))]),
            logins: Logins::default(),
            gettys: Gettys::new(),
            deadlines: Deadlines::default(),
            policy,
            foreground: None,
        }
    }

    /// Something happened: what is to be done. The only way anything changes.
    #[must_use]
    pub fn handle(&mut self, now: Moment, event: Event) -> Vec<Effect> {
        let Self { sessions, users, seats, logins, gettys, deadlines, policy, foreground } = self;
        let reach = &mut Reach { sessions, users, seats, gettys, deadlines, policy, foreground };
        match event {
            Event::Login { request, login } => open::ask(now, request, login, logins, reach),
            Event::UserFound { request, account } => open::user_found(now, request, account, logins, reach),
            Event::RuntimeDirectoryMade { session, request, outcome } => {
                open::directory_made(now, &session, request, outcome, reach)
            }
            Event::Opened(id) => open::opened(now, &id, reach),
            Event::Failed(Failed { step: Step::Open(id), errno }) => open::failed(now, &id, errno, reach),
            Event::Failed(Failed { step: Step::Kill(request) | Step::Switch(request), errno }) => {
                open::refuse(request, Refusal::System(errno))
            }
            Event::Release { request, session } => close::release(now, request, &session, reach),
            Event::Terminate { request, target } => kill::terminate(now, request, &target, reach),
            Event::Kill { request, target, whom, signal } => {
                kill::kill(request, &target, whom, signal, reach.sessions, reach.users, reach.seats)
            }
            Event::IdleHint { request, session, idle } => hint::idle(now, request, &session, idle, reach.sessions),
            Event::LockedHint { request, session, locked } => hint::locked(request, &session, locked, reach.sessions),
            Event::Lock { request, session, locked } => hint::lock(request, session.as_ref(), locked, reach.sessions),
            Event::Switch { request, switch } => switch::switch(request, &switch, reach),
            Event::LifeLineClosed(id) => close::lost(now, &id, Witness::LifeLine, reach),
            Event::LeaderExited(id) => close::lost(now, &id, Witness::Leader, reach),
            Event::ScopeEmpty(id) => close::scope_empty(now, &id, reach),
            Event::Probed { session, witnesses } => close::probed(now, &session, witnesses, reach),
            Event::RuntimeDirectoryRemoved { uid, outcome } => {
                stop::directory_removed(now, uid, outcome, logins, reach.users, reach.deadlines, reach.policy)
            }
            Event::Foreground(vt) => gettys::shown(vt, reach),
            Event::StartedAt(vt) => switch::show(vt, reach),
            Event::Vt(vt, news) => gettys::news(now, vt, news, reach),
            Event::Graphics(is_there) => switch::graphics(is_there, reach.seats),
            Event::Configured(new) => {
                *policy = new;
                gettys::configured(&mut Reach { sessions, users, seats, gettys, deadlines, policy, foreground })
            }
            Event::UserRestored(saved) => restore::user(saved, reach),
            Event::SessionRestored { saved, witnesses } => restore::session(now, saved, witnesses, reach),
            Event::RestoreEnded => restore::ended(now, reach),
            Event::Deadline => overdue(now, reach),
        }
    }

    /// When to send [`Event::Deadline`] at the latest.
    pub fn next_deadline(&self) -> Option<Moment> {
        self.deadlines.next()
    }

    /// The configured rules.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// A session, also one that nobody was told of ([`Session::is_announced`]).
    pub fn session(&self, id: &SessionId) -> Option<&Session> {
        self.sessions.get(id)
    }

    /// All sessions, in the order of their names, also those that nobody was told of.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.iter()
    }

    /// The sessions of a user, in the order of their names.
    pub fn sessions_of<'a>(&'a self, user: &User) -> Vec<&'a Session> {
        if user.sessions.len() > self.sessions.len() / FEW {
            return self.sessions.iter().filter(|session| session.uid == user.account.uid).collect();
        }
        user.sessions.iter().filter_map(|id| self.sessions.get(id)).collect()
    }

    /// How many sessions there are.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// A user, also one that nobody was told of ([`User::is_announced`]).
    pub fn user(&self, uid: Uid) -> Option<&User> {
        self.users.get(&uid)
    }

    /// All users, in the order of their numbers, also those that nobody was told of.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// A seat.
    pub fn seat(&self, id: &SeatId) -> Option<&Seat> {
        self.seats.get(id)
    }

    /// All seats, in the order of their names.
    pub fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.seats.values()
    }

    /// Whether there is a getty on the virtual terminal that logind started.
    pub fn has_getty(&self, vt: VtNumber) -> bool {
        self.gettys.get(&vt).is_some_and(Getty::is_running)
    }

    /// Whether the session is in front on its seat; one without a seat always is (sd_session_is_active(3)).
    pub fn is_active(&self, session: &Session) -> bool {
        match &session.seat {
            Some(seat) => self.seats.get(seat).is_some_and(|seat| seat.active.as_ref() == Some(&session.id)),
            None => true,
        }
    }

    /// What sd_session_get_state(3) says of the session.
    pub fn session_state(&self, session: &Session) -> SessionState {
        match session.stage {
            Stage::Opening => SessionState::Opening,
            Stage::Closing => SessionState::Closing,
            Stage::Open if self.is_active(session) => SessionState::Active,
            Stage::Open => SessionState::Online,
        }
    }

    /// What sd_uid_get_state(3) says of the user.
    pub fn user_state(&self, user: &User) -> UserState {
        let is_closing = user.announced || user.stopping || user.sessions.is_empty();
        let mut best = if is_closing { UserState::Closing } else { UserState::Opening };
        if user.stopping {
            return best;
        }
        for session in user.sessions.iter().filter_map(|id| self.sessions.get(id)) {
            match self.session_state(session) {
                SessionState::Active => return UserState::Active,
                SessionState::Online => best = UserState::Online,
                SessionState::Opening | SessionState::Closing => {}
            }
        }
        best
    }
}

fn overdue(now: Moment, reach: &mut Reach<'_>) -> Vec<Effect> {
    let mut effects = vec![];
    for subject in reach.deadlines.due(now) {
        effects.extend(match subject {
            Subject::Session(id) if reach.sessions.get(&id).is_some_and(|s| s.stage == Stage::Opening) => {
                open::overdue(now, &id, reach)
            }
            Subject::Session(id) => close::overdue(now, &id, reach),
            Subject::User(uid) => stop::overdue(uid, reach.users),
            Subject::Vt(vt) => gettys::overdue(vt, reach),
        });
    }
    effects
}
