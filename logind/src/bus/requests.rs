//! The events that calls ask for, where more than one row asks for the same.

use logind_api::error;
use logind_core::event::{Event, Switch, Target, Whom};
use logind_core::names::SessionId;
use logind_core::seat::Seat;
use logind_core::session::Session;

use super::call::Call;
use super::fault::Fault;

/// The highest signal there is (signal(7)).
const HIGHEST_SIGNAL: i32 = 64;

/// ReleaseSession.
pub(super) fn release(call: &Call<'_>, session: SessionId) -> Result<Event, Fault> {
    Ok(Event::Release { request: call.request, session })
}

/// TerminateSession, TerminateUser, TerminateSeat, Terminate.
pub(super) fn terminate(call: &Call<'_>, target: Target) -> Result<Event, Fault> {
    Ok(Event::Terminate { request: call.request, target })
}

/// KillSession, KillUser, Kill.
pub(super) fn kill(call: &Call<'_>, target: Target, whom: &str, signal: i32) -> Result<Event, Fault> {
    let whom = match whom {
        "" | "all" => Whom::All,
        "leader" => Whom::Leader,
        _ => return Err(Fault::invalid("Invalid kill whom parameter")),
    };
    if !(1..=HIGHEST_SIGNAL).contains(&signal) {
        return Err(Fault::invalid(format!("Invalid signal {signal}")));
    }
    Ok(Event::Kill { request: call.request, target, whom, signal })
}

/// ActivateSessionOnSeat, and a seat's ActivateSession: the session, if it is on that seat.
pub(super) fn on_seat(session: &Session, seat: &Seat) -> Result<Switch, Fault> {
    if session.seat() == Some(seat.id()) {
        return Ok(Switch::Session(*session.id()));
    }
    let text = format!("Session {} not on seat {}", session.id(), seat.id());
    Err(Fault::new(error::SESSION_NOT_ON_SEAT, text))
}

/// LockSession, LockSessions, Lock.
pub(super) fn lock(call: &Call<'_>, session: Option<SessionId>) -> Result<Event, Fault> {
    Ok(Event::Lock { request: call.request, session, locked: true })
}

/// UnlockSession, UnlockSessions, Unlock.
pub(super) fn unlock(call: &Call<'_>, session: Option<SessionId>) -> Result<Event, Fault> {
    Ok(Event::Lock { request: call.request, session, locked: false })
}
