//! Many lines, one process (`--lines`, `--lines-from`): a prompt on each, and a process of its own for whoever answers.
//!
//! The keeper never reads a byte that is typed: it waits until there is one and forks. The child is a getty of one line
//! from there on, and becomes login. One thread, one epoll; every file is non-blocking, every wait a deadline.

mod backoff;
mod devices;
mod entry;
mod folder;
mod holder;
mod issues;
mod keeper;
mod post;
mod program;
mod prompted;
mod readiness;
mod register;
mod reload;
mod signals;
mod sys;
mod visit;
mod words;

pub(crate) use keeper::{Over, keep};
