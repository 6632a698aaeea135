//! What a state file keeps of the registry, read by the accessors that the daemon has.

use logind_core::Core;
use logind_core::event::{SavedSession, SavedStage, SavedUser};
use logind_core::names::SessionId;
use logind_core::seat::Seat;
use logind_core::session::{Session, Stage};
use logind_core::user::User;

pub(crate) fn of_session(session: &Session) -> SavedSession {
    SavedSession {
        id: *session.id(),
        uid: session.uid(),
        stage: match session.stage() {
            Stage::Opening => SavedStage::Opening,
            Stage::Open => SavedStage::Open,
            Stage::Closing if session.is_announced() => SavedStage::Closing,
            Stage::Closing => SavedStage::Undone,
        },
        leader: session.leader(),
        service: session.service().into(),
        kind: session.kind(),
        original_kind: session.original_kind(),
        class: session.class(),
        desktop: session.desktop().into(),
        seat: session.seat().cloned(),
        vt: session.vt(),
        tty: session.tty().into(),
        display: session.display().into(),
        remote: session.is_remote(),
        remote_user: session.remote_user().into(),
        remote_host: session.remote_host().into(),
        audit: session.audit(),
        began: session.began(),
        locked: session.is_locked(),
        idle: session.idle().is_idle,
        idle_since: session.idle().since,
        tell_at: session.tell_at(),
        kill_at: session.kill_at(),
    }
}

pub(crate) fn of_user(user: &User) -> SavedUser {
    SavedUser {
        account: user.account().clone(),
        began: user.began(),
        stopping: user.is_stopping(),
        last_session: user.last_session(),
    }
}

/// All that anybody can read of a registry.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    sessions: Vec<(SavedSession, &'static str)>,
    users: Vec<(SavedUser, &'static str, bool, String)>,
    seats: Vec<SeatFile>,
}

pub(crate) fn seen(core: &Core) -> Seen {
    let session = |s: &Session| (of_session(s), core.session_state(s).name());
    let user = |u: &User| (of_user(u), core.user_state(u).name(), u.is_announced(), format!("{:?}", u.display()));
    Seen {
        sessions: core.sessions().map(session).collect(),
        users: core.users().map(user).collect(),
        seats: core.seats().map(seat_file).collect(),
    }
}

/// What a session's state file says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SessionFile {
    pub(crate) saved: SavedSession,
    state: &'static str,
    is_active: bool,
    is_display: bool,
}

/// What a user's state file says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UserFile {
    pub(crate) saved: SavedUser,
    state: &'static str,
    display: Option<SessionId>,
    sessions: Vec<(SessionId, &'static str)>,
}

/// What a seat's state file says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SeatFile {
    active: Option<SessionId>,
    sessions: Vec<SessionId>,
    has_graphics: bool,
}

pub(crate) fn seat_file(seat: &Seat) -> SeatFile {
    SeatFile {
        active: seat.active().cloned(),
        sessions: seat.sessions().iter().cloned().collect(),
        has_graphics: seat.has_graphics(),
    }
}

pub(crate) fn session_file(core: &Core, session: &Session) -> SessionFile {
    let user = core.user(session.uid());
    SessionFile {
        saved: of_session(session),
        state: core.session_state(session).name(),
        is_active: core.is_active(session),
        is_display: user.and_then(|user| user.display()) == Some(session.id()),
    }
}

pub(crate) fn user_file(core: &Core, user: &User) -> UserFile {
    let sessions = user.sessions().iter().filter_map(|id| core.session(id));
    UserFile {
        saved: of_user(user),
        state: core.user_state(user).name(),
        display: user.display().cloned(),
        sessions: sessions.map(|s| (*s.id(), core.session_state(s).name())).collect(),
    }
}
