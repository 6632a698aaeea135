//! The process whose login made a session.

/// A process that a number alone does not name: its pid may be given to another, its start time is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leader {
    /// The process id, never 0.
    pub pid: u32,
    /// When it started, in clock ticks after boot (`starttime` of proc_pid_stat(5)).
    pub start_time: u64,
    /// The inode number of its pidfd on pidfs (Linux 6.9 and later), unique until the machine is booted again.
    pub pidfs_id: Option<u64>,
}
