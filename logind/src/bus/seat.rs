//! The rows of org.freedesktop.login1.Seat.

use logind_core::event::{self, Target};
use logind_core::names::{SessionId, VtNumber};
use logind_core::seat::Seat;

use super::call::Call;
use super::fault::Fault;
use super::known;
use super::requests::{on_seat, terminate};
use super::session::{reference, references};
use super::table::Change::{Constant, Hidden, Silent, Told};
use super::table::Deed::{Manage, Switch};
use super::table::{Arguments, Interface, Method, Property, method, property};

/// A seat.
pub(super) static SEAT: Interface<Seat> =
    Interface { name: "org.freedesktop.login1.Seat", methods: METHODS, properties: PROPERTIES, signals: &[] };

const NONE: Arguments = &[];

const METHODS: &[Method<Seat>] = &[
    method("Terminate", NONE, NONE, Manage(target, terminate)),
    method("ActivateSession", &[("session_id", "s")], NONE, Switch(activated)),
    method("SwitchTo", &[("vtnr", "u")], NONE, Switch(shown)),
    method("SwitchToNext", NONE, NONE, Switch(next)),
    method("SwitchToPrevious", NONE, NONE, Switch(previous)),
];

const PROPERTIES: &[Property<Seat>] = &[
    property("Id", "s", Constant, |_, seat| seat.id().as_str().into()),
    property("ActiveSession", "(so)", Told, |_, seat| reference(seat.active())),
    property("CanMultiSession", "b", Hidden, |_, _| true.into()),
    property("CanTTY", "b", Constant, |_, seat| seat.has_vts().into()),
    property("CanGraphical", "b", Told, |_, seat| seat.has_graphics().into()),
    property("Sessions", "a(so)", Silent, |view, seat| references(view, seat.sessions())),
    property("IdleHint", "b", Told, |view, seat| view.core.seat_idle(seat).is_idle.into()),
    property("IdleSinceHint", "t", Told, |view, seat| view.core.seat_idle(seat).since.realtime.into()),
    property("IdleSinceHintMonotonic", "t", Told, |view, seat| view.core.seat_idle(seat).since.monotonic.into()),
];

fn target(_: &Call<'_>, seat: &Seat) -> Result<Target, Fault> {
    Ok(Target::Seat(seat.id().clone()))
}

fn activated(call: &Call<'_>, seat: &Seat) -> Result<event::Switch, Fault> {
    let name = call.arguments::<&str>()?;
    let session = SessionId::new(name).and_then(|id| known::session(call.view.core, &id));
    on_seat(session.ok_or_else(|| Fault::no_such_session(name))?, seat)
}

fn shown(call: &Call<'_>, seat: &Seat) -> Result<event::Switch, Fault> {
    let vt = VtNumber::new(call.arguments()?).ok_or_else(|| Fault::invalid("VT number out of range"))?;
    Ok(event::Switch::Vt(seat.id().clone(), vt))
}

fn next(_: &Call<'_>, seat: &Seat) -> Result<event::Switch, Fault> {
    Ok(event::Switch::Next(seat.id().clone()))
}

fn previous(_: &Call<'_>, seat: &Seat) -> Result<event::Switch, Fault> {
    Ok(event::Switch::Previous(seat.id().clone()))
}
