//! `utmpdump`: records as text and back (utmpdump(1)).

mod follow;
pub mod json;
mod options;
mod run;
pub mod text;

pub use options::UTMPDUMP;
pub use run::run;
