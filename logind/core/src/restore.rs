//! What the logind before this one left in its files, matched with what the kernel says.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use crate::close::{self, Reach, Witness};
use crate::deadlines::Subject;
use crate::display;
use crate::effect::Effect;
use crate::event::{SavedSession, SavedStage, SavedUser, Witnesses};
use crate::gettys;
use crate::session::{Ending, Idle, Session, Stage};
use crate::switch;
use crate::time::Moment;
use crate::user::User;

/// A user is there again, and was announced if a session of the user's ended, or is among those that come.
pub(crate) fn user(saved: SavedUser, reach: &mut Reach<'_>) -> Vec<Effect> {
    let user = User {
        began: saved.began,
        sessions: BTreeSet::new(),
        last_session: saved.last_session,
        stopping: saved.stopping,
        announced: saved.last_session.is_some(),
        candidates: BTreeSet::new(),
        account: saved.account,
    };
    reach.users.insert(user.uid(), user);
    Vec::new()
}

/// A session is there again, as it was or as it was going to be. One without a user has nothing to be kept by: its file
/// goes, and its scope if no process is in it.
pub(crate) fn session(now: Moment, mut saved: SavedSession, left: Witnesses, reach: &mut Reach<'_>) -> Vec<Effect> {
    // The life line's end goes with the answer: who holds it was told that the session is open, whatever there was no
    // room to write.
    if saved.stage == SavedStage::Opening && left.life_line {
        saved.stage = SavedStage::Open;
    }
    let (id, uid, stage) = (saved.id, saved.uid, saved.stage);
    let Some(user) = reach.users.get_mut(&uid) else {
        let scope = saved.class.has_scope().then_some(Effect::RemoveScope { session: id, uid });
        return scope.into_iter().chain([Effect::ForgetSession(id)]).collect();
    };
    let (tell_at, kill_at) = (saved.tell_at, saved.kill_at);
    let mut session = unpack(saved);
    user.sessions.insert(id);
    user.announced |= session.announced;
    if stage == SavedStage::Open {
        display::arrive(user, &session);
    } else {
        // A login that got no answer may go on without its session: nothing of it is killed.
        let kills = session.announced && reach.policy.kills_processes_of(&user.account.name);
        close::end(now, &mut session, kills, reach.deadlines);
        if let Some(at) = tell_at {
            close::released(now, at, &mut session, reach.deadlines);
        }
        if let Some(at) = kill_at {
            close::told(now, at, &mut session, reach.deadlines);
        }
    }
    switch::reserve(&session, reach.seats);
    let is_announced = session.announced;
    reach.sessions.insert(session);

    let mut effects = vec![Effect::WatchAgain(id)];
    if is_announced {
        effects.extend(switch::arrive(&id, reach.sessions, reach.seats, *reach.foreground));
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

/// All is there again: users without sessions wait for the rest of their delay, or go on going. The files are written
/// anew, for what has ended meanwhile may have changed any of them.
pub(crate) fn ended(now: Moment, reach: &mut Reach<'_>) -> Vec<Effect> {
    let mut effects: Vec<Effect> = reach.sessions.iter().map(|s| Effect::SaveSession(s.id)).collect();
    for user in reach.users.values_mut() {
        let uid = user.uid();
        effects.push(Effect::SaveUser(uid));
        if !user.sessions.is_empty() {
            user.stopping = false; // a session was begun after all
            reach.deadlines.clear(&Subject::User(uid));
        } else if user.stopping {
            effects.push(Effect::RemoveRuntimeDirectory(uid));
        } else {
            let since = user.last_session.unwrap_or(now);
            reach.deadlines.set(Subject::User(uid), since + reach.policy.user_stop_delay);
        }
    }
    effects.extend(reach.seats.keys().cloned().map(Effect::SaveSeat));
    effects.extend(gettys::configured(reach));
    effects
}

fn unpack(saved: SavedSession) -> Session {
    Session {
        id: saved.id,
        uid: saved.uid,
        leader: saved.leader,
        stage: Stage::Open,
        request: None,
        announced: saved.stage.is_announced(),
        ending: Ending::default(),
        service: saved.service.into(),
        kind: saved.kind,
        original_kind: saved.original_kind,
        class: saved.class,
        desktop: saved.desktop.into(),
        seat: saved.seat,
        vt: saved.vt,
        tty: saved.tty.into(),
        display: saved.display.into(),
        remote: saved.remote,
        remote_user: saved.remote_user.into(),
        remote_host: saved.remote_host.into(),
        audit: saved.audit,
        began: saved.began,
        idle: Idle { is_idle: saved.idle, since: saved.idle_since },
        locked: saved.locked,
    }
}
