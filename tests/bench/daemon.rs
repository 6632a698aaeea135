//! What the daemon in this sandbox costs while it runs: memory, threads, descriptors, wake-ups.

use std::fs;
use std::time::Duration;

use tests::outcome::{Failure, Outcome};
use tests::{init, process};

/// The daemon that answers as `org.freedesktop.login1`.
#[derive(Debug)]
pub(crate) struct Daemon(u32);

/// Memory of a process, in KiB (`proc_pid_smaps(5)`).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    pub(crate) private: u64,
    /// What was written to, so what no other process that runs the program shares.
    pub(crate) written: u64,
}

impl Daemon {
    /// The one that init runs.
    pub(crate) fn find() -> Outcome<Self> {
        init::pid("logind").map(Self)
    }

    pub(crate) fn memory(&self) -> Outcome<Memory> {
        memory(self.0)
    }

    pub(crate) fn threads(&self) -> Outcome<u64> {
        Ok(process::status_field(self.0, "Threads")?.parse()?)
    }

    /// How often it went to sleep by itself, which is how often it was woken.
    pub(crate) fn wakings(&self) -> Outcome<u64> {
        Ok(process::status_field(self.0, "voluntary_ctxt_switches")?.parse()?)
    }

    /// How long its threads have run so far (`/proc/PID/task/TID/schedstat`, Documentation/scheduler/sched-stats.rst).
    /// What else the machine does changes this far less than how long anybody waits.
    pub(crate) fn worked(&self) -> Outcome<Duration> {
        let mut worked = Duration::ZERO;
        for entry in fs::read_dir(format!("/proc/{}/task", self.0))? {
            let text = fs::read_to_string(entry?.path().join("schedstat")).unwrap_or_default(); // a thread that ended
            let running = text.split_ascii_whitespace().next().and_then(|running| running.parse().ok());
            worked += Duration::from_nanos(running.unwrap_or_default());
        }
        Ok(worked)
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(&self) -> Outcome<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.0))?.count())
    }

    /// How many watches its inotify descriptors have (`proc_pid_fdinfo(5)`).
    pub(crate) fn watches(&self) -> Outcome<usize> {
        let mut count = 0;
        for entry in fs::read_dir(format!("/proc/{}/fdinfo", self.0))? {
            // One that is closed meanwhile has none.
            let text = fs::read_to_string(entry?.path()).unwrap_or_default();
            count += text.lines().filter(|line| line.starts_with("inotify ")).count();
        }
        Ok(count)
    }
}

/// The memory of any process.
pub(crate) fn memory(pid: u32) -> Outcome<Memory> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).map_err(|e| Failure::from(e).during(&path))?;
    let field = |name: &str| -> u64 {
        let rest = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        rest.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
    };
    Ok(Memory {
        resident: field("Rss"),
        private: field("Private_Clean") + field("Private_Dirty"),
        written: field("Private_Dirty"),
    })
}
