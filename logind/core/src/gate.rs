//! Who may do what: the one place where a caller's rights are decided.

use crate::answer::Refusal;
use crate::caller::Caller;
use crate::event::{Switch, Target};
use crate::names::SessionId;
use crate::registry::Core;
use crate::seat::Seat;
use crate::session::Stage;

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
    /// Bring another session or virtual terminal to the front: root, or who may `org.freedesktop.login1.chvt`.
    Switch(&'a Switch),
}

/// The answer to "may I".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Yes.
    Open,
    /// What polkit says.
    Ask(Question),
    /// No.
    Shut(Refusal),
}

/// A question to polkit (polkit(8)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The action.
    pub action: &'static str,
    /// The answer where there is no polkit. Where there is one it decides, for it may be told to forbid even this.
    pub without_polkit: bool,
}

/// Ending and signalling the sessions of others.
const MANAGE: &str = "org.freedesktop.login1.manage";
/// Raising and dropping the lock screens of others.
const LOCK_SESSIONS: &str = "org.freedesktop.login1.lock-sessions";
/// Choosing what is in front.
const CHVT: &str = "org.freedesktop.login1.chvt";

impl Core {
    /// Whether the caller may. Root may all; a user may with what is the user's own; the rest is polkit's to say.
    ///
    /// A session that is not there is nobody's own: who may not look it up by asking learns nothing more from the gate.
    pub fn gate(&self, caller: &Caller, act: &Act<'_>) -> Gate {
        if caller.is_root() {
            return Gate::Open;
        }
        let owns = |id: &SessionId| self.session(id).is_some_and(|s| s.uid() == caller.uid);
        let ask = |action| Gate::Ask(Question { action, without_polkit: false });
        let unless = |own: bool, action| if own { Gate::Open } else { ask(action) };
        match act {
            Act::Look => Gate::Open,
            Act::CreateSession => shut("only root opens sessions"),
            Act::ReleaseSession(id) if caller.session.as_ref() == Some(*id) && owns(id) => Gate::Open,
            Act::ReleaseSession(_) => shut("only who is in a session releases it"),
            Act::Manage(Target::Session(id)) => unless(owns(id), MANAGE),
            Act::Manage(Target::User(uid)) => unless(*uid == caller.uid, MANAGE),
            Act::Manage(Target::Seat(_)) => ask(MANAGE),
            Act::Hint(id) if owns(id) => Gate::Open,
            Act::Hint(_) => shut("only the session's user says this"),
            Act::Lock(Some(id)) => unless(owns(id), LOCK_SESSIONS),
            Act::Lock(None) => ask(LOCK_SESSIONS),
            Act::Switch(switch) => {
                let in_front = self.seat_of(switch).and_then(|seat| seat.active());
                // Who has logged out sits there no more, whatever still runs; the prompt that is there is the next one's.
                let is_open = |id: &SessionId| self.session(id).is_some_and(|s| s.stage() == Stage::Open);
                let without_polkit = in_front.is_some_and(|id| owns(id) && is_open(id));
                Gate::Ask(Question { action: CHVT, without_polkit })
            }
        }
    }
}

impl Core {
    /// The seat that is switched. Who is in front there has its keyboard, and could press Ctrl-Alt-F1.
    fn seat_of(&self, switch: &Switch) -> Option<&Seat> {
        match switch {
            Switch::Session(id) => self.seat(self.session(id)?.seat()?),
            Switch::Vt(seat, _) | Switch::Next(seat) | Switch::Previous(seat) => self.seat(seat),
        }
    }
}

fn shut(why: &'static str) -> Gate {
    Gate::Shut(Refusal::AccessDenied(why))
}
