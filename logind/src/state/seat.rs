//! A seat's state file: `/run/systemd/seats/SEAT`. It is written only: seats are made of what is plugged in.

use logind_core::Core;
use logind_core::seat::Seat;
use logind_core::session::Session;

use super::text::Writer;

/// What a seat's file says, in systemd's keys and order.
pub(super) fn write(core: &Core, seat: &Seat) -> Vec<u8> {
    let sessions: Vec<&Session> = seat.sessions().iter().filter_map(|id| core.session(id)).collect();
    let active = seat.active().and_then(|id| core.session(id));
    let mut file = Writer::new();
    file.flag("IS_SEAT0", seat.id().is_seat0())
        .flag("CAN_MULTI_SESSION", true)
        .flag("CAN_TTY", seat.has_vts())
        .flag("CAN_GRAPHICAL", seat.has_graphics())
        .optional("ACTIVE", active.map(Session::id))
        .optional("ACTIVE_UID", active.map(Session::uid));
    if !sessions.is_empty() {
        file.list("SESSIONS", &sessions.iter().map(|session| session.id().as_bytes()).collect())
            .list("UIDS", &sessions.iter().map(|session| session.uid().to_string()).collect());
    }
    file.into_bytes()
}
