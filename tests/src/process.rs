//! One process that a case started or found, held so that its number cannot come to mean another.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions};

use crate::outcome::{Failure, Outcome};
use crate::wait::{self, Deadline, PATIENCE, readable};

/// A process, by pidfd (`pidfd_open(2)`).
#[derive(Debug)]
pub struct Process {
    pid: u32,
    pidfd: OwnedFd,
}

impl Process {
    /// Starts `command`; the process is ours to wait for.
    ///
    /// # Errors
    /// That it cannot be started.
    pub fn start(command: &mut Command) -> Outcome<Self> {
        let child = command.spawn().map_err(|e| Failure::from(e).during(format!("{command:?}")))?;
        Self::find(child.id())
    }

    /// The process that has the number now.
    ///
    /// # Errors
    /// `ESRCH` if there is none.
    pub fn find(pid: u32) -> Outcome<Self> {
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let number = number.ok_or_else(|| Failure::new(format!("{pid} is no process number")))?;
        Ok(Self { pid, pidfd: rustix::process::pidfd_open(number, PidfdFlags::empty())? })
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// `ESRCH` if it has ended.
    pub fn signal(&self, signal: Signal) -> Outcome {
        Ok(rustix::process::pidfd_send_signal(&self.pidfd, signal)?)
    }

    /// Waits until it has ended, whoever's child it is.
    ///
    /// # Errors
    /// That it still runs after [`PATIENCE`].
    pub fn ended(&self) -> Outcome {
        if readable(self.pidfd.as_fd(), Deadline::after(PATIENCE))? {
            return Ok(());
        }
        Err(Failure::new(format!("process {} still runs: {}", self.pid, command_line(self.pid))))
    }

    /// Waits so long at most; whether it has ended.
    ///
    /// # Errors
    /// What `poll(2)` says.
    pub fn ended_within(&self, time: Duration) -> Outcome<bool> {
        readable(self.pidfd.as_fd(), Deadline::after(time))
    }

    /// Waits until our child has ended: its exit status, or 128 and the number of the signal that ended it.
    ///
    /// # Errors
    /// That it still runs after [`PATIENCE`], `ECHILD` if it is nobody of ours.
    pub fn status(&self) -> Outcome<i32> {
        self.ended()?;
        let ended = rustix::process::waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED)?;
        let ended = ended.ok_or_else(|| Failure::new("an ended process has no status"))?;
        let status = ended.exit_status().or_else(|| ended.terminating_signal().map(|signal| 128 + signal));
        status.ok_or_else(|| Failure::new("a process ended neither by itself nor by a signal"))
    }
}

/// Readable once the process has ended (`pidfd_open(2)`).
impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

/// The command line as `/proc` has it, for messages; empty if the process is gone.
#[must_use]
pub fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ").trim_end().to_owned()
}

/// A field of `/proc/PID/status`, such as `CapEff` or `Uid` (`proc_pid_status(5)`).
///
/// # Errors
/// That the process or the field is not there.
pub fn status_field(pid: u32, field: &str) -> Outcome<String> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).map_err(|e| Failure::from(e).during(&path))?;
    let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    value.map(|value| value.trim().to_owned()).ok_or_else(|| Failure::new(format!("{path} has no {field}")))
}

/// The path of a process's cgroup in the unified hierarchy (`cgroups(7)`), as this cgroup namespace sees it.
///
/// # Errors
/// That the process is not there or in no cgroup of that hierarchy.
pub fn cgroup(pid: u32) -> Outcome<String> {
    let path = format!("/proc/{pid}/cgroup");
    let text = fs::read_to_string(&path).map_err(|e| Failure::from(e).during(&path))?;
    let unified = text.lines().find_map(|line| line.strip_prefix("0::"));
    unified.map(str::to_owned).ok_or_else(|| Failure::new(format!("{path} has no unified hierarchy:\n{text}")))
}

/// The number and command line of every process there is in this pid namespace.
///
/// # Errors
/// That /proc cannot be read.
pub fn all() -> Outcome<Vec<(u32, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        if let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) {
            found.push((pid, command_line(pid)));
        }
    }
    Ok(found)
}

/// Waits until no process is there that was not among `before`.
///
/// # Errors
/// Those that still run.
pub fn none_but(before: &[(u32, String)]) -> Outcome {
    let others = || -> Outcome<Vec<(u32, String)>> {
        Ok(all()?.into_iter().filter(|(pid, _)| before.iter().all(|(known, _)| known != pid)).collect())
    };
    wait::until("no other process is left", || Ok(others()?.is_empty().then_some(())))
        .map_err(|e| e.during(format!("{:?}", others().unwrap_or_default())))
}
