//! The rows of org.freedesktop.login1.Session.

use std::collections::BTreeSet;

use logind_core::event::{self, Event, Target};
use logind_core::names::SessionId;
use logind_core::session::Session;
use zbus::Variant;

use super::call::{Call, View};
use super::fault::Fault;
use super::known;
use super::path::{no_path, seat_path, session_path, user_path};
use super::requests::{kill, lock, terminate, unlock};
use super::table::Change::{Constant, Told};
use super::table::Deed::{Hint, Lock, Manage, Switch};
use super::table::{Arguments, Interface, Method, Property, Signal, method, property, signal};

/// A session.
pub(super) static SESSION: Interface<Session> =
    Interface { name: "org.freedesktop.login1.Session", methods: METHODS, properties: PROPERTIES, signals: SIGNALS };

const NONE: Arguments = &[];

const METHODS: &[Method<Session>] = &[
    method("Terminate", NONE, NONE, Manage(target, terminate)),
    method("Activate", NONE, NONE, Switch(activated)),
    method("Lock", NONE, NONE, Lock(some_id, lock)),
    method("Unlock", NONE, NONE, Lock(some_id, unlock)),
    method("SetIdleHint", &[("idle", "b")], NONE, Hint(id, idle_hint)),
    method("SetLockedHint", &[("locked", "b")], NONE, Hint(id, locked_hint)),
    method("Kill", &[("whom", "s"), ("signal_number", "i")], NONE, Manage(target, kill_session)),
];

const PROPERTIES: &[Property<Session>] = &[
    property("Id", "s", Constant, |_, session| session.id().as_str().into()),
    property("User", "(uo)", Constant, |_, session| (session.uid().get(), user_path(session.uid())).into()),
    property("Name", "s", Constant, name),
    property("Timestamp", "t", Constant, |_, session| session.began().realtime.into()),
    property("TimestampMonotonic", "t", Constant, |_, session| session.began().monotonic.into()),
    property("VTNr", "u", Constant, |_, session| session.vt().map_or(0, |vt| u32::from(vt.get())).into()),
    property("Seat", "(so)", Constant, seat),
    property("TTY", "s", Told, |_, session| session.tty().into()),
    property("Display", "s", Told, |_, session| session.display().into()),
    property("Remote", "b", Constant, |_, session| session.is_remote().into()),
    property("RemoteHost", "s", Constant, |_, session| session.remote_host().into()),
    property("RemoteUser", "s", Constant, |_, session| session.remote_user().into()),
    property("Service", "s", Constant, |_, session| session.service().into()),
    property("Desktop", "s", Constant, |_, session| session.desktop().into()),
    property("Scope", "s", Constant, scope),
    property("Leader", "u", Constant, |_, session| session.leader().pid.into()),
    property("LeaderPIDFDId", "t", Constant, |_, session| session.leader().pidfs_id.unwrap_or(0).into()),
    property("Audit", "u", Constant, |_, session| session.audit().unwrap_or(NO_AUDIT_SESSION).into()),
    property("Type", "s", Told, |_, session| session.kind().name().into()),
    property("Class", "s", Told, |_, session| session.class().name().into()),
    property("Active", "b", Told, |view, session| view.core.is_active(session).into()),
    property("State", "s", Told, |view, session| view.core.session_state(session).name().into()),
    property("IdleHint", "b", Told, |_, session| session.idle().is_idle.into()),
    property("IdleSinceHint", "t", Told, |_, session| session.idle().since.realtime.into()),
    property("IdleSinceHintMonotonic", "t", Told, |_, session| session.idle().since.monotonic.into()),
    property("CanIdle", "b", Constant, |_, session| session.class().can_idle().into()),
    property("CanLock", "b", Constant, |_, session| session.class().can_lock().into()),
    property("LockedHint", "b", Told, |_, session| session.is_locked().into()),
];

const SIGNALS: &[Signal] = &[signal("Lock", NONE), signal("Unlock", NONE)];

/// A session as another object's property has it (`(so)`), or none.
pub(super) fn reference<'a>(id: Option<&'a SessionId>) -> Variant<'a> {
    id.map_or(("", no_path()), |id| (id.as_str(), session_path(id))).into()
}

/// Sessions likewise (`a(so)`).
pub(super) fn references<'a>(view: View<'a>, ids: &'a BTreeSet<SessionId>) -> Variant<'a> {
    known::among(view.core, ids).map(|id| (id.as_str(), session_path(id))).collect::<Vec<_>>().into()
}

/// `AUDIT_SID_UNSET` of linux/audit.h.
const NO_AUDIT_SESSION: u32 = u32::MAX;

fn name<'a>(view: View<'a>, session: &'a Session) -> Variant<'a> {
    view.core.user(session.uid()).map_or("", |user| user.account().name.as_str()).into()
}

fn seat<'a>(_: View<'a>, session: &'a Session) -> Variant<'a> {
    session.seat().map_or(("", no_path()), |seat| (seat.as_str(), seat_path(seat))).into()
}

fn scope<'a>(_: View<'a>, session: &'a Session) -> Variant<'a> {
    if session.class().has_scope() { format!("session-{}.scope", session.id()).into() } else { "".into() }
}

fn id(_: &Call<'_>, session: &Session) -> Result<SessionId, Fault> {
    Ok(*session.id())
}

fn some_id(_: &Call<'_>, session: &Session) -> Result<Option<SessionId>, Fault> {
    Ok(Some(*session.id()))
}

fn activated(_: &Call<'_>, session: &Session) -> Result<event::Switch, Fault> {
    Ok(event::Switch::Session(*session.id()))
}

fn target(_: &Call<'_>, session: &Session) -> Result<Target, Fault> {
    Ok(Target::Session(*session.id()))
}

fn idle_hint(call: &Call<'_>, session: SessionId) -> Result<Event, Fault> {
    Ok(Event::IdleHint { request: call.request, session, idle: call.arguments()? })
}

fn locked_hint(call: &Call<'_>, session: SessionId) -> Result<Event, Fault> {
    Ok(Event::LockedHint { request: call.request, session, locked: call.arguments()? })
}

fn kill_session(call: &Call<'_>, target: Target) -> Result<Event, Fault> {
    let (whom, signal) = call.arguments::<(&str, i32)>()?;
    kill(call, target, whom, signal)
}
