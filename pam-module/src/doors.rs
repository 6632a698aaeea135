//! The two ways to logind and how long each is tried: its own socket, then the system bus.

use std::fmt::{self, Display, Formatter};
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

impl Display for Door {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (Self::Socket(path) | Self::Bus(path)) = self;
        f.write_str(path)
    }
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

/// Why there is no session, and the door it was met at.
#[derive(Debug, thiserror::Error)]
#[error("{door}: {failure}")]
pub(crate) struct NoSession {
    pub(crate) failure: Failure,
    pub(crate) door: Door,
}

/// Asks for a session, door after door, until one answers. Where logind went away in the middle it is asked again until
/// the deadline: a restart takes less than that, and so does its successor's finding out that whom it was opening a
/// session for has let go of it.
///
/// # Errors
/// Why there is no session; the last door's word if nobody was there.
pub(crate) fn register(
    first: &Door,
    others: &[Door],
    request: &Request,
    deadline: Deadline,
) -> Result<Registration, NoSession> {
    let mut broken: Option<NoSession> = None;
    loop {
        let answer = ask_each(first, others, request, deadline);
        match (answer.as_ref().map_err(|none| &none.failure), &mut broken) {
            (Err(Failure::Silence(Silence::Broken(_))), _) => broken = answer.err(),
            // What broke says more than that the time was over when it was tried again.
            (Err(Failure::Silence(Silence::Absent(_) | Silence::Late)), Some(_)) => {}
            (Ok(Registration::Member) | Err(Failure::Taken), Some(before)) => before.failure = Failure::Orphaned,
            _ => return answer,
        }
        let waited = deadline.wait(&mut [], PAUSE);
        if (waited.is_err() || deadline.left().is_none())
            && let Some(broken) = broken
        {
            return Err(broken);
        }
    }
}

fn ask_each(first: &Door, others: &[Door], request: &Request, deadline: Deadline) -> Result<Registration, NoSession> {
    let mut others = others.iter();
    let mut door = first;
    loop {
        let failure = match ask(door, request, deadline) {
            Ok(registration) => return Ok(registration),
            Err(failure) => failure,
        };
        door = match (&failure, others.next()) {
            (Failure::Silence(Silence::Absent(_)), Some(next)) => next,
            _ => return Err(NoSession { failure, door: door.clone() }),
        };
    }
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
