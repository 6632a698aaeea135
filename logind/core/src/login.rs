//! What a login asks for, as parsed from the arguments of CreateSession.

use alloc::string::String;

use crate::leader::Leader;
use crate::names::{Class, SeatId, SessionId, Type, Uid, VtNumber};

/// The arguments of CreateSession and CreateSessionWithPIDFD (org.freedesktop.login1(5)), and what the kernel says of
/// the leader. Texts are at most 4096 bytes and free of control characters; an absent text is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Whose session it is.
    pub uid: Uid,
    /// The process that logs in.
    pub leader: Leader,
    /// The PAM service: `login`, `sshd`.
    pub service: String,
    /// The type asked for; none lets the core choose from terminal and display.
    pub kind: Option<Type>,
    /// The class asked for; none lets the core choose.
    pub class: Option<Class>,
    /// The desktop environment's name.
    pub desktop: String,
    /// The seat claimed.
    pub seat: Option<SeatId>,
    /// The virtual terminal claimed.
    pub vt: Option<VtNumber>,
    /// The line, without `/dev/`.
    pub tty: String,
    /// The X11 display.
    pub display: String,
    /// Whether the person sits elsewhere.
    pub remote: bool,
    /// The user's name there.
    pub remote_user: String,
    /// The machine there.
    pub remote_host: String,
    /// The leader's audit session, unless unset or inherited from a service's parent. It tells a login of its own inside
    /// a session from su.
    pub audit: Option<u32>,
    /// The session in whose scope the leader runs already.
    pub leader_session: Option<SessionId>,
    /// The virtual terminal that is the leader's controlling terminal.
    pub leader_vt: Option<VtNumber>,
}

/// A user as the user database knows it (passwd(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user id.
    pub uid: Uid,
    /// The primary group id.
    pub gid: u32,
    /// The name.
    pub name: String,
}
