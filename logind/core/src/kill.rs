//! Signals and ends, as somebody who may asked for them.

use alloc::vec;
use alloc::vec::Vec;

use crate::answer::{Answer, Refusal};
use crate::close::{self, Reach};
use crate::effect::Effect;
use crate::event::{RequestId, Target, Whom};
use crate::names::{SessionId, Uid};
use crate::open::refuse;
use crate::seat::Seats;
use crate::session::{Stage, Why};
use crate::sessions::Sessions;
use crate::time::Moment;
use crate::user::Users;

/// TerminateSession, TerminateUser, TerminateSeat.
pub(crate) fn terminate(now: Moment, request: RequestId, target: &Target, reach: &mut Reach<'_>) -> Vec<Effect> {
    let ids = match sessions_of(target, reach.sessions, reach.users, reach.seats) {
        Ok(ids) => ids,
        Err(refusal) => return refuse(request, refusal),
    };
    let mut effects = Vec::new();
    for id in ids {
        effects.extend(close::close(now, &id, Why::Forced, reach));
    }
    effects.push(Effect::Reply { request, answer: Answer::Done });
    effects
}

/// KillSession, KillUser. Of one session, the kernel's refusal is the answer; of several, each gets it if it can.
pub(crate) fn kill(
    request: RequestId,
    target: &Target,
    whom: Whom,
    signal: i32,
    sessions: &Sessions,
    users: &Users,
    seats: &Seats,
) -> Vec<Effect> {
    if !(1..=64).contains(&signal) {
        return refuse(request, Refusal::InvalidArgs("no such signal"));
    }
    let ids = match sessions_of(target, sessions, users, seats) {
        Ok(ids) => ids,
        Err(refusal) => return refuse(request, refusal),
    };
    let asked_for = matches!(target, Target::Session(_)).then_some(request);
    let order = |id: SessionId| {
        let uid = sessions.get(&id)?.uid();
        Some(Effect::Kill { request: asked_for, session: id, uid, whom, signal })
    };
    let mut effects = ids.into_iter().filter_map(order).collect::<Vec<_>>();
    effects.push(Effect::Reply { request, answer: Answer::Done });
    effects
}

fn sessions_of(target: &Target, sessions: &Sessions, users: &Users, seats: &Seats) -> Result<Vec<SessionId>, Refusal> {
    match target {
        Target::Session(id) => match sessions.get(id) {
            Some(session) if session.stage != Stage::Opening => Ok(vec![*id]),
            _ => Err(Refusal::NoSuchSession(*id)),
        },
        Target::User(uid) => of_user(*uid, users),
        Target::Seat(id) => {
            let seat = seats.get(id).ok_or_else(|| Refusal::NoSuchSeat(id.clone()))?;
            Ok(seat.sessions.iter().copied().collect())
        }
    }
}

fn of_user(uid: Uid, users: &Users) -> Result<Vec<SessionId>, Refusal> {
    let user = users.get(&uid).ok_or(Refusal::NoSuchUser(uid))?;
    Ok(user.sessions.iter().copied().collect())
}
