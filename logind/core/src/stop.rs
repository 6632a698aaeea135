//! A user without sessions goes, after a while: runtime directory, slice, file.

use alloc::vec;
use alloc::vec::Vec;

use crate::close::Reach;
use crate::deadlines::Subject;
use crate::effect::{Effect, Signal};
use crate::names::Uid;
use crate::open::{self, Logins};
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

/// The runtime directory is gone, or could not be removed. Logins that waited for that begin; if none does, the user is
/// gone with it.
pub(crate) fn directory_removed(
    now: Moment,
    uid: Uid,
    outcome: Result<(), i32>,
    logins: &mut Logins,
    reach: &mut Reach<'_>,
) -> Vec<Effect> {
    let Some(user) = reach.users.get_mut(&uid).filter(|user| user.stopping) else { return Vec::new() };
    user.stopping = false;
    let mut effects = Vec::new();
    for (request, login, account) in logins.take_waiting(uid) {
        effects.extend(open::begin(now, request, login, account, reach));
    }
    let Some(user) = reach.users.get(&uid).filter(|user| user.sessions.is_empty()) else { return effects };
    if outcome.is_err() {
        reach.deadlines.set(Subject::User(uid), now + RETRY);
        effects.push(Effect::SaveUser(uid));
        return effects;
    }
    effects.extend([Effect::RemoveSlice(uid), Effect::ForgetUser(uid)]);
    if user.announced {
        effects.push(Effect::Announce(Signal::UserRemoved(uid)));
    }
    reach.users.remove(&uid);
    effects
}
