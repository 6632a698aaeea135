//! The kernel asked: is the leader alive, the life line held, the scope populated?

use std::os::fd::AsFd;
use std::path::Path;

use logind_core::event::Witnesses;
use logind_core::leader::Leader;
use logind_core::names::{Class, SessionId, Uid};

use super::cgroup::Cgroups;
use super::life_line;
use crate::processes;

/// The session that is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// Its name.
    pub(crate) id: &'a SessionId,
    /// Its user.
    pub(crate) uid: Uid,
    /// Its leader.
    pub(crate) leader: Leader,
    /// Its class.
    pub(crate) class: Class,
}

/// What is left of a session whose life line is at `life_line`. Nothing remembered is asked, only the kernel: by number
/// and start time, and by path.
pub(crate) fn ask(session: Subject<'_>, life_line: &Path, cgroups: &Cgroups) -> Witnesses {
    let is_populated = || cgroups.is_populated(session.uid, session.id);
    let scope = if session.class.has_scope() { is_populated() } else { Ok(None) };
    Witnesses {
        leader: processes::find(session.leader).is_some(),
        life_line: life_line::reopen(life_line).is_ok_and(|reader| life_line::is_held(reader.as_fd())),
        scope: scope.unwrap_or_else(|error| {
            tracing::warn!(session = %session.id, error = %error, "cannot ask for the scope");
            None
        }),
    }
}
