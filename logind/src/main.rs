//! Not built yet.
#![expect(dead_code, reason = "the parts come before the whole")]

mod bus;
mod clock;
mod config;
mod effects;
mod paths;
mod processes;
mod sources;
mod state;
mod sys;

fn main() {}
