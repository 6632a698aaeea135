//! Not built yet.
#![expect(dead_code, reason = "the parts come before the whole")]

mod clock;
mod config;
mod effects;
mod paths;
mod processes;
mod sys;

fn main() {}
