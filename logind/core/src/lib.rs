//! The rules of logind: events in, effects out. No file, clock, bus, thread or libc can be reached from here.
//!
//! Nouns hold one fact each in private fields: [`session`], [`user`], [`seat`]. Verbs are the only code that touches
//! two nouns, and say what they may change: `open`, `close`, `kill`, `hint`, `switch`, `restore`.
//! [`Core`] owns the nouns and hands each event to its verb; `gate` says who may.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod close;
mod deadlines;
mod display;
mod hint;
mod idle;
mod kill;
mod open;
mod registry;
mod restore;
mod sessions;
mod stop;
mod switch;

pub mod answer;
pub mod caller;
pub mod effect;
pub mod event;
pub mod gate;
pub mod leader;
pub mod login;
pub mod names;
pub mod policy;
pub mod seat;
pub mod session;
pub mod time;
pub mod user;

pub use answer::{Answer, Refusal};
pub use caller::Caller;
pub use effect::{Effect, Signal};
pub use event::Event;
pub use gate::{Act, Gate};
pub use registry::Core;
