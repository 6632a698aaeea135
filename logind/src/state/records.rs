//! All state files of this boot: written as the registry is, and read back at start.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use logind_core::Core;
use logind_core::event::{SavedSession, SavedUser};
use logind_core::leader::Leader;
use logind_core::names::{SeatId, SessionId, Uid, VtNumber};

use super::folder::Folder;
use super::text::Broken;
use super::{getty, seat, session, user};
use crate::effects::life_line::{self, LifeLine};
use crate::effects::vt::line;
use crate::processes;

/// The directories of state files.
#[derive(Debug)]
pub(crate) struct Records {
    sessions: Folder,
    users: Folder,
    seats: Folder,
    gettys: Folder,
    boot: String,
}

/// Where the directories are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'a> {
    /// Of sessions.
    pub(crate) sessions: &'a Path,
    /// Of users.
    pub(crate) users: &'a Path,
    /// Of seats.
    pub(crate) seats: &'a Path,
    /// Of gettys.
    pub(crate) gettys: &'a Path,
}

impl Records {
    /// The records of the boot named `boot`, in directories that are made if they are not there.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn open(places: Places<'_>, boot: &str) -> io::Result<Self> {
        Ok(Self {
            sessions: Folder::make(places.sessions)?,
            users: Folder::make(places.users)?,
            seats: Folder::make(places.seats)?,
            gettys: Folder::make(places.gettys)?,
            boot: boot.to_owned(),
        })
    }

    /// Makes a session's life line.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn make_life_line(&self, id: &SessionId) -> io::Result<LifeLine> {
        life_line::make(self.sessions.directory(), life_line::name(id))
    }

    /// Opens our end of a session's life line again.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn reopen_life_line(&self, id: &SessionId) -> io::Result<OwnedFd> {
        life_line::reopen(self.sessions.directory(), life_line::name(id))
    }

    /// Writes a session's file as the session is now. One that is gone meanwhile has none.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn save_session(&self, core: &Core, id: &SessionId) -> io::Result<()> {
        let Some(session) = core.session(id) else { return Ok(()) };
        let text = session::write(core, session, self.sessions.path(), &self.boot);
        self.sessions.write(id.as_str(), &text)
    }

    /// Writes a user's file as the user is now. One that is gone meanwhile has none.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn save_user(&self, core: &Core, uid: Uid) -> io::Result<()> {
        let Some(user) = core.user(uid) else { return Ok(()) };
        self.users.write(&uid.to_string(), &user::write(core, user, &self.boot))
    }

    /// Writes a seat's file as the seat is now. One that is gone meanwhile has none.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn save_seat(&self, core: &Core, id: &SeatId) -> io::Result<()> {
        let Some(seat) = core.seat(id) else { return Ok(()) };
        self.seats.write(id.as_str(), &seat::write(core, seat))
    }

    /// Removes a session's file, then its life line. A life line without a file is nobody's.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn forget_session(&self, id: &SessionId) -> io::Result<()> {
        self.sessions.remove(id.as_str()).and(self.sessions.remove(&life_line::name(id)))
    }

    /// Removes a user's file.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn forget_user(&self, uid: Uid) -> io::Result<()> {
        self.users.remove(&uid.to_string())
    }

    /// The users that were saved. Files that are none, or are broken, are said and removed.
    ///
    /// # Errors
    /// What listing them says.
    pub(crate) fn users(&self) -> io::Result<Vec<SavedUser>> {
        let read = |name: &str, bytes: &[u8]| {
            let uid = processes::parse_uid(name).ok_or(Broken::Bad("the file's name"))?;
            user::read(uid, bytes, &self.boot)
        };
        Ok(self.users.names()?.iter().filter_map(|name| read_or_remove(&self.users, name, read)).collect())
    }

    /// The sessions that were saved. Files that are none, or are broken, are said and removed; so are life lines of no
    /// session.
    ///
    /// # Errors
    /// What listing them says.
    pub(crate) fn sessions(&self) -> io::Result<Vec<SavedSession>> {
        let read = |name: &str, bytes: &[u8]| {
            let id = SessionId::new(name).ok_or(Broken::Bad("the file's name"))?;
            session::read(id, bytes, &self.boot)
        };
        let (life_lines, files): (Vec<String>, Vec<String>) =
            self.sessions.names()?.into_iter().partition(|name| name.ends_with(".ref"));
        let saved: Vec<SavedSession> =
            files.iter().filter_map(|name| read_or_remove(&self.sessions, name, read)).collect();
        let known: BTreeSet<String> = saved.iter().map(|session| life_line::name(&session.id)).collect();
        for name in life_lines.iter().filter(|name| !known.contains(*name)) {
            remove(&self.sessions, name);
        }
        Ok(saved)
    }

    /// Writes the file of a getty that was started on `vt`.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn save_getty(&self, vt: VtNumber, process: Leader) -> io::Result<()> {
        self.gettys.write(&line(vt), &getty::write(process, &self.boot))
    }

    /// Removes that file.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn forget_getty(&self, vt: VtNumber) -> io::Result<()> {
        self.gettys.remove(&line(vt))
    }

    /// The gettys that a logind before this one started. Files that are none, or are broken, are said and removed.
    ///
    /// # Errors
    /// What listing them says.
    pub(crate) fn gettys(&self) -> io::Result<Vec<(VtNumber, Leader)>> {
        let read = |name: &str, bytes: &[u8]| {
            let vt = VtNumber::from_line(name).ok_or(Broken::Bad("the file's name"))?;
            Ok((vt, getty::read(bytes, &self.boot)?))
        };
        Ok(self.gettys.names()?.iter().filter_map(|name| read_or_remove(&self.gettys, name, read)).collect())
    }

    /// Removes the files of seats that are not there.
    ///
    /// # Errors
    /// What listing them says.
    pub(crate) fn forget_seats_but(&self, core: &Core) -> io::Result<()> {
        for name in self.seats.names()? {
            if SeatId::new(&name).is_none_or(|id| core.seat(&id).is_none()) {
                remove(&self.seats, &name);
            }
        }
        Ok(())
    }
}

/// What the file `name` says. One that cannot be used is never fatal: it is said, and goes.
fn read_or_remove<T>(folder: &Folder, name: &str, read: impl Fn(&str, &[u8]) -> Result<T, Broken>) -> Option<T> {
    let file = folder.path().join(name);
    match folder.read(name).map(|bytes| read(name, &bytes)) {
        Ok(Ok(saved)) => return Some(saved),
        Ok(Err(broken)) => tracing::warn!(file = %file.display(), reason = %broken, "a state file is removed"),
        Err(error) => tracing::warn!(file = %file.display(), error = %error, "a state file is removed"),
    }
    remove(folder, name);
    None
}

fn remove(folder: &Folder, name: &str) {
    if let Err(error) = folder.remove(name) {
        tracing::warn!(file = %folder.path().join(name).display(), error = %error, "cannot remove it");
    }
}

#[cfg(test)]
mod tests;
