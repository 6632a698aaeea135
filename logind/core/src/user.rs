//! A user: somebody with sessions, or with none since a moment ago.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::login::Account;
use crate::names::{SessionId, Uid};
use crate::time::Moment;

/// What sd_uid_get_state(3) says of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserState {
    /// Not there.
    Offline,
    /// The first session is being opened.
    Opening,
    /// There without a session.
    Lingering,
    /// Has a session, none in front.
    Online,
    /// Has a session in front.
    Active,
    /// Has none any more, and is about to go.
    Closing,
}

impl UserState {
    /// The protocol's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Opening => "opening",
            Self::Lingering => "lingering",
            Self::Online => "online",
            Self::Active => "active",
            Self::Closing => "closing",
        }
    }
}

/// All users.
pub(crate) type Users = BTreeMap<Uid, User>;

/// Somebody with sessions. The runtime directory and the slice are as long-lived as this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub(crate) account: Account,
    pub(crate) began: Moment,
    pub(crate) sessions: BTreeSet<SessionId>,
    pub(crate) last_session: Option<Moment>,
    pub(crate) stopping: bool,
    pub(crate) announced: bool,
    pub(crate) display: Option<SessionId>,
}

impl User {
    /// The user id.
    pub fn uid(&self) -> Uid {
        self.account.uid
    }

    /// The account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// When the first session began.
    pub fn began(&self) -> Moment {
        self.began
    }

    /// The sessions, in the order of their names.
    pub fn sessions(&self) -> &BTreeSet<SessionId> {
        &self.sessions
    }

    /// When the last session ended, while there is none.
    pub fn last_session(&self) -> Option<Moment> {
        self.last_session
    }

    /// The session that stands for the user where only one can: `User.Display`, `IS_DISPLAY=`.
    pub fn display(&self) -> Option<&SessionId> {
        self.display.as_ref()
    }

    /// Whether the runtime directory is being removed.
    pub fn is_stopping(&self) -> bool {
        self.stopping
    }
}
