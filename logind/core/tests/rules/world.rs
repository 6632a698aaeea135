//! A registry to try the rules on: it keeps the clock, numbers the calls and makes logins.

use logind_core::answer::{Answer, Refusal};
use logind_core::event::{Failed, RequestId, Step, Witnesses};
use logind_core::leader::Leader;
use logind_core::login::{Account, Login};
use logind_core::names::{Class, SeatId, SessionId, Type, Uid, VtNumber};
use logind_core::policy::Policy;
use logind_core::time::{Moment, Span};
use logind_core::{Core, Effect, Event, Signal};

pub(crate) const SECOND: Span = Span::seconds(1);
pub(crate) const STOP_DELAY: Span = Span::seconds(10);
/// Nothing is left.
pub(crate) const NOTHING: Witnesses = Witnesses { leader: false, life_line: false, scope: Some(false) };
/// All is as it was.
pub(crate) const ALL: Witnesses = Witnesses { leader: true, life_line: true, scope: Some(true) };

pub(crate) struct World {
    pub(crate) core: Core,
    pub(crate) now: Moment,
    calls: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Policy::default())
    }

    pub(crate) fn with(policy: Policy) -> Self {
        let now = Moment { monotonic: 1_000_000, realtime: 1_700_000_000_000_000 };
        Self { core: Core::new(policy, true), now, calls: 0 }
    }

    pub(crate) fn call(&mut self) -> RequestId {
        self.calls += 1;
        RequestId(self.calls)
    }

    pub(crate) fn handle(&mut self, event: Event) -> Vec<Effect> {
        self.core.handle(self.now, event)
    }

    /// Time passes, and the deadlines in it come.
    pub(crate) fn pass(&mut self, span: Span) -> Vec<Effect> {
        self.now = self.now + span;
        self.handle(Event::Deadline)
    }

    pub(crate) fn ask(&mut self, login: Login) -> (RequestId, Vec<Effect>) {
        let request = self.call();
        let effects = self.handle(Event::Login { request, login });
        (request, self.make_directories(effects))
    }

    /// The user database knows the user, and the runtime directory is made if that is asked for.
    pub(crate) fn found(&mut self, request: RequestId, uid: Uid) -> Vec<Effect> {
        let effects = self.handle(Event::UserFound { request, account: Ok(account(uid)) });
        self.make_directories(effects)
    }

    fn make_directories(&mut self, mut effects: Vec<Effect>) -> Vec<Effect> {
        if let Some(Effect::MakeRuntimeDirectory { session, request, .. }) = effects.last().cloned() {
            effects.extend(self.handle(Event::RuntimeDirectoryMade { session, request, outcome: Ok(()) }));
        }
        effects
    }

    /// A login whose session is being made.
    pub(crate) fn begin(&mut self, login: Login) -> (RequestId, SessionId) {
        let uid = login.uid;
        let (request, effects) = self.ask(login);
        let opened = being_opened(&effects).or_else(|| being_opened(&self.found(request, uid)));
        (request, opened.expect("a session is being opened"))
    }

    /// A login whose session is open.
    pub(crate) fn open(&mut self, login: Login) -> SessionId {
        let (request, id) = self.begin(login);
        let effects = self.handle(Event::Opened(id));
        assert!(matches!(answers(&effects)[..], [(r, Answer::Opened { .. })] if r == request));
        id
    }

    pub(crate) fn fail(&mut self, id: &SessionId, errno: i32) -> Vec<Effect> {
        self.handle(Event::Failed(Failed { step: Step::Open(*id), errno }))
    }

    pub(crate) fn release(&mut self, id: &SessionId) -> Vec<Effect> {
        let request = self.call();
        self.handle(Event::Release { request, session: *id })
    }

    pub(crate) fn probed(&mut self, id: &SessionId, witnesses: Witnesses) -> Vec<Effect> {
        self.handle(Event::Probed { session: *id, witnesses })
    }

    /// The session's processes are gone, and so is it.
    pub(crate) fn end(&mut self, id: &SessionId) {
        let _ = self.handle(Event::LeaderExited(*id));
        let _ = self.handle(Event::ScopeEmpty(*id));
        assert!(self.core.session(id).is_none());
    }

    /// What the bus is told of a session's answer to `login`.
    pub(crate) fn refusal(&mut self, login: Login) -> Option<Refusal> {
        let (request, effects) = self.ask(login);
        match &effects[..] {
            [Effect::Reply { request: r, answer: Answer::Refused(why) }] if *r == request => Some(why.clone()),
            _ => None,
        }
    }
}

pub(crate) fn uid(n: u32) -> Uid {
    Uid::new(n).expect("a user id")
}

pub(crate) fn vt(n: u32) -> VtNumber {
    VtNumber::new(n).expect("a virtual terminal")
}

pub(crate) fn session(name: &str) -> SessionId {
    SessionId::new(name).expect("a session's name")
}

pub(crate) fn account(uid: Uid) -> Account {
    let name = if uid == Uid::ROOT { "root".into() } else { format!("user{uid}") };
    Account { uid, gid: uid.get(), name }
}

pub(crate) fn leader(pid: u32) -> Leader {
    Leader { pid, start_time: u64::from(pid) * 10, pidfs_id: None }
}

/// A login over the network.
pub(crate) fn remote(n: u32, pid: u32) -> Login {
    Login {
        uid: uid(n),
        leader: leader(pid),
        service: "sshd".into(),
        kind: Some(Type::Tty),
        class: Some(Class::User),
        desktop: String::new(),
        seat: None,
        vt: None,
        tty: "pts/1".into(),
        display: String::new(),
        remote: true,
        remote_user: String::new(),
        remote_host: "192.0.2.1".into(),
        audit: None,
        leader_session: None,
        leader_vt: None,
    }
}

/// A login at a virtual terminal.
pub(crate) fn at_vt(n: u32, pid: u32, number: u32) -> Login {
    Login {
        service: "login".into(),
        tty: format!("tty{number}"),
        remote: false,
        remote_host: String::new(),
        leader_vt: Some(vt(number)),
        ..remote(n, pid)
    }
}

/// A login that draws.
pub(crate) fn graphical(n: u32, pid: u32, number: u32) -> Login {
    Login { kind: Some(Type::Wayland), ..at_vt(n, pid, number) }
}

pub(crate) fn of_class(class: Class, login: Login) -> Login {
    Login { class: Some(class), ..login }
}

pub(crate) fn seat0() -> SeatId {
    SeatId::seat0()
}

pub(crate) fn being_opened(effects: &[Effect]) -> Option<SessionId> {
    effects.iter().find_map(|effect| match effect {
        Effect::ConfirmOpen(id) => Some(*id),
        _ => None,
    })
}

pub(crate) fn answers(effects: &[Effect]) -> Vec<(RequestId, Answer)> {
    let answer = |effect: &Effect| match effect {
        Effect::Reply { request, answer } => Some((*request, answer.clone())),
        _ => None,
    };
    effects.iter().filter_map(answer).collect()
}

pub(crate) fn signals(effects: &[Effect]) -> Vec<Signal> {
    let signal = |effect: &Effect| match effect {
        Effect::Announce(signal) => Some(signal.clone()),
        _ => None,
    };
    effects.iter().filter_map(signal).collect()
}

/// The signals sent to processes, in order.
pub(crate) fn kills(effects: &[Effect]) -> Vec<i32> {
    let kill = |effect: &Effect| match effect {
        Effect::Kill { signal, .. } => Some(*signal),
        _ => None,
    };
    effects.iter().filter_map(kill).collect()
}

pub(crate) fn is_asked(effects: &[Effect], id: &SessionId) -> bool {
    effects.contains(&Effect::Probe(*id))
}

pub(crate) fn is_removed(effects: &[Effect], id: &SessionId) -> bool {
    effects.contains(&Effect::ForgetSession(*id))
}
