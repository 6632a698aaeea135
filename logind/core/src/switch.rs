//! Who is in front: the session on the virtual terminal that is shown.

use alloc::vec;
use alloc::vec::Vec;

use crate::effect::{Effect, Signal};
use crate::names::{SeatId, SessionId, VtNumber};
use crate::seat::{Seat, Seats};
use crate::session::{Session, Stage};
use crate::sessions::Sessions;

/// A session that is being opened keeps others off its virtual terminal.
pub(crate) fn reserve(session: &Session, seats: &mut Seats) {
    if let Some(vt) = session.vt
        && let Some(seat) = session.seat.as_ref().and_then(|seat| seats.get_mut(seat))
    {
        seat.on_vt.entry(vt).or_default().insert(session.id);
    }
}

/// A session that has opened takes its place on its seat.
pub(crate) fn arrive(
    id: &SessionId,
    sessions: &Sessions,
    seats: &mut Seats,
    foreground: Option<VtNumber>,
) -> Vec<Effect> {
    let Some(session) = sessions.get(id) else { return Vec::new() };
    let Some(seat) = session.seat.as_ref().and_then(|seat| seats.get_mut(seat)) else { return Vec::new() };
    seat.sessions.insert(*id);
    settle(seat, sessions, foreground)
}

/// A session ends or is gone: another on its virtual terminal may come to the front.
pub(crate) fn leave(
    id: &SessionId,
    seat: &SeatId,
    vt: Option<VtNumber>,
    sessions: &Sessions,
    seats: &mut Seats,
    foreground: Option<VtNumber>,
) -> Vec<Effect> {
    let Some(seat) = seats.get_mut(seat) else { return Vec::new() };
    seat.sessions.remove(id);
    if let Some(vt) = vt
        && let Some(there) = seat.on_vt.get_mut(&vt)
    {
        there.remove(id);
        if there.is_empty() {
            seat.on_vt.remove(&vt);
        }
    }
    settle(seat, sessions, foreground)
}

/// Another virtual terminal is shown.
pub(crate) fn show(foreground: Option<VtNumber>, sessions: &Sessions, seats: &mut Seats) -> Vec<Effect> {
    let mut effects = Vec::new();
    for seat in seats.values_mut().filter(|seat| seat.has_vts) {
        effects.extend(settle(seat, sessions, foreground));
    }
    effects
}

/// Finds the seat's session in front anew, and tells if it is another: of those on the terminal that is shown the newest
/// that is open, or the newest if they all close. The seat's file is written in any case: its list of
/// sessions may be another.
pub(crate) fn settle(seat: &mut Seat, sessions: &Sessions, foreground: Option<VtNumber>) -> Vec<Effect> {
    let shown = foreground.and_then(|vt| seat.on_vt.get(&vt));
    let in_front = shown.and_then(|ids| {
        let there = ids.iter().filter_map(|id| sessions.get(id)).filter(|s| s.announced);
        there.max_by_key(|s| (s.stage == Stage::Open, s.began)).map(|s| s.id)
    });
    let before = core::mem::replace(&mut seat.active, in_front);
    let mut effects = vec![Effect::SaveSeat(seat.id.clone())];
    if before == in_front {
        return effects;
    }
    for id in before.iter().chain(&in_front) {
        let Some(session) = sessions.get(id) else { continue };
        effects.push(Effect::SaveSession(*id));
        effects.push(Effect::SaveUser(session.uid));
        effects.push(Effect::Announce(Signal::SessionChanged(*id, &["Active", "State"])));
    }
    effects.push(Effect::Announce(Signal::SeatChanged(seat.id.clone(), &["ActiveSession"])));
    effects
}
