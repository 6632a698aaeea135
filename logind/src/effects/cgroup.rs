//! Slices of users and scopes of sessions: made, asked, emptied and removed.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use logind_core::names::{SessionId, Uid};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::hierarchy;
use crate::processes::{self, Base};

/// The cgroup beside a user's scopes that takes processes whose session is not known any more.
const LEFT_OVER: &str = "left-over.scope";

/// The cgroup2 tree below which users have their slices, if there is one.
#[derive(Debug)]
pub(crate) struct Cgroups {
    base: Option<PathBuf>,
}

impl Cgroups {
    /// Finds the tree, once, at start; without one sessions are known by their leaders and life lines alone.
    pub(crate) fn find(manage: bool, base: &Base) -> Self {
        match hierarchy::find(manage, base) {
            Ok(base) => {
                tracing::info!(base = %base.display(), "sessions have cgroups");
                Self { base: Some(base) }
            }
            Err(reason) => {
                tracing::warn!(reason = &reason as &dyn std::error::Error, "sessions have no cgroups");
                Self { base: None }
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn at(base: &Path) -> Self {
        Self { base: Some(base.to_owned()) }
    }

    /// The directory of a session's scope; none where there are no cgroups.
    pub(crate) fn scope(&self, uid: Uid, id: &SessionId) -> Option<PathBuf> {
        self.below(&format!("user-{uid}.slice/session-{id}.scope"))
    }

    fn slice(&self, uid: Uid) -> Option<PathBuf> {
        self.below(&format!("user-{uid}.slice"))
    }

    fn below(&self, name: &str) -> Option<PathBuf> {
        self.base.as_ref().map(|base| base.join("user.slice").join(name))
    }

    /// Makes a session's scope and moves the process `pid`, which `leader` pins, into it.
    ///
    /// # Errors
    /// `ESRCH` if the leader is gone; what the kernel says of the directory or the move.
    pub(crate) fn make_scope(&self, uid: Uid, id: &SessionId, pid: u32, leader: BorrowedFd<'_>) -> io::Result<()> {
        let (Some(slice), Some(scope)) = (self.slice(uid), self.scope(uid, id)) else { return Ok(()) };
        match hierarchy::make_cgroup(&scope) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                hierarchy::make_cgroup(&slice)?; // the user's first
                hierarchy::make_cgroup(&scope)?;
            }
            outcome => outcome?,
        }
        processes::is_there(leader)?;
        hierarchy::move_into(&scope, pid)?;
        // The kernel moves by number alone: a leader that was still there afterwards is the one that was moved.
        processes::is_there(leader)
    }

    /// Whether a session's scope has processes, in it or deeper; none where there are no cgroups.
    ///
    /// # Errors
    /// What reading the kernel's word says; a scope that is gone has no processes.
    pub(crate) fn is_populated(&self, uid: Uid, id: &SessionId) -> io::Result<Option<bool>> {
        self.scope(uid, id).map(|scope| is_populated(&scope)).transpose()
    }

    /// Removes a session's scope. Processes that are in it after all are set aside, so that no later session of the
    /// same name finds them to be its own.
    ///
    /// # Errors
    /// What the kernel says if it cannot be removed.
    pub(crate) fn remove_scope(&self, uid: Uid, id: &SessionId) -> io::Result<()> {
        let (Some(slice), Some(scope)) = (self.slice(uid), self.scope(uid, id)) else { return Ok(()) };
        match remove_tree(&scope) {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => set_aside(&scope, &slice.join(LEFT_OVER)),
            outcome => outcome,
        }
    }

    /// Puts process `pid`, a getty of ours on `line`, into a cgroup of its own, named as systemd names it.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn set_apart(&self, line: &str, pid: u32) -> io::Result<()> {
        let Some(cgroup) = self.of_getty(line) else { return Ok(()) };
        cgroup.parent().map_or(Ok(()), hierarchy::make_cgroup)?;
        hierarchy::make_cgroup(&cgroup)?;
        hierarchy::move_into(&cgroup, pid)
    }

    /// Removes that cgroup, unless processes are left in it.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn forget_getty(&self, line: &str) -> io::Result<()> {
        self.of_getty(line).map_or(Ok(()), |cgroup| remove_tree(&cgroup))
    }

    fn of_getty(&self, line: &str) -> Option<PathBuf> {
        self.base.as_ref().map(|base| base.join("system.slice").join(format!("getty@{line}.service")))
    }

    /// Removes a user's slice, with what is empty in it.
    ///
    /// # Errors
    /// `EBUSY` if processes are left in it.
    pub(crate) fn remove_slice(&self, uid: Uid) -> io::Result<()> {
        self.slice(uid).map_or(Ok(()), |slice| remove_tree(&slice))
    }

    /// Every scope of a session, and every slice of a user, that is there.
    pub(crate) fn found(&self) -> Vec<Found> {
        let Some(base) = &self.base else { return Vec::new() };
        let mut found = Vec::new();
        for (name, slice) in children(&base.join("user.slice")).unwrap_or_default() {
            let uid = name.strip_prefix("user-").and_then(|rest| rest.strip_suffix(".slice"));
            let Some(uid) = uid.and_then(processes::parse_uid) else { continue };
            let ids = children(&slice)
                .unwrap_or_default()
                .into_iter()
                .filter_map(|(name, _)| name.strip_prefix("session-")?.strip_suffix(".scope").and_then(SessionId::new));
            found.push(Found { uid, sessions: ids.collect() });
        }
        found
    }
}

/// A user's slice that is there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The user.
    pub(crate) uid: Uid,
    /// The sessions whose scopes are in it.
    pub(crate) sessions: Vec<SessionId>,
}

/// Whether a cgroup or one below it has processes (`populated` of cgroup.events, cgroups(7)).
pub(crate) fn is_populated(cgroup: &Path) -> io::Result<bool> {
    match open_events(cgroup) {
        Ok(events) => Ok(says_populated(events.as_fd())? == Some(true)),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Opens the file in which the kernel tells what becomes of a cgroup. It is ready for `EPOLLPRI` whenever that is
/// something else than was read last (cgroup-v2.rst, `cgroup.events`).
pub(crate) fn open_events(cgroup: &Path) -> rustix::io::Result<OwnedFd> {
    rustix::fs::open(cgroup.join("cgroup.events"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}

/// Whether the cgroup of these events has processes, in it or deeper; no answer if it was removed.
///
/// # Errors
/// What reading the kernel's word says.
pub(crate) fn says_populated(events: BorrowedFd<'_>) -> io::Result<Option<bool>> {
    match processes::read_text(events) {
        Ok(text) => Ok(Some(text.lines().any(|line| line == "populated 1"))),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A cgroup and all below it, parents first.
pub(super) fn tree(top: &Path) -> io::Result<Vec<PathBuf>> {
    let mut all = vec![top.to_owned()];
    let mut next = 0;
    while let Some(cgroup) = all.get(next) {
        let below = match children(cgroup) {
            Err(error) if next > 0 && is_gone(&error) => Vec::new(), // removed meanwhile
            outcome => outcome?,
        };
        all.extend(below.into_iter().map(|(_, child)| child));
        next += 1;
    }
    Ok(all)
}

/// Removes a cgroup and all below it, children first; those that are busy stay, and the last error is told.
fn remove_tree(top: &Path) -> io::Result<()> {
    if fs::remove_dir(top).is_ok() {
        return Ok(()); // most have nothing below them
    }
    let all = match tree(top) {
        Err(error) if is_gone(&error) => return Ok(()),
        outcome => outcome?,
    };
    let mut outcome = Ok(());
    for cgroup in all.iter().rev() {
        match fs::remove_dir(cgroup) {
            Err(error) if !is_gone(&error) => outcome = Err(error),
            _ => {}
        }
    }
    outcome
}

/// Moves every process of the scope to `refuge`, then removes the scope.
fn set_aside(scope: &Path, refuge: &Path) -> io::Result<()> {
    tracing::warn!(scope = %scope.display(), "processes of a session that is over are set aside");
    hierarchy::make_cgroup(refuge)?;
    for cgroup in tree(scope)? {
        hierarchy::move_all(&cgroup, refuge)?;
    }
    remove_tree(scope)
}

fn children(cgroup: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut children = Vec::new();
    for entry in fs::read_dir(cgroup)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            children.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
        }
    }
    Ok(children)
}

/// Whether the cgroup is not there, or was removed while its file was open.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENODEV))
}

#[cfg(test)]
mod tests;
