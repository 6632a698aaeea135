//! The rules of logind: events in, effects out. No file, clock, bus, thread or libc can be reached from here.
//!
//! Nouns hold one fact each in private fields: [`session`], [`user`], [`seat`]. Verbs are the only code that touches
//! two nouns, and say what they may change: `open`, `close`, `kill`, `hint`, `switch`, `gettys`, `restore`.
//! [`Core`] owns the nouns and hands each event to its verb; `gate` says who may.
//!
//! # A session's life
//!
//! | stage | event | next | effects, in order |
//! |---|---|---|---|
//! | – | Login, refused | – | reply |
//! | – | Login | asking | look the user up |
//! | asking | UserFound: nobody, or refused by now | – | reply |
//! | asking | UserFound, the user's directory being removed | waiting | |
//! | waiting | RuntimeDirectoryRemoved | asking | (what becomes of the user) · look the user up |
//! | asking | UserFound | Opening | (user file) · session file · make the runtime directory; if an open session has it: as for RuntimeDirectoryMade |
//! | Opening | RuntimeDirectoryMade | Opening | life line · watch leader · make scope, leader moved · watch scope · confirm |
//! | Opening | released, terminated, or a witness gone | Opening | remembered (· reply) |
//! | Opening | Failed, RuntimeDirectoryMade: it could not be, Deadline 1 s after it was to be made | Closing, unannounced | session file · user file · (if terminated: TERM, HUP, CONT) · ask the kernel · reply with the error |
//! | Closing, or gone | RuntimeDirectoryMade | as it was | |
//! | Opening | Opened | Open | (seat) · session file · user file · (UserNew) · SessionNew · (who is in front) · (display) · reply · (if over already: as below · ask the kernel) |
//! | Open | Release | Closing | session file · State · (seat) · (display) · user file · reply |
//! | Open | LeaderExited, LifeLineClosed | Closing | as for Release, without reply · (KillUserProcesses and the leader gone: TERM, HUP, CONT) · (both gone: ask the kernel) |
//! | Open | Terminate | Closing | as for Release · TERM, HUP, CONT · reply |
//! | Closing | Release | Closing | reply (KillUserProcesses: 20 s from now on) |
//! | Closing | Terminate | Closing | (if not done: TERM, HUP, CONT) · reply |
//! | Closing | the leader seen gone, KillUserProcesses | Closing | TERM, HUP, CONT |
//! | Closing | Deadline, 20 s after Release, KillUserProcesses | Closing | TERM, HUP, CONT |
//! | Closing | Deadline, 5 s after those | Closing | KILL |
//! | Closing | Deadline, 1 s after the first event, then 2, 4 … 30 s | Closing | ask the kernel |
//! | Closing | Probed: something left | Closing | (after KILL: KILL) |
//! | Open | ScopeEmpty | Open | ask the kernel |
//! | Open | Probed after ScopeEmpty: leader and life line are there | Open | (somebody moved the leader) |
//! | Open | Probed after ScopeEmpty: leader or life line gone | – | as for LeaderExited · as for ScopeEmpty |
//! | Closing | ScopeEmpty | – | scope away · session file and life line away · (seat) · user file · SessionRemoved |
//! | Closing | Probed: scope empty; without scope: leader and life line gone, or unannounced | – | as for ScopeEmpty |
//!
//! An unannounced session (its opening failed, or a restart found it opening and nobody at its life line) ends like any
//! other, but is in front of no seat, is told of to nobody, and nothing it leaves running is killed unless somebody who
//! may terminates it. With KillUserProcesses a living leader whose login has not said that it is over is never killed:
//! the person may be logged in without knowing of a session, if the call took longer than the login waited.
//!
//! # A user's life
//!
//! | state | event | next | effects, in order |
//! |---|---|---|---|
//! | – | a session begins | there | (those of the session) |
//! | there | the last session is gone | about to go, for the stop delay | user file |
//! | about to go | a session begins | there | |
//! | about to go | Deadline | stopping | user file · remove the runtime directory |
//! | stopping | RuntimeDirectoryRemoved | – | slice away · user file away · UserRemoved, if announced · look up again for each login that waits |
//! | stopping | it could not be, or not yet | about to go, for the stop delay, 1 to 30 s | user file · look up again for each login that waits |

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod close;
mod deadlines;
mod display;
mod gettys;
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
pub use gate::{Act, Gate, Question};
pub use registry::Core;
