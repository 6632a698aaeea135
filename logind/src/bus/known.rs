//! What may be told of the registry: a session that is being opened, and a user whose first one is, are not there yet.

use logind_core::Core;
use logind_core::names::{SessionId, Uid};
use logind_core::session::Session;
use logind_core::user::User;

/// A session.
pub(super) fn session<'a>(core: &'a Core, id: &SessionId) -> Option<&'a Session> {
    core.session(id).filter(is_told_of)
}

/// All sessions.
pub(super) fn sessions(core: &Core) -> impl Iterator<Item = &Session> {
    core.sessions().filter(is_told_of)
}

/// Those of `ids` that are told of.
pub(super) fn among<'a>(
    core: &'a Core,
    ids: impl IntoIterator<Item = &'a SessionId>,
) -> impl Iterator<Item = &'a SessionId> {
    ids.into_iter().filter(|id| session(core, id).is_some())
}

/// A user.
pub(super) fn user(core: &Core, uid: Uid) -> Option<&User> {
    core.user(uid).filter(|user| user.is_announced())
}

/// All users.
pub(super) fn users(core: &Core) -> impl Iterator<Item = &User> {
    core.users().filter(|user| user.is_announced())
}

fn is_told_of(session: &&Session) -> bool {
    session.is_announced()
}
