//! What a record says of the system itself, whichever init wrote it.
//!
//! sysvinit, systemd, finit and `utmp-record` write a boot as utmp(5) has it. dinit leaves out every text; OpenRC's
//! openrc-init gives it the type of a run level; s6-linux-init-hpr(8) writes `reboot` with that type and no id when
//! the system goes *down* to come up again.

use crate::record::{Kind, Record};
use crate::view::View;

/// The system came up, or goes down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    Up,
    Down,
}

impl Turn {
    /// What a record of these fields says; none if it is of something else.
    fn of(kind: i16, line: &[u8], user: &[u8], id: &[u8]) -> Option<Self> {
        let is_run_level = kind == i16::from(Kind::RunLevel);
        match (line.first(), user) {
            (Some(b'~'), user) if user.starts_with(b"shutdown") => Some(Self::Down),
            (Some(b'~'), user) if user.starts_with(b"reboot") && is_run_level && id.is_empty() => Some(Self::Down),
            (Some(b'~'), user) if user.starts_with(b"reboot") => Some(Self::Up),
            (None | Some(b'~'), []) if kind == i16::from(Kind::BootTime) => Some(Self::Up),
            _ => None,
        }
    }

    /// What `view` says.
    pub(crate) fn of_view(view: &View<'_>) -> Option<Self> {
        let id = view.id_field().split(|byte| *byte == 0).next().unwrap_or_default();
        Self::of(view.kind(), view.line(), view.user(), id)
    }
}

impl Record {
    /// Whether it says that the system came up: as utmp(5) has it, or as OpenRC and dinit do.
    pub fn is_boot(&self) -> bool {
        self.kind == Kind::BootTime || self.turn() == Some(Turn::Up)
    }

    /// Whether it says that the system goes down: as sysvinit's halt(8) has it, or as s6-linux-init does.
    pub fn is_shutdown(&self) -> bool {
        self.turn() == Some(Turn::Down)
    }

    fn turn(&self) -> Option<Turn> {
        Turn::of(self.kind.into(), self.line.as_bytes(), self.user.as_bytes(), self.id.as_bytes())
    }
}
