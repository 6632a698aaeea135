//! The arguments of CreateSession and CreateSessionWithPIDFD: each is hostile until it is parsed here.

use std::process;
use std::vec;

use logind_api::error;
use logind_core::event::Event;
use logind_core::login::Login;
use logind_core::names::{Class, SeatId, Type, Uid, VtNumber};
use tracing::{info, warn};
use zbus::{Array, Fd, Str, Structure, Variant};

use super::call::{Call, Called};
use super::fault::Fault;
use crate::processes::Process;

/// The longest text taken, in bytes.
const LONGEST: usize = 4096;

/// CreateSession: the leader by its number, 0 for the caller.
pub(super) fn create_session(call: &Call<'_>) -> Result<Called, Fault> {
    let body = call.arguments::<Structure<'_>>()?;
    let mut fields = Fields(body.into_fields().into_iter());
    let (uid, pid) = (fields.uid()?, fields.next::<u32>()?);
    if pid == 1 || pid == process::id() {
        return Err(Fault::invalid("Invalid leader PID"));
    }
    let asked = Asked::parse(&mut fields)?;
    fields.scope_properties()?;
    let leader = match pid {
        0 => Process::by_pidfd(call.credentials.pidfd()?, &call.world.base)?,
        pid => Process::by_pid(pid, &call.world.base)?,
    };
    called(call, uid, asked, leader)
}

/// CreateSessionWithPIDFD: the leader by its pidfd; there are no flags yet.
pub(super) fn create_session_with_pidfd(call: &Call<'_>) -> Result<Called, Fault> {
    let body = call.arguments::<Structure<'_>>()?;
    let mut fields = Fields(body.into_fields().into_iter());
    let (uid, leader) = (fields.uid()?, fields.next::<Fd<'_>>()?);
    let asked = Asked::parse(&mut fields)?;
    if fields.next::<u64>()? != 0 {
        return Err(Fault::invalid("Flags must be zero."));
    }
    fields.scope_properties()?;
    let leader = leader.try_to_owned().map_err(|_| Fault::system(libc::EMFILE))?;
    let leader = Process::by_pidfd(zbus::OwnedFd::from(leader).into(), &call.world.base);
    let leader = leader.map_err(|error| match error.raw_os_error() {
        Some(libc::EBADF) => Fault::invalid("The descriptor is no pidfd"),
        _ => error.into(),
    })?;
    called(call, uid, asked, leader)
}

fn called(call: &Call<'_>, uid: Uid, asked: Asked, leader: Process) -> Result<Called, Fault> {
    if leader.leader.pid == 1 || leader.leader.pid == process::id() {
        return Err(Fault::invalid("Invalid leader PID"));
    }
    if !call.takes_fds {
        return Err(Fault::new(
            error::NOT_SUPPORTED,
            "The answer carries a descriptor, which this connection does not",
        ));
    }
    let login = Login {
        uid,
        leader: leader.leader,
        service: asked.service,
        kind: asked.kind,
        class: asked.class,
        desktop: asked.desktop,
        seat: asked.seat,
        vt: asked.vt,
        tty: asked.tty,
        display: asked.display,
        remote: asked.remote,
        remote_user: asked.remote_user,
        remote_host: asked.remote_host,
        audit: leader.audit,
        leader_session: leader.place.session,
        leader_vt: leader.vt.filter(|_| leader.is_roots),
    };
    if login.claims_in_vain(call.view.core.policy()) {
        info!(service = login.service, "a login claims a seat where it does not stand; SeatServices= does not name it");
    }
    Ok(Called { event: Event::Login { request: call.request, login }, leader: Some(leader.fd) })
}

/// What both methods ask for in the same order.
struct Asked {
    service: String,
    kind: Option<Type>,
    class: Option<Class>,
    desktop: String,
    seat: Option<SeatId>,
    vt: Option<VtNumber>,
    tty: String,
    display: String,
    remote: bool,
    remote_user: String,
    remote_host: String,
}

impl Asked {
    fn parse(fields: &mut Fields<'_>) -> Result<Self, Fault> {
        Ok(Self {
            service: fields.text("Invalid service name")?,
            kind: fields.word(Type::from_name, "Invalid session type")?,
            class: fields.word(Class::from_name, "Invalid session class")?,
            desktop: fields.text("Invalid desktop string")?,
            seat: fields.seat()?,
            vt: fields.vt()?,
            tty: fields.line()?,
            display: fields.text("Invalid display")?,
            remote: fields.next()?,
            remote_user: fields.text("Invalid remote user")?,
            remote_host: fields.text("Invalid remote host")?,
        })
    }
}

/// The arguments that are not parsed yet.
struct Fields<'a>(vec::IntoIter<Variant<'a>>);

impl<'a> Fields<'a> {
    fn next<T: TryFrom<Variant<'a>>>(&mut self) -> Result<T, Fault> {
        let field = self.0.next().and_then(|field| T::try_from(field).ok());
        field.ok_or_else(|| Fault::invalid("Invalid arguments"))
    }

    fn uid(&mut self) -> Result<Uid, Fault> {
        Uid::new(self.next()?).ok_or_else(|| Fault::invalid("Invalid UID"))
    }

    /// A text of no more than [`LONGEST`] bytes and without control characters.
    fn text(&mut self, refusal: &'static str) -> Result<String, Fault> {
        let text: Str<'_> = self.next()?;
        let fits = text.len() <= LONGEST && !text.chars().any(char::is_control);
        if fits { Ok(text.as_str().to_owned()) } else { Err(Fault::invalid(refusal)) }
    }

    /// A word of the protocol, or nothing.
    fn word<T>(&mut self, parse: fn(&str) -> Option<T>, refusal: &'static str) -> Result<Option<T>, Fault> {
        match self.next::<Str<'_>>()?.as_str() {
            "" => Ok(None),
            word => parse(word).map(Some).ok_or_else(|| Fault::invalid(refusal)),
        }
    }

    fn seat(&mut self) -> Result<Option<SeatId>, Fault> {
        match self.next::<Str<'_>>()?.as_str() {
            "" => Ok(None),
            name => SeatId::new(name).map(Some).ok_or_else(|| Fault::no_such_seat(name)),
        }
    }

    fn vt(&mut self) -> Result<Option<VtNumber>, Fault> {
        match self.next::<u32>()? {
            0 => Ok(None),
            number => VtNumber::new(number).map(Some).ok_or_else(|| Fault::invalid("VT number out of range")),
        }
    }

    /// A terminal's name, which others put behind `/dev/`.
    fn line(&mut self) -> Result<String, Fault> {
        const REFUSAL: &str = "Invalid TTY";
        let text = self.text(REFUSAL)?;
        let line = text.strip_prefix("/dev/").unwrap_or(&text);
        if line.starts_with('/') || line.split('/').any(|component| component == "..") {
            return Err(Fault::invalid(REFUSAL));
        }
        Ok(line.to_owned())
    }

    /// The limits that PAM modules ask for (`a(sv)`). There is nobody to set them yet.
    fn scope_properties(&mut self) -> Result<(), Fault> {
        let properties: Array<'_> = self.next()?;
        if !properties.is_empty() {
            warn!("a login asks for {} scope properties, which are not applied", properties.len());
        }
        Ok(())
    }
}
