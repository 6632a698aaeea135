//! The built getty on real pseudo terminals, in a mount namespace of its own, driven as a person and as an attacker.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod beginnings;
mod compared;
mod harness;
mod lines;
mod live;
mod manual;
mod many;
mod many_under_attack;
mod names;
mod options;
mod peer;
mod records;
mod security;
mod serial;
