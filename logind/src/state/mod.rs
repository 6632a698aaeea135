//! The state files: what libsystemd reads, and what a logind that is started again remembers.

pub(crate) mod folder;
pub(crate) mod text;
