//! Who may do what: the one place where a caller's rights are decided.

use crate::answer::Refusal;
use crate::event::Target;
use crate::names::SessionId;

/// What a caller wants to do, as far as rights depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act<'a> {
    /// Read what anybody may read.
    Look,
    /// Open a session: root only.
    CreateSession,
    /// End one's own login: from inside that session, or root.
    ReleaseSession(&'a SessionId),
    /// End or signal sessions: their user, root, or who may `org.freedesktop.login1.manage`.
    Manage(&'a Target),
    /// Say that a session is idle or locked: its user, or root.
    Hint(&'a SessionId),
    /// Raise or drop lock screens: the session's user, root, or who may `org.freedesktop.login1.lock-sessions`.
    Lock(Option<&'a SessionId>),
}

/// The answer to "may I".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Yes.
    Open,
    /// If polkit says yes to this action; without polkit, no.
    Ask(&'static str),
    /// No.
    Shut(Refusal),
}
