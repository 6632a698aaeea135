//! Who may do what: the one place where a caller's rights are decided.

use crate::answer::Refusal;
use crate::caller::Caller;
use crate::event::Target;
use crate::names::SessionId;
use crate::registry::Core;

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

/// Ending and signalling the sessions of others.
const MANAGE: &str = "org.freedesktop.login1.manage";
/// Raising and dropping the lock screens of others.
const LOCK_SESSIONS: &str = "org.freedesktop.login1.lock-sessions";

impl Core {
    /// Whether the caller may. Root may all; a user may with what is the user's own; the rest is polkit's to say.
    ///
    /// A session that is not there is nobody's own: who may not look it up by asking learns nothing more from the gate.
    pub fn gate(&self, caller: &Caller, act: &Act<'_>) -> Gate {
        if caller.is_root() {
            return Gate::Open;
        }
        let owns = |id: &SessionId| self.session(id).is_some_and(|s| s.uid() == caller.uid);
        let unless = |own: bool, action| if own { Gate::Open } else { Gate::Ask(action) };
        match act {
            Act::Look => Gate::Open,
            Act::CreateSession => shut("only root opens sessions"),
            Act::ReleaseSession(id) if caller.session.as_ref() == Some(*id) && owns(id) => Gate::Open,
            Act::ReleaseSession(_) => shut("only who is in a session releases it"),
            Act::Manage(Target::Session(id)) => unless(owns(id), MANAGE),
            Act::Manage(Target::User(uid)) => unless(*uid == caller.uid, MANAGE),
            Act::Manage(Target::Seat(_)) => Gate::Ask(MANAGE),
            Act::Hint(id) if owns(id) => Gate::Open,
            Act::Hint(_) => shut("only the session's user says this"),
            Act::Lock(Some(id)) => unless(owns(id), LOCK_SESSIONS),
            Act::Lock(None) => Gate::Ask(LOCK_SESSIONS),
        }
    }
}

fn shut(why: &'static str) -> Gate {
    Gate::Shut(Refusal::AccessDenied(why))
}
