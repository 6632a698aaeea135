//! Whether the process that a record names is still the one that the record is about.

use std::fs;
use std::path::Path;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
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
    match Stat::of(pid) {
        Some(stat) => !stat.is_dead && stat.started(boot_time()) <= time.seconds.saturating_add(SLACK),
        None => true, // no /proc: all that is known is that it is there
    }
}

/// When process `pid` started, in clock ticks since the boot; none if it has ended.
pub(crate) fn start(pid: i32) -> Option<u64> {
    let stat = Stat::of(pid)?;
    (!stat.is_dead).then_some(stat.start)
}

/// Whether process `pid` is root's: real, effective, saved and file system id.
pub(crate) fn is_roots(pid: i32) -> bool {
    let text = fs::read_to_string(paths::process_status(pid)).unwrap_or_default();
    let ids = text.lines().find_map(|line| line.strip_prefix("Uid:"));
    ids.is_some_and(|ids| ids.split_ascii_whitespace().count() == 4 && ids.split_ascii_whitespace().all(|id| id == "0"))
}

/// Whether the device of this number is the controlling terminal of process `pid`. Nobody keeps one over a hang-up.
pub(crate) fn controls(pid: i32, device: u64) -> bool {
    Stat::of(pid).is_some_and(|stat| stat.controls(device))
}

/// Whether the same is true of a child of process `pid`, as of the shell of a login that has given the line up.
pub(crate) fn is_parent_there(pid: i32, device: u64) -> bool {
    let Ok(processes) = fs::read_dir(paths::PROCESSES) else { return false };
    let numbers = processes.flatten().filter_map(|process| process.file_name().to_str()?.parse().ok());
    numbers.filter_map(Stat::of).any(|stat| stat.parent == pid && stat.controls(device))
}

/// Whether process `pid` has the device of this number, at `path`, open.
///
/// Of its other files only the names are looked at, and no file system is asked about the one: whose file it is may never
/// answer, and `path` may be its name in a mount namespace of theirs.
pub(crate) fn has_open(pid: i32, path: &Path, device: u64) -> bool {
    let Ok(files) = fs::read_dir(paths::process_files(pid)) else { return false };
    let mut files = files.flatten().map(|file| file.path());
    files.any(|file| fs::read_link(&file).is_ok_and(|name| name == path) && device_of(&file) == Some(device))
}

/// The number of the device at `path`, as far as is known without asking a file system (`statx(2)`, AT_STATX_DONT_SYNC).
fn device_of(path: &Path) -> Option<u64> {
    let flags = AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
    let found = statx(CWD, path, flags, StatxFlags::TYPE).ok()?;
    Some(makedev(found.stx_rdev_major, found.stx_rdev_minor)).filter(|&device| device != 0)
}

/// Seconds by which a process may seem to have started after it wrote: the kernel counts in ticks, a record may too.
const SLACK: i64 = 2;

/// What `/proc/PID/stat` tells (`proc_pid_stat(5)`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stat {
    /// A zombie, or on the way to be one.
    is_dead: bool,
    /// Its parent's number.
    parent: i32,
    /// Its controlling terminal, in the kernel's numbers of devices (`new_encode_dev` in linux/kdev_t.h); 0 for none.
    terminal: u32,
    /// Clock ticks from boot to its start.
    start: u64,
}

impl Stat {
    /// What the kernel tells of process `pid`; none if it is gone.
    fn of(pid: i32) -> Option<Self> {
        Self::parse(&fs::read_to_string(paths::process_stat(pid)).ok()?)
    }

    /// The name of the process, between parentheses, may hold anything: what counts comes after the last one.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let is_dead = matches!(fields.next()?, "Z" | "X" | "x");
        let parent = fields.next()?.parse().ok()?;
        let terminal = fields.nth(2)?.parse::<i32>().ok()?.cast_unsigned();
        let start = fields.nth(14)?.parse().ok()?;
        Some(Self { is_dead, parent, terminal, start })
    }

    /// Whether its controlling terminal is the device of this number.
    fn controls(self, device: u64) -> bool {
        let (major, minor) = (self.terminal >> 8 & 0xfff, self.terminal & 0xff | self.terminal >> 12 & 0xf_ff00);
        self.terminal != 0 && makedev(major, minor) == device
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
    use std::fs::File;
    use std::os::fd::AsRawFd;
    use std::process::{Command, Stdio};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use nix::sys::wait::{Id, WaitPidFlag, waitid};
    use rustix::mount::{
        FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen,
    };

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
    fn a_controlling_terminal_is_told_by_its_number() {
        let stat = |terminal: i32| Stat { is_dead: false, parent: 1, terminal: terminal.cast_unsigned(), start: 1 };
        for (terminal, major, minor) in
            [(1025, 4, 1), (34819, 136, 3), (1_082_888, 134, 264), (i32::MIN + 0x400, 4, 0x8_0000)]
        {
            assert!(stat(terminal).controls(makedev(major, minor)), "{terminal}");
            assert!(!stat(terminal).controls(makedev(major, minor + 1)), "{terminal}");
        }
        assert!(!stat(0).controls(0), "no terminal is no terminal");
    }

    #[test]
    fn a_file_system_that_never_answers_is_not_asked_whether_it_is_the_line() {
        let Ok(daemon) = File::options().read(true).write(true).open("/dev/fuse") else {
            return println!("skipped: no /dev/fuse to be had");
        };
        let mounted = || {
            let context = fsopen("fuse", FsOpenFlags::FSOPEN_CLOEXEC)?;
            let number = daemon.as_raw_fd().to_string();
            for (key, value) in [("fd", number.as_str()), ("rootmode", "20000"), ("user_id", "0"), ("group_id", "0")] {
                fsconfig_set_string(&context, key, value)?;
            }
            fsconfig_create(&context)?;
            fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())
        };
        let Ok(silent) = mounted() else { return println!("skipped: only root may mount") };
        let own = Pid::this().as_raw();
        let name = fs::read_link(format!("/proc/self/fd/{}", silent.as_raw_fd())).unwrap();
        let (say, answer) = mpsc::channel();
        thread::spawn(move || {
            let paths = [&name, Path::new("/dev/full")];
            say.send(paths.map(|path| has_open(own, path, makedev(1, 7)))).unwrap();
        });
        let has_open = answer.recv_timeout(Duration::from_secs(30));
        drop(daemon); // who waits for its answer is let go
        assert_eq!(has_open, Ok([false; 2]));
    }

    #[test]
    fn a_process_may_have_any_name() {
        let stat = "7 (a) Z 1 (b) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        assert_eq!(Stat::parse(stat), Some(Stat { is_dead: false, parent: 1, terminal: 0, start: 4711 }));
        for broken in ["", "7", "7 (a)", "7 (a) S 1 2 3"] {
            assert_eq!(Stat::parse(broken), None, "{broken}");
        }
    }
}
