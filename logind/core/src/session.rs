//! A session: one login, from its leader's request to the last of its processes.

use alloc::boxed::Box;

use crate::event::RequestId;
use crate::leader::Leader;
use crate::names::{Class, SeatId, SessionId, Type, Uid, VtNumber};
use crate::time::{Moment, Span};

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its files, directory and scope are being made; nobody has been told of it.
    Opening,
    /// It is in use.
    Open,
    /// Its login is over; some of its processes may live on.
    Closing,
}

/// What sd_session_get_state(3) says of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// Being opened.
    Opening,
    /// Open, and not in front.
    Online,
    /// Open and in front, or on no seat.
    Active,
    /// Ending.
    Closing,
}

impl SessionState {
    /// The protocol's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Online => "online",
            Self::Active => "active",
            Self::Closing => "closing",
        }
    }
}

/// Whether somebody is away, and since when one or the other is so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Idle {
    /// Away.
    pub is_idle: bool,
    /// Since when; zero if it never changed.
    pub since: Moment,
}

/// Why a session ends, the more urgent the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// A witness is gone: what is left running is treated as configured.
    Lost,
    /// Its login said that it is over: it exits soon, and counts as left running if it does not.
    Released,
    /// Somebody who may ends it: its processes are told to go, then killed.
    Forced,
}

/// How a session that ends is hurried along, and what has been seen of its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Why it was over before it had opened, if it was.
    pub(crate) early: Option<Why>,
    /// Whether the leader was seen to be gone.
    pub(crate) leader_gone: bool,
    /// Whether the life line was seen to be closed.
    pub(crate) life_line_gone: bool,
    /// Whether the scope was seen to be empty while the session is open, and the kernel has not said yet what else is left.
    pub(crate) in_doubt: bool,
    /// What is done to its processes.
    pub(crate) force: Force,
    /// How long after the last question the kernel is asked again.
    pub(crate) patience: Span,
    /// When the kernel is asked again.
    pub(crate) ask_at: Option<Moment>,
}

/// What is done to the processes of a session that ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Force {
    /// Nothing: they may run on.
    #[default]
    None,
    /// They are told to go once the leader has gone, which may still be closing its PAM session; at the latest then, if
    /// the leader said that it is over.
    AfterLeader(Option<Moment>),
    /// They were told to go, and are killed then.
    Told(Moment),
    /// They were killed.
    Killed,
}

/// One login. Texts are as its login gave them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub(crate) id: SessionId,
    pub(crate) uid: Uid,
    pub(crate) leader: Leader,
    pub(crate) stage: Stage,
    /// The login that waits for the session to open.
    pub(crate) request: Option<RequestId>,
    /// Whether it was said to be there, so must be said to be gone.
    pub(crate) announced: bool,
    /// What is done about it while it ends.
    pub(crate) ending: Ending,
    pub(crate) service: Box<str>,
    pub(crate) kind: Type,
    pub(crate) original_kind: Type,
    pub(crate) class: Class,
    pub(crate) desktop: Box<str>,
    pub(crate) seat: Option<SeatId>,
    pub(crate) vt: Option<VtNumber>,
    pub(crate) tty: Box<str>,
    pub(crate) display: Box<str>,
    pub(crate) remote: bool,
    pub(crate) remote_user: Box<str>,
    pub(crate) remote_host: Box<str>,
    pub(crate) audit: Option<u32>,
    pub(crate) began: Moment,
    pub(crate) idle: Idle,
    pub(crate) locked: bool,
}

impl Session {
    /// Its name.
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// Its user.
    pub fn uid(&self) -> Uid {
        self.uid
    }

    /// The process whose login made it.
    pub fn leader(&self) -> Leader {
        self.leader
    }

    /// Whether everybody was told that it is there. One that is not is nobody's to see: it is being opened, or was not
    /// opened in the end.
    pub fn is_announced(&self) -> bool {
        self.announced
    }

    /// How far it has come.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether the kernel has said that the leader is gone.
    pub fn is_leader_gone(&self) -> bool {
        self.ending.leader_gone
    }

    /// Whether the kernel has said that nobody holds the life line any more.
    pub fn is_life_line_gone(&self) -> bool {
        self.ending.life_line_gone
    }

    /// When its processes are told to go at the latest, if its login said that it is over.
    pub fn tell_at(&self) -> Option<Moment> {
        match self.ending.force {
            Force::AfterLeader(at) => at,
            Force::None | Force::Told(_) | Force::Killed => None,
        }
    }

    /// When those of its processes that still live are killed, if they were told to go.
    pub fn kill_at(&self) -> Option<Moment> {
        match self.ending.force {
            Force::Told(at) => Some(at),
            Force::None | Force::AfterLeader(_) | Force::Killed => None,
        }
    }

    /// The PAM service.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Its type.
    pub fn kind(&self) -> Type {
        self.kind
    }

    /// The type it began with.
    pub fn original_kind(&self) -> Type {
        self.original_kind
    }

    /// Its class.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The desktop environment's name, or nothing.
    pub fn desktop(&self) -> &str {
        &self.desktop
    }

    /// The seat it is on.
    pub fn seat(&self) -> Option<&SeatId> {
        self.seat.as_ref()
    }

    /// The virtual terminal it is on.
    pub fn vt(&self) -> Option<VtNumber> {
        self.vt
    }

    /// The line, without `/dev/`, or nothing.
    pub fn tty(&self) -> &str {
        &self.tty
    }

    /// The X11 display, or nothing.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Whether the person sits elsewhere.
    pub fn is_remote(&self) -> bool {
        self.remote
    }

    /// The user's name there, or nothing.
    pub fn remote_user(&self) -> &str {
        &self.remote_user
    }

    /// The machine there, or nothing.
    pub fn remote_host(&self) -> &str {
        &self.remote_host
    }

    /// The audit session.
    pub fn audit(&self) -> Option<u32> {
        self.audit
    }

    /// When it began.
    pub fn began(&self) -> Moment {
        self.began
    }

    /// What it said of being idle.
    pub fn idle(&self) -> Idle {
        self.idle
    }

    /// Whether it said it is locked.
    pub fn is_locked(&self) -> bool {
        self.locked
    }
}
