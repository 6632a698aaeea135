//! The rows of org.freedesktop.login1.User.

use logind_api::USER_RUNTIME_BASE;
use logind_core::event::{Event, Target};
use logind_core::user::User;

use super::call::Call;
use super::fault::Fault;
use super::requests::{kill, terminate};
use super::session::{reference, references};
use super::table::Change::{Constant, Silent, Told};
use super::table::Deed::Manage;
use super::table::{Interface, Method, Property, method, property};

/// A user.
pub(super) static USER: Interface<User> =
    Interface { name: "org.freedesktop.login1.User", methods: METHODS, properties: PROPERTIES, signals: &[] };

const METHODS: &[Method<User>] = &[
    method("Terminate", &[], &[], Manage(target, terminate)),
    method("Kill", &[("signal_number", "i")], &[], Manage(target, kill_user)),
];

const PROPERTIES: &[Property<User>] = &[
    property("UID", "u", Constant, |_, user| user.uid().get().into()),
    property("GID", "u", Constant, |_, user| user.account().gid.into()),
    property("Name", "s", Constant, |_, user| user.account().name.as_str().into()),
    property("Timestamp", "t", Constant, |_, user| user.began().realtime.into()),
    property("TimestampMonotonic", "t", Constant, |_, user| user.began().monotonic.into()),
    property("RuntimePath", "s", Constant, |_, user| format!("{USER_RUNTIME_BASE}/{}", user.uid()).into()),
    property("Service", "s", Constant, |_, user| format!("user@{}.service", user.uid()).into()),
    property("Slice", "s", Constant, |_, user| format!("user-{}.slice", user.uid()).into()),
    property("Display", "(so)", Told, |_, user| reference(user.display())),
    property("State", "s", Silent, |view, user| view.core.user_state(user).name().into()),
    property("Sessions", "a(so)", Silent, |view, user| references(view, user.sessions())),
    property("IdleHint", "b", Told, |view, user| view.core.user_idle(user).is_idle.into()),
    property("IdleSinceHint", "t", Told, |view, user| view.core.user_idle(user).since.realtime.into()),
    property("IdleSinceHintMonotonic", "t", Told, |view, user| view.core.user_idle(user).since.monotonic.into()),
    // Nobody lingers as long as nothing can make one linger.
    property("Linger", "b", Told, |_, _| false.into()),
];

fn target(_: &Call<'_>, user: &User) -> Result<Target, Fault> {
    Ok(Target::User(user.uid()))
}

fn kill_user(call: &Call<'_>, target: Target) -> Result<Event, Fault> {
    kill(call, target, "all", call.arguments()?)
}
