//! The state files: what libsystemd reads, and what a logind that is started again remembers.

mod folder;
mod getty;
pub(crate) mod records;
pub(crate) mod restore;
mod seat;
mod session;
mod text;
pub(crate) mod unwritten;
mod user;
