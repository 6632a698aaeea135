//! The interfaces that every object has (D-Bus Specification): Peer, Introspectable, Properties.

use std::fs;

use zbus::Message;

use super::call::Call;
use super::fault::Fault;

/// Peer.
pub(super) const PEER: &str = "org.freedesktop.DBus.Peer";
/// Introspectable.
pub(super) const INTROSPECTABLE: &str = "org.freedesktop.DBus.Introspectable";
/// Properties.
pub(super) const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// All of them.
pub(super) const NAMES: [&str; 3] = [PEER, INTROSPECTABLE, PROPERTIES];

/// A method that every object has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standard {
    /// Peer.Ping.
    Ping,
    /// Peer.GetMachineId.
    MachineId,
    /// Introspectable.Introspect.
    Introspect,
    /// Properties.Get.
    Get,
    /// Properties.GetAll.
    GetAll,
    /// Properties.Set.
    Set,
}

impl Standard {
    /// The method and what it takes; with no interface named, the member alone says it.
    pub(super) fn find(interface: Option<&str>, member: &str) -> Option<(Self, &'static str)> {
        let (of, found) = match member {
            "Ping" => (PEER, (Self::Ping, "")),
            "GetMachineId" => (PEER, (Self::MachineId, "")),
            "Introspect" => (INTROSPECTABLE, (Self::Introspect, "")),
            "Get" => (PROPERTIES, (Self::Get, "ss")),
            "GetAll" => (PROPERTIES, (Self::GetAll, "s")),
            "Set" => (PROPERTIES, (Self::Set, "ssv")),
            _ => return None,
        };
        interface.is_none_or(|interface| interface == of).then_some(found)
    }
}

/// Peer.GetMachineId: 32 hex digits (machine-id(5)).
pub(super) fn machine_id(call: &Call<'_>) -> Result<Message, Fault> {
    let text = fs::read_to_string(&call.world.machine_id)?;
    let id = text.trim_end();
    if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Fault::system(libc::EUCLEAN));
    }
    call.answer(&id)
}
