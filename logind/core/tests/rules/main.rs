//! The rules of logind, tried as scenarios and with random events.

mod ending;
mod gates;
mod gettys;
mod hints;
mod kernel;
mod killing;
mod many;
mod opening;
mod promises;
mod random;
mod refusals;
mod restoring;
mod saved;
mod seats;
mod stopping;
mod world;
