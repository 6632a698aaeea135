//! Whether the process that a record names is still the one that the record is about.

use std::os::unix::fs::MetadataExt;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use rustix::time::{ClockId, clock_gettime};
use utmp::Time;

use crate::paths;

/// Whether process `pid` lives and was there at `time` already: a number is given out again after its process ended.
///
/// A clock that was set in between makes the start uncertain; whoever is in doubt here is taken for dead.
pub(crate) fn lives(pid: i32, time: Time) -> bool {
    if pid <= 0 || kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH) {
        return false; // 0 and below would mean process groups
    }
    match std::fs::read_to_string(paths::process_stat(pid)).ok().as_deref().and_then(Stat::parse) {
        Some(stat) => !stat.is_dead && stat.started(boot_time()) <= time.seconds.saturating_add(SLACK),
        None => true, // no /proc: all that is known is that it is there
    }
}

/// When process `pid` started, in clock ticks since the boot; none if it has ended.
pub(crate) fn start(pid: i32) -> Option<u64> {
    let stat = Stat::parse(&std::fs::read_to_string(paths::process_stat(pid)).ok()?)?;
    (!stat.is_dead).then_some(stat.start)
}

/// Whether process `pid` is root's: real, effective, saved and file system id.
pub(crate) fn is_roots(pid: i32) -> bool {
    let text = std::fs::read_to_string(paths::process_status(pid)).unwrap_or_default();
    let ids = text.lines().find_map(|line| line.strip_prefix("Uid:"));
    ids.is_some_and(|ids| ids.split_ascii_whitespace().count() == 4 && ids.split_ascii_whitespace().all(|id| id == "0"))
}

/// Whether process `pid` has the device of this number open.
pub(crate) fn has_open(pid: i32, device: u64) -> bool {
    let Ok(files) = std::fs::read_dir(paths::process_files(pid)) else { return false };
    files.flatten().any(|file| std::fs::metadata(file.path()).is_ok_and(|file| file.rdev() == device && device != 0))
}

/// Seconds by which a process may seem to have started after it wrote: the kernel counts in ticks, a record may too.
const SLACK: i64 = 2;

/// What `/proc/PID/stat` tells (`proc_pid_stat(5)`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stat {
    /// A zombie, or on the way to be one.
    is_dead: bool,
    /// Clock ticks from boot to its start.
    start: u64,
}

impl Stat {
    /// The name of the process, between parentheses, may hold anything: what counts comes after the last one.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let is_dead = matches!(fields.next()?, "Z" | "X" | "x");
        let start = fields.nth(18)?.parse().ok()?;
        Some(Self { is_dead, start })
    }

    /// Seconds since the epoch, for a system that came up at `boot`.
    fn started(self, boot: i64) -> i64 {
        let seconds = self.start / rustix::param::clock_ticks_per_second().max(1);
        boot.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

/// When the system came up by the clock of now, in seconds since the epoch.
fn boot_time() -> i64 {
    clock_gettime(ClockId::Realtime).tv_sec.saturating_sub(clock_gettime(ClockId::Boottime).tv_sec)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use nix::sys::wait::{Id, WaitPidFlag, waitid};

    use super::*;

    #[test]
    fn this_process_lives_and_was_not_there_before_it_started() {
        let pid = Pid::this().as_raw();
        assert!(lives(pid, Time::now()));
        assert!(!lives(pid, Time::from_seconds(1_000_000_000)));
    }

    #[test]
    fn a_zombie_does_not_live() {
        let mut child = Command::new("/bin/cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let pid = child.id().cast_signed();
        assert!(lives(pid, Time::now()));
        drop(child.stdin.take());
        // waitid(2) can wait for the exit and leave the zombie.
        let exited = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        waitid(Id::Pid(Pid::from_raw(pid)), exited).unwrap();
        assert!(!lives(pid, Time::now()));
        child.wait().unwrap();
        assert!(!lives(pid, Time::now()));
    }

    #[test]
    fn no_number_but_a_process_lives() {
        for pid in [0, -1, i32::MIN, i32::MAX] {
            assert!(!lives(pid, Time::now()), "{pid}");
        }
    }

    #[test]
    fn a_process_may_have_any_name() {
        let stat = "7 (a) Z 1 (b) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        assert_eq!(Stat::parse(stat), Some(Stat { is_dead: false, start: 4711 }));
        for broken in ["", "7", "7 (a)", "7 (a) S 1 2 3"] {
            assert_eq!(Stat::parse(broken), None, "{broken}");
        }
    }
}
