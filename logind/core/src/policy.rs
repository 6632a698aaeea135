//! What the administrator configured (logind.conf(5)), as far as rules depend on it.

use alloc::string::String;
use alloc::vec::Vec;

use crate::names::VtNumber;
use crate::time::Span;

/// The configured rules. Changed by [`crate::Event::Configured`]; sessions that are open keep running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// KillUserProcesses=: whether what a session left running is killed when it ends.
    pub kill_user_processes: bool,
    /// KillOnlyUsers=: if not empty, the only users this applies to.
    pub kill_only_users: Vec<String>,
    /// KillExcludeUsers=: the users it never applies to.
    pub kill_exclude_users: Vec<String>,
    /// UserStopDelaySec=: how long a user stays after the last session.
    pub user_stop_delay: Span,
    /// SessionsMax=: how many sessions there may be. One user may have half of them, root has no limit.
    pub sessions_max: u64,
    /// NAutoVTs=: up to which virtual terminal one that comes to the front gets a getty, if nobody has it.
    pub auto_vts: u8,
    /// ReserveVT=: the virtual terminal that always has one.
    pub reserve_vt: Option<VtNumber>,
    /// SeatServices=: the PAM services whose word on seat and virtual terminal is believed (display managers).
    pub seat_services: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            kill_user_processes: false,
            kill_only_users: Vec::new(),
            kill_exclude_users: alloc::vec!["root".into()],
            user_stop_delay: Span::seconds(10),
            sessions_max: 8192,
            auto_vts: 0,
            reserve_vt: None,
            seat_services: Vec::new(),
        }
    }
}

impl Policy {
    /// Whether the word of a PAM service on where its logins sit is believed (SeatServices=).
    pub fn believes(&self, service: &str) -> bool {
        self.seat_services.iter().any(|name| name == service)
    }

    /// Whether what `user` leaves running at logout is killed (KillUserProcesses=, KillOnlyUsers=, KillExcludeUsers=).
    pub fn kills_processes_of(&self, user: &str) -> bool {
        let names = |list: &[String]| list.iter().any(|name| name == user);
        self.kill_user_processes
            && !names(&self.kill_exclude_users)
            && (self.kill_only_users.is_empty() || names(&self.kill_only_users))
    }
}
