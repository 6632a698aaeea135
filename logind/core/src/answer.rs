//! What a call is answered.

use crate::names::{SeatId, SessionId, Uid, VtNumber};

/// The answer to one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done; nothing more to say.
    Done,
    /// A session was opened. The runtime path is `/run/user/UID`; the life line goes along.
    Opened {
        /// The session.
        session: SessionId,
        /// Its user.
        uid: Uid,
        /// Its seat.
        seat: Option<SeatId>,
        /// Its virtual terminal.
        vt: Option<VtNumber>,
    },
    /// It was not done.
    Refused(Refusal),
}

/// Why a call was refused. Each is one error name on the bus (org.freedesktop.login1(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `org.freedesktop.login1.NoSuchSession`
    NoSuchSession(SessionId),
    /// `org.freedesktop.login1.NoSuchUser`
    NoSuchUser(Uid),
    /// `org.freedesktop.login1.NoSuchSeat`
    NoSuchSeat(SeatId),
    /// `org.freedesktop.login1.SessionBusy`: the leader is in a session already, or the VT has one.
    SessionBusy(&'static str),
    /// `org.freedesktop.DBus.Error.LimitsExceeded`
    LimitsExceeded(&'static str),
    /// `org.freedesktop.DBus.Error.InvalidArgs`
    InvalidArgs(&'static str),
    /// `org.freedesktop.DBus.Error.AccessDenied`
    AccessDenied(&'static str),
    /// `org.freedesktop.DBus.Error.NotSupported`
    NotSupported(&'static str),
    /// The kernel's word: `System.Error.ENAME`, or the well-known name that sd-bus maps the errno to.
    System(i32),
}
