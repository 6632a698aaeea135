//! The signals that tell everybody what the core announces.

use logind_api::manager;
use logind_core::Signal;
use zbus::{Message, ObjectPath};

use super::call::View;
use super::manager::MANAGER;
use super::path::{seat_path, session_path, user_path};
use super::properties::changed;
use super::seat::SEAT;
use super::session::SESSION;
use super::user::USER;

/// The message that tells of `signal`; none if what it tells of is gone.
pub(super) fn message(signal: &Signal, view: View<'_>) -> Option<zbus::Result<Message>> {
    let core = view.core;
    Some(match signal {
        Signal::SessionNew(id) => of_manager("SessionNew", (id.as_str(), session_path(id))),
        Signal::SessionRemoved(id) => of_manager("SessionRemoved", (id.as_str(), session_path(id))),
        Signal::UserNew(uid) => of_manager("UserNew", (uid.get(), user_path(*uid))),
        Signal::UserRemoved(uid) => of_manager("UserRemoved", (uid.get(), user_path(*uid))),
        Signal::SessionChanged(id, names) => changed(session_path(id), (&SESSION, core.session(id)?), names, view),
        Signal::UserChanged(uid, names) => changed(user_path(*uid), (&USER, core.user(*uid)?), names, view),
        Signal::SeatChanged(id, names) => changed(seat_path(id), (&SEAT, core.seat(id)?), names, view),
        Signal::ManagerChanged(names) => changed(manager_path(), (&MANAGER, core), names, view),
        Signal::Lock(id) => Message::signal(session_path(id), SESSION.name, "Lock").build(&()),
        Signal::Unlock(id) => Message::signal(session_path(id), SESSION.name, "Unlock").build(&()),
    })
}

fn of_manager<N: serde::Serialize + zbus::Type>(
    member: &'static str,
    (name, path): (N, ObjectPath<'static>),
) -> zbus::Result<Message> {
    Message::signal(manager_path(), MANAGER.name, member).build(&(name, path))
}

fn manager_path() -> ObjectPath<'static> {
    ObjectPath::from_static_str_unchecked(manager::PATH)
}
