//! The calls made to org.freedesktop.login1 and what is believed of their answers.

use std::os::fd::OwnedFd;

use logind_api::{BUS_NAME, error, manager};
use rustix::process::{PidfdFlags, getpid, pidfd_open};

use crate::connection::{Connection, Failure};
use crate::message::{Call, Incoming, Malformed};
use crate::names::{Class, SeatId, SessionId, VtNumber};
use crate::request::Request;
use crate::wire::{Reader, Writer};

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

/// Whether logind says that this process is in no session. What it says otherwise, or that it says nothing, is no such
/// word.
pub(crate) fn is_in_no_session(connection: &mut Connection) -> bool {
    let mut body = Writer::default();
    body.u32(0); // the caller
    let answer = connection.call(&call(manager::GET_SESSION_BY_PID, manager::GET_SESSION_BY_PID_IN, body, None));
    matches!(answer, Err(Failure::Refused(refusal)) if refusal.is(error::NO_SESSION_FOR_PID))
}

/// Tells logind that the session is done with.
///
/// # Errors
/// Whatever the call ends in.
pub(crate) fn release_session(connection: &mut Connection, id: &SessionId) -> Result<(), Failure> {
    let mut body = Writer::default();
    body.text(id.as_str());
    connection.call(&call(manager::RELEASE_SESSION, manager::RELEASE_SESSION_IN, body, None)).map(drop)
}

fn create_as(connection: &mut Connection, request: &Request, class: Class) -> Result<Session, Failure> {
    match pidfd_open(getpid(), PidfdFlags::empty()) {
        Ok(pidfd) => match create(connection, request, class, Some(pidfd)) {
            Err(Failure::Refused(refusal)) if refusal.is(error::UNKNOWN_METHOD) => {
                create(connection, request, class, None)
            }
            answer => answer,
        },
        // A sandbox may forbid what the kernel has.
        Err(_) => create(connection, request, class, None),
    }
}

/// Asks with a pidfd of this process, or with its pid.
fn create(
    connection: &mut Connection,
    request: &Request,
    class: Class,
    pidfd: Option<OwnedFd>,
) -> Result<Session, Failure> {
    let body = arguments(request, class, pidfd.is_some());
    let call = match pidfd {
        Some(_) => call(manager::CREATE_SESSION_WITH_PIDFD, manager::CREATE_SESSION_WITH_PIDFD_IN, body, pidfd),
        None => call(manager::CREATE_SESSION, manager::CREATE_SESSION_IN, body, None),
    };
    session_of(connection.call(&call)?, class)
}

fn arguments(request: &Request, class: Class, by_pidfd: bool) -> Writer {
    let mut body = Writer::default();
    body.u32(request.uid);
    body.u32(if by_pidfd { 0 } else { std::process::id() });
    for text in [&*request.service, request.kind.as_str(), class.as_str(), &*request.desktop, request.seat()] {
        body.text(text);
    }
    body.u32(request.vt());
    body.text(&request.tty);
    body.text(&request.display);
    body.boolean(request.is_remote);
    body.text(&request.remote_user);
    body.text(&request.remote_host);
    if by_pidfd {
        body.u64(0); // flags
    }
    body.structures(|properties| {
        for (name, value) in &request.properties {
            properties.structure();
            properties.text(name);
            value.write(properties);
        }
    });
    body
}

fn call(member: &'static str, signature: &'static str, body: Writer, descriptor: Option<OwnedFd>) -> Call<'static> {
    let (path, interface) = (manager::PATH, manager::INTERFACE);
    Call { destination: BUS_NAME, path, interface, member, signature, body, descriptor }
}

/// The session in an answer, which is believed only as a whole.
///
/// # Errors
/// What of it makes no sense.
pub(crate) fn session_of(answer: Incoming, class: Class) -> Result<Session, Failure> {
    let mut body = answer.body(manager::CREATE_SESSION_OUT)?;
    let Opened { id, runtime_path, life_line, uid, seat, vt, existed } =
        Opened::read(&mut body).ok_or(Malformed::Body)?;
    Ok(Session {
        id: SessionId::parse(id).ok_or(Failure::Nonsense("session id"))?,
        runtime_path: runtime_path.to_owned(),
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
        life_line: answer.into_descriptor(life_line).ok_or(Failure::Nonsense("life line"))?,
    })
}

/// The values of [`manager::CREATE_SESSION_OUT`] that are looked at.
struct Opened<'m> {
    id: &'m str,
    runtime_path: &'m str,
    /// Its place among the file descriptors.
    life_line: u32,
    uid: u32,
    seat: &'m str,
    vt: u32,
    existed: bool,
}

impl<'m> Opened<'m> {
    fn read(body: &mut Reader<'m>) -> Option<Self> {
        let id = body.text()?;
        let _object_path = body.text()?;
        let opened = Self {
            id,
            runtime_path: body.text()?,
            life_line: body.u32()?,
            uid: body.u32()?,
            seat: body.text()?,
            vt: body.u32()?,
            existed: body.boolean()?,
        };
        body.is_at_end().then_some(opened)
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use zbus::wire::serialized::Context;
    use zbus::wire::{LE, to_bytes};
    use zbus::{Fd, Variant};

    use super::*;
    use crate::inputs::Inputs;
    use crate::limits::Value;
    use crate::names::description;

    prop_compose! {
        fn request()(
            texts in vec(vec(any::<u8>(), 0..40), 6),
            uid in any::<u32>(),
            seat in proptest::option::of("seat[a-z0-9]{1,9}"),
            vt in 0_u32..70,
            limits in any::<(Option<u32>, Option<u64>)>(),
        ) -> Request {
            let text = |n: usize| description(&texts[n]);
            let memory = limits.0.map(|scale| ("MemoryMaxScale", Value::U32(scale)));
            let tasks = limits.1.map(|max| ("TasksMax", Value::U64(max)));
            let inputs = Inputs {
                uid,
                service: text(0),
                tty: text(1),
                display: text(2),
                remote_user: text(3),
                remote_host: text(4),
                desktop: text(5),
                seat: seat.and_then(|name| SeatId::parse(name.as_bytes())),
                vt: VtNumber::new(vt),
                properties: memory.into_iter().chain(tasks).collect(),
                ..Inputs::default()
            };
            Request::new(inputs, &crate::arguments::Arguments::default(), |_| None)
        }
    }

    proptest! {
        #[test]
        fn any_request_is_written_as_zbus_writes_it(r in request()) {
            let stdin = std::io::stdin();
            let fd = Fd::from(stdin.as_fd());
            let value = |value| match value { Value::U32(n) => Variant::U32(n), Value::U64(n) => Variant::U64(n) };
            let properties: Vec<_> = r.properties.iter().map(|(name, limit)| (*name, value(*limit))).collect();
            let head = (&*r.service, r.kind.as_str(), r.class.as_str(), &*r.desktop, r.seat(), r.vt());
            let (service, kind, class, desktop, seat, vt) = head;
            let (tty, display, user, host) = (&*r.tty, &*r.display, &*r.remote_user, &*r.remote_host);
            let remote = r.is_remote;
            let by_pidfd = (
                r.uid, fd, service, kind, class, desktop, seat, vt, tty, display, remote, user, host, 0_u64, &properties,
            );
            let expected = to_bytes(Context::new(LE, 0), &by_pidfd).expect("a body");
            prop_assert_eq!(arguments(&r, r.class, true).into_bytes(), expected.bytes());
            let pid = std::process::id();
            let by_pid =
                (r.uid, pid, service, kind, class, desktop, seat, vt, tty, display, remote, user, host, &properties);
            let expected = to_bytes(Context::new(LE, 0), &by_pid).expect("a body");
            prop_assert_eq!(arguments(&r, r.class, false).into_bytes(), expected.bytes());
        }
    }
}
