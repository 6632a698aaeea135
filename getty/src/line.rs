//! A line: the name of a terminal, and the way to open it without being tricked.

mod name;
mod open;

pub(crate) use name::{LineName, NotALine};
pub(crate) use open::{LineError, await_carrier, lock, open, reopen};
