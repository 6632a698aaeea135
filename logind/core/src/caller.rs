//! Who asks: the peer of a bus connection, as the kernel knows it.

use crate::names::{SessionId, Uid};

/// The peer whose request an event carries. Its credentials are the kernel's word, never the peer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its effective user.
    pub uid: Uid,
    /// Its process, 0 when it is gone already.
    pub pid: u32,
    /// The session in whose scope it runs.
    pub session: Option<SessionId>,
    /// The user in whose slice it runs.
    pub owner: Option<Uid>,
}

impl Caller {
    /// Whether it is the administrator.
    pub fn is_root(&self) -> bool {
        self.uid == Uid::ROOT
    }
}
