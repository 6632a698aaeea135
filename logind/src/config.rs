//! What the administrator configured: logind.conf(5) and its drop-ins, read into rules and limits.

mod files;
mod ini;
mod values;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use logind_core::names::VtNumber;
use logind_core::policy::Policy;

use crate::effects::runtime_directory::Limits;
use values::MemorySize;

/// The section that all our keys are in.
const SECTION: &str = "Login";

/// The keys of logind.conf(5) that have no meaning here yet: a file written for systemd is no mistake.
const KNOWN_ELSEWHERE: &[&str] = &[
    "DesignatedMaintenanceTime",
    "HandleHibernateKey",
    "HandleHibernateKeyLongPress",
    "HandleLidSwitch",
    "HandleLidSwitchDocked",
    "HandleLidSwitchExternalPower",
    "HandlePowerKey",
    "HandlePowerKeyLongPress",
    "HandleRebootKey",
    "HandleRebootKeyLongPress",
    "HandleSecureAttentionKey",
    "HandleSuspendKey",
    "HandleSuspendKeyLongPress",
    "HibernateKeyIgnoreInhibited",
    "HoldoffTimeoutSec",
    "IdleAction",
    "IdleActionSec",
    "InhibitDelayMaxSec",
    "InhibitorsMax",
    "LidSwitchIgnoreInhibited",
    "PowerKeyIgnoreInhibited",
    "RebootKeyIgnoreInhibited",
    "RemoveIPC",
    "SleepOperation",
    "StopIdleSessionSec",
    "SuspendKeyIgnoreInhibited",
    "UserTasksMax",
    "WallMessages",
];

/// Everything configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// The rules.
    pub(crate) policy: Policy,
    /// RuntimeDirectorySize=: how much a runtime directory may hold.
    pub(crate) runtime_directory_size: MemorySize,
    /// RuntimeDirectoryInodesMax=: how many files; none is one for each 4096 bytes.
    pub(crate) runtime_directory_inodes: Option<u64>,
    /// ManageCgroups=: whether to mount cgroup2 where nothing is mounted, and to enable controllers. Not in systemd.
    pub(crate) manage_cgroups: bool,
    /// AutoVTCommand=: the getty for virtual terminals on demand; none is our own. Not in systemd.
    pub(crate) auto_vt_command: Option<Vec<String>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            runtime_directory_size: MemorySize::OfMemory { permyriad: 1000 },
            runtime_directory_inodes: None,
            manage_cgroups: true,
            auto_vt_command: None,
        }
    }
}

/// A line that could not be used. The rest of the file is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    file: PathBuf,
    line: usize,
    what: Trouble,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Trouble {
    NotUtf8,
    NoAssignment,
    OutsideOfSection,
    UnknownSection(String),
    UnknownKey(String),
    BadValue { key: String, value: String },
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file.display(), self.line)?;
        match &self.what {
            Trouble::NotUtf8 => f.write_str("not UTF-8, ignored"),
            Trouble::NoAssignment => f.write_str("neither a section nor an assignment, ignored"),
            Trouble::OutsideOfSection => f.write_str("assignment before the first section, ignored"),
            Trouble::UnknownSection(name) => write!(f, "unknown section [{name}], ignored"),
            Trouble::UnknownKey(key) => write!(f, "unknown key {key}=, ignored"),
            Trouble::BadValue { key, value } => write!(f, "cannot use {key}={value}, ignored"),
        }
    }
}

/// Reads the configuration of this machine: the first logind.conf of /etc, /run, /usr/local/lib and /usr/lib, then all
/// drop-ins in the order of their names. A file that cannot be read is as one that is not there, and is said.
pub(crate) fn read() -> (Config, Vec<Complaint>) {
    let mut config = Config::default();
    let mut complaints = Vec::new();
    for file in files::of_the_machine() {
        match std::fs::read(&file) {
            Ok(bytes) => config.apply(&file, &bytes, &mut complaints),
            Err(error) => tracing::warn!(file = %file.display(), error = %error, "cannot read the configuration"),
        }
    }
    (config, complaints)
}

/// Reads `file` and nothing else.
///
/// # Errors
/// What reading it says.
pub(crate) fn read_file(file: &Path) -> io::Result<(Config, Vec<Complaint>)> {
    let bytes = std::fs::read(file)?;
    let mut config = Config::default();
    let mut complaints = Vec::new();
    config.apply(file, &bytes, &mut complaints);
    Ok((config, complaints))
}

impl Config {
    /// How much each runtime directory may hold on this machine (sysinfo(2)).
    pub(crate) fn runtime_directory_limits(&self) -> Limits {
        const PAGE: u64 = 4096;
        let machine = rustix::system::sysinfo();
        let memory = (machine.totalram as u64).saturating_mul(machine.mem_unit.into());
        // A size of 0 would be no limit (tmpfs(5)).
        let size = self.runtime_directory_size.in_bytes(memory).max(PAGE);
        Limits { size, inodes: self.runtime_directory_inodes.unwrap_or(size / PAGE) }
    }

    fn apply(&mut self, file: &Path, bytes: &[u8], complaints: &mut Vec<Complaint>) {
        let mut is_ours = None;
        for (line, entry) in ini::entries(bytes) {
            let outcome = match entry {
                ini::Entry::Section(name) => {
                    is_ours = Some(name == SECTION);
                    // Sections of others' own are named so (systemd.syntax(7)).
                    let is_known = name == SECTION || name.starts_with("X-");
                    if is_known { Ok(()) } else { Err(Trouble::UnknownSection(name)) }
                }
                ini::Entry::Assignment { key, value } => match is_ours {
                    Some(true) => self.assign(&key, &value),
                    Some(false) => Ok(()), // its section has been complained about
                    None => Err(Trouble::OutsideOfSection),
                },
                ini::Entry::NotUtf8 => Err(Trouble::NotUtf8),
                ini::Entry::Neither => Err(Trouble::NoAssignment),
            };
            if let Err(what) = outcome {
                complaints.push(Complaint { file: file.to_owned(), line, what });
            }
        }
    }

    /// Takes one assignment; an empty value means the default.
    fn assign(&mut self, key: &str, value: &str) -> Result<(), Trouble> {
        let default = Self::default();
        let policy = &mut self.policy;
        let is_used = match key {
            "KillUserProcesses" => {
                set(&mut policy.kill_user_processes, value, default.policy.kill_user_processes, values::boolean)
            }
            "KillOnlyUsers" => extend(&mut policy.kill_only_users, value),
            "KillExcludeUsers" => extend(&mut policy.kill_exclude_users, value),
            "UserStopDelaySec" => {
                set(&mut policy.user_stop_delay, value, default.policy.user_stop_delay, values::time_span)
            }
            "SessionsMax" => set(&mut policy.sessions_max, value, default.policy.sessions_max, values::number),
            "NAutoVTs" => set(&mut policy.auto_vts, value, default.policy.auto_vts, values::terminals),
            "ReserveVT" => {
                let parse = |value: &str| values::terminals(value).map(|n| VtNumber::new(n.into()));
                set(&mut policy.reserve_vt, value, default.policy.reserve_vt, parse)
            }
            "AutoVTCommand" => set(&mut self.auto_vt_command, value, None, |value| values::command(value).map(Some)),
            "SeatServices" => extend(&mut policy.seat_services, value),
            "RuntimeDirectorySize" => {
                set(&mut self.runtime_directory_size, value, default.runtime_directory_size, values::memory_size)
            }
            "RuntimeDirectoryInodesMax" => {
                set(&mut self.runtime_directory_inodes, value, None, |value| values::number(value).map(Some))
            }
            "ManageCgroups" => set(&mut self.manage_cgroups, value, default.manage_cgroups, values::boolean),
            _ if KNOWN_ELSEWHERE.contains(&key) => true,
            _ => return Err(Trouble::UnknownKey(key.to_owned())),
        };
        if is_used { Ok(()) } else { Err(Trouble::BadValue { key: key.to_owned(), value: value.to_owned() }) }
    }
}

fn set<T>(field: &mut T, value: &str, default: T, parse: impl Fn(&str) -> Option<T>) -> bool {
    match if value.is_empty() { Some(default) } else { parse(value) } {
        Some(value) => {
            *field = value;
            true
        }
        None => false,
    }
}

/// Adds the words of `value` to a list; an empty value empties it (systemd.syntax(7)).
fn extend(list: &mut Vec<String>, value: &str) -> bool {
    let Some(words) = values::words(value) else { return false };
    if words.is_empty() {
        list.clear();
    }
    list.extend(words);
    true
}

#[cfg(test)]
mod tests;
