//! The rows of org.freedesktop.login1.Manager.

use std::io;

use logind_api::{error, manager};
use logind_core::Core;
use logind_core::event::{self, Event, Target};
use logind_core::names::{SeatId, SessionId, Uid};
use logind_core::seat::Seat;
use logind_core::session::Session;
use logind_core::user::User;
use zbus::{Message, ObjectPath};

use super::arguments::{create_session, create_session_with_pidfd};
use super::call::Call;
use super::fault::Fault;
use super::known;
use super::path::{seat_path, session_path, user_path};
use super::requests::{kill, lock, on_seat, release, terminate, unlock};
use super::table::Change::{Constant, Hidden, Silent, Told};
use super::table::Deed::{CreateSession, Lock, Look, Manage, Release, Switch};
use super::table::{Arguments, Interface, Method, Property, Signal, method, property, signal};
use crate::processes::Place;

/// The manager.
pub(super) static MANAGER: Interface<Core> =
    Interface { name: manager::INTERFACE, methods: METHODS, properties: PROPERTIES, signals: SIGNALS };

const ID: Arguments = &[("session_id", "s")];
const SEAT: Arguments = &[("seat_id", "s")];
const UID: Arguments = &[("uid", "u")];
const ON_SEAT: Arguments = &[("session_id", "s"), ("seat_id", "s")];
const PID: Arguments = &[("pid", "u")];
const PATH: Arguments = &[("object_path", "o")];
const NONE: Arguments = &[];

const METHODS: &[Method<Core>] = &[
    method("GetSession", ID, PATH, Look(session)),
    method("GetSessionByPID", PID, PATH, Look(session_by_pid)),
    method("GetUser", UID, PATH, Look(user)),
    method("GetUserByPID", PID, PATH, Look(user_by_pid)),
    method("GetSeat", SEAT, PATH, Look(seat)),
    method("ListSessions", NONE, &[("sessions", "a(susso)")], Look(list_sessions)),
    method("ListSessionsEx", NONE, &[("sessions", "a(sussussbto)")], Look(list_sessions_ex)),
    method("ListUsers", NONE, &[("users", "a(uso)")], Look(list_users)),
    method("ListSeats", NONE, &[("seats", "a(so)")], Look(list_seats)),
    method("CreateSession", LOGIN, OPENED, CreateSession(create_session)),
    method("CreateSessionWithPIDFD", LOGIN_WITH_PIDFD, OPENED, CreateSession(create_session_with_pidfd)),
    method("ReleaseSession", ID, NONE, Release(session_id, release)),
    method("ActivateSession", ID, NONE, Switch(activated)),
    method("ActivateSessionOnSeat", ON_SEAT, NONE, Switch(activated_on_seat)),
    method("LockSession", ID, NONE, Lock(one_session, lock)),
    method("UnlockSession", ID, NONE, Lock(one_session, unlock)),
    method("LockSessions", NONE, NONE, Lock(every_session, lock)),
    method("UnlockSessions", NONE, NONE, Lock(every_session, unlock)),
    method("KillSession", KILL_SESSION, NONE, Manage(killed_session, kill_session)),
    method("KillUser", &[("uid", "u"), ("signal_number", "i")], NONE, Manage(killed_user, kill_user)),
    method("TerminateSession", ID, NONE, Manage(session_target, terminate)),
    method("TerminateUser", UID, NONE, Manage(user_target, terminate)),
    method("TerminateSeat", SEAT, NONE, Manage(seat_target, terminate)),
];

const KILL_SESSION: Arguments = &[("session_id", "s"), ("whom", "s"), ("signal_number", "i")];

const LOGIN: Arguments = &[
    ("uid", "u"),
    ("pid", "u"),
    ("service", "s"),
    ("type", "s"),
    ("class", "s"),
    ("desktop", "s"),
    ("seat_id", "s"),
    ("vtnr", "u"),
    ("tty", "s"),
    ("display", "s"),
    ("remote", "b"),
    ("remote_user", "s"),
    ("remote_host", "s"),
    ("properties", "a(sv)"),
];

const LOGIN_WITH_PIDFD: Arguments = &[
    ("uid", "u"),
    ("pidfd", "h"),
    ("service", "s"),
    ("type", "s"),
    ("class", "s"),
    ("desktop", "s"),
    ("seat_id", "s"),
    ("vtnr", "u"),
    ("tty", "s"),
    ("display", "s"),
    ("remote", "b"),
    ("remote_user", "s"),
    ("remote_host", "s"),
    ("flags", "t"),
    ("properties", "a(sv)"),
];

const OPENED: Arguments = &[
    ("session_id", "s"),
    ("object_path", "o"),
    ("runtime_path", "s"),
    ("fifo_fd", "h"),
    ("uid", "u"),
    ("seat_id", "s"),
    ("vtnr", "u"),
    ("existing", "b"),
];

const PROPERTIES: &[Property<Core>] = &[
    property("NAutoVTs", "u", Constant, |_, core| u32::from(core.policy().auto_vts).into()),
    property("KillOnlyUsers", "as", Constant, |_, core| core.policy().kill_only_users.clone().into()),
    property("KillExcludeUsers", "as", Constant, |_, core| core.policy().kill_exclude_users.clone().into()),
    property("KillUserProcesses", "b", Constant, |_, core| core.policy().kill_user_processes.into()),
    property("IdleHint", "b", Told, |_, core| core.idle().is_idle.into()),
    property("IdleSinceHint", "t", Told, |_, core| core.idle().since.realtime.into()),
    property("IdleSinceHintMonotonic", "t", Told, |_, core| core.idle().since.monotonic.into()),
    property("UserStopDelayUSec", "t", Constant, |_, core| core.policy().user_stop_delay.0.into()),
    property("RuntimeDirectorySize", "t", Constant, |view, _| view.configured.runtime_directory_size.into()),
    property("RuntimeDirectoryInodesMax", "t", Constant, |view, _| view.configured.runtime_directory_inodes.into()),
    property("SessionsMax", "t", Constant, |_, core| core.policy().sessions_max.into()),
    property("NCurrentSessions", "t", Silent, |_, core| (core.session_count() as u64).into()),
    property("UserTasksMax", "t", Hidden, |_, _| u64::MAX.into()),
];

const SIGNALS: &[Signal] = &[
    signal("SessionNew", SESSION_AND_PATH),
    signal("SessionRemoved", SESSION_AND_PATH),
    signal("UserNew", USER_AND_PATH),
    signal("UserRemoved", USER_AND_PATH),
];

const SESSION_AND_PATH: Arguments = &[("session_id", "s"), ("object_path", "o")];
const USER_AND_PATH: Arguments = &[("uid", "u"), ("object_path", "o")];

fn session(call: &Call<'_>, _: &Core) -> Result<Message, Fault> {
    call.answer(&session_path(session_named(call, call.arguments()?)?.id()))
}

fn session_by_pid(call: &Call<'_>, core: &Core) -> Result<Message, Fault> {
    let session = match call.arguments::<u32>()? {
        0 => call.own_session()?,
        pid => place_of(call, pid)?.session.and_then(|id| known::session(core, &id)).ok_or_else(|| {
            Fault::new(error::NO_SESSION_FOR_PID, format!("PID {pid} does not belong to any known session"))
        })?,
    };
    call.answer(&session_path(session.id()))
}

fn user(call: &Call<'_>, _: &Core) -> Result<Message, Fault> {
    call.answer(&user_path(user_numbered(call, call.arguments()?)?.uid()))
}

fn user_by_pid(call: &Call<'_>, core: &Core) -> Result<Message, Fault> {
    let user = match call.arguments::<u32>()? {
        0 => call.own_user()?,
        pid => place_of(call, pid)?.owner.and_then(|uid| known::user(core, uid)).ok_or_else(|| {
            let text = format!("PID {pid} does not belong to any logged in user or lingering user");
            Fault::new(error::NO_USER_FOR_PID, text)
        })?,
    };
    call.answer(&user_path(user.uid()))
}

fn seat(call: &Call<'_>, core: &Core) -> Result<Message, Fault> {
    call.answer(&seat_path(seat_named(call, core, call.arguments()?)?.id()))
}

fn list_sessions(call: &Call<'_>, core: &Core) -> Result<Message, Fault> {
    let rows = known::sessions(core).map(|session| {
        let (id, uid) = (session.id().as_str(), session.uid());
        (id, uid.get(), user_name(core, uid), seat_name(session), session_path(session.id()))
    });
    call.answer(&rows.collect::<Vec<_>>())
}

fn list_sessions_ex(call: &Call<'_>, core: &Core) -> Result<Message, Fault> {
    let rows = known::sessions(core).map(|session| {
        let (id, uid) = (session.id().as_str(), session.uid());
        let (leader, class, tty) = (session.leader().pid, session.class().name(), session.tty());
        let idle = session.idle();
        let (name, seat) = (user_name(core, uid), seat_name(session));
        let path = session_path(session.id());
        (id, uid.get(), name, seat, leader, class, tty, idle.is_idle, idle.since.monotonic, path)
    });
    call.answer(&rows.collect::<Vec<_>>())
}

fn list_users(call: &Call<'_>, core: &Core) -> Result<Message, Fault> {
    let row = |user: &User| (user.uid().get(), user.account().name.clone(), user_path(user.uid()));
    call.answer(&known::users(core).map(row).collect::<Vec<_>>())
}

fn list_seats(call: &Call<'_>, core: &Core) -> Result<Message, Fault> {
    let row = |seat: &Seat| -> (String, ObjectPath<'static>) { (seat.id().as_str().to_owned(), seat_path(seat.id())) };
    call.answer(&core.seats().map(row).collect::<Vec<_>>())
}

fn user_name(core: &Core, uid: Uid) -> &str {
    core.user(uid).map_or("", |user| &user.account().name)
}

fn seat_name(session: &Session) -> &str {
    session.seat().map_or("", |seat| seat.as_str())
}

fn place_of(call: &Call<'_>, pid: u32) -> io::Result<Place> {
    (call.world.place_of)(&call.world.base, pid)
}

/// The session that an argument names: nothing or `self` is the caller's own, `auto` that or its display session.
fn session_named<'a>(call: &Call<'a>, name: &str) -> Result<&'a Session, Fault> {
    match name {
        "" | "self" => call.own_session(),
        "auto" => call.auto_session(),
        name => {
            let session = SessionId::new(name).and_then(|id| known::session(call.view.core, &id));
            session.ok_or_else(|| Fault::no_such_session(name))
        }
    }
}

/// The user that an argument numbers: `u32::MAX` is the caller's owner.
fn user_numbered<'a>(call: &Call<'a>, number: u32) -> Result<&'a User, Fault> {
    match Uid::new(number) {
        None => call.own_user(),
        Some(uid) => known::user(call.view.core, uid).ok_or_else(|| Fault::no_such_user(number)),
    }
}

/// The seat that an argument names: nothing, `self` and `auto` are the seat of the session they mean.
fn seat_named<'a>(call: &Call<'a>, core: &'a Core, name: &str) -> Result<&'a Seat, Fault> {
    let session = match name {
        "" | "self" => call.own_session()?,
        "auto" => call.auto_session()?,
        name => {
            return SeatId::new(name).and_then(|id| core.seat(&id)).ok_or_else(|| Fault::no_such_seat(name));
        }
    };
    let text = || format!("Session '{}' has no seat.", session.id());
    session.seat().and_then(|id| core.seat(id)).ok_or_else(|| Fault::new(error::NO_SUCH_SEAT, text()))
}

fn session_id(call: &Call<'_>, _: &Core) -> Result<SessionId, Fault> {
    Ok(*session_named(call, call.arguments()?)?.id())
}

fn one_session(call: &Call<'_>, core: &Core) -> Result<Option<SessionId>, Fault> {
    session_id(call, core).map(Some)
}

fn every_session(_: &Call<'_>, _: &Core) -> Result<Option<SessionId>, Fault> {
    Ok(None)
}

fn session_target(call: &Call<'_>, core: &Core) -> Result<Target, Fault> {
    session_id(call, core).map(Target::Session)
}

fn user_target(call: &Call<'_>, _: &Core) -> Result<Target, Fault> {
    Ok(Target::User(user_numbered(call, call.arguments()?)?.uid()))
}

fn seat_target(call: &Call<'_>, core: &Core) -> Result<Target, Fault> {
    Ok(Target::Seat(seat_named(call, core, call.arguments()?)?.id().clone()))
}

fn activated(call: &Call<'_>, core: &Core) -> Result<event::Switch, Fault> {
    session_id(call, core).map(event::Switch::Session)
}

fn activated_on_seat(call: &Call<'_>, core: &Core) -> Result<event::Switch, Fault> {
    let (session, seat) = call.arguments::<(&str, &str)>()?;
    let (session, seat) = (session_named(call, session)?, seat_named(call, core, seat)?);
    on_seat(session, seat)
}

fn killed_session(call: &Call<'_>, _: &Core) -> Result<Target, Fault> {
    let (name, _, _) = call.arguments::<(&str, &str, i32)>()?;
    Ok(Target::Session(*session_named(call, name)?.id()))
}

fn kill_session(call: &Call<'_>, target: Target) -> Result<Event, Fault> {
    let (_, whom, signal) = call.arguments::<(&str, &str, i32)>()?;
    kill(call, target, whom, signal)
}

fn killed_user(call: &Call<'_>, _: &Core) -> Result<Target, Fault> {
    let (uid, _) = call.arguments::<(u32, i32)>()?;
    Ok(Target::User(user_numbered(call, uid)?.uid()))
}

fn kill_user(call: &Call<'_>, target: Target) -> Result<Event, Fault> {
    let (_, signal) = call.arguments::<(u32, i32)>()?;
    kill(call, target, "all", signal)
}
