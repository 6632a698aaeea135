//! What a login asks for, as parsed from the arguments of CreateSession.

use alloc::string::String;

use crate::leader::Leader;
use crate::names::{Class, SeatId, SessionId, Type, Uid, VtNumber};
use crate::policy::Policy;

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
    /// The seat claimed: a word of the environment, which may be the user's.
    pub seat: Option<SeatId>,
    /// The virtual terminal claimed, likewise.
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
    /// The virtual terminal that is the leader's controlling terminal, if the leader is root's.
    pub leader_vt: Option<VtNumber>,
}

impl Login {
    /// Where the login is, whatever it claims (CVE-2019-3842, CVE-2025-6018). Who stands at a virtual terminal has it as
    /// controlling terminal and tells PAM so, which no variable can: that is the kernel's word, and needs no claim. A
    /// display manager lets people in from a process that stands nowhere, so whose word counts is configured. Who sits
    /// elsewhere is at no seat.
    pub(crate) fn place(&self, policy: &Policy) -> (Option<SeatId>, Option<VtNumber>) {
        let line = VtNumber::from_line(&self.tty);
        if self.remote {
            return (None, None);
        }
        let is_believed = policy.believes(&self.service);
        match line {
            Some(vt) if is_believed || self.leader_vt == Some(vt) => (Some(SeatId::seat0()), Some(vt)),
            None if is_believed => (self.seat.clone().or_else(|| self.vt.map(|_| SeatId::seat0())), self.vt),
            Some(_) | None => (None, None),
        }
    }

    /// Whether it claims a seat or a virtual terminal that it would have if its service were believed.
    pub fn claims_in_vain(&self, policy: &Policy) -> bool {
        let claims = self.seat.is_some() || self.vt.is_some();
        claims && !self.remote && self.place(policy) == (None, None)
    }
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
