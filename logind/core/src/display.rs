//! The session that stands for its user where only one can: `User.Display`, `auto`, sd_uid_get_display(3).

use core::cmp::Reverse;

use crate::names::{Class, Type};
use crate::session::Session;
use crate::user::{Candidate, User};

/// A session has opened: whether it becomes the one.
pub(crate) fn arrive(user: &mut User, session: &Session) -> bool {
    if let Some(candidate) = candidate(session) {
        user.candidates.insert(candidate);
    }
    user.display() == Some(&session.id)
}

/// A session ends: whether it was the one.
pub(crate) fn leave(user: &mut User, session: &Session) -> bool {
    let was_it = user.display() == Some(&session.id);
    if let Some(candidate) = candidate(session) {
        user.candidates.remove(&candidate);
    }
    was_it
}

/// How well a session stands for its user; none for those that cannot: persons before greeters, then drawing before text
/// before the rest.
fn candidate(session: &Session) -> Option<Candidate> {
    if !session.class.can_display() {
        return None;
    }
    let kind = match session.kind {
        Type::X11 | Type::Wayland | Type::Mir => 3,
        Type::Tty => 2,
        Type::Web => 1,
        Type::Unspecified => 0,
    };
    let rank = Reverse((session.class != Class::Greeter, kind));
    Some(Candidate { rank, began: session.began, id: session.id })
}
