//! The messages that answer calls.

use std::os::fd::OwnedFd;

use logind_api::USER_RUNTIME_BASE;
use logind_core::Answer;
use zbus::Message;

use super::driver::from_logind;
use super::fault::Fault;
use super::letter::{Body, Letter};
use super::path::session_path;

/// The life line's place among the descriptors of its message.
const LIFE_LINE: u32 = 0;

/// Whether the session was there already, which none is that is opened.
const EXISTING: bool = false;

/// The core's answer to `call`.
///
/// # Errors
/// The fault to send instead, if it is a refusal.
pub(super) fn letter(call: &Message, answer: Answer, life_line: Option<OwnedFd>) -> Result<Letter, Fault> {
    let header = call.header();
    let letter = Letter::answer(&header);
    match answer {
        Answer::Done => Ok(letter),
        Answer::Refused(refusal) => Err(refusal.into()),
        Answer::Opened { session, uid, seat, vt } => {
            let life_line = life_line.ok_or_else(|| Fault::system(libc::EIO))?;
            let seat = seat.as_ref().map_or("", |seat| seat.as_str());
            let vt = vt.map_or(0, |vt| u32::from(vt.get()));
            let runtime_path = format!("{USER_RUNTIME_BASE}/{uid}");
            let body = Body::default().text(session.as_str()).text(&session_path(&session)).text(&runtime_path);
            let body = body.number(LIFE_LINE).number(uid.get()).text(seat).number(vt).number(EXISTING.into());
            Ok(letter.with("soshusub", body).with_fd(life_line))
        }
    }
}

/// The error that answers `call`.
pub(super) fn error(call: &Message, fault: &Fault) -> zbus::Result<Message> {
    Message::error(&call.header(), fault.name()).build(&fault.text())
}

/// An answer as a client of a bus expects it: with a sender. That of the bus itself has its own already.
pub(super) fn through_private_door(answer: Message) -> zbus::Result<Message> {
    if answer.header().sender().is_some() { Ok(answer) } else { from_logind(&answer) }
}
