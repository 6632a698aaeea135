//! Everything the rules can ask of the shell.

use crate::answer::Answer;
use crate::event::{RequestId, Whom};
use crate::names::{SeatId, SessionId, Uid, VtNumber};

/// A deed, carried out in order. Where a doc says *essential*, a failure drops the rest of the batch and is fed back
/// as [`crate::Event::Failed`]; a failure of any other is logged and the batch goes on. What is to be written or announced
/// of somebody who is gone by then is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Effect {
    /// Ask the user database, off the loop; comes back as [`crate::Event::UserFound`].
    LookUpUser {
        /// The login that waits.
        request: RequestId,
        /// Whom to look up.
        uid: Uid,
    },
    /// Make `/run/user/UID` the user's own, off the loop: a tmpfs, or a plain directory where mounting is refused; one
    /// that is there and the user's is kept. Comes back as [`crate::Event::RuntimeDirectoryMade`].
    MakeRuntimeDirectory {
        /// The session that needs it.
        session: SessionId,
        /// The login that waits.
        request: RequestId,
        /// The user.
        uid: Uid,
        /// The user's group.
        gid: u32,
    },
    /// Make the session's scope below its user's slice and move the leader into it. *Essential*.
    /// The leader is named by the pidfd kept with the request; one that is gone is `ESRCH`.
    MakeScope {
        /// The session.
        session: SessionId,
        /// Its user.
        uid: Uid,
        /// The login that holds the leader's pidfd.
        request: RequestId,
    },
    /// Watch the leader, by the pidfd kept with the request: comes back as [`crate::Event::LeaderExited`]. *Essential*.
    WatchLeader {
        /// The session.
        session: SessionId,
        /// The login that holds the pidfd.
        request: RequestId,
    },
    /// Watch the scope: comes back as [`crate::Event::ScopeEmpty`]. *Essential*.
    WatchScope {
        /// The session.
        session: SessionId,
        /// Its user.
        uid: Uid,
    },
    /// Make the life line and keep its writing end for the reply: comes back as [`crate::Event::LifeLineClosed`] once
    /// all writers closed it. *Essential*.
    MakeLifeLine(SessionId),
    /// After a restart: watch leader, scope and life line of a session again, by path and number. What is gone by then is
    /// told as if it had been watched.
    WatchAgain(SessionId),
    /// All essential effects so far succeeded: feed back [`crate::Event::Opened`].
    ConfirmOpen(SessionId),
    /// Write the session's state file as the session is now. *Essential* only while its stage is
    /// [`crate::session::Stage::Opening`]: later on a full disk must not keep the rest of a batch, signals and replies of
    /// others among it, from being carried out.
    SaveSession(SessionId),
    /// Write the user's state file as the user is, at once for one whom nobody was told of, else before anybody hears of
    /// anything that is announced or answered from now on.
    SaveUser(Uid),
    /// Write the seat's state file as the seat is now.
    SaveSeat(SeatId),
    /// Remove the session's state file and its life line.
    ForgetSession(SessionId),
    /// Remove the user's state file.
    ForgetUser(Uid),
    /// Send a signal to processes of a session. *Essential* if a call asked for it.
    Kill {
        /// The call that asked for it.
        request: Option<RequestId>,
        /// The session.
        session: SessionId,
        /// Its user.
        uid: Uid,
        /// To whom; all of a session without a scope are its leader.
        whom: Whom,
        /// The signal; 9 to all is `cgroup.kill`.
        signal: i32,
    },
    /// Ask the kernel to show this virtual terminal; that it does is [`crate::Event::Foreground`]. *Essential*.
    ActivateVt {
        /// The call that asked for it.
        request: RequestId,
        /// Which.
        vt: VtNumber,
    },
    /// Ask the kernel what is left of the session; comes back as [`crate::Event::Probed`].
    Probe(SessionId),
    /// Stop watching the session and remove its scope, if it was made.
    RemoveScope {
        /// The session.
        session: SessionId,
        /// Its user.
        uid: Uid,
    },
    /// Remove the user's slice. One that is not empty is left alone.
    RemoveSlice(Uid),
    /// Empty and remove `/run/user/UID`, off the loop, after what is being made of it; not while a process lives of a user whom
    /// nobody was told of, who may be logged in without a session. Comes back as
    /// [`crate::Event::RuntimeDirectoryRemoved`].
    RemoveRuntimeDirectory(Uid),
    /// Do this at a virtual terminal.
    Vt(VtNumber, VtDeed),
    /// Tell everybody.
    Announce(Signal),
    /// Answer a call. A successful login takes the life line's writing end along.
    Reply {
        /// The call.
        request: RequestId,
        /// The answer.
        answer: Answer,
    },
}

/// What is done at a virtual terminal about its getty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VtDeed {
    /// Make it one that a key can switch to.
    Prepare,
    /// Look who has it; comes back as [`crate::event::VtNews::Seen`].
    Look,
    /// Start the configured getty there and watch it; that it ended, or could not be started, comes back as
    /// [`crate::event::VtNews::GettyExited`].
    StartGetty,
    /// Let the kernel forget what is on it, unless somebody has it open, and make it one that a key can switch to.
    Free,
}

/// A D-Bus signal of org.freedesktop.login1(5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Manager.SessionNew.
    SessionNew(SessionId),
    /// Manager.SessionRemoved.
    SessionRemoved(SessionId),
    /// Manager.UserNew.
    UserNew(Uid),
    /// Manager.UserRemoved.
    UserRemoved(Uid),
    /// PropertiesChanged of a session: the names, in the protocol's spelling.
    SessionChanged(SessionId, &'static [&'static str]),
    /// PropertiesChanged of a user.
    UserChanged(Uid, &'static [&'static str]),
    /// PropertiesChanged of a seat.
    SeatChanged(SeatId, &'static [&'static str]),
    /// PropertiesChanged of the manager.
    ManagerChanged(&'static [&'static str]),
    /// Session.Lock.
    Lock(SessionId),
    /// Session.Unlock.
    Unlock(SessionId),
}
