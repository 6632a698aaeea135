//! Random lives: whatever happens in whatever order, the promises hold, and in the end nothing is left.

use std::collections::BTreeMap;

use logind_core::event::{Switch, Target, Whom};
use logind_core::leader::Leader;
use logind_core::login::Login;
use logind_core::names::{Class, SessionId, Type, Uid, VtNumber};
use logind_core::policy::Policy;

use logind_core::time::{Moment, Span};
use logind_core::{Core, Event};
use proptest::prelude::*;

use crate::kernel::{Kernel, Luck};
use crate::saved;

use crate::world::{account, at_vt, remote, seat0, uid, vt};

/// Something that happens. Numbers choose among what there is.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    Login {
        user: u32,
        process: u32,
        vt: u32,
        class: usize,
        kind: usize,
        audit: Option<u32>,
    },
    UserFound {
        which: usize,
        is_known: bool,
    },
    Release(usize),
    TerminateSession(usize),
    TerminateUser(usize),
    TerminateSeat,
    Signal(usize, i32),
    Exit(usize),
    Fork(usize),
    LoseLifeLine(usize),
    Show(u32),
    Switch(usize, usize),
    Graphics(bool),
    GettyExit(u32),
    Reserve(bool),
    Idle(usize, bool),
    Locked(usize, bool),
    Lock(Option<usize>, bool),
    DirectoryMade {
        which: usize,
        is_there: bool,
    },
    DirectoryRemoved {
        which: usize,
        is_gone: bool,
    },
    Pass(u64),
    KillUserProcesses(bool),
    Deliver,
    Restart,
    /// The daemon is killed after so many effects more.
    Kill(u32),
}

pub(crate) fn happening() -> impl Strategy<Value = Happening> {
    let login = (0..4u32, 0..6u32, 0..4u32, 0..Class::ALL.len(), 0..Type::ALL.len(), proptest::option::of(1..3u32));
    let login = login.prop_map(|(user, process, vt, class, kind, audit)| Happening::Login {
        user,
        process,
        vt,
        class,
        kind,
        audit,
    });
    let which = any::<usize>;
    prop_oneof![
        8 => login,
        8 => (which(), prop::bool::weighted(0.9)).prop_map(|(which, is_known)| Happening::UserFound { which, is_known }),
        3 => which().prop_map(Happening::Release),
        1 => which().prop_map(Happening::TerminateSession),
        1 => which().prop_map(Happening::TerminateUser),
        1 => Just(Happening::TerminateSeat),
        1 => (which(), -1..70i32).prop_map(|(which, signal)| Happening::Signal(which, signal)),
        4 => which().prop_map(Happening::Exit),
        3 => which().prop_map(Happening::Fork),
        2 => which().prop_map(Happening::LoseLifeLine),
        2 => (0..4u32).prop_map(Happening::Show),
        3 => (which(), which()).prop_map(|(way, which)| Happening::Switch(way, which)),
        1 => any::<bool>().prop_map(Happening::Graphics),
        3 => (1..4u32).prop_map(Happening::GettyExit),
        1 => any::<bool>().prop_map(Happening::Reserve),
        1 => (which(), any::<bool>()).prop_map(|(which, is)| Happening::Idle(which, is)),
        1 => (which(), any::<bool>()).prop_map(|(which, is)| Happening::Locked(which, is)),
        1 => (proptest::option::of(which()), any::<bool>()).prop_map(|(which, is)| Happening::Lock(which, is)),
        8 => (which(), prop::bool::weighted(0.9)).prop_map(|(which, is_there)| Happening::DirectoryMade { which, is_there }),
        4 => (which(), any::<bool>()).prop_map(|(which, is_gone)| Happening::DirectoryRemoved { which, is_gone }),
        6 => (0..40_000u64).prop_map(Happening::Pass),
        1 => any::<bool>().prop_map(Happening::KillUserProcesses),
        6 => Just(Happening::Deliver),
        1 => Just(Happening::Restart),
        2 => (0..40u32).prop_map(Happening::Kill),
    ]
}

/// A machine with its people.
pub(crate) struct Life {
    pub(crate) kernel: Kernel,
    calls: u64,
    births: u64,
}

pub(crate) fn policy(kill_user_processes: bool) -> Policy {
    Policy { kill_user_processes, sessions_max: 12, auto_vts: 2, ..Policy::default() }
}

pub(crate) fn nobody() -> Core {
    Core::new(policy(false), true)
}

impl Life {
    pub(crate) fn new(seed: u64, has_cgroups: bool) -> Self {
        let kernel = Kernel {
            core: nobody(),
            now: Moment { monotonic: 1_000_000, realtime: 1_700_000_000_000_000 },
            luck: Luck(seed | 1),
            has_cgroups,
            shown: None,
            foreground: None,
            graphics: false,
            gettys: Default::default(),
            getty_files: Default::default(),
            processes: BTreeMap::new(),
            scopes: BTreeMap::new(),
            life_lines: BTreeMap::new(),
            directories: Default::default(),
            session_files: BTreeMap::new(),
            user_files: BTreeMap::new(),
            seat_file: nobody().seat(&seat0()).map(saved::seat_file),
            look_ups: Vec::new(),
            makings: Vec::new(),
            removals: Vec::new(),
            leaders: BTreeMap::new(),
            inbox: Default::default(),
            ledger: Default::default(),
            effects_left: None,
        };
        Self { kernel, calls: 0, births: 0 }
    }

    fn call(&mut self) -> logind_core::event::RequestId {
        self.calls += 1;
        let request = logind_core::event::RequestId(self.calls);
        self.kernel.ledger.calls.insert(request);
        request
    }

    /// One of the sessions, or one that is not there.
    fn session(&self, which: usize) -> SessionId {
        let all: Vec<&SessionId> = self.kernel.core.sessions().map(|s| s.id()).collect();
        let nobody = SessionId::new("c0").expect("a name");
        all.get(which % (all.len() + 1)).map_or(nobody, |id| *(*id))
    }

    fn user(&self, which: usize) -> Uid {
        uid(if which.is_multiple_of(4) { 0 } else { 1000 + u32::try_from(which % 4).unwrap_or(0) })
    }

    pub(crate) fn happen(&mut self, happening: Happening) {
        self.kernel.now = self.kernel.now + Span::milliseconds(1);
        self.happen_now(happening);
        if self.kernel.effects_left == Some(0) {
            self.restart();
        }
    }

    fn restart(&mut self) {
        let policy = self.kernel.core.policy().clone();
        self.kernel.restart(Core::new(policy, true));
    }

    fn happen_now(&mut self, happening: Happening) {
        match happening {
            Happening::Login { user, process, vt, class, kind, audit } => {
                let base = if vt == 0 { remote(0, 100 + process) } else { at_vt(0, 100 + process, vt) };
                let (class, kind) = (Some(Class::ALL[class]), Some(Type::ALL[kind]));
                self.login(Login { uid: self.user(user as usize), class, kind, audit, ..base });
            }
            Happening::UserFound { which, is_known } => self.user_found(which, is_known),
            Happening::Release(which) => {
                let (request, session) = (self.call(), self.session(which));
                self.kernel.ledger.released.entry(session).or_insert(self.kernel.now);
                self.kernel.apply(Event::Release { request, session });
            }
            Happening::TerminateSession(which) => self.terminate(Target::Session(self.session(which))),
            Happening::TerminateUser(which) => self.terminate(Target::User(self.user(which))),
            Happening::TerminateSeat => self.terminate(Target::Seat(seat0())),
            Happening::Show(number) => {
                self.kernel.show(VtNumber::new(number));
            }
            Happening::Switch(way, which) => self.switch(way, which),
            Happening::GettyExit(number) => self.kernel.exit_getty(vt(number)),
            Happening::Reserve(is_so) => {
                let reserve_vt = is_so.then(|| vt(3));
                let policy = Policy { reserve_vt, ..self.kernel.core.policy().clone() };
                self.kernel.apply(Event::Configured(policy));
            }
            Happening::Graphics(is_there) => self.kernel.show_graphics(is_there),
            Happening::DirectoryMade { which, is_there } => self.directory_made(which, is_there),
            Happening::DirectoryRemoved { which, is_gone } => self.directory_removed(which, is_gone),
            Happening::Pass(milliseconds) => {
                self.kernel.now = self.kernel.now + Span::milliseconds(milliseconds);
                self.kernel.apply(Event::Deadline);
            }
            Happening::KillUserProcesses(is_so) => self.kernel.apply(Event::Configured(policy(is_so))),
            Happening::Deliver => self.kernel.deliver(),
            Happening::Restart => self.restart(),
            Happening::Kill(effects) => self.kernel.effects_left = Some(effects + 1),
            other => self.happen_to_session(other),
        }
    }

    fn happen_to_session(&mut self, happening: Happening) {
        let processes: Vec<u32> = self.kernel.processes.keys().copied().collect();
        match happening {
            Happening::Signal(which, signal) => {
                let (request, target) = (self.call(), Target::Session(self.session(which)));
                self.kernel.apply(Event::Kill { request, target, whom: Whom::All, signal });
            }
            Happening::Exit(which) if !processes.is_empty() => self.kernel.exit(processes[which % processes.len()]),
            Happening::Fork(which) if !processes.is_empty() => self.fork(processes[which % processes.len()]),
            Happening::LoseLifeLine(which) => self.kernel.close_life_line(&self.session(which)),
            Happening::Idle(which, idle) => {
                let (request, session) = (self.call(), self.session(which));
                self.kernel.apply(Event::IdleHint { request, session, idle });
            }
            Happening::Locked(which, locked) => {
                let (request, session) = (self.call(), self.session(which));
                self.kernel.apply(Event::LockedHint { request, session, locked });
            }
            Happening::Lock(which, locked) => {
                let (request, session) = (self.call(), which.map(|which| self.session(which)));
                self.kernel.apply(Event::Lock { request, session, locked });
            }
            _ => {}
        }
    }

    fn switch(&mut self, way: usize, which: usize) {
        let number = u32::try_from(which % 4).unwrap_or(0) + 1;
        let switch = match way % 4 {
            0 => Switch::Vt(seat0(), vt(number)),
            1 => Switch::Next(seat0()),
            2 => Switch::Previous(seat0()),
            _ => Switch::Session(self.session(which)),
        };
        let request = self.call();
        self.kernel.apply(Event::Switch { request, switch });
    }

    fn login(&mut self, login: Login) {
        let pid = login.leader.pid;
        self.births += 1;
        let start_time = *self.kernel.processes.entry(pid).or_insert(self.births);
        let leader = Leader { pid, start_time, pidfs_id: None };
        let within = self.kernel.scopes.iter().find(|(_, (_, processes))| processes.contains(&pid));
        let leader_session = within.map(|(id, _)| *id);
        let request = self.call();
        self.kernel.leaders.insert(request, leader);
        self.kernel.apply(Event::Login { request, login: Login { leader, leader_session, ..login } });
    }

    pub(crate) fn user_found(&mut self, which: usize, is_known: bool) {
        if self.kernel.look_ups.is_empty() {
            return;
        }
        let (request, uid) = self.kernel.look_ups.swap_remove(which % self.kernel.look_ups.len());
        let account = if is_known { Ok(account(uid)) } else { Err(2) };
        self.kernel.apply(Event::UserFound { request, account });
    }

    /// What is done to one user's directory is done in the order it was asked for.
    pub(crate) fn directory_made(&mut self, which: usize, is_there: bool) {
        if self.kernel.makings.is_empty() {
            return;
        }
        let (_, _, uid) = self.kernel.makings[which % self.kernel.makings.len()];
        let first = self.kernel.makings.iter().position(|(_, _, other)| *other == uid).unwrap_or(0);
        let (session, request, uid) = self.kernel.makings.remove(first);
        if is_there {
            self.kernel.directories.insert(uid);
        }
        let outcome = if is_there { Ok(()) } else { Err(28) };
        self.kernel.apply(Event::RuntimeDirectoryMade { session, request, outcome });
    }

    pub(crate) fn directory_removed(&mut self, which: usize, is_gone: bool) {
        if self.kernel.removals.is_empty() {
            return;
        }
        let uid = self.kernel.removals[which % self.kernel.removals.len()];
        while let Some(earlier) = self.kernel.makings.iter().position(|(_, _, other)| *other == uid) {
            self.directory_made(earlier, true);
        }
        self.kernel.removals.retain(|other| *other != uid);
        if is_gone {
            self.kernel.directories.remove(&uid);
        }
        let outcome = if is_gone { Ok(()) } else { Err(16) };
        self.kernel.apply(Event::RuntimeDirectoryRemoved { uid, outcome });
    }

    fn fork(&mut self, pid: u32) {
        self.births += 1;
        let child = 1000 + u32::try_from(self.births).unwrap_or(0);
        self.kernel.processes.insert(child, self.births);
        if let Some((_, processes)) = self.kernel.scopes.values_mut().find(|(_, all)| all.contains(&pid)) {
            processes.insert(child);
        }
    }

    fn terminate(&mut self, target: Target) {
        let core = &self.kernel.core;
        let is_meant = |id: &SessionId, uid: Uid| match &target {
            Target::Session(meant) => meant == id,
            Target::User(meant) => *meant == uid,
            Target::Seat(seat) => core.seat(seat).is_some_and(|seat| seat.sessions().contains(id)),
        };
        let meant = core.sessions().filter(|s| is_meant(s.id(), s.uid())).map(|s| *s.id());
        self.kernel.ledger.forced.extend(meant.collect::<Vec<_>>());
        let request = self.call();
        self.kernel.apply(Event::Terminate { request, target });
    }
}
