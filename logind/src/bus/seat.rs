//! The rows of org.freedesktop.login1.Seat.

use logind_core::event::Target;
use logind_core::seat::Seat;

use super::call::Call;
use super::fault::Fault;
use super::requests::terminate;
use super::session::{reference, references};
use super::table::Change::{Constant, Hidden, Silent, Told};
use super::table::Deed::Manage;
use super::table::{Interface, Method, Property, method, property};

/// A seat.
pub(super) static SEAT: Interface<Seat> =
    Interface { name: "org.freedesktop.login1.Seat", methods: METHODS, properties: PROPERTIES, signals: &[] };

const METHODS: &[Method<Seat>] = &[method("Terminate", &[], &[], Manage(target, terminate))];

const PROPERTIES: &[Property<Seat>] = &[
    property("Id", "s", Constant, |_, seat| seat.id().as_str().into()),
    property("ActiveSession", "(so)", Told, |_, seat| reference(seat.active())),
    property("CanMultiSession", "b", Hidden, |_, _| true.into()),
    property("CanTTY", "b", Constant, |_, seat| seat.has_vts().into()),
    // A seat can as soon as it has a graphics device, and no seat has any device yet.
    property("CanGraphical", "b", Told, |_, _| false.into()),
    property("Sessions", "a(so)", Silent, |view, seat| references(view, seat.sessions())),
    property("IdleHint", "b", Told, |view, seat| view.core.seat_idle(seat).is_idle.into()),
    property("IdleSinceHint", "t", Told, |view, seat| view.core.seat_idle(seat).since.realtime.into()),
    property("IdleSinceHintMonotonic", "t", Told, |view, seat| view.core.seat_idle(seat).since.monotonic.into()),
];

fn target(_: &Call<'_>, seat: &Seat) -> Result<Target, Fault> {
    Ok(Target::Seat(seat.id().clone()))
}
