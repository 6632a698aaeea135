//! `utmpdump`: records as text and back (utmpdump(1)).

mod follow;
mod json;
mod options;
mod run;
mod text;

pub use options::UTMPDUMP;
pub use run::run;
