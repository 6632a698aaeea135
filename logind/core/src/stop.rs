//! A user without sessions goes, after a while: runtime directory, slice, file.

use alloc::vec;
use alloc::vec::Vec;

use crate::deadlines::{Deadlines, Subject};
use crate::effect::{Effect, Signal};
use crate::names::Uid;
use crate::open::Logins;
use crate::policy::Policy;
use crate::time::{Moment, Span};
use crate::user::Users;

/// How soon the removal of a runtime directory is tried again, and how late, whatever the stop delay is.
const RETRY: (Span, Span) = (Span::seconds(1), Span::seconds(30));

/// The stop delay is over.
pub(crate) fn overdue(uid: Uid, users: &mut Users) -> Vec<Effect> {
    let Some(user) = users.get_mut(&uid) else { return Vec::new() };
    if !user.sessions.is_empty() || user.stopping {
        return Vec::new();
    }
    user.stopping = true;
    vec![Effect::SaveUser(uid), Effect::RemoveRuntimeDirectory(uid)]
}

/// The runtime directory is gone, and the user with it, or it could not be removed. Logins that waited for that go on.
pub(crate) fn directory_removed(
    now: Moment,
    uid: Uid,
    outcome: Result<(), i32>,
    logins: &mut Logins,
    users: &mut Users,
    deadlines: &mut Deadlines,
    policy: &Policy,
) -> Vec<Effect> {
    let Some(user) = users.get_mut(&uid).filter(|user| user.stopping) else { return Vec::new() };
    let mut effects = if outcome.is_ok() {
        let announced = user.announced;
        users.remove(&uid);
        let gone = announced.then_some(Effect::Announce(Signal::UserRemoved(uid)));
        [Effect::RemoveSlice(uid), Effect::ForgetUser(uid)].into_iter().chain(gone).collect()
    } else {
        user.stopping = false;
        deadlines.set(Subject::User(uid), now + policy.user_stop_delay.clamp(RETRY.0, RETRY.1));
        vec![Effect::SaveUser(uid)]
    };
    effects.extend(logins.look_up_again(uid));
    effects
}
