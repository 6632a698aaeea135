//! The running system, as its records tell of it.

use std::fs;

use rustix::param::clock_ticks_per_second;
use rustix::system::uname;
use rustix::time::{ClockId, clock_gettime};
use utmp::{Record, Time, paths};

const MICROSECONDS: i64 = 1_000_000;

/// What there is to record of the system that runs.
pub(crate) struct System {
    release: Vec<u8>,
    /// When this program was started.
    pub(crate) now: Time,
    /// When PID 1 was: the boot of a machine, the start of a container.
    pub(crate) up_since: Time,
}

impl System {
    /// This one, at `now`.
    pub(crate) fn running(now: Time) -> Self {
        let since_boot = clock_gettime(ClockId::Boottime);
        let since_boot = since_boot.tv_sec * MICROSECONDS + since_boot.tv_nsec / 1000;
        // Without /proc, which an init may mount later, PID 1 counts as started with the kernel: on a machine it is.
        let init_after_boot = fs::read(paths::INIT_STAT).ok().and_then(|stat| start(&stat)).unwrap_or(0);
        let up_for = since_boot.saturating_sub(init_after_boot).max(0);
        Self { release: uname().release().to_bytes().to_vec(), now, up_since: before(now, up_for) }
    }

    /// The record of its start.
    pub(crate) fn boot(&self) -> Record {
        Record::boot(&self.release, self.up_since)
    }

    /// The record of its run level's change.
    pub(crate) fn run_level(&self, before: u8, level: u8) -> Record {
        Record::run_level(&self.release, before, level, self.now)
    }

    /// The record of its end.
    pub(crate) fn shutdown(&self) -> Record {
        Record::shutdown(&self.release, self.now)
    }
}

/// `now` less `microseconds`; the epoch if the clock is younger than the system.
fn before(now: Time, microseconds: i64) -> Time {
    let then =
        now.seconds.saturating_mul(MICROSECONDS).saturating_add(now.microseconds).saturating_sub(microseconds).max(0);
    Time { seconds: then / MICROSECONDS, microseconds: then % MICROSECONDS }
}

/// How many microseconds after the kernel a process started: field 22 of its proc_pid_stat(5). Its second field, the
/// name in parentheses, may hold spaces and parentheses of its own.
fn start(stat: &[u8]) -> Option<i64> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let ticks = stat[name_end + 1..].split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).nth(19)?;
    let ticks: i64 = str::from_utf8(ticks).ok()?.parse().ok()?;
    let a_second = i64::try_from(clock_ticks_per_second()).ok().filter(|ticks| *ticks > 0)?;
    Some(ticks.checked_mul(MICROSECONDS)? / a_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_found_behind_a_name_with_parentheses() {
        let a_second = clock_ticks_per_second();
        let fields: String = (3..22).map(|field| format!("{field} ")).collect();
        let stat = format!("1 (a ) R 1 2 3) {fields}{} 23 24\n", a_second * 5);
        assert_eq!(start(stat.as_bytes()), Some(5 * MICROSECONDS));
        assert_eq!(start(b"1 (init) S 0"), None);
        assert_eq!(start(b""), None);
    }

    #[test]
    fn a_clock_younger_than_the_system_gives_the_epoch() {
        assert_eq!(
            before(Time { seconds: 5, microseconds: 1 }, 2 * MICROSECONDS),
            Time { seconds: 3, microseconds: 1 }
        );
        assert_eq!(before(Time::from_seconds(5), 9 * MICROSECONDS), Time::default());
    }

    #[test]
    fn this_system_is_up_since_before_now() {
        let now = Time::now();
        let system = System::running(now);
        assert!(system.up_since <= now, "{:?} {now:?}", system.up_since);
        assert!(!system.release.is_empty());
    }
}
