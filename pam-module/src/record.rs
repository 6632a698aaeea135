//! What the module remembers between a session's opening and its closing, with libpam.

use std::os::fd::OwnedFd;

use crate::doors::Door;
use crate::names::SessionId;

/// An open session. Dropping it closes this process' copy of the life line and talks to nobody.
#[derive(Debug)]
pub(crate) struct Record {
    /// The process that opened it; a fork of it has a copy of this, and no say.
    pub(crate) pid: u32,
    pub(crate) id: SessionId,
    pub(crate) door: Door,
    /// Whether the session was there before, so is somebody else's to release.
    pub(crate) existed: bool,
    /// Held, never used: that it is open is what it says.
    pub(crate) _life_line: OwnedFd,
}
