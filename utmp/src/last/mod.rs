//! `last` and `lastb`: who came and went, and who was refused (last(1)).

mod alive;
mod chart;
mod clock;
mod given;
mod given_up;
pub(crate) mod host;
mod json;
mod line;
mod list;
pub(crate) mod options;
mod sessions;
pub mod when;

pub use list::run;
pub use options::{LAST, LASTB};
