//! A small kernel, with its daemon around the core: it carries effects out, fails the essential ones at random, drops
//! notifications at random, and holds the core to its promises at each effect.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use logind_core::answer::Answer;
use logind_core::effect::VtDeed;
use logind_core::event::{Failed, RequestId, SavedSession, SavedUser, Step, VtNews, VtUse, Whom, Witnesses};
use logind_core::leader::Leader;
use logind_core::names::{SessionId, Uid, VtNumber};
use logind_core::session::{Session, Stage};
use logind_core::time::{Moment, Span};
use logind_core::{Core, Effect, Event, Signal};

use crate::saved::{self, SeatFile, SessionFile, UserFile};

const ESRCH: i32 = 3;
const ENOSPC: i32 = 28;

/// Random numbers from a seed (xorshift64).
pub(crate) struct Luck(pub(crate) u64);

impl Luck {
    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: u64) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.is_multiple_of(n)
    }
}

/// Who holds a life line's writing end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Holder {
    Daemon,
    Login(u32),
}

/// What was promised to whom.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) calls: BTreeSet<RequestId>,
    pub(crate) confirmed: BTreeSet<SessionId>,
    pub(crate) sessions: BTreeSet<SessionId>,
    pub(crate) users: BTreeSet<Uid>,
    pub(crate) begun: BTreeSet<SessionId>,
    pub(crate) released: BTreeMap<SessionId, Moment>,
    pub(crate) forced: BTreeSet<SessionId>,
}

pub(crate) struct Kernel {
    pub(crate) core: Core,
    pub(crate) now: Moment,
    pub(crate) luck: Luck,
    pub(crate) has_cgroups: bool,
    /// The terminal in front, and the one that the daemon knows to be.
    pub(crate) shown: Option<VtNumber>,
    pub(crate) foreground: Option<VtNumber>,
    pub(crate) graphics: bool,
    /// Where a getty of the daemon's lives, and where its files say that it started one.
    pub(crate) gettys: BTreeSet<VtNumber>,
    pub(crate) getty_files: BTreeSet<VtNumber>,
    /// Living processes, with their start times.
    pub(crate) processes: BTreeMap<u32, u64>,
    pub(crate) scopes: BTreeMap<SessionId, (Uid, BTreeSet<u32>)>,
    pub(crate) life_lines: BTreeMap<SessionId, Holder>,
    pub(crate) directories: BTreeSet<Uid>,
    pub(crate) session_files: BTreeMap<SessionId, SessionFile>,
    pub(crate) user_files: BTreeMap<Uid, UserFile>,
    pub(crate) seat_file: Option<SeatFile>,
    pub(crate) look_ups: Vec<(RequestId, Uid)>,
    /// What is being made of runtime directories, and may not be over before its login has given up.
    pub(crate) makings: Vec<(SessionId, RequestId, Uid)>,
    pub(crate) removals: Vec<Uid>,
    pub(crate) leaders: BTreeMap<RequestId, Leader>,
    pub(crate) inbox: VecDeque<Event>,
    pub(crate) ledger: Ledger,
    /// After how many effects the daemon is killed; at zero it is.
    pub(crate) effects_left: Option<u32>,
}

impl Kernel {
    /// Hands an event to the core and carries out what comes of it, as the daemon does.
    pub(crate) fn apply(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.core.handle(self.now, event) {
                if self.effects_left == Some(0) {
                    return;
                }
                self.effects_left = self.effects_left.map(|n| n - 1);
                match self.carry_out(effect) {
                    Ok(next) => events.extend(next),
                    Err(failed) => {
                        events.push_back(Event::Failed(failed));
                        break;
                    }
                }
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Result<Option<Event>, Failed> {
        match effect {
            Effect::LookUpUser { request, uid } => self.look_ups.push((request, uid)),
            Effect::MakeRuntimeDirectory { session, request, uid, .. } => {
                assert!(!self.removals.contains(&uid), "made while it is removed");
                self.makings.push((session, request, uid));
            }
            Effect::MakeScope { session, uid, request } => self.make_scope(session, uid, request)?,
            Effect::WatchLeader { session, request } => {
                self.living_leader(&session, request)?;
                self.luckily(&session)?;
            }
            Effect::WatchScope { session, .. } => self.luckily(&session)?,
            Effect::MakeLifeLine(session) => {
                let uid = self.core.session(&session).map(|session| session.uid());
                assert!(uid.is_some_and(|uid| self.directories.contains(&uid)), "a session without a directory");
                self.luckily(&session)?;
                self.life_lines.insert(session, Holder::Daemon);
            }
            Effect::SaveSession(session) => self.save_session(session)?,
            Effect::ConfirmOpen(session) => {
                self.ledger.confirmed.insert(session);
                return Ok(Some(Event::Opened(session)));
            }
            Effect::Probe(session) => {
                let witnesses = self.witnesses(&session);
                return Ok(Some(Event::Probed { session, witnesses }));
            }
            Effect::ActivateVt { request, vt } => self.activate(request, vt)?,
            Effect::Vt(vt, deed) => return Ok(self.at_vt(vt, deed)),
            Effect::Kill { request, session, whom, signal, .. } => self.kill(request, &session, whom, signal)?,
            other => self.carry_out_other(other),
        }
        Ok(None)
    }

    fn carry_out_other(&mut self, effect: Effect) {
        match effect {
            Effect::SaveUser(uid) => {
                if let Some(user) = self.core.user(uid) {
                    self.user_files.insert(uid, saved::user_file(&self.core, user));
                }
            }
            Effect::SaveSeat(id) => self.seat_file = self.core.seat(&id).map(saved::seat_file),
            Effect::ForgetSession(session) => self.forget_session(&session),
            Effect::ForgetUser(uid) => {
                assert!(self.core.user(uid).is_none() && !self.directories.contains(&uid));
                assert!(self.user_files.remove(&uid).is_some());
            }
            Effect::RemoveScope { session, .. } => {
                assert!(self.ledger.begun.contains(&session), "a scope of nobody");
                let scope = self.scopes.remove(&session);
                assert!(scope.is_none_or(|(_, processes)| processes.is_empty()), "a scope with processes");
            }
            Effect::RemoveSlice(uid) => assert!(self.scopes.values().all(|(owner, _)| *owner != uid)),
            Effect::RemoveRuntimeDirectory(uid) => {
                assert!(self.core.user(uid).is_some_and(|user| user.sessions().is_empty()));
                self.removals.push(uid);
            }
            Effect::Announce(signal) => self.announce(signal),
            Effect::Reply { request, answer } => self.reply(request, answer),
            _ => {}
        }
    }

    /// Fails the opening of the session now and then.
    fn luckily(&mut self, session: &SessionId) -> Result<(), Failed> {
        if self.luck.once_in(16) { Err(cannot_open(session, ENOSPC)) } else { Ok(()) }
    }

    fn living_leader(&self, session: &SessionId, request: RequestId) -> Result<Leader, Failed> {
        let leader = self.leaders.get(&request).filter(|leader| self.is_alive(**leader));
        leader.copied().ok_or_else(|| cannot_open(session, ESRCH))
    }

    fn make_scope(&mut self, session: SessionId, uid: Uid, request: RequestId) -> Result<(), Failed> {
        if !self.has_cgroups {
            return Ok(());
        }
        self.luckily(&session)?;
        assert!(self.scopes.insert(session, (uid, BTreeSet::new())).is_none(), "made twice");
        let leader = self.living_leader(&session, request)?;
        self.leave_scope(leader.pid);
        if let Some((_, processes)) = self.scopes.get_mut(&session) {
            processes.insert(leader.pid);
        }
        Ok(())
    }

    fn save_session(&mut self, session: SessionId) -> Result<(), Failed> {
        let Some(known) = self.core.session(&session) else { return Ok(()) };
        let (is_opening, file) = (known.stage() == Stage::Opening, saved::session_file(&self.core, known));
        if is_opening {
            assert!(self.ledger.begun.insert(session), "begun twice");
            self.luckily(&session)?;
        }
        self.session_files.insert(session, file);
        Ok(())
    }

    fn forget_session(&mut self, session: &SessionId) {
        assert!(self.ledger.begun.remove(session), "forgotten twice");
        assert!(!self.scopes.contains_key(session), "forgotten with its scope");
        self.session_files.remove(session);
        self.life_lines.remove(session);
        self.ledger.confirmed.remove(session);
        self.ledger.released.remove(session);
        self.ledger.forced.remove(session);
        self.inbox.retain(|event| subject(event) != Some(session));
    }

    fn kill(&mut self, request: Option<RequestId>, session: &SessionId, whom: Whom, signal: i32) -> Result<(), Failed> {
        let Some(known) = self.core.session(session) else { return Ok(()) };
        let leader = known.leader();
        let targets: Vec<u32> = match self.scopes.get(session) {
            Some((_, processes)) if whom == Whom::All => processes.iter().copied().collect(),
            _ => Some(leader.pid).filter(|_| self.is_alive(leader)).into_iter().collect(),
        };
        match request {
            Some(request) if targets.is_empty() => return Err(Failed { step: Step::Kill(request), errno: ESRCH }),
            None if self.is_alive(leader) && targets.contains(&leader.pid) => self.may_kill_leader(session),
            _ => {}
        }
        for pid in targets {
            if signal == 9 || signal == 15 && self.luck.once_in(2) {
                self.exit(pid);
            }
        }
        Ok(())
    }

    /// The kernel shows another terminal, unless it refuses; word of it comes later.
    fn activate(&mut self, request: RequestId, vt: VtNumber) -> Result<(), Failed> {
        const ENXIO: i32 = 6;
        assert!(self.ledger.calls.contains(&request), "switched after the answer");
        if self.luck.once_in(8) {
            return Err(Failed { step: Step::Switch(request), errno: ENXIO });
        }
        self.shown = Some(vt);
        Ok(())
    }

    fn at_vt(&mut self, vt: VtNumber, deed: VtDeed) -> Option<Event> {
        match deed {
            VtDeed::Prepare => None,
            VtDeed::Look if self.gettys.contains(&vt) => Some(Event::Vt(vt, VtNews::Seen(VtUse::Getty))),
            VtDeed::Look => {
                let uses = [(8, VtUse::Getty), (8, VtUse::Open), (4, VtUse::Left)];
                let seen = uses.into_iter().find(|(n, _)| self.luck.once_in(*n)).map_or(VtUse::Free, |(_, seen)| seen);
                Some(Event::Vt(vt, VtNews::Seen(seen)))
            }
            VtDeed::StartGetty => {
                let is_open = |s: &Session| s.vt() == Some(vt) && s.stage() != Stage::Closing;
                assert!(!self.core.sessions().any(is_open), "a getty where somebody is logged in");
                self.getty_files.insert(vt);
                if self.luck.once_in(4) {
                    return Some(Event::Vt(vt, VtNews::GettyExited));
                }
                assert!(self.gettys.insert(vt), "two gettys on a terminal");
                None
            }
            VtDeed::Free => {
                assert!(self.foreground != Some(vt) && !self.gettys.contains(&vt), "it is in use");
                assert!(self.core.sessions().all(|s| s.vt() != Some(vt)), "somebody is there still");
                self.getty_files.remove(&vt);
                None
            }
        }
    }

    /// A getty ends, or the login that it became.
    pub(crate) fn exit_getty(&mut self, vt: VtNumber) {
        if self.gettys.remove(&vt) {
            self.apply(Event::Vt(vt, VtNews::GettyExited));
        }
    }

    /// A living leader is killed only by force, or twenty seconds after its login said that it is over.
    fn may_kill_leader(&self, session: &SessionId) {
        let released = self.ledger.released.get(session);
        let long_ago = released.is_some_and(|&at| (at + Span::seconds(20)).monotonic <= self.now.monotonic);
        assert!(long_ago || self.ledger.forced.contains(session), "a living login is killed");
    }

    fn announce(&mut self, signal: Signal) {
        let Ledger { sessions, users, .. } = &mut self.ledger;
        match signal {
            Signal::SessionNew(id) => assert!(sessions.insert(id), "new twice"),
            Signal::SessionRemoved(id) => assert!(sessions.remove(&id), "removed and never new"),
            Signal::UserNew(uid) => assert!(users.insert(uid), "new twice"),
            Signal::UserRemoved(uid) => assert!(users.remove(&uid), "removed and never new"),
            Signal::SessionChanged(id, _) | Signal::Lock(id) | Signal::Unlock(id) => {
                assert!(self.core.session(&id).is_none_or(|s| s.is_announced()), "changed and never new");
            }
            Signal::UserChanged(uid, _) => assert!(self.core.user(uid).is_some_and(|u| u.is_announced())),
            Signal::SeatChanged(..) | Signal::ManagerChanged(_) => {}
        }
    }

    fn reply(&mut self, request: RequestId, answer: Answer) {
        assert!(self.ledger.calls.remove(&request), "answered twice");
        let leader = self.leaders.remove(&request);
        let Answer::Opened { session, .. } = answer else { return };
        assert!(self.ledger.confirmed.contains(&session), "promised before it was there");
        assert!(self.ledger.sessions.contains(&session) && self.session_files.contains_key(&session));
        let is_taken = !self.luck.once_in(8); // else the login waits no more
        match leader.filter(|leader| is_taken && self.is_alive(*leader)) {
            Some(leader) => _ = self.life_lines.insert(session, Holder::Login(leader.pid)),
            None => self.close_life_line(&session),
        }
    }

    pub(crate) fn is_alive(&self, leader: Leader) -> bool {
        self.processes.get(&leader.pid) == Some(&leader.start_time)
    }

    pub(crate) fn witnesses(&self, session: &SessionId) -> Witnesses {
        let known = self.core.session(session).map(saved::of_session);
        let file = self.session_files.get(session).map(|file| file.saved.clone());
        self.witnesses_of(session, known.or(file).as_ref())
    }

    fn witnesses_of(&self, session: &SessionId, saved: Option<&SavedSession>) -> Witnesses {
        let has_scope = self.has_cgroups && saved.is_some_and(|s| s.class.has_scope());
        let is_populated = || self.scopes.get(session).is_some_and(|(_, processes)| !processes.is_empty());
        Witnesses {
            leader: saved.is_some_and(|s| self.is_alive(s.leader)),
            life_line: self.life_lines.contains_key(session),
            scope: has_scope.then(is_populated),
        }
    }

    /// Word of something that happened, which may get lost.
    fn notify(&mut self, event: Event) {
        if !self.luck.once_in(3) {
            self.inbox.push_back(event);
        }
    }

    fn leave_scope(&mut self, pid: u32) {
        let Some((id, (_, processes))) = self.scopes.iter_mut().find(|(_, (_, all))| all.contains(&pid)) else {
            return;
        };
        processes.remove(&pid);
        if processes.is_empty() {
            let id = *id;
            self.notify(Event::ScopeEmpty(id));
        }
    }

    pub(crate) fn close_life_line(&mut self, session: &SessionId) {
        if self.life_lines.remove(session).is_some() {
            self.notify(Event::LifeLineClosed(*session));
        }
    }

    /// A process ends.
    pub(crate) fn exit(&mut self, pid: u32) {
        let Some(start_time) = self.processes.remove(&pid) else { return };
        self.leave_scope(pid);
        let is_led = |leader: Leader| leader.pid == pid && leader.start_time == start_time;
        let led: Vec<_> = self.core.sessions().filter(|s| is_led(s.leader())).map(|s| *s.id()).collect();
        led.into_iter().for_each(|id| self.notify(Event::LeaderExited(id)));
        let held = self.life_lines.iter().filter(|(_, holder)| **holder == Holder::Login(pid));
        let held: Vec<_> = held.map(|(id, _)| *id).collect();
        held.iter().for_each(|id| self.close_life_line(id));
    }

    /// The daemon hears which terminal is in front.
    pub(crate) fn show(&mut self, vt: Option<VtNumber>) {
        (self.shown, self.foreground) = (vt, vt);
        self.apply(Event::Foreground(vt));
    }

    /// Graphics come, or go.
    pub(crate) fn show_graphics(&mut self, are_there: bool) {
        self.graphics = are_there;
        self.apply(Event::Graphics(are_there));
    }

    /// Hands over what has been notified.
    pub(crate) fn deliver(&mut self) {
        if self.shown != self.foreground {
            self.show(self.shown);
        }
        while let Some(event) = self.inbox.pop_front() {
            self.apply(event);
        }
    }

    /// The daemon is killed and started again: what it finds is in its files and in the kernel. Whoever listens to it asks
    /// anew what there is.
    pub(crate) fn restart(&mut self, core: Core) {
        self.core = core;
        self.effects_left = None;
        self.ledger.calls.clear();
        self.ledger.begun = self.session_files.keys().cloned().collect();
        (self.look_ups, self.makings, self.removals, self.inbox) = Default::default();
        self.leaders.clear();
        self.life_lines.retain(|_, holder| *holder != Holder::Daemon);
        self.foreground = self.shown;
        self.apply(Event::StartedAt(self.shown));
        self.show_graphics(self.graphics);
        let gettys: Vec<VtNumber> = self.getty_files.iter().copied().collect();
        gettys.iter().for_each(|&vt| self.apply(Event::Vt(vt, VtNews::GettyFound)));
        let opened = self.session_files.values().filter(|file| file.saved.stage.is_announced());
        self.ledger.sessions = opened.map(|file| file.saved.id).collect();
        self.ledger.confirmed = self.ledger.sessions.clone();
        let users: Vec<SavedUser> = self.user_files.values().map(|file| file.saved.clone()).collect();
        let sessions: Vec<SavedSession> = self.session_files.values().map(|file| file.saved.clone()).collect();
        self.ledger.users = users_announced(&users, &sessions);
        users.into_iter().for_each(|saved| self.apply(Event::UserRestored(saved)));
        for saved in sessions {
            let witnesses = self.witnesses_of(&saved.id, Some(&saved));
            self.apply(Event::SessionRestored { saved, witnesses });
        }
        self.apply(Event::RestoreEnded);
        let gone = gettys.into_iter().filter(|vt| !self.gettys.contains(vt)).collect::<Vec<_>>();
        gone.into_iter().for_each(|vt| self.apply(Event::Vt(vt, VtNews::GettyExited)));
    }
}

/// Those who had a session that opened.
fn users_announced(users: &[SavedUser], sessions: &[SavedSession]) -> BTreeSet<Uid> {
    let of_sessions = sessions.iter().filter(|s| s.stage.is_announced()).map(|s| s.uid);
    let gone = users.iter().filter(|user| user.last_session.is_some()).map(|user| user.account.uid);
    of_sessions.chain(gone).collect()
}

fn cannot_open(session: &SessionId, errno: i32) -> Failed {
    Failed { step: Step::Open(*session), errno }
}

fn subject(event: &Event) -> Option<&SessionId> {
    match event {
        Event::ScopeEmpty(id) | Event::LeaderExited(id) | Event::LifeLineClosed(id) => Some(id),
        _ => None,
    }
}
