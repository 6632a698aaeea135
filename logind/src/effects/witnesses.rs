//! The kernel asked: is the leader alive, the life line held, the scope populated?

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use logind_core::event::{SavedSession, Witnesses};
use logind_core::leader::Leader;
use logind_core::names::{Class, SessionId, Uid};
use logind_core::session::Session;

use super::cgroup::{Cgroups, says_populated};
use super::life_line;
use crate::processes;
use crate::state::records::Records;

/// The session that is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// Its name.
    id: &'a SessionId,
    /// Its user.
    uid: Uid,
    /// Its leader.
    leader: Leader,
    /// Its class.
    class: Class,
    /// Whether the kernel said already that the leader is gone, and that nobody holds the life line. Neither comes back.
    leader_gone: bool,
    life_line_gone: bool,
    /// The scope's cgroup.events, if it is open.
    scope: Option<BorrowedFd<'a>>,
}

impl<'a> Subject<'a> {
    /// One that is known, and the cgroup.events of its scope if that is watched.
    pub(crate) fn of(session: &'a Session, scope: Option<BorrowedFd<'a>>) -> Self {
        let (leader_gone, life_line_gone) = (session.is_leader_gone(), session.is_life_line_gone());
        let (id, uid, leader, class) = (session.id(), session.uid(), session.leader(), session.class());
        Self { id, uid, leader, class, leader_gone, life_line_gone, scope }
    }

    /// One of whom there is only a file.
    pub(crate) fn of_saved(saved: &'a SavedSession) -> Self {
        let SavedSession { id, uid, leader, class, .. } = saved;
        let (leader_gone, life_line_gone) = (false, false);
        Self { id, uid: *uid, leader: *leader, class: *class, leader_gone, life_line_gone, scope: None }
    }
}

/// What is left of a session. The kernel is asked, by number and start time, and by path, for all that it has not said
/// to be gone. What it does not tell now counts as there: it is asked again.
pub(crate) fn ask(session: &Subject<'_>, records: &Records, cgroups: &Cgroups) -> Witnesses {
    let is_populated = || match session.scope {
        Some(events) => says_populated(events).map(|told| Some(told == Some(true))),
        None => cgroups.is_populated(session.uid, session.id),
    };
    let scope = if session.class.has_scope() { is_populated() } else { Ok(None) };
    let is_held = || Ok(life_line::is_held(records.reopen_life_line(session.id)?.as_fd()));
    Witnesses {
        leader: !session.leader_gone && is_left(processes::find(session.leader).map(|_| true)),
        life_line: !session.life_line_gone && is_left(is_held()),
        scope: scope.unwrap_or_else(|error| {
            tracing::warn!(session = %session.id, error = %error, "cannot ask for the scope");
            Some(true)
        }),
    }
}

/// Whether it is there, as far as is known.
fn is_left(outcome: io::Result<bool>) -> bool {
    outcome.unwrap_or_else(|error| processes::says_nothing(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_has_no_room_to_tell_is_not_gone() {
        let told = |errno| is_left(Err(io::Error::from_raw_os_error(errno)));
        assert!([libc::EMFILE, libc::ENFILE, libc::ENOMEM].into_iter().all(told));
        assert!(![libc::ESRCH, libc::ENOENT, libc::EBADF].into_iter().any(told));
    }
}
