//! The loop: each event goes to the core, and the effects are carried out, in order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use logind_core::effect::VtDeed;
use logind_core::event::{Failed, RequestId, Step, VtNews, Whom};
use logind_core::leader::Leader;
use logind_core::names::{SeatId, SessionId, Uid, VtNumber};
use logind_core::session::Stage;
use logind_core::time::Moment;
use logind_core::user::User;
use logind_core::{Answer, Core, Effect, Event, Signal};
use rustix::io::Errno;
use tokio::time::{Instant, sleep, sleep_until};

use crate::bus::{Bus, Called, Configured};
use crate::clock;
use crate::config::Config;
use crate::effects;
use crate::effects::cgroup::Cgroups;
use crate::effects::getty::{Gettys, give_up};
use crate::effects::kill;
use crate::effects::life_line::{self, LifeLine};
use crate::effects::runtime_directory::{Limits, RuntimeDirectories};
use crate::effects::vt::line;
use crate::effects::witnesses::{self, Subject};
use crate::processes::{self, Base, says_nothing};
use crate::readiness::Readiness;
use crate::sources::Sources;
use crate::sources::signals::{Signals, Wish};
use crate::state::records::Records;
use crate::state::restore;
use crate::state::unwritten::{File, Unwritten};

/// How long a system bus that is there but does not answer keeps us from being ready.
const PATIENCE: Duration = Duration::from_secs(3);

/// What carries effects out.
#[derive(Debug)]
pub(crate) struct Hands {
    /// The state files.
    pub(crate) records: Records,
    /// Where the sessions' processes are.
    pub(crate) base: Base,
    /// The slices and scopes.
    pub(crate) cgroups: Cgroups,
    /// `/run/user`.
    pub(crate) directories: RuntimeDirectories,
    /// How much each runtime directory may hold.
    pub(crate) limits: Limits,
    /// Gettys on demand.
    pub(crate) gettys: Gettys,
}

/// The registry, its doors, what is watched and what is done.
#[derive(Debug)]
pub(crate) struct Daemon {
    core: Core,
    bus: Bus,
    sources: Sources,
    hands: Hands,
    /// The leaders' pidfds of logins that have no answer yet.
    leaders: BTreeMap<RequestId, OwnedFd>,
    /// The life lines' writing ends that are not with their logins yet.
    life_lines: BTreeMap<SessionId, OwnedFd>,
    /// The users whose state files do not say yet how they are.
    unsaved: BTreeSet<Uid>,
    /// The state files that could not be written.
    unwritten: Unwritten,
}

impl Daemon {
    /// A registry with nobody in it.
    pub(crate) fn new(core: Core, bus: Bus, sources: Sources, hands: Hands) -> Self {
        Self {
            core,
            bus,
            sources,
            hands,
            leaders: BTreeMap::new(),
            life_lines: BTreeMap::new(),
            unsaved: BTreeSet::new(),
            unwritten: Unwritten::default(),
        }
    }

    /// Takes over what a logind before this one left, with the virtual terminal `front` in front.
    pub(crate) async fn restore(&mut self, front: Option<VtNumber>) {
        self.apply(Event::StartedAt(front));
        let gettys = self.hands.records.gettys().unwrap_or_else(|error| {
            tracing::error!(error = %error, "cannot list the state files of gettys");
            Vec::new()
        });
        for (vt, _) in &gettys {
            self.apply(Event::Vt(*vt, VtNews::GettyFound));
        }
        let Hands { records, cgroups, directories, .. } = &self.hands;
        for event in restore::events(clock::now(), records, cgroups, directories).await {
            self.apply(event);
        }
        if let Err(error) = self.hands.records.forget_seats_but(&self.core) {
            tracing::warn!(error = %error, "cannot list the state files of seats");
        }
        for (vt, process) in gettys {
            self.watch_getty_again(vt, process);
        }
    }

    /// Serves until a signal ends it. Who waits for us is told once the system bus knows us, where there `is_a_bus`.
    pub(crate) async fn serve(
        &mut self,
        mut signals: Signals,
        ready: Readiness,
        is_a_bus: bool,
        read_again: impl Fn() -> Option<Config>,
    ) {
        let patience_ends = if is_a_bus { Instant::now() + PATIENCE } else { Instant::now() };
        let mut untold = Some(ready);
        loop {
            self.settle();
            let is_ready = self.bus.is_on_system_bus() || Instant::now() >= patience_ends;
            if let Some(ready) = untold.take_if(|_| is_ready) {
                self.bus.speak();
                ready.tell();
            }
            let deadline = self.core.next_deadline();
            tokio::select! {
                incoming = self.bus.next() => {
                    if let Some(called) = self.bus.dispatch(incoming, &self.core) {
                        self.called(called);
                    }
                }
                event = self.sources.next() => self.apply(event),
                () = reached(deadline) => self.apply(Event::Deadline),
                () = self.unwritten.due() => self.write_again(),
                () = sleep_until(patience_ends), if untold.is_some() => {}
                wish = signals.next() => match wish {
                    Wish::Stop => return,
                    Wish::Reload => self.configure(read_again()),
                },
            }
        }
    }

    /// Deals with what happened together, then writes what came of it for each user once, however many of a user's
    /// sessions it was: the file lists them all. Nothing that was said meanwhile is sent before: this thread sends it,
    /// while it waits for what happens next.
    fn settle(&mut self) {
        while let Some(event) = self.sources.ready() {
            self.apply(event);
        }
        for uid in std::mem::take(&mut self.unsaved) {
            self.write_user(uid);
        }
    }

    fn configure(&mut self, config: Option<Config>) {
        let Some(config) = config else { return };
        self.hands.limits = config.runtime_directory_limits();
        self.hands.gettys.configure(config.auto_vt_command);
        self.bus.configure(configured(self.hands.limits));
        self.apply(Event::Configured(config.policy));
    }

    /// A call that changes the registry.
    fn called(&mut self, Called { event, leader }: Called) {
        if let (Event::Login { request, .. }, Some(leader)) = (&event, leader) {
            self.leaders.insert(*request, leader);
        }
        self.apply(event);
    }

    /// Hands an event to the core and carries out what it asks for, and so with the events that come of that. The first
    /// essential effect that fails drops the rest of its batch.
    fn apply(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.core.handle(clock::now(), event) {
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

    /// Carries one effect out: the event that comes of it at once, or what failed if it was essential.
    fn carry_out(&mut self, effect: Effect) -> Result<Option<Event>, Failed> {
        let Hands { records, cgroups, .. } = &self.hands;
        match effect {
            Effect::LookUpUser { request, uid } => self.sources.look_up_user(request, uid),
            Effect::MakeRuntimeDirectory { session, request, uid, gid } => {
                self.make_runtime_directory(session, request, uid, gid);
            }
            Effect::MakeLifeLine(session) => {
                let made = self.make_life_line(&session);
                self.opening(session, "cannot make the life line", made)?;
            }
            Effect::WatchLeader { session, request } => {
                let watched = self.watch_leader(&session, request);
                self.opening(session, "cannot watch the leader", watched)?;
            }
            Effect::MakeScope { session, uid, request } => {
                self.opening(session, "cannot make the scope", self.make_scope(&session, uid, request))?;
            }
            Effect::WatchScope { session, uid } => {
                let scope = cgroups.scope(uid, &session);
                let watched = scope.map_or(Ok(()), |scope| self.sources.watch_scope(&session, &scope));
                self.opening(session, "cannot watch the scope", watched)?;
            }
            Effect::WatchAgain(session) => self.watch_again(&session),
            Effect::ConfirmOpen(session) => return Ok(Some(Event::Opened(session))),
            Effect::SaveSession(session) => self.save_session(session)?,
            Effect::SaveUser(uid) => self.save_user(uid),
            Effect::SaveSeat(id) => self.save_seat(id),
            Effect::ForgetSession(session) => self.forget(&session),
            Effect::ForgetUser(uid) => logged("cannot remove a user's state file", records.forget_user(uid)),
            Effect::Kill { request, session, uid, whom, signal } => {
                let sent = self.kill(&session, uid, whom, signal);
                killed(request, &session, sent)?;
            }
            Effect::ActivateVt { request, vt } => activate(request, vt)?,
            Effect::Vt(vt, deed) => return Ok(self.at_vt(vt, deed)),
            Effect::Probe(session) => return Ok(self.probe(session)),
            Effect::RemoveScope { session, uid } => {
                self.sources.forget(&session);
                logged("cannot remove a scope", cgroups.remove_scope(uid, &session));
            }
            Effect::RemoveSlice(uid) => logged("a slice is kept", cgroups.remove_slice(uid)),
            Effect::RemoveRuntimeDirectory(uid) => self.remove_runtime_directory(uid),
            Effect::Announce(signal) => self.announce(&signal),
            Effect::Reply { request, answer } => self.reply(request, answer),
        }
        Ok(None)
    }

    /// An effect that is essential while its session opens, and no longer.
    fn opening(&self, session: SessionId, failure: &'static str, outcome: io::Result<()>) -> Result<(), Failed> {
        let Err(error) = outcome else { return Ok(()) };
        tracing::warn!(session = %session, error = %error, "{failure}");
        let is_opening = self.core.session(&session).is_some_and(|session| session.stage() == Stage::Opening);
        if is_opening { Err(Failed { step: Step::Open(session), errno: errno(&error) }) } else { Ok(()) }
    }

    /// The file of a user whom somebody was told of waits for all that happened together.
    fn save_user(&mut self, uid: Uid) {
        if self.core.user(uid).is_some_and(User::is_announced) {
            self.unsaved.insert(uid);
        } else {
            self.write_user(uid);
        }
    }

    fn save_session(&mut self, session: SessionId) -> Result<(), Failed> {
        let saved = self.hands.records.save_session(&self.core, &session);
        if saved.is_err() {
            self.unwritten.note(File::Session(session));
        }
        self.opening(session, "cannot write the session's state file", saved)
    }

    fn save_seat(&mut self, id: SeatId) {
        let saved = self.hands.records.save_seat(&self.core, &id);
        self.written("cannot write a seat's state file", File::Seat(id), saved);
    }

    fn write_user(&mut self, uid: Uid) {
        let saved = self.hands.records.save_user(&self.core, uid);
        self.written("cannot write a user's state file", File::User(uid), saved);
    }

    fn written(&mut self, failure: &'static str, file: File, outcome: io::Result<()>) {
        if outcome.is_err() {
            self.unwritten.note(file);
        }
        logged(failure, outcome);
    }

    /// Tries to write what could not be written, of which was told when that failed first.
    fn write_again(&mut self) {
        let records = &self.hands.records;
        for file in self.unwritten.take() {
            let saved = match &file {
                File::Session(id) => records.save_session(&self.core, id),
                File::User(uid) => records.save_user(&self.core, *uid),
                File::Seat(id) => records.save_seat(&self.core, id),
            };
            if saved.is_err() {
                self.unwritten.note(file);
            }
        }
    }

    /// A user who was here a moment ago still has it, which is seen at once, unless something is being done to it.
    fn make_runtime_directory(&mut self, session: SessionId, request: RequestId, uid: Uid, gid: u32) {
        if !self.sources.has_to_do_with_directory_of(uid) && self.hands.directories.is_made(uid) {
            return self.sources.happen(Event::RuntimeDirectoryMade { session, request, outcome: Ok(()) });
        }
        let (directories, limits) = (self.hands.directories.clone(), self.hands.limits);
        self.sources.make_runtime_directory(session, request, uid, move || directories.make(uid, gid, limits));
    }

    fn remove_runtime_directory(&mut self, uid: Uid) {
        let directories = self.hands.directories.clone();
        let is_told_of = self.core.user(uid).is_some_and(User::is_announced);
        self.sources.remove_runtime_directory(uid, move || {
            if !is_told_of && processes::is_anybody(uid)? {
                tracing::debug!(uid = uid.get(), "somebody without a session uses the runtime directory");
                return Err(Errno::BUSY.into());
            }
            directories.remove(uid).inspect_err(|error| {
                tracing::warn!(uid = uid.get(), error = %error, "cannot remove the runtime directory, it is tried again");
            })
        });
    }

    fn make_life_line(&mut self, session: &SessionId) -> io::Result<()> {
        let LifeLine { reader, writer } = self.hands.records.make_life_line(session)?;
        self.sources.watch_life_line(session, reader)?;
        self.life_lines.insert(*session, writer);
        Ok(())
    }

    fn watch_leader(&mut self, session: &SessionId, request: RequestId) -> io::Result<()> {
        let leader = self.leaders.get(&request).ok_or(Errno::SRCH)?.try_clone()?;
        self.sources.watch_leader(session, leader)
    }

    fn make_scope(&self, session: &SessionId, uid: Uid, request: RequestId) -> io::Result<()> {
        let leader = self.leaders.get(&request).ok_or(Errno::SRCH)?;
        let pid = self.core.session(session).ok_or(Errno::SRCH)?.leader().pid;
        self.hands.cgroups.make_scope(uid, session, pid, leader.as_fd())
    }

    /// Does what is to be done about the getty of a terminal.
    fn at_vt(&mut self, vt: VtNumber, deed: VtDeed) -> Option<Event> {
        match deed {
            VtDeed::Prepare => logged("cannot prepare a virtual terminal", effects::vt::prepare(vt)),
            VtDeed::Look => self.sources.look_at_vt(vt),
            VtDeed::Free => {
                logged("cannot forget a getty", self.hands.records.forget_getty(vt));
                logged("cannot remove a getty's cgroup", self.hands.cgroups.forget_getty(&line(vt)));
                if let Err(error) = effects::vt::free(vt) {
                    tracing::debug!(vt = vt.get(), error = %error, "the terminal keeps what is on it");
                }
            }
            VtDeed::StartGetty => {
                if let Err(error) = self.start_getty(vt) {
                    tracing::warn!(vt = vt.get(), error = %error, "cannot start a getty");
                    return Some(Event::Vt(vt, VtNews::GettyExited));
                }
            }
        }
        None
    }

    fn start_getty(&mut self, vt: VtNumber) -> io::Result<()> {
        let child = self.hands.gettys.start(vt, &self.hands.cgroups)?;
        tracing::info!(vt = vt.get(), pid = child.id(), "a getty is started on a virtual terminal");
        let (pidfd, process) = match processes::pin(child.id()) {
            Ok(pinned) => pinned,
            Err(error) => {
                give_up(child);
                return Err(error);
            }
        };
        self.sources.watch_getty(vt, pidfd, Some(child))?;
        logged(
            "cannot write down a getty: the next logind will not know it",
            self.hands.records.save_getty(vt, process),
        );
        Ok(())
    }

    fn watch_getty_again(&mut self, vt: VtNumber, process: Leader) {
        match processes::find(process) {
            Ok(pidfd) => logged("cannot watch a getty", self.sources.watch_getty(vt, pidfd, None)),
            Err(error) if says_nothing(&error) => logged("cannot watch a getty", Err(error)),
            Err(_) => self.sources.happen(Event::Vt(vt, VtNews::GettyExited)),
        }
    }

    /// Watches a session that was found again. What is gone by now is told as if it went while it was watched.
    fn watch_again(&mut self, id: &SessionId) {
        let Some(session) = self.core.session(id) else { return };
        let leader = processes::find(session.leader());
        let scope = self.hands.cgroups.scope(session.uid(), id).filter(|_| session.class().has_scope());
        let life_line = self.hands.records.reopen_life_line(id);
        match leader {
            Ok(leader) => logged("cannot watch a leader", self.sources.watch_leader(id, leader)),
            Err(error) if says_nothing(&error) => logged("cannot watch a leader", Err(error)),
            Err(_) => self.sources.happen(Event::LeaderExited(*id)),
        }
        match life_line {
            Ok(reader) if life_line::is_held(reader.as_fd()) => {
                logged("cannot watch a life line", self.sources.watch_life_line(id, reader));
            }
            Err(error) if says_nothing(&error) => logged("cannot watch a life line", Err(error)),
            Ok(_) | Err(_) => self.sources.happen(Event::LifeLineClosed(*id)),
        }
        if let Some(scope) = scope {
            logged("cannot watch a scope", self.sources.watch_scope(id, &scope));
        }
    }

    fn forget(&mut self, session: &SessionId) {
        self.sources.forget(session);
        self.life_lines.remove(session);
        logged("cannot remove a session's state file", self.hands.records.forget_session(session));
    }

    fn kill(&self, session: &SessionId, uid: Uid, whom: Whom, signal: i32) -> io::Result<()> {
        let has_scope = self.core.session(session).is_some_and(|session| session.class().has_scope());
        let scope = self.hands.cgroups.scope(uid, session).filter(|_| has_scope && whom == Whom::All);
        match (scope, self.sources.leader(session)) {
            (Some(scope), _) => kill::scope(&self.hands.base, &scope, session, signal),
            (None, Some(leader)) => kill::leader(leader, signal),
            (None, None) => Err(Errno::SRCH.into()),
        }
    }

    fn probe(&self, id: SessionId) -> Option<Event> {
        let session = self.core.session(&id)?;
        let subject = Subject::of(session, self.sources.scope(&id));
        let witnesses = witnesses::ask(&subject, &self.hands.records, &self.hands.cgroups);
        Some(Event::Probed { session: id, witnesses })
    }

    fn announce(&mut self, signal: &Signal) {
        match signal {
            Signal::SessionNew(id) => {
                let uid = self.core.session(id).map(|session| session.uid().get());
                tracing::info!(session = %id, uid, "a session is open");
            }
            Signal::SessionRemoved(id) => tracing::info!(session = %id, "a session is gone"),
            _ => {}
        }
        self.bus.announce(signal, &self.core);
    }

    fn reply(&mut self, request: RequestId, answer: Answer) {
        let life_line = match &answer {
            Answer::Opened { session, .. } => self.life_lines.remove(session),
            Answer::Done | Answer::Refused(_) => None,
        };
        self.leaders.remove(&request);
        self.bus.reply(request, answer, life_line);
    }
}

/// What the bus tells of a configuration that is no rule.
pub(crate) fn configured(limits: Limits) -> Configured {
    Configured { runtime_directory_size: limits.size, runtime_directory_inodes: limits.inodes }
}

/// Waits until the instant on the monotonic clock; for ever without one.
async fn reached(deadline: Option<Moment>) {
    match deadline {
        Some(deadline) => {
            let left = deadline.monotonic.saturating_sub(clock::now().monotonic);
            sleep(Duration::from_micros(left)).await;
        }
        None => std::future::pending().await,
    }
}

/// Sending a signal is essential to the call that asked for it. That nobody is left is what ending a session is for.
fn killed(request: Option<RequestId>, session: &SessionId, outcome: io::Result<()>) -> Result<(), Failed> {
    match (outcome, request) {
        (Ok(()), _) => Ok(()),
        (Err(error), Some(request)) => Err(Failed { step: Step::Kill(request), errno: errno(&error) }),
        (Err(error), None) => {
            if error.raw_os_error() != Some(libc::ESRCH) {
                tracing::warn!(session = %session, error = %error, "cannot send a signal");
            }
            Ok(())
        }
    }
}

/// Switching is essential to the call that asked for it.
fn activate(request: RequestId, vt: VtNumber) -> Result<(), Failed> {
    effects::vt::activate(vt).map_err(|error| Failed { step: Step::Switch(request), errno: errno(&error) })
}

fn logged(failure: &'static str, outcome: io::Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(error = %error, "{failure}");
    }
}

fn errno(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EIO)
}
