//! Sessions as their logins make them: a leader that does nothing, CreateSession, and the end of both.

use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tests::outcome::{Failure, Outcome};

use crate::dbus::{Body, Client, To};

/// The registry's object.
pub(crate) const MANAGER: To =
    To { name: "org.freedesktop.login1", path: "/org/freedesktop/login1", interface: "org.freedesktop.login1.Manager" };

/// A process that becomes a session's leader. It inherits nothing of ours, above all no life line.
#[derive(Debug)]
pub(crate) struct Leader(Child);

impl Leader {
    /// Starts one.
    pub(crate) fn start() -> Outcome<Self> {
        let mut sleep = Command::new("/bin/sleep");
        sleep.arg("infinity").stdin(Stdio::null()).stdout(Stdio::null());
        Ok(Self(sleep.spawn()?))
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        // One that has ended already is as good as killed.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// An open session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    _life_line: OwnedFd,
    _leader: Leader,
}

/// How long one session took to open, and to be gone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    pub(crate) open: Duration,
    pub(crate) close: Duration,
}

/// Opens a session of `uid`; how long the call took.
pub(crate) fn open(client: &mut Client, uid: u32) -> Outcome<(Session, Duration)> {
    let leader = Leader::start()?;
    let body = Body::default()
        .u32(uid)
        .u32(leader.pid())
        .text("sshd") // the PAM service
        .text("tty")
        .text("user")
        .text("") // the desktop
        .text("") // the seat
        .u32(0)
        .text("") // the line
        .text("") // the display
        .u32(0) // not remote
        .text("")
        .text("")
        .no_structures();
    let began = Instant::now();
    let mut answer = client.call(MANAGER, "CreateSession", "uusssssussbssa(sv)", body)?;
    let took = began.elapsed();
    let life_line = answer.fds.pop().ok_or_else(|| Failure::new("CreateSession gives no life line"))?;
    Ok((Session { id: answer.first_text()?, _life_line: life_line, _leader: leader }, took))
}

/// Closes a session as its login does: ReleaseSession, the life line, the end of the leader; until it is said to be gone.
/// `client` listens to SessionRemoved.
pub(crate) fn close(client: &mut Client, session: Session) -> Outcome<Duration> {
    let began = Instant::now();
    client.call(MANAGER, "ReleaseSession", "s", Body::default().text(&session.id))?;
    let id = session.id.clone();
    drop(session);
    while client.signal("SessionRemoved")? != id {}
    Ok(began.elapsed())
}

/// Opens and closes a session `count` times, for each of the users in turn.
pub(crate) fn cycles(client: &mut Client, users: &[u32], count: usize) -> Outcome<Vec<Took>> {
    let mut took = Vec::with_capacity(count);
    for &uid in users.iter().cycle().take(count) {
        let (session, open) = open(client, uid)?;
        took.push(Took { open, close: close(client, session)? });
    }
    Ok(took)
}
