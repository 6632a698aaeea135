//! The two ways to logind and how long each is tried: its own socket, then the system bus.

use std::time::Duration;

use logind_api::error;

use crate::connection::{Connection, Failure};
use crate::deadline::Deadline;
use crate::login1::{Session, create_session, is_in_no_session, release_session};
use crate::names::SessionId;
use crate::request::Request;
use crate::socket::Silence;

/// How long to wait before asking again where a peer went away: its successor's socket gives no event to wait for
/// between bind(2) and listen(2).
const PAUSE: Duration = Duration::from_millis(20);

/// A way to logind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// logind's own socket: no bus daemon between.
    Socket(String),
    /// A bus on which logind, or another login1 daemon, holds its name.
    Bus(String),
}

impl Door {
    fn open(&self, deadline: Deadline) -> Result<Connection, Failure> {
        match self {
            Self::Socket(path) => Connection::open(path, deadline),
            Self::Bus(path) => {
                let mut connection = Connection::open(path, deadline)?;
                connection.hello()?;
                Ok(connection)
            }
        }
    }
}

/// What a request for a session came to.
#[derive(Debug)]
pub(crate) enum Registration {
    /// There is a session, opened through that door.
    Opened(Session, Door),
    /// The process is in a session already: `su` and `sudo`.
    Member,
}

/// Asks for a session, door after door, until one answers. Where logind went away in the middle it is asked again until
/// the deadline: a restart takes less than that, and so does its successor's finding out that whom it was opening a
/// session for has let go of it.
///
/// # Errors
/// Why there is no session; the last door's word if nobody was there.
pub(crate) fn register(doors: &[Door], request: &Request, deadline: Deadline) -> Result<Registration, Failure> {
    let mut since_broken = None;
    loop {
        match (ask_each(doors, request, deadline), &since_broken) {
            (Err(failure @ Failure::Silence(Silence::Broken(_))), _) => since_broken = Some(failure),
            (Err(Failure::Silence(Silence::Absent(_))), Some(_)) => {}
            (Ok(Registration::Member) | Err(Failure::Taken), Some(_)) => since_broken = Some(Failure::Orphaned),
            (answer, _) => return answer,
        }
        let waited = deadline.wait(&mut [], PAUSE);
        if waited.is_err() || deadline.left().is_none() {
            return Err(since_broken.unwrap_or(Failure::Silence(Silence::Late)));
        }
    }
}

fn ask_each(doors: &[Door], request: &Request, deadline: Deadline) -> Result<Registration, Failure> {
    let mut answer = Err(Failure::Silence(Silence::Late));
    for door in doors {
        answer = ask(door, request, deadline);
        if !matches!(answer, Err(Failure::Silence(Silence::Absent(_)))) {
            break;
        }
    }
    answer
}

fn ask(door: &Door, request: &Request, deadline: Deadline) -> Result<Registration, Failure> {
    let mut connection = door.open(deadline)?;
    match create_session(&mut connection, request) {
        Ok(session) => Ok(Registration::Opened(session, door.clone())),
        // The same name says that the process is in a session, and that the virtual terminal asked for is in another.
        Err(Failure::Refused(refusal)) if refusal.is(error::SESSION_BUSY) => {
            if request.vt() != 0 && is_in_no_session(&mut connection) {
                Err(Failure::Taken)
            } else {
                Ok(Registration::Member)
            }
        }
        Err(failure) => Err(failure),
    }
}

/// Says through the door it came by that a session is done with. Once: its life line says the same.
///
/// # Errors
/// Why logind did not hear it.
pub(crate) fn release(door: &Door, id: &SessionId, deadline: Deadline) -> Result<(), Failure> {
    release_session(&mut door.open(deadline)?, id)
}
