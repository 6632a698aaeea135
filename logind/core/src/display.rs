//! The session that stands for its user where only one can: `User.Display`, `auto`, sd_uid_get_display(3).

use crate::names::{Class, SessionId, Type};
use crate::session::{Session, Stage};
use crate::sessions::Sessions;
use crate::user::User;

/// A session has opened: whether it becomes the one.
pub(crate) fn arrive(user: &mut User, id: &SessionId, sessions: &Sessions) -> bool {
    let Some(new) = sessions.get(id).and_then(rank) else { return false };
    let old = user.display.as_ref().and_then(|id| sessions.get(id)).and_then(rank);
    let becomes_it = old.is_none_or(|old| new > old);
    if becomes_it {
        user.display = Some(id.clone());
    }
    becomes_it
}

/// A session ends: whether another becomes the one. Sessions are walked only if it was this.
pub(crate) fn leave(user: &mut User, id: &SessionId, sessions: &Sessions) -> bool {
    if user.display.as_ref() != Some(id) {
        return false;
    }
    let others = user.sessions.iter().filter(|other| *other != id);
    let ranked = others.filter_map(|id| Some((rank(sessions.get(id)?)?, id)));
    // The first of the best, so that nothing changes between equals.
    let best = ranked.min_by(|(a, _), (b, _)| b.cmp(a)).map(|(_, id)| id.clone());
    let changed = best != user.display;
    user.display = best;
    changed
}

/// How well a session stands for its user, more being better; none for those that cannot: persons before greeters, then
/// drawing before text before the rest.
fn rank(session: &Session) -> Option<(bool, u8)> {
    if session.stage != Stage::Open || !session.class.can_display() {
        return None;
    }
    let kind = match session.kind {
        Type::X11 | Type::Wayland | Type::Mir => 3,
        Type::Tty => 2,
        Type::Web => 1,
        Type::Unspecified => 0,
    };
    Some((session.class != Class::Greeter, kind))
}
