//! A user: somebody with sessions, or with none since a moment ago.

use alloc::collections::{BTreeMap, BTreeSet};
use core::cmp::Reverse;

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
    /// The open sessions that can stand for the user, the best first.
    pub(crate) candidates: BTreeSet<Candidate>,
}

/// A session that can stand for its user. Among equals the oldest sorts first, so that a new one changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    /// Whether it is a person's, and how well its type is seen.
    pub(crate) rank: Reverse<(bool, u8)>,
    pub(crate) began: Moment,
    pub(crate) id: SessionId,
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

    /// Whether everybody was told of the user, so must be told of the end.
    pub fn is_announced(&self) -> bool {
        self.announced
    }

    /// The sessions, in the order of their names.
    pub fn sessions(&self) -> &BTreeSet<SessionId> {
        &self.sessions
    }

    /// When a session last ended, if none has opened since; none of a user whom nobody was told of.
    pub fn last_session(&self) -> Option<Moment> {
        self.last_session
    }

    /// The session that stands for the user where only one can: `User.Display`, `IS_DISPLAY=`.
    pub fn display(&self) -> Option<&SessionId> {
        self.candidates.first().map(|candidate| &candidate.id)
    }

    /// Whether a session of the user's is open that a person is in, and so has the runtime directory.
    pub(crate) fn has_directory(&self) -> bool {
        !self.candidates.is_empty()
    }

    /// Whether the runtime directory is being removed.
    pub fn is_stopping(&self) -> bool {
        self.stopping
    }
}
