//! D-Bus: two doors, one protocol. This translates, and decides nothing: the registry is the core's, and so are the
//! rights of who calls.
//!
//! - Doors: [`private_door`] ([`listening`], [`sasl`], [`wire`], [`driver`]) and [`system_door`] ([`bus_socket`], [`link`]) bring [`incoming`]
//!   messages; [`outgoing`] takes the others away; [`credentials`] say who is there, [`complaints`] what they do wrong.
//! - Rows: [`table`] says what a row is; [`manager`], [`session`], [`user`], [`seat`] are the rows.
//! - What the gate leaves to it [`polkit`] is asked, by [`judging`].
//! - From a message to its answer: [`service`] → [`dispatch`] ([`path`] → object, row → gate → deed) → [`call`],
//!   [`arguments`], [`requests`], [`properties`], [`introspect`], [`standard`] → [`reply`], [`fault`]. [`signals`] tell. What is said
//!   most is a [`letter`].

mod arguments;
mod bus_socket;
mod call;
mod complaints;
mod credentials;
mod dispatch;
mod driver;
mod fault;
mod incoming;
mod introspect;
mod judging;
mod known;
mod letter;
mod link;
mod listening;
mod manager;
mod outgoing;
mod path;
mod polkit;
mod private_door;
mod properties;
mod reply;
mod requests;
mod sasl;
mod seat;
mod service;
mod session;
mod signals;
mod standard;
mod system_door;
mod table;
mod user;
mod wire;

#[cfg(test)]
mod tests;

pub(crate) use call::{Called, Configured, World};
pub(crate) use listening::DoorError;
pub(crate) use service::{Bus, Doors};
