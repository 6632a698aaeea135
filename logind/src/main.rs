//! Not built yet.
#![expect(dead_code, reason = "the parts come before the whole")]

mod processes;

fn main() {}
