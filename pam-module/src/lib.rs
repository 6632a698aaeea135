//! pam_session_rs.so: tells logind that a session begins and ends, and the session what logind made of it.
//!
//! It is a guest in sshd, su, cron and every display manager: one deadline bounds all it waits for, it starts no thread,
//! leaves no file descriptor but the life line of an open session, never writes to the host's terminals, and can be
//! unloaded. Whatever fails, a person still logs in, unless the administrator wrote `required`.
//!
//! The way of a request: `session` orders the acts; `inputs` reads what PAM says, `request` decides what to ask for, `doors`
//! finds who to ask, `login1` asks, over a `connection`: a `socket` with `message`s on it, made of the values of `wire`.
//! `environment` says what of the answer the session learns, `record` what is remembered until its end. Only `sys` is unsafe.

mod arguments;
mod bus_address;
mod connection;
mod deadline;
mod display;
mod doors;
mod environment;
mod inputs;
mod limits;
mod login1;
mod message;
mod names;
mod paths;
mod proc;
mod record;
mod request;
mod runtime_dir;
mod session;
mod socket;
mod sys;
mod wire;

#[cfg(test)]
#[path = "../tests/peer/mod.rs"]
mod peer;
#[cfg(test)]
mod tests;
