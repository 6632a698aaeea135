//! What the logind before this one left in its files, matched with what the kernel says.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use crate::close::{self, Reach, Why, Witness};
use crate::deadlines::Subject;
use crate::display;
use crate::effect::Effect;
use crate::event::{SavedSession, SavedStage, SavedUser, Witnesses};
use crate::session::{Ending, Idle, Session, Stage};
use crate::switch;
use crate::time::Moment;
use crate::user::User;

/// A user is there again.
pub(crate) fn user(saved: SavedUser, reach: &mut Reach<'_>) -> Vec<Effect> {
    let user = User {
        began: saved.began,
        sessions: BTreeSet::new(),
        last_session: saved.last_session,
        stopping: saved.stopping,
        announced: true,
        display: None,
        account: saved.account,
    };
    reach.users.insert(user.uid(), user);
    Vec::new()
}

/// A session is there again, as it was or as it was going to be. One without a user has nothing to be kept by: its file
/// goes, its processes stay.
pub(crate) fn session(now: Moment, saved: SavedSession, left: Witnesses, reach: &mut Reach<'_>) -> Vec<Effect> {
    let (id, stage) = (saved.id.clone(), saved.stage);
    let Some(user) = reach.users.get_mut(&saved.uid) else { return vec![Effect::ForgetSession(id)] };
    user.sessions.insert(id.clone());
    let session = unpack(saved);
    switch::reserve(&session, reach.seats);
    reach.sessions.insert(session);
    display::arrive(user, &id, reach.sessions);

    let mut effects = vec![Effect::WatchAgain(id.clone())];
    effects.extend(switch::arrive(&id, reach.sessions, reach.seats, reach.foreground));
    if stage != SavedStage::Open {
        effects.extend(close::close(now, &id, Why::Over, reach));
    }
    if !left.leader {
        effects.extend(close::lost(now, &id, Witness::Leader, reach));
    }
    if !left.life_line {
        effects.extend(close::lost(now, &id, Witness::LifeLine, reach));
    }
    if left.scope == Some(false) {
        effects.extend(close::scope_empty(now, &id, reach));
    }
    effects
}

/// All is there again: users without sessions wait for the rest of their delay, or go on going.
pub(crate) fn ended(now: Moment, reach: &mut Reach<'_>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for user in reach.users.values_mut() {
        let uid = user.uid();
        if !user.sessions.is_empty() {
            user.stopping = false; // a session was begun after all
            effects.push(Effect::SaveUser(uid));
        } else if user.stopping {
            effects.push(Effect::RemoveRuntimeDirectory(uid));
        } else {
            let since = *user.last_session.get_or_insert(now);
            reach.deadlines.set(Subject::User(uid), since + reach.policy.user_stop_delay);
        }
    }
    effects.extend(reach.seats.keys().cloned().map(Effect::SaveSeat));
    effects
}

fn unpack(saved: SavedSession) -> Session {
    Session {
        id: saved.id,
        uid: saved.uid,
        leader: saved.leader,
        stage: Stage::Open,
        request: None,
        announced: saved.stage != SavedStage::Opening,
        ending: Ending::default(),
        service: saved.service,
        kind: saved.kind,
        original_kind: saved.original_kind,
        class: saved.class,
        desktop: saved.desktop,
        seat: saved.seat,
        vt: saved.vt,
        tty: saved.tty,
        display: saved.display,
        remote: saved.remote,
        remote_user: saved.remote_user,
        remote_host: saved.remote_host,
        audit: saved.audit,
        began: saved.began,
        idle: Idle { is_idle: saved.idle, since: saved.idle_since },
        locked: saved.locked,
    }
}
