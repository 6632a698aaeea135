//! A seat: a screen, a keyboard, and the sessions that take turns at them.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::names::{SeatId, SessionId, VtNumber};

/// A place to sit at. `seat0` is always there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    pub(crate) id: SeatId,
    pub(crate) sessions: BTreeSet<SessionId>,
    /// Which of them are on which virtual terminal: a greeter may share one with the session it makes room for.
    pub(crate) on_vt: BTreeMap<VtNumber, BTreeSet<SessionId>>,
    pub(crate) active: Option<SessionId>,
    pub(crate) has_vts: bool,
    pub(crate) has_graphics: bool,
}

/// All seats.
pub(crate) type Seats = BTreeMap<SeatId, Seat>;

impl Seat {
    pub(crate) fn new(id: SeatId, has_vts: bool) -> Self {
        Self { id, sessions: BTreeSet::new(), on_vt: BTreeMap::new(), active: None, has_vts, has_graphics: false }
    }

    /// Its name.
    pub fn id(&self) -> &SeatId {
        &self.id
    }

    /// The sessions on it, in the order of their names.
    pub fn sessions(&self) -> &BTreeSet<SessionId> {
        &self.sessions
    }

    /// The session in front.
    pub fn active(&self) -> Option<&SessionId> {
        self.active.as_ref()
    }

    /// Whether it has virtual terminals.
    pub fn has_vts(&self) -> bool {
        self.has_vts
    }

    /// Whether it has a graphics device.
    pub fn has_graphics(&self) -> bool {
        self.has_graphics
    }
}
