//! One record, decoded: what happened, to whom, on which line, when (utmp(5)).

use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::layout::Unused;
use crate::text::Text;

/// What a record says: `ut_type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Kind {
    /// Nothing; readers skip it.
    Empty,
    /// The run level changed, or the system goes down (user `shutdown`).
    RunLevel,
    /// The system came up.
    BootTime,
    /// The clock after it was set.
    NewTime,
    /// The clock before it was set.
    OldTime,
    /// A process init started.
    InitProcess,
    /// A getty waits for a name; in btmp, a refused login.
    LoginProcess,
    /// Somebody is logged in.
    UserProcess,
    /// The process of a line ended.
    DeadProcess,
    /// Accounting; nobody writes it.
    Accounting,
    /// A number no manual names.
    Other(i16),
}

impl Kind {
    /// Whether the record is about a process on a line (types 5 to 8): the only kind that pid, line and id identify.
    pub const fn is_process(self) -> bool {
        matches!(self, Self::InitProcess | Self::LoginProcess | Self::UserProcess | Self::DeadProcess)
    }
}

impl From<i16> for Kind {
    fn from(number: i16) -> Self {
        match number {
            0 => Self::Empty,
            1 => Self::RunLevel,
            2 => Self::BootTime,
            3 => Self::NewTime,
            4 => Self::OldTime,
            5 => Self::InitProcess,
            6 => Self::LoginProcess,
            7 => Self::UserProcess,
            8 => Self::DeadProcess,
            9 => Self::Accounting,
            other => Self::Other(other),
        }
    }
}

impl From<Kind> for i16 {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Empty => 0,
            Kind::RunLevel => 1,
            Kind::BootTime => 2,
            Kind::NewTime => 3,
            Kind::OldTime => 4,
            Kind::InitProcess => 5,
            Kind::LoginProcess => 6,
            Kind::UserProcess => 7,
            Kind::DeadProcess => 8,
            Kind::Accounting => 9,
            Kind::Other(number) => number,
        }
    }
}

/// How a process ended: `ut_exit`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct Exit {
    /// The signal that ended it, or 0.
    pub termination: i16,
    /// Its exit status.
    pub exit: i16,
}

/// When, since the epoch: `ut_tv`.
///
/// A file with 32-bit seconds holds 1970 to 2106, because they are unsigned (glibc since 2.40); what lies beyond is
/// written as the nearest second it can hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Time {
    /// Whole seconds.
    pub seconds: i64,
    /// Microseconds within the second.
    pub microseconds: i64,
}

impl Time {
    /// The clock's time now.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// A whole second.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self { seconds, microseconds: 0 }
    }
}

impl From<SystemTime> for Time {
    /// A time before the epoch, as a clock without a battery may show, is the epoch.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        Self { seconds, microseconds: i64::from(since.subsec_micros()) }
    }
}

/// One record of utmp, wtmp or btmp.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// `ut_type`.
    pub kind: Kind,
    /// `ut_pid`: the process; in a run-level record the previous level times 256 plus the new one, both as ASCII.
    pub pid: i32,
    /// `ut_line`: the terminal without `/dev/`, or `~`.
    pub line: Text<32>,
    /// `ut_id`: init's name for the line.
    pub id: Text<4>,
    /// `ut_user`.
    pub user: Text<32>,
    /// `ut_host`: where from; the kernel's release in boot, run-level and shutdown records.
    pub host: Text<256>,
    /// `ut_exit`.
    pub exit: Exit,
    /// `ut_session`: the session id, as getsid(2). 32 bits of it in the 384-byte layout.
    pub session: i64,
    /// `ut_tv`.
    pub time: Time,
    /// `ut_addr_v6`, in network order: an IPv4 address in the first four bytes, an IPv6 address in all.
    pub address: [u8; 16],
    /// The bytes that mean nothing, kept as they were read.
    pub unused: Unused,
}

impl Record {
    /// The system came up at `at` (record of sysvinit's init(8)).
    pub fn boot(release: &[u8], at: Time) -> Self {
        Self::of_system(Kind::BootTime, "reboot", 0, release, at)
    }

    /// The run level became `current`; `previous` is `N` where there was none (record of sysvinit's init(8)).
    pub fn run_level(release: &[u8], previous: u8, current: u8, now: Time) -> Self {
        Self::of_system(Kind::RunLevel, "runlevel", i32::from(previous) << 8 | i32::from(current), release, now)
    }

    /// The system goes down (record of sysvinit's halt(8); belongs into wtmp only).
    pub fn shutdown(release: &[u8], now: Time) -> Self {
        Self::of_system(Kind::RunLevel, "shutdown", 0, release, now)
    }

    /// What the clock showed before it was set (record of date(1), as `last -x` knows it).
    pub fn clock_before(at: Time) -> Self {
        Self { line: Text::new("|"), user: Text::new("date"), time: at, ..Self::empty(Kind::OldTime) }
    }

    /// What it showed after.
    pub fn clock_after(at: Time) -> Self {
        Self { line: Text::new("{"), user: Text::new("date"), time: at, ..Self::empty(Kind::NewTime) }
    }

    /// A getty waits for a name on `line`.
    pub fn login_process(line: &[u8], pid: i32, now: Time) -> Self {
        Self { user: Text::new("LOGIN"), ..Self::of_process(Kind::LoginProcess, line, pid, now) }
    }

    /// `user` is logged in on `line`.
    pub fn user_process(line: &[u8], pid: i32, user: &[u8], now: Time) -> Self {
        Self { user: Text::new(user), ..Self::of_process(Kind::UserProcess, line, pid, now) }
    }

    /// The process of `line` ended: without user and host, so that nobody is shown there any more.
    pub fn dead_process(line: &[u8], pid: i32, now: Time) -> Self {
        Self::of_process(Kind::DeadProcess, line, pid, now)
    }

    /// A login as `user` was refused on `line`; belongs into btmp only.
    pub fn failed_login(line: &[u8], pid: i32, user: &[u8], now: Time) -> Self {
        Self { user: Text::new(user), ..Self::of_process(Kind::LoginProcess, line, pid, now) }
    }

    /// The same, with the id init gave the line (inittab(5)) instead of the one the line names.
    #[must_use]
    pub fn with_id(self, id: &[u8]) -> Self {
        Self { id: Text::new(id), ..self }
    }

    /// The same, from `host`.
    #[must_use]
    pub fn with_host(self, host: &[u8]) -> Self {
        Self { host: Text::new(host), ..self }
    }

    /// The same, from `address`; an IPv4 address mapped into IPv6 is recorded as what it is.
    #[must_use]
    pub fn with_address(self, address: IpAddr) -> Self {
        let address = match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
            }
            IpAddr::V6(v6) => v6.octets(),
        };
        Self { address, ..self }
    }

    /// The same, in the session getsid(2) names.
    #[must_use]
    pub fn with_session(self, session: i32) -> Self {
        Self { session: session.into(), ..self }
    }

    /// The same, with how the process ended.
    #[must_use]
    pub fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// The run level a run-level record tells of, and the one before it, as ASCII.
    ///
    /// None for other records, and for a shutdown.
    pub fn run_levels(&self) -> Option<(u8, u8)> {
        let [.., previous, current] = self.pid.to_be_bytes();
        (self.kind == Kind::RunLevel && current != 0).then_some((previous, current))
    }

    fn of_system(kind: Kind, user: &str, pid: i32, release: &[u8], time: Time) -> Self {
        Self {
            pid,
            line: Text::new("~"),
            id: Text::new("~~"),
            user: Text::new(user),
            host: Text::new(release),
            time,
            ..Self::empty(kind)
        }
    }

    fn of_process(kind: Kind, line: &[u8], pid: i32, time: Time) -> Self {
        Self { pid, line: Text::new(line), id: Text::id_of_line(line), time, ..Self::empty(kind) }
    }

    fn empty(kind: Kind) -> Self {
        Self {
            kind,
            pid: 0,
            line: Text::EMPTY,
            id: Text::EMPTY,
            user: Text::EMPTY,
            host: Text::EMPTY,
            exit: Exit::default(),
            session: 0,
            time: Time::default(),
            address: [0; 16],
            unused: Unused::default(),
        }
    }
}
