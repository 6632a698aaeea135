//! What a session says of itself, and what it is asked to do with its lock screen.

use alloc::vec;
use alloc::vec::Vec;

use crate::answer::{Answer, Refusal};
use crate::effect::{Effect, Signal};
use crate::event::RequestId;
use crate::names::SessionId;
use crate::open::refuse;
use crate::session::{Idle, Session};
use crate::sessions::Sessions;
use crate::time::Moment;

const IDLE: &[&str] = &["IdleHint", "IdleSinceHint", "IdleSinceHintMonotonic"];

/// SetIdleHint: only a session that draws says it; a terminal's idleness is seen, not said.
pub(crate) fn idle(
    now: Moment,
    request: RequestId,
    id: &SessionId,
    is_idle: bool,
    sessions: &mut Sessions,
) -> Vec<Effect> {
    let Some(session) = there(id, sessions) else { return refuse(request, Refusal::NoSuchSession(*id)) };
    if !session.kind.is_graphical() || !session.class.can_idle() {
        return refuse(request, Refusal::NotSupported("only a graphical session says that it is idle"));
    }
    let done = Effect::Reply { request, answer: Answer::Done };
    if session.idle.is_idle == is_idle {
        return vec![done];
    }
    session.idle = Idle { is_idle, since: now };
    let mut effects = vec![
        Effect::SaveSession(*id),
        Effect::Announce(Signal::SessionChanged(*id, IDLE)),
        Effect::Announce(Signal::UserChanged(session.uid, IDLE)),
    ];
    if let Some(seat) = session.seat.clone() {
        effects.push(Effect::Announce(Signal::SeatChanged(seat, IDLE)));
    }
    effects.extend([Effect::Announce(Signal::ManagerChanged(IDLE)), done]);
    effects
}

/// SetLockedHint.
pub(crate) fn locked(request: RequestId, id: &SessionId, is_locked: bool, sessions: &mut Sessions) -> Vec<Effect> {
    let Some(session) = there(id, sessions) else { return refuse(request, Refusal::NoSuchSession(*id)) };
    if !session.class.can_lock() {
        return refuse(request, Refusal::NotSupported("a session of this class has no lock screen"));
    }
    let done = Effect::Reply { request, answer: Answer::Done };
    if session.locked == is_locked {
        return vec![done];
    }
    session.locked = is_locked;
    let changed = Effect::Announce(Signal::SessionChanged(*id, &["LockedHint"]));
    vec![Effect::SaveSession(*id), changed, done]
}

/// LockSession, UnlockSession of one; LockSessions, UnlockSessions of all that can.
pub(crate) fn lock(request: RequestId, id: Option<&SessionId>, is_lock: bool, sessions: &mut Sessions) -> Vec<Effect> {
    let order = |session: &Session| {
        let id = session.id;
        Effect::Announce(if is_lock { Signal::Lock(id) } else { Signal::Unlock(id) })
    };
    let mut effects = match id {
        None => {
            let can = |s: &&Session| s.announced && s.class.can_lock();
            sessions.iter().filter(can).map(order).collect()
        }
        Some(id) => match there(id, sessions) {
            None => return refuse(request, Refusal::NoSuchSession(*id)),
            Some(session) if session.class.can_lock() => vec![order(session)],
            Some(_) => {
                return refuse(request, Refusal::NotSupported("a session of this class has no lock screen"));
            }
        },
    };
    effects.push(Effect::Reply { request, answer: Answer::Done });
    effects
}

fn there<'a>(id: &SessionId, sessions: &'a mut Sessions) -> Option<&'a mut Session> {
    sessions.get_mut(id).filter(|s| s.announced)
}
