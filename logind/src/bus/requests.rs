//! The events that calls ask for, where more than one row asks for the same.

use logind_core::event::{Event, Target, Whom};
use logind_core::names::SessionId;

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

/// LockSession, LockSessions, Lock.
pub(super) fn lock(call: &Call<'_>, session: Option<SessionId>) -> Result<Event, Fault> {
    Ok(Event::Lock { request: call.request, session, locked: true })
}

/// UnlockSession, UnlockSessions, Unlock.
pub(super) fn unlock(call: &Call<'_>, session: Option<SessionId>) -> Result<Event, Fault> {
    Ok(Event::Lock { request: call.request, session, locked: false })
}
