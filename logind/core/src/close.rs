//! A session ends, once and always: three witnesses tell of it, and a deadline asks the kernel in case none does.

use alloc::vec;
use alloc::vec::Vec;
use core::mem;

use crate::answer::{Answer, Refusal};
use crate::deadlines::{Deadlines, Subject};
use crate::display;
use crate::effect::{Effect, Signal};
use crate::event::{RequestId, Whom, Witnesses};
use crate::gettys::{self, Gettys};
use crate::names::{SessionId, VtNumber};
use crate::open::refuse;
use crate::policy::Policy;
use crate::seat::Seats;
use crate::session::{Force, Session, Stage, Why};
use crate::sessions::Sessions;
use crate::switch;
use crate::time::{Moment, Span};
use crate::user::Users;

/// How soon the kernel is asked after a session began to end; each further question waits twice as long.
pub(crate) const FIRST_QUESTION: Span = Span::seconds(1);
/// The longest wait between two questions.
const PATIENCE_MAX: Span = Span::seconds(30);
/// How long processes that were told to go may take before they are killed.
pub(crate) const GRACE: Span = Span::seconds(5);
/// How long a login that said it is over may take to exit before it counts as what it left running.
pub(crate) const RELEASE_GRACE: Span = Span::seconds(20);

const SIGHUP: i32 = 1;
const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;
const SIGCONT: i32 = 18;

/// Which witness spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Witness {
    /// The leader is gone.
    Leader,
    /// The life line is closed.
    LifeLine,
}

/// All that ending a session may change.
pub(crate) struct Reach<'a> {
    pub(crate) sessions: &'a mut Sessions,
    pub(crate) users: &'a mut Users,
    pub(crate) seats: &'a mut Seats,
    pub(crate) gettys: &'a mut Gettys,
    pub(crate) deadlines: &'a mut Deadlines,
    pub(crate) policy: &'a Policy,
    pub(crate) foreground: &'a mut Option<VtNumber>,
}

/// The session ends from now on; it is gone when its processes are. One that is being opened ends once it has.
pub(crate) fn close(now: Moment, id: &SessionId, why: Why, reach: &mut Reach<'_>) -> Vec<Effect> {
    let Some(session) = reach.sessions.get_mut(id) else { return Vec::new() };
    match session.stage {
        Stage::Opening => {
            session.ending.early = session.ending.early.max(Some(why));
            return Vec::new();
        }
        Stage::Closing => return press(now, session, why, reach.deadlines),
        Stage::Open => {}
    }
    let uid = session.uid;
    let user = reach.users.get_mut(&uid);
    let kills = user.as_ref().is_some_and(|user| reach.policy.kills_processes_of(&user.account.name));
    end(now, session, kills, reach.deadlines);
    let pressed = press(now, session, why, reach.deadlines);
    let display = user.and_then(|user| display::leave(user, session).then(|| user.display().copied()));
    let vt = session.vt;
    let seat = session.seat.as_ref().and_then(|seat| reach.seats.get_mut(seat));

    let mut effects = vec![Effect::SaveSession(*id)];
    effects.push(Effect::Announce(Signal::SessionChanged(*id, &["State"])));
    if let Some(seat) = seat {
        effects.extend(switch::settle(seat, reach.sessions, *reach.foreground));
    }
    if let Some(display) = display {
        effects.extend(display.map(Effect::SaveSession));
        effects.push(Effect::Announce(Signal::UserChanged(uid, &["Display"])));
    }
    effects.push(Effect::SaveUser(uid));
    effects.extend(pressed.into_iter().filter(|effect| *effect != Effect::SaveSession(*id))); // as it is above
    effects.extend(vt.map_or(Vec::new(), |vt| gettys::session_over(vt, reach)));
    effects
}

/// The session is one that ends. `kills`: what it leaves running is killed.
pub(crate) fn end(now: Moment, session: &mut Session, kills: bool, deadlines: &mut Deadlines) {
    session.stage = Stage::Closing;
    if kills {
        session.ending.force = Force::AfterLeader(None);
    }
    ask_again(now, session, deadlines);
}

/// The session's login said that it is over; if it has not gone by `at`, it counts as what it left running.
pub(crate) fn released(now: Moment, at: Moment, session: &mut Session, deadlines: &mut Deadlines) {
    session.ending.force = Force::AfterLeader(Some(at));
    set_deadline(now, session, deadlines);
}

/// After a restart: the session's processes were told to go, and are killed at `at`.
pub(crate) fn told(now: Moment, at: Moment, session: &mut Session, deadlines: &mut Deadlines) {
    session.ending.force = Force::Told(at);
    set_deadline(now, session, deadlines);
}

/// What is known of the end of a closing session decides what is done to its processes.
pub(crate) fn press(now: Moment, session: &mut Session, why: Why, deadlines: &mut Deadlines) -> Vec<Effect> {
    match session.ending.force {
        _ if why == Why::Forced => return hurry(now, session, deadlines),
        Force::AfterLeader(_) if session.ending.leader_gone => return hurry(now, session, deadlines),
        Force::AfterLeader(None) if why == Why::Released => {
            released(now, now + RELEASE_GRACE, session, deadlines);
            return vec![Effect::SaveSession(session.id)];
        }
        _ => {}
    }
    Vec::new()
}

/// The session's own login says that it is over (ReleaseSession).
pub(crate) fn release(now: Moment, request: RequestId, id: &SessionId, reach: &mut Reach<'_>) -> Vec<Effect> {
    if reach.sessions.get(id).is_none() {
        return refuse(request, Refusal::NoSuchSession(*id));
    }
    let mut effects = close(now, id, Why::Released, reach);
    effects.push(Effect::Reply { request, answer: Answer::Done });
    effects
}

/// The leader is gone, or the life line is closed.
pub(crate) fn lost(now: Moment, id: &SessionId, witness: Witness, reach: &mut Reach<'_>) -> Vec<Effect> {
    let Some(session) = reach.sessions.get_mut(id) else { return Vec::new() };
    match witness {
        Witness::Leader => session.ending.leader_gone = true,
        Witness::LifeLine => session.ending.life_line_gone = true,
    }
    let are_both_gone = session.ending.leader_gone && session.ending.life_line_gone;
    let is_asked = are_both_gone && session.stage != Stage::Opening;
    let mut effects = close(now, id, Why::Lost, reach);
    if is_asked {
        effects.push(Effect::Probe(*id)); // most often nothing is left, and nobody need wait for the deadline
    }
    effects
}

/// No process is left in the session's scope. Of a session that is open the kernel is asked whether its leader lives, which
/// somebody may have moved to another cgroup (cgroups(7)).
pub(crate) fn scope_empty(now: Moment, id: &SessionId, reach: &mut Reach<'_>) -> Vec<Effect> {
    let Some(session) = reach.sessions.get_mut(id) else { return Vec::new() };
    match session.stage {
        Stage::Opening => close(now, id, Why::Lost, reach),
        Stage::Open => {
            session.ending.in_doubt = true;
            vec![Effect::Probe(*id)]
        }
        Stage::Closing => finish(now, id, reach),
    }
}

/// The kernel has said what is left. One that is open is asked about only after its scope was seen to be empty.
pub(crate) fn probed(now: Moment, id: &SessionId, left: Witnesses, reach: &mut Reach<'_>) -> Vec<Effect> {
    let Some(session) = reach.sessions.get_mut(id) else { return Vec::new() };
    let is_in_doubt = mem::take(&mut session.ending.in_doubt);
    match session.stage {
        Stage::Closing => found(now, id, left, reach),
        Stage::Open if is_in_doubt && !(left.leader && left.life_line) => {
            let mut effects = close(now, id, Why::Lost, reach);
            effects.extend(found(now, id, left, reach));
            effects
        }
        Stage::Open | Stage::Opening => Vec::new(),
    }
}

/// This is left of a session that closes.
fn found(now: Moment, id: &SessionId, left: Witnesses, reach: &mut Reach<'_>) -> Vec<Effect> {
    let Some(session) = reach.sessions.get_mut(id) else { return Vec::new() };
    session.ending.leader_gone |= !left.leader;
    session.ending.life_line_gone |= !left.life_line;
    let is_over = match left.scope {
        Some(populated) => !populated,
        // Of a session that never opened nothing was made that lives; any other is its leader and its life line.
        None => !session.announced || (!left.leader && !left.life_line),
    };
    if is_over {
        return finish(now, id, reach);
    }
    if session.ending.force == Force::Killed {
        return vec![signal(session, SIGKILL)]; // which may not have been sent, for want of a descriptor
    }
    press(now, session, Why::Lost, reach.deadlines)
}

/// A deadline of the session has come.
pub(crate) fn overdue(now: Moment, id: &SessionId, reach: &mut Reach<'_>) -> Vec<Effect> {
    let Some(session) = reach.sessions.get_mut(id).filter(|s| s.stage == Stage::Closing) else { return Vec::new() };
    let mut effects = Vec::new();
    match session.ending.force {
        Force::AfterLeader(Some(at)) if at.monotonic <= now.monotonic => {
            effects.extend(hurry(now, session, reach.deadlines));
        }
        Force::Told(at) if at.monotonic <= now.monotonic => {
            session.ending.force = Force::Killed;
            effects.extend([signal(session, SIGKILL), Effect::SaveSession(*id)]);
        }
        _ => {}
    }
    if session.ending.ask_at.is_none_or(|at| at.monotonic <= now.monotonic) {
        effects.push(Effect::Probe(*id));
        ask_again(now, session, reach.deadlines);
    } else {
        set_deadline(now, session, reach.deadlines);
    }
    effects
}

/// The next question to the kernel is put off, each time for twice as long.
fn ask_again(now: Moment, session: &mut Session, deadlines: &mut Deadlines) {
    session.ending.patience = match session.ending.patience {
        Span(0) => FIRST_QUESTION,
        Span(n) => Span(n.saturating_mul(2)).min(PATIENCE_MAX),
    };
    session.ending.ask_at = Some(now + session.ending.patience);
    set_deadline(now, session, deadlines);
}

/// The session is gone: nothing of it lives.
fn finish(now: Moment, id: &SessionId, reach: &mut Reach<'_>) -> Vec<Effect> {
    let Some(session) = reach.sessions.remove(id) else { return Vec::new() };
    reach.deadlines.clear(&Subject::Session(*id));
    let uid = session.uid;
    let mut effects = Vec::new();
    if session.class.has_scope() {
        effects.push(Effect::RemoveScope { session: *id, uid });
    }
    effects.push(Effect::ForgetSession(*id));
    if let Some(seat) = &session.seat {
        effects.extend(switch::leave(id, seat, session.vt, reach.sessions, reach.seats, *reach.foreground));
    }
    if let Some(user) = reach.users.get_mut(&uid) {
        user.sessions.remove(id);
        if user.announced {
            user.last_session = Some(now);
        }
        if user.sessions.is_empty() {
            reach.deadlines.set(Subject::User(uid), now + reach.policy.user_stop_delay);
        }
        effects.push(Effect::SaveUser(uid));
    }
    if session.announced {
        effects.push(Effect::Announce(Signal::SessionRemoved(*id)));
    }
    effects.extend(session.vt.map_or(Vec::new(), |vt| gettys::session_over(vt, reach)));
    effects
}

/// The session's processes are told to go, unless they were: those that end on a hang-up, those that end when asked, and
/// those that are stopped. When they are killed stands in the session's file first, for a logind started until then.
fn hurry(now: Moment, session: &mut Session, deadlines: &mut Deadlines) -> Vec<Effect> {
    if matches!(session.ending.force, Force::Told(_) | Force::Killed) {
        return Vec::new();
    }
    session.ending.force = Force::Told(now + GRACE);
    set_deadline(now, session, deadlines);
    let saved = Effect::SaveSession(session.id);
    vec![saved, signal(session, SIGTERM), signal(session, SIGHUP), signal(session, SIGCONT)]
}

fn signal(session: &Session, signal: i32) -> Effect {
    Effect::Kill { request: None, session: session.id, uid: session.uid, whom: Whom::All, signal }
}

fn set_deadline(now: Moment, session: &Session, deadlines: &mut Deadlines) {
    let force = match session.ending.force {
        Force::AfterLeader(at) => at,
        Force::Told(at) => Some(at),
        Force::None | Force::Killed => None,
    };
    let soonest = session.ending.ask_at.into_iter().chain(force).min().unwrap_or(now);
    deadlines.set(Subject::Session(session.id), soonest);
}
