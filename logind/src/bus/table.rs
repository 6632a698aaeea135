//! What a D-Bus interface is made of: rows that say a member's name, its types, who may, and what answers it.
//!
//! Dispatch, introspection, properties and the tests all read the same rows. The gate of a method is the variant of its
//! [`Deed`], so a method without one cannot be written.

use logind_core::event::{Event, Switch, Target};
use logind_core::names::SessionId;
use zbus::{Message, Variant};

use super::call::{Call, Called, View};
use super::fault::Fault;

/// Names and types of arguments, in order, in the protocol's spelling.
pub(super) type Arguments = &'static [(&'static str, &'static str)];

/// One interface of objects that are a `T`.
pub(super) struct Interface<T: 'static> {
    /// Its name.
    pub(super) name: &'static str,
    /// Its methods, in the order of org.freedesktop.login1(5).
    pub(super) methods: &'static [Method<T>],
    /// Its properties, likewise.
    pub(super) properties: &'static [Property<T>],
    /// Its signals, likewise.
    pub(super) signals: &'static [Signal],
}

/// A method.
pub(super) struct Method<T: 'static> {
    /// Its name.
    pub(super) name: &'static str,
    /// What it takes.
    pub(super) takes: Arguments,
    /// What it gives.
    pub(super) gives: Arguments,
    /// Who may, and what answers.
    pub(super) deed: Deed<T>,
}

/// Finds out whom a call is about, from its arguments and its object.
pub(super) type Whose<T, W> = fn(&Call<'_>, &T) -> Result<W, Fault>;

/// Makes the event that a call asks for, once it may.
pub(super) type Makes<W> = fn(&Call<'_>, W) -> Result<Event, Fault>;

/// The gate of a method ([`logind_core::gate::Act`]) with what answers it: what the gate is asked about is all that the
/// handler is given to act on.
pub(super) enum Deed<T: 'static> {
    /// `Act::Look`: answered from the registry as it is.
    Look(fn(&Call<'_>, &T) -> Result<Message, Fault>),
    /// `Act::CreateSession`.
    CreateSession(fn(&Call<'_>) -> Result<Called, Fault>),
    /// `Act::ReleaseSession`.
    Release(Whose<T, SessionId>, Makes<SessionId>),
    /// `Act::Manage`.
    Manage(Whose<T, Target>, Makes<Target>),
    /// `Act::Hint`.
    Hint(Whose<T, SessionId>, Makes<SessionId>),
    /// `Act::Lock`.
    Lock(Whose<T, Option<SessionId>>, Makes<Option<SessionId>>),
    /// `Act::Switch`: what is to come to the front.
    Switch(Whose<T, Switch>),
}

/// A property. None can be set yet.
pub(super) struct Property<T: 'static> {
    /// Its name.
    pub(super) name: &'static str,
    /// Its type.
    pub(super) kind: &'static str,
    /// What is told of its changes.
    pub(super) change: Change,
    /// Its value.
    pub(super) value: for<'a> fn(View<'a>, &'a T) -> Variant<'a>,
}

/// What is told of a property's changes (`org.freedesktop.DBus.Property.EmitsChangedSignal`, D-Bus Specification).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It has none.
    Constant,
    /// The new value, in PropertiesChanged.
    Told,
    /// Nothing.
    Silent,
    /// It has none, and nothing is told of the property either: it is there for programs older than the interface
    /// (`SD_BUS_VTABLE_HIDDEN` of sd-bus).
    Hidden,
}

impl Change {
    /// The annotation's value.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Constant | Self::Hidden => "const",
            Self::Told => "true",
            Self::Silent => "false",
        }
    }
}

/// A signal.
pub(super) struct Signal {
    /// Its name.
    pub(super) name: &'static str,
    /// What it carries.
    pub(super) carries: Arguments,
}

/// A row of a method.
pub(super) const fn method<T>(name: &'static str, takes: Arguments, gives: Arguments, deed: Deed<T>) -> Method<T> {
    Method { name, takes, gives, deed }
}

/// A row of a property.
pub(super) const fn property<T>(
    name: &'static str,
    kind: &'static str,
    change: Change,
    value: for<'a> fn(View<'a>, &'a T) -> Variant<'a>,
) -> Property<T> {
    Property { name, kind, change, value }
}

/// A row of a signal.
pub(super) const fn signal(name: &'static str, carries: Arguments) -> Signal {
    Signal { name, carries }
}

/// The signature of arguments: their types, one after the other.
pub(super) fn signature(arguments: Arguments) -> String {
    arguments.iter().map(|(_, kind)| *kind).collect()
}
