//! org.freedesktop.DBus.Properties, answered from the rows of an interface (D-Bus Specification).

use std::collections::BTreeMap;

use logind_api::error;
use zbus::{Message, ObjectPath, Variant};

use super::call::{Call, View};
use super::fault::Fault;
use super::letter::Body;
use super::signals::Announcement;
use super::standard::{self, PROPERTIES};
use super::table::{Change, Interface, Property};

/// Get.
pub(super) fn get<T>(call: &Call<'_>, interface: &Interface<T>, target: &T) -> Result<Message, Fault> {
    let (of, name) = call.arguments::<(&str, &str)>()?;
    let property = find(interface, of, name)?;
    call.answer(&(property.value)(call.view, target))
}

/// GetAll; no interface means every one.
pub(super) fn get_all<T>(call: &Call<'_>, interface: &Interface<T>, target: &T) -> Result<Message, Fault> {
    let of = call.arguments::<&str>()?;
    if of.is_empty() || of == interface.name {
        let shown = interface.properties.iter().filter(|property| property.change != Change::Hidden);
        let row = |property: &Property<T>| (property.name, (property.value)(call.view, target));
        return call.answer(&shown.map(row).collect::<BTreeMap<_, _>>());
    }
    no_properties(call, of)
}

/// GetAll of an object that has no interface of its own, or of one of the interfaces that every object has.
pub(super) fn no_properties(call: &Call<'_>, of: &str) -> Result<Message, Fault> {
    if of.is_empty() || standard::NAMES.contains(&of) {
        return call.answer(&BTreeMap::<&str, Variant<'_>>::new());
    }
    Err(Fault::new(error::UNKNOWN_INTERFACE, format!("Unknown interface '{}'.", of.escape_debug())))
}

/// Set: nothing can be set yet.
pub(super) fn set<T>(call: &Call<'_>, interface: &Interface<T>) -> Result<Message, Fault> {
    let (of, name, _) = call.arguments::<(&str, &str, Variant<'_>)>()?;
    let property = find(interface, of, name)?;
    Err(Fault::new(error::PROPERTY_READ_ONLY, format!("Property '{}' is not writable.", property.name)))
}

/// There is no such property.
pub(super) fn unknown() -> Fault {
    Fault::new(error::UNKNOWN_PROPERTY, "Unknown property or interface.")
}

fn find<T>(interface: &Interface<T>, of: &str, name: &str) -> Result<&'static Property<T>, Fault> {
    let asked = of.is_empty() || of == interface.name;
    interface.properties.iter().find(|property| asked && property.name == name).ok_or_else(unknown)
}

/// PropertiesChanged with the values of `names` as they are now.
pub(super) fn changed<T>(
    path: ObjectPath<'static>,
    (interface, target): (&Interface<T>, &T),
    names: &[&str],
    view: View<'_>,
) -> zbus::Result<Announcement> {
    let told = |property: &&Property<T>| property.change == Change::Told && names.contains(&property.name);
    let row = |property: &Property<T>| (property.name, (property.value)(view, target));
    let values: BTreeMap<_, _> = interface.properties.iter().filter(told).map(row).collect();
    let invalidated: &[&str] = &[];
    let body = Body::of(&(interface.name, values, invalidated))?;
    let signal = Announcement::new(path, PROPERTIES, "PropertiesChanged");
    Ok(signal.with("sa{sv}as", body, (Some(interface.name), None)))
}
