//! Who is in front: the session on the virtual terminal that is shown; and what brings another there.

use alloc::vec;
use alloc::vec::Vec;

use crate::answer::{Answer, Refusal};
use crate::close::Reach;
use crate::effect::{Effect, Signal};
use crate::event::{RequestId, Switch};
use crate::names::{SeatId, SessionId, VtNumber};
use crate::open::refuse;
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
pub(crate) fn show(foreground: Option<VtNumber>, reach: &mut Reach<'_>) -> Vec<Effect> {
    *reach.foreground = foreground;
    let mut effects = Vec::new();
    for seat in reach.seats.values_mut().filter(|seat| seat.has_vts) {
        effects.extend(settle(seat, reach.sessions, foreground));
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

/// Something else is to come to the front. The answer is that the kernel was asked: whoever has the terminal in front may
/// take its time to let go (`ioctl_vt(2)`, VT_PROCESS), and what is shown then is told as such.
pub(crate) fn switch(request: RequestId, switch: &Switch, reach: &Reach<'_>) -> Vec<Effect> {
    let (seats, foreground) = (&*reach.seats, *reach.foreground);
    let vt = match switch {
        Switch::Session(id) => vt_of_session(id, reach.sessions, seats),
        Switch::Vt(seat, vt) => with_vts(seat, seats).map(|_| Some(*vt)),
        Switch::Next(seat) => with_vts(seat, seats).and_then(|seat| neighbour(seat, foreground, true)),
        Switch::Previous(seat) => with_vts(seat, seats).and_then(|seat| neighbour(seat, foreground, false)),
    };
    let activate = |vt| Effect::ActivateVt { request, vt };
    match vt {
        Ok(vt) => vt.map(activate).into_iter().chain([Effect::Reply { request, answer: Answer::Done }]).collect(),
        Err(refusal) => refuse(request, refusal),
    }
}

/// The virtual terminal of a session; none if the session is in front already.
fn vt_of_session(id: &SessionId, sessions: &Sessions, seats: &Seats) -> Result<Option<VtNumber>, Refusal> {
    let session = sessions.get(id).filter(|s| s.announced).ok_or(Refusal::NoSuchSession(*id))?;
    let seat = session.seat.as_ref().ok_or(Refusal::NotSupported("the session is on no seat"))?;
    if with_vts(seat, seats)?.active == Some(*id) {
        return Ok(None);
    }
    session.vt.map(Some).ok_or(Refusal::NotSupported("the session is on no virtual terminal"))
}

/// The next virtual terminal with a session, or the one before, round and round; only those that are not shown count.
fn neighbour(seat: &Seat, foreground: Option<VtNumber>, is_next: bool) -> Result<Option<VtNumber>, Refusal> {
    let is_taken = |(vt, ids): (&VtNumber, &_)| (!seat.sessions.is_disjoint(ids)).then_some(*vt);
    let taken: Vec<VtNumber> = seat.on_vt.iter().filter_map(is_taken).filter(|&vt| Some(vt) != foreground).collect();
    let found = if is_next {
        taken.iter().find(|&&vt| Some(vt) > foreground).or(taken.first())
    } else {
        taken.iter().rev().find(|&&vt| Some(vt) < foreground).or(taken.last())
    };
    found.copied().map(Some).ok_or(Refusal::InvalidArgs("there is no other session on the seat"))
}

fn with_vts<'a>(id: &SeatId, seats: &'a Seats) -> Result<&'a Seat, Refusal> {
    let seat = seats.get(id).ok_or_else(|| Refusal::NoSuchSeat(id.clone()))?;
    if seat.has_vts { Ok(seat) } else { Err(Refusal::NotSupported("the seat has no virtual terminals")) }
}

/// A graphics device of `seat0` came, or the last one went.
pub(crate) fn graphics(is_there: bool, seats: &mut Seats) -> Vec<Effect> {
    let Some(seat) = seats.get_mut(&SeatId::seat0()) else { return Vec::new() };
    if core::mem::replace(&mut seat.has_graphics, is_there) == is_there {
        return Vec::new();
    }
    let changed = Effect::Announce(Signal::SeatChanged(seat.id.clone(), &["CanGraphical"]));
    vec![Effect::SaveSeat(seat.id.clone()), changed]
}
