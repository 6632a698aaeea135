//! The three calls made to org.freedesktop.login1 and what is believed of their answers.

use std::os::fd::{AsFd, OwnedFd};

use logind_api::{BUS_NAME, error, manager};
use rustix::process::{PidfdFlags, getpid, pidfd_open};
use zbus::wire::serialized::{Context, Data};
use zbus::wire::{LE, to_bytes};
use zbus::{Fd, ObjectPath};

use crate::connection::{Connection, Failure};
use crate::message::{Call, Incoming, Malformed};
use crate::names::{Class, SeatId, SessionId, VtNumber};
use crate::request::Request;

/// A session that logind has opened, each part of the answer checked.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    /// Where its user's runtime directory is said to be: not believed before it has been looked at.
    pub(crate) runtime_path: String,
    /// As long as this is open somewhere, the session lives.
    pub(crate) life_line: OwnedFd,
    /// Whose session it is.
    pub(crate) uid: u32,
    pub(crate) seat: Option<SeatId>,
    pub(crate) vt: Option<VtNumber>,
    /// Whether it was there before: then it is not ours to release.
    pub(crate) existed: bool,
    /// The class it was opened as.
    pub(crate) class: Class,
}

/// Asks for a session of this process. A class that only newer daemons know is asked for first, and its older
/// equivalent if the arguments are refused (systemd before 258, elogind).
///
/// # Errors
/// Whatever the call ends in; `SessionBusy` is a refusal like any other here.
pub(crate) fn create_session(connection: &mut Connection, request: &Request) -> Result<Session, Failure> {
    match (create_as(connection, request, request.class), request.older_class) {
        (Err(Failure::Refused(refusal)), Some(older)) if refusal.is(error::INVALID_ARGS) => {
            create_as(connection, request, older)
        }
        (answer, _) => answer,
    }
}

/// Tells logind that the session is done with.
///
/// # Errors
/// Whatever the call ends in.
pub(crate) fn release_session(connection: &mut Connection, id: &SessionId) -> Result<(), Failure> {
    let body = to_bytes(Context::new(LE, 0), &(id.as_str(),)).map_err(|_| Failure::Nonsense("session id"))?;
    connection.call(&call(manager::RELEASE_SESSION, manager::RELEASE_SESSION_IN, body)).map(drop)
}

fn create_as(connection: &mut Connection, request: &Request, class: Class) -> Result<Session, Failure> {
    match pidfd_open(getpid(), PidfdFlags::empty()) {
        Ok(pidfd) => match create_with_pidfd(connection, request, class, pidfd) {
            Err(Failure::Refused(refusal)) if refusal.is(error::UNKNOWN_METHOD) => {
                create_with_pid(connection, request, class)
            }
            answer => answer,
        },
        // A sandbox may forbid what the kernel has.
        Err(_) => create_with_pid(connection, request, class),
    }
}

fn create_with_pidfd(c: &mut Connection, r: &Request, class: Class, pidfd: OwnedFd) -> Result<Session, Failure> {
    let flags = 0_u64;
    let body = (
        r.uid,
        Fd::from(pidfd.as_fd()),
        &*r.service,
        r.kind.as_str(),
        class.as_str(),
        &*r.desktop,
        r.seat(),
        r.vt(),
        &*r.tty,
        &*r.display,
        r.is_remote,
        &*r.remote_user,
        &*r.remote_host,
        flags,
        &r.properties,
    );
    let body = to_bytes(Context::new(LE, 0), &body).map_err(|_| Failure::Nonsense("way to write the request"))?;
    opened(c, call(manager::CREATE_SESSION_WITH_PIDFD, manager::CREATE_SESSION_WITH_PIDFD_IN, body), class)
}

fn create_with_pid(c: &mut Connection, r: &Request, class: Class) -> Result<Session, Failure> {
    let body = (
        r.uid,
        std::process::id(),
        &*r.service,
        r.kind.as_str(),
        class.as_str(),
        &*r.desktop,
        r.seat(),
        r.vt(),
        &*r.tty,
        &*r.display,
        r.is_remote,
        &*r.remote_user,
        &*r.remote_host,
        &r.properties,
    );
    let body = to_bytes(Context::new(LE, 0), &body).map_err(|_| Failure::Nonsense("way to write the request"))?;
    opened(c, call(manager::CREATE_SESSION, manager::CREATE_SESSION_IN, body), class)
}

fn call<'a>(member: &'a str, signature: &'a str, body: Data<'a, 'a>) -> Call<'a> {
    Call { destination: BUS_NAME, path: manager::PATH, interface: manager::INTERFACE, member, signature, body }
}

/// The reply's types, [`manager::CREATE_SESSION_OUT`].
type Opened<'m> = (&'m str, ObjectPath<'m>, &'m str, Fd<'m>, u32, &'m str, u32, bool);

fn opened(connection: &mut Connection, call: Call<'_>, class: Class) -> Result<Session, Failure> {
    session_of(&connection.call(&call)?, class)
}

/// The session in an answer, which is believed only as a whole.
///
/// # Errors
/// What of it makes no sense.
pub(crate) fn session_of(answer: &Incoming, class: Class) -> Result<Session, Failure> {
    let body = answer.body(manager::CREATE_SESSION_OUT)?;
    let (values, used) = body.deserialize::<Opened<'_>>().map_err(|_| Malformed::Body)?;
    if used != body.bytes().len() {
        return Err(Malformed::Body.into());
    }
    let (id, _, runtime_path, life_line, uid, seat, vt, existed) = values;
    Ok(Session {
        id: SessionId::parse(id).ok_or(Failure::Nonsense("session id"))?,
        runtime_path: runtime_path.to_owned(),
        life_line: life_line.as_fd().try_clone_to_owned().map_err(|_| Failure::Nonsense("life line"))?,
        uid,
        seat: match seat {
            "" => None,
            name => Some(SeatId::parse(name.as_bytes()).ok_or(Failure::Nonsense("seat"))?),
        },
        vt: match vt {
            0 => None,
            n => Some(VtNumber::new(n).ok_or(Failure::Nonsense("virtual terminal"))?),
        },
        existed,
        class,
    })
}
