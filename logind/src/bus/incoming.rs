//! What comes in through the doors, on its way to the loop.

use std::os::fd::OwnedFd;

use zbus::Message;

use super::outgoing::Outgoing;
use super::private_door::Ending;

/// A connection through the private door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ConnectionId(pub(super) u64);

/// Something that a door brought; what it is, only [`super::Bus::dispatch`] knows.
#[derive(Debug)]
pub(crate) struct Incoming(pub(super) Arrival);

/// What it is.
#[derive(Debug)]
pub(super) enum Arrival {
    /// Somebody is at the private door.
    Knocked(OwnedFd),
    /// A peer of the private door said who it is, and whether it takes descriptors.
    Introduced(ConnectionId, bool),
    /// It sent a message.
    Said(ConnectionId, Message),
    /// Its connection is over.
    Ended(ConnectionId, Ending),
    /// The system bus is there, and takes what is sent to it.
    BusUp(Outgoing),
    /// It brought a message.
    Bus(Message),
    /// It has said who made this call.
    Called(Message),
    /// It is gone.
    BusDown,
}
