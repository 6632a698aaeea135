//! A user without sessions goes, after a while: runtime directory, slice, file.

use alloc::vec;
use alloc::vec::Vec;

use crate::deadlines::{Deadlines, Subject};
use crate::effect::{Effect, Signal};
use crate::names::Uid;
use crate::time::{Moment, Span};
use crate::user::Users;

/// How long after a failure the removal of a runtime directory is tried again.
const RETRY: Span = Span::seconds(30);

/// The stop delay is over.
pub(crate) fn overdue(uid: Uid, users: &mut Users) -> Vec<Effect> {
    let Some(user) = users.get_mut(&uid) else { return Vec::new() };
    if !user.sessions.is_empty() || user.stopping {
        return Vec::new();
    }
    user.stopping = true;
    vec![Effect::SaveUser(uid), Effect::RemoveRuntimeDirectory(uid)]
}

/// The runtime directory is gone, or could not be removed. `is_wanted`: a login waits for the user to come back.
pub(crate) fn directory_removed(
    now: Moment,
    uid: Uid,
    outcome: Result<(), i32>,
    is_wanted: bool,
    users: &mut Users,
    deadlines: &mut Deadlines,
) -> Vec<Effect> {
    let Some(user) = users.get_mut(&uid).filter(|user| user.stopping) else { return Vec::new() };
    if is_wanted {
        user.stopping = false;
        user.began = now;
        return Vec::new();
    }
    if outcome.is_err() {
        user.stopping = false;
        deadlines.set(Subject::User(uid), now + RETRY);
        return vec![Effect::SaveUser(uid)];
    }
    let announced = user.announced;
    users.remove(&uid);
    let mut effects = vec![Effect::RemoveSlice(uid), Effect::ForgetUser(uid)];
    if announced {
        effects.push(Effect::Announce(Signal::UserRemoved(uid)));
    }
    effects
}
