//! The rules of logind, tried as scenarios and with random events.

mod ending;
mod gates;
mod hints;
mod killing;
mod opening;
mod refusals;
mod seats;
mod stopping;
mod world;
