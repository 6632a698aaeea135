//! Everything that can happen to the registry.

use alloc::string::String;

use crate::leader::Leader;
use crate::login::{Account, Login};
use crate::names::{Class, SeatId, SessionId, Type, Uid, VtNumber};
use crate::policy::Policy;
use crate::time::Moment;

/// The shell's name for one call that waits for its answer. Each gets exactly one [`crate::Effect::Reply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// What happened. Those with a `request` are calls; the gate has been asked before they come here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A login asks for a session (CreateSession).
    Login {
        /// The waiting call.
        request: RequestId,
        /// What it asks.
        login: Login,
    },
    /// The user database answered [`crate::Effect::LookUpUser`].
    UserFound {
        /// The login that waits for it.
        request: RequestId,
        /// The user, or the errno of the failed look-up (`ENOENT`: there is no such user).
        account: Result<Account, i32>,
    },
    /// The user's runtime directory is there, or could not be made (errno).
    RuntimeDirectoryMade {
        /// The session that needs it.
        session: SessionId,
        /// The login that waits.
        request: RequestId,
        /// What the kernel said.
        outcome: Result<(), i32>,
    },
    /// All essential effects before [`crate::Effect::ConfirmOpen`] have been carried out.
    Opened(SessionId),
    /// An essential effect failed, and the rest of its batch was dropped.
    Failed(Failed),
    /// The login that opened the session says it is over (ReleaseSession).
    Release {
        /// The waiting call.
        request: RequestId,
        /// The session.
        session: SessionId,
    },
    /// Someone who may ends sessions by force.
    Terminate {
        /// The waiting call.
        request: RequestId,
        /// Whose sessions.
        target: Target,
    },
    /// Someone who may sends a signal.
    Kill {
        /// The waiting call.
        request: RequestId,
        /// To whose sessions.
        target: Target,
        /// To which of their processes.
        whom: Whom,
        /// The signal, 1 to 64 (signal(7)).
        signal: i32,
    },
    /// The session says whether it is idle (SetIdleHint).
    IdleHint {
        /// The waiting call.
        request: RequestId,
        /// The session.
        session: SessionId,
        /// Whether it is.
        idle: bool,
    },
    /// The session says whether it is locked (SetLockedHint).
    LockedHint {
        /// The waiting call.
        request: RequestId,
        /// The session.
        session: SessionId,
        /// Whether it is.
        locked: bool,
    },
    /// The session is asked to raise or drop its lock screen (LockSession, UnlockSession); none means all that can.
    Lock {
        /// The waiting call.
        request: RequestId,
        /// The session.
        session: Option<SessionId>,
        /// Raise, or drop.
        locked: bool,
    },
    /// Something else is to come to the front (ActivateSession, SwitchTo and their kin).
    Switch {
        /// The waiting call.
        request: RequestId,
        /// What.
        switch: Switch,
    },
    /// Every process that held the session's life line has closed it.
    LifeLineClosed(SessionId),
    /// The session's leader is gone.
    LeaderExited(SessionId),
    /// No process is left in the session's scope.
    ScopeEmpty(SessionId),
    /// The kernel answered [`crate::Effect::Probe`].
    Probed {
        /// The session asked about.
        session: SessionId,
        /// What is left of it.
        witnesses: Witnesses,
    },
    /// The user's runtime directory is gone, or could not be removed (errno).
    RuntimeDirectoryRemoved {
        /// The user.
        uid: Uid,
        /// What the kernel said.
        outcome: Result<(), i32>,
    },
    /// A virtual terminal came to the front (`/sys/class/tty/tty0/active`).
    Foreground(Option<VtNumber>),
    /// The virtual terminal in front when logind starts. This comes first of all.
    StartedAt(Option<VtNumber>),
    /// News of a virtual terminal.
    Vt(VtNumber, VtNews),
    /// Whether `seat0` has a graphics device, now and from now on.
    Graphics(bool),
    /// The configuration was read, again.
    Configured(Policy),
    /// A user found in the state files of the logind before this one. Users come before sessions.
    UserRestored(SavedUser),
    /// A session found in the state files of the logind before this one.
    SessionRestored {
        /// What the file says.
        saved: SavedSession,
        /// What the kernel says.
        witnesses: Witnesses,
    },
    /// All that was found has been restored: what belongs to nobody any more is stopped.
    RestoreEnded,
    /// A deadline of [`crate::Core::next_deadline`] has come.
    Deadline,
}

/// What happened at a virtual terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VtNews {
    /// This is who has it, as [`crate::effect::VtDeed::Look`] asked.
    Seen(VtUse),
    /// The getty that was started there has ended, as what it became; or could not be started.
    GettyExited,
    /// The logind before this one had started a getty there. If it has ended since, that is told after all is restored.
    GettyFound,
}

/// Who has a virtual terminal, as the kernel and utmp have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VtUse {
    /// Nobody.
    Free,
    /// Nobody, but somebody had it a moment ago, or is said to have it and is gone.
    Left,
    /// Somebody has it open.
    Open,
    /// A getty waits at it, or somebody is logged in there.
    Getty,
}

/// Which essential effect failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The effect.
    pub step: Step,
    /// What the kernel said.
    pub errno: i32,
}

/// The essential effects: without them what they are for must not be said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Opening the session: any of its effects.
    Open(SessionId),
    /// Sending the signal that the call asked for.
    Kill(RequestId),
    /// Switching as the call asked for.
    Switch(RequestId),
}

/// What is to come to the front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switch {
    /// A session, on its seat.
    Session(SessionId),
    /// A virtual terminal of a seat, whether anybody is there or not.
    Vt(SeatId, VtNumber),
    /// The seat's session on the next virtual terminal that has one.
    Next(SeatId),
    /// The seat's session on the virtual terminal before that has one.
    Previous(SeatId),
}

/// Whose sessions a call is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One session.
    Session(SessionId),
    /// All of a user.
    User(Uid),
    /// All on a seat.
    Seat(SeatId),
}

/// Which processes of a session get a signal (KillSession's `whom`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The leader.
    Leader,
    /// All.
    All,
}

/// What the kernel says is left of a session: the three independent witnesses of its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witnesses {
    /// Whether the leader lives.
    pub leader: bool,
    /// Whether somebody holds the life line.
    pub life_line: bool,
    /// Whether the scope has processes, one that is not there having none; no answer where there are no cgroups, and for a
    /// class without scope.
    pub scope: Option<bool>,
}

/// How far a session had come when it was saved (`STATE=` and `ANNOUNCED=` of its file).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavedStage {
    /// It was being opened; its login got no answer, unless it holds the life line.
    Opening,
    /// It was open.
    Open,
    /// It was ending.
    Closing,
    /// It was ending, and had never opened: nobody was told of it.
    Undone,
}

impl SavedStage {
    /// Whether everybody was told of the session.
    pub fn is_announced(self) -> bool {
        matches!(self, Self::Open | Self::Closing)
    }
}

/// A session as its state file has it (`/run/systemd/sessions/ID`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSession {
    /// Its name.
    pub id: SessionId,
    /// Its user.
    pub uid: Uid,
    /// How far it had come.
    pub stage: SavedStage,
    /// The process whose login made it.
    pub leader: Leader,
    /// The PAM service.
    pub service: String,
    /// The type.
    pub kind: Type,
    /// The type at login.
    pub original_kind: Type,
    /// The class.
    pub class: Class,
    /// The desktop.
    pub desktop: String,
    /// The seat.
    pub seat: Option<SeatId>,
    /// The virtual terminal.
    pub vt: Option<VtNumber>,
    /// The line.
    pub tty: String,
    /// The display.
    pub display: String,
    /// Whether it is remote.
    pub remote: bool,
    /// The user there.
    pub remote_user: String,
    /// The machine there.
    pub remote_host: String,
    /// The audit session.
    pub audit: Option<u32>,
    /// When it began.
    pub began: Moment,
    /// Whether it is locked.
    pub locked: bool,
    /// Whether it said it is idle.
    pub idle: bool,
    /// Since when that is so.
    pub idle_since: Moment,
    /// When its processes are told to go, if its login still is not by then, which said that it is over.
    pub tell_at: Option<Moment>,
    /// When its processes are killed, which were told to go.
    pub kill_at: Option<Moment>,
}

/// A user as the state file has it (`/run/systemd/users/UID`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedUser {
    /// The account.
    pub account: Account,
    /// When the first session began.
    pub began: Moment,
    /// Whether the user was being stopped.
    pub stopping: bool,
    /// When a session last ended, if none has opened since ([`crate::user::User::last_session`]).
    pub last_session: Option<Moment>,
}
