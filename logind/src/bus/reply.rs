//! The messages that answer calls.

use std::os::fd::OwnedFd;

use logind_api::USER_RUNTIME_BASE;
use logind_core::Answer;
use zbus::{Fd, Message};

use super::driver::{OWN_NAME, from_logind};
use super::fault::Fault;
use super::path::session_path;
use super::service::Peer;

/// The core's answer to `call`, ready to be sent to who made it.
///
/// # Errors
/// The fault to send instead, if it is a refusal.
pub(super) fn message(call: &Message, to: &Peer, answer: Answer, life_line: Option<OwnedFd>) -> Result<Message, Fault> {
    let header = call.header();
    let reply = Message::method_return(&header);
    let reply = if matches!(to, Peer::Private(_)) { reply.sender(OWN_NAME) } else { reply };
    let built = match answer {
        Answer::Done => reply.build(&()),
        Answer::Refused(refusal) => return Err(refusal.into()),
        Answer::Opened { session, uid, seat, vt } => {
            let life_line = life_line.ok_or_else(|| Fault::system(libc::EIO))?;
            let seat = seat.as_ref().map_or("", |seat| seat.as_str());
            let vt = vt.map_or(0, |vt| u32::from(vt.get()));
            let runtime_path = format!("{USER_RUNTIME_BASE}/{uid}");
            let (id, path) = (session.as_str(), session_path(&session));
            reply.build(&(id, path, runtime_path, Fd::from(life_line), uid.get(), seat, vt, false))
        }
    };
    let member = header.member().map(|member| member.as_str()).unwrap_or_default();
    built.map_err(|cause| Fault::unwritable(member, &cause))
}

/// The error that answers `call`.
pub(super) fn error(call: &Message, fault: &Fault) -> zbus::Result<Message> {
    Message::error(&call.header(), fault.name()).build(&fault.text())
}

/// An answer as a client of a bus expects it: with a sender. That of the bus itself has its own already.
pub(super) fn through_private_door(answer: Message) -> zbus::Result<Message> {
    if answer.header().sender().is_some() { Ok(answer) } else { from_logind(&answer) }
}
