//! A login becomes a session: checked, made step by step, and said to be there once it is.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use crate::answer::{Answer, Refusal};
use crate::close::{self, Reach};
use crate::deadlines::Subject;
use crate::display;
use crate::effect::{Effect, Signal};
use crate::event::RequestId;
use crate::login::{Account, Login};
use crate::names::{Class, SessionId, Type, Uid};
use crate::policy::Policy;
use crate::seat::Seats;
use crate::session::{Ending, Idle, Session, Stage, Why};
use crate::sessions::Sessions;
use crate::switch;
use crate::time::{Moment, Span};
use crate::user::User;

/// How long a login waits for its runtime directory, whatever holds that up: our PAM module waits two seconds for all.
const DIRECTORY_PATIENCE: Span = Span::seconds(1);

/// Logins that wait for something before their session can be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Logins {
    /// For the user database.
    asking: BTreeMap<RequestId, Login>,
    /// For the removal of the user's former runtime directory, in the order they came.
    waiting: BTreeMap<Uid, Vec<(RequestId, Login)>>,
}

impl Logins {
    fn len(&self) -> usize {
        self.asking.len() + self.waiting.values().map(Vec::len).sum::<usize>()
    }

    fn of(&self, uid: Uid) -> usize {
        let asking = self.asking.values().filter(|login| login.uid == uid).count();
        asking + self.waiting.get(&uid).map_or(0, Vec::len)
    }

    /// The user's former runtime directory is waited for no more: the user is looked up again, each login on its own, so
    /// that one whose opening fails drops no other's effects.
    pub(crate) fn look_up_again(&mut self, uid: Uid) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (request, login) in self.waiting.remove(&uid).unwrap_or_default() {
            self.asking.insert(request, login);
            effects.push(Effect::LookUpUser { request, uid });
        }
        effects
    }
}

/// A login asks for a session: what can be refused is refused, then the user database is asked who has no session yet.
pub(crate) fn ask(
    now: Moment,
    request: RequestId,
    mut login: Login,
    logins: &mut Logins,
    reach: &mut Reach<'_>,
) -> Vec<Effect> {
    fill_in(&mut login, reach.policy);
    let uid = login.uid;
    let fits = check(&login, reach.sessions, reach.seats).and_then(|()| check_room(uid, logins, reach));
    if let Err(refusal) = fits {
        return refuse(request, refusal);
    }
    if let Some(user) = reach.users.get(&uid).filter(|user| !user.is_stopping()) {
        let account = user.account.clone();
        return begin(now, request, login, account, reach);
    }
    logins.asking.insert(request, login);
    vec![Effect::LookUpUser { request, uid }]
}

/// The user database has answered.
pub(crate) fn user_found(
    now: Moment,
    request: RequestId,
    account: Result<Account, i32>,
    logins: &mut Logins,
    reach: &mut Reach<'_>,
) -> Vec<Effect> {
    const ENOENT: i32 = 2;
    let Some(login) = logins.asking.remove(&request) else { return Vec::new() };
    let account = match account {
        Ok(account) if account.uid == login.uid => account,
        Ok(_) | Err(ENOENT) => return refuse(request, Refusal::NoSuchUser(login.uid)),
        Err(errno) => return refuse(request, Refusal::System(errno)),
    };
    if reach.users.get(&login.uid).is_some_and(User::is_stopping) {
        logins.waiting.entry(login.uid).or_default().push((request, login));
        return Vec::new();
    }
    begin(now, request, login, account, reach)
}

/// Starts to make the session. Whatever was true when the login asked is asked again: others may have come first.
fn begin(now: Moment, request: RequestId, login: Login, account: Account, reach: &mut Reach<'_>) -> Vec<Effect> {
    if let Err(refusal) = check(&login, reach.sessions, reach.seats) {
        return refuse(request, refusal);
    }
    let (uid, gid) = (account.uid, account.gid);
    let session = new_session(now, request, login, reach.sessions);
    switch::reserve(&session, reach.seats);
    let id = session.id;
    let is_new = !reach.users.contains_key(&uid);
    let user = reach.users.entry(uid).or_insert_with(|| new_user(now, account));
    user.sessions.insert(id);
    reach.deadlines.clear(&Subject::User(uid));

    // The files come first: a logind killed from here on finds what it began.
    let mut effects: Vec<Effect> = is_new.then_some(Effect::SaveUser(uid)).into_iter().collect();
    effects.push(Effect::SaveSession(id));
    // What an open session has need not be looked at.
    if user.has_directory() {
        effects.extend(steps(&session, request));
    } else {
        reach.deadlines.set(Subject::Session(id), now + DIRECTORY_PATIENCE);
        effects.push(Effect::MakeRuntimeDirectory { session: id, request, uid, gid });
    }
    reach.sessions.insert(session);
    effects
}

/// What makes a session whose user has the runtime directory. The leader is moved last.
fn steps(session: &Session, request: RequestId) -> Vec<Effect> {
    let (id, uid) = (&session.id, session.uid);
    let mut effects = vec![Effect::MakeLifeLine(*id), Effect::WatchLeader { session: *id, request }];
    if session.class.has_scope() {
        effects.push(Effect::MakeScope { session: *id, uid, request });
        effects.push(Effect::WatchScope { session: *id, uid });
    }
    effects.push(Effect::ConfirmOpen(*id));
    effects
}

/// The runtime directory is there, or could not be made. Word that comes too late is of a login that was answered, and
/// changes nothing: a directory that is there after all goes with its user.
pub(crate) fn directory_made(
    now: Moment,
    id: &SessionId,
    request: RequestId,
    outcome: Result<(), i32>,
    reach: &mut Reach<'_>,
) -> Vec<Effect> {
    let Some(session) = reach.sessions.get(id).filter(|s| s.request == Some(request)) else { return Vec::new() };
    match outcome {
        Ok(()) => {
            reach.deadlines.clear(&Subject::Session(*id));
            steps(session, request)
        }
        Err(errno) => failed(now, id, errno, reach),
    }
}

/// The session's runtime directory was not made in time.
pub(crate) fn overdue(now: Moment, id: &SessionId, reach: &mut Reach<'_>) -> Vec<Effect> {
    const ETIMEDOUT: i32 = 110;
    failed(now, id, ETIMEDOUT, reach)
}

/// All that the session needs is there: it opens, and everybody is told, its login last.
pub(crate) fn opened(now: Moment, id: &SessionId, reach: &mut Reach<'_>) -> Vec<Effect> {
    let Some(session) = reach.sessions.get_mut(id).filter(|s| s.stage == Stage::Opening) else { return Vec::new() };
    let Some(request) = session.request.take() else { return Vec::new() };
    session.stage = Stage::Open;
    session.announced = true;
    let early = session.ending.early;
    let (uid, seat, vt) = (session.uid, session.seat.clone(), session.vt);

    // Of a session that nobody has heard of nothing is told: what changed for its seat and its user follows it.
    let arrived = switch::arrive(id, reach.sessions, reach.seats, *reach.foreground);
    let is_told = |effect: &Effect| matches!(effect, Effect::Announce(_));
    let (mut told, mut effects): (Vec<_>, Vec<_>) = arrived.into_iter().partition(is_told);
    effects.push(Effect::SaveSession(*id));
    effects.push(Effect::SaveUser(uid));
    if let Some(user) = reach.users.get_mut(&uid) {
        if !user.announced {
            user.announced = true;
            effects.push(Effect::Announce(Signal::UserNew(uid)));
        }
        user.last_session = None;
        let before = user.display().copied();
        if reach.sessions.get(id).is_some_and(|session| display::arrive(user, session)) {
            effects.extend(before.map(Effect::SaveSession));
            told.push(Effect::Announce(Signal::UserChanged(uid, &["Display"])));
        }
    }
    effects.push(Effect::Announce(Signal::SessionNew(*id)));
    effects.extend(told);
    effects.push(Effect::Reply { request, answer: Answer::Opened { session: *id, uid, seat, vt } });
    if let Some(why) = early {
        effects.extend(close::close(now, id, why, reach));
        effects.push(Effect::Probe(*id));
    }
    effects
}

/// A step of the opening failed. What was made is taken away as for any session that ends, once the kernel has said what
/// there is; nobody was told of it, so nobody is told that it is gone.
pub(crate) fn failed(now: Moment, id: &SessionId, errno: i32, reach: &mut Reach<'_>) -> Vec<Effect> {
    let Some(session) = reach.sessions.get_mut(id).filter(|s| s.stage == Stage::Opening) else { return Vec::new() };
    let request = session.request.take();
    let why = session.ending.early.unwrap_or(Why::Lost);
    close::end(now, session, false, reach.deadlines);
    let mut effects = vec![Effect::SaveSession(*id), Effect::SaveUser(session.uid)];
    effects.extend(close::press(now, session, why, reach.deadlines));
    effects.push(Effect::Probe(*id));
    if let Some(request) = request {
        effects.extend(refuse(request, Refusal::System(errno)));
    }
    effects
}

/// A call's refusal.
pub(crate) fn refuse(request: RequestId, refusal: Refusal) -> Vec<Effect> {
    vec![Effect::Reply { request, answer: Answer::Refused(refusal) }]
}

/// What the login left open is chosen (pam_systemd(8)), and what it claims is replaced by where it is.
fn fill_in(login: &mut Login, policy: &Policy) {
    let kind = *login.kind.get_or_insert(if !login.display.is_empty() {
        Type::X11
    } else if login.tty.is_empty() {
        Type::Unspecified
    } else {
        Type::Tty
    });
    login.class.get_or_insert(if kind == Type::Unspecified { Class::Background } else { Class::User });
    (login.seat, login.vt) = login.place(policy);
}

/// Whether there is room for one more session of the user. Those that close count, for their processes live on; so one
/// user can fill half of the room and no more, and root, who may have to end them, always gets in.
fn check_room(uid: Uid, logins: &Logins, reach: &Reach<'_>) -> Result<(), Refusal> {
    let is_full = |known: usize, max: u64| u64::try_from(known).unwrap_or(u64::MAX) >= max;
    let max = reach.policy.sessions_max;
    if uid == Uid::ROOT {
        return Ok(());
    }
    if is_full(reach.sessions.len() + logins.len(), max) {
        return Err(Refusal::LimitsExceeded("too many sessions"));
    }
    let own = reach.users.get(&uid).map_or(0, |user| user.sessions.len()) + logins.of(uid);
    if is_full(own, max.div_ceil(2)) {
        return Err(Refusal::LimitsExceeded("too many sessions of this user"));
    }
    Ok(())
}

/// Whether the session may be (the order of the checks is org.freedesktop.login1(5)'s).
fn check(login: &Login, sessions: &Sessions, seats: &Seats) -> Result<(), Refusal> {
    if login.leader.pid <= 1 {
        return Err(Refusal::InvalidArgs("the leader is no process that logs in"));
    }
    if let Some(seat) = &login.seat {
        let seat = seats.get(seat).ok_or_else(|| Refusal::NoSuchSeat(seat.clone()))?;
        if !seat.has_vts || login.vt.is_none() {
            return Err(Refusal::InvalidArgs("seat and virtual terminal do not fit"));
        }
    }
    let around = login.leader_session.as_ref().and_then(|id| sessions.get(id));
    let is_inside = around.is_some_and(|s| s.stage != Stage::Closing && !is_a_login_of_its_own(login, s));
    if is_inside || sessions.led_by(login.leader).is_some() {
        return Err(Refusal::SessionBusy("the leader is in a session already"));
    }
    if login.class != Some(Class::Greeter) && vt_is_taken(login, sessions, seats) {
        return Err(Refusal::SessionBusy("the virtual terminal has a session already"));
    }
    Ok(())
}

/// Whether a login inside the session `around` is nobody's step to another user there, as su's is. A service that was
/// restarted from a shell stays in that shell's session, and all whom it lets in begin there; the kernel gives each of
/// them an audit session of their own (pam_loginuid(8)), which su and sudo do not ask for.
fn is_a_login_of_its_own(login: &Login, around: &Session) -> bool {
    matches!((login.audit, around.audit), (Some(own), Some(outer)) if own != outer)
}

fn vt_is_taken(login: &Login, sessions: &Sessions, seats: &Seats) -> bool {
    let (Some(seat), Some(vt)) = (&login.seat, login.vt) else { return false };
    let there = seats.get(seat).and_then(|seat| seat.on_vt.get(&vt));
    let is_in_the_way =
        |id: &SessionId| sessions.get(id).is_some_and(|s| s.stage != Stage::Closing && s.class != Class::Greeter);
    there.is_some_and(|there| there.iter().any(is_in_the_way))
}

fn new_session(now: Moment, request: RequestId, login: Login, sessions: &mut Sessions) -> Session {
    let kind = login.kind.unwrap_or(Type::Unspecified);
    Session {
        id: sessions.new_id(login.audit),
        uid: login.uid,
        leader: login.leader,
        stage: Stage::Opening,
        request: Some(request),
        announced: false,
        ending: Ending::default(),
        service: login.service.into(),
        kind,
        original_kind: kind,
        class: login.class.unwrap_or(Class::Background),
        desktop: login.desktop.into(),
        seat: login.seat,
        vt: login.vt,
        tty: login.tty.into(),
        display: login.display.into(),
        remote: login.remote,
        remote_user: login.remote_user.into(),
        remote_host: login.remote_host.into(),
        audit: login.audit,
        began: now,
        idle: Idle::default(),
        locked: false,
    }
}

fn new_user(now: Moment, account: Account) -> User {
    User {
        account,
        began: now,
        sessions: BTreeSet::new(),
        last_session: None,
        stopping: false,
        announced: false,
        candidates: BTreeSet::new(),
    }
}
