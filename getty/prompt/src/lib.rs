//! What a login name may be, and the line editor that reads one: the prompt that getty and login share.
//!
//! Pure: bytes in, values out. Reading the line, writing the echo and setting the terminal's modes is the caller's.

#![forbid(unsafe_code)]

mod capitals;
mod editor;
mod keys;
mod name;

pub use capitals::lowered;
pub use editor::{ExtraKeys, LineEditor, Outcome, Step};
pub use name::{LoginName, Refusal};
