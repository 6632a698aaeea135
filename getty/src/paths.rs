//! Every path that getty opens or runs.

/// Where lines are: a line's name is relative to it.
pub(crate) const DEV: &str = "/dev";
/// The controlling terminal of whoever opens it (`tty(4)`).
pub(crate) const CONTROLLING_TERMINAL: &str = "/dev/tty";
/// The login that is run where none lies beside getty.
pub(crate) const LOGIN: &str = "/bin/login";
/// The name of the login beside getty.
pub(crate) const LOGIN_NAME: &str = "login";

/// The folders that hold an `issue` file and `issue.d`, the administrator's first (UAPI configuration files).
pub(crate) const ISSUE_ROOTS: [&str; 3] = ["/etc", "/run", "/usr/lib"];
/// The issue file in each of [`ISSUE_ROOTS`].
pub(crate) const ISSUE: &str = "issue";
/// The folder of drop-ins in each of [`ISSUE_ROOTS`].
pub(crate) const ISSUE_DROP_INS: &str = "issue.d";
/// What the system calls itself, the administrator's first (`os-release(5)`).
pub(crate) const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];
/// The names of this host (`hosts(5)`).
pub(crate) const HOSTS: &str = "/etc/hosts";

/// Whoever touches it asks every waiting getty to read its issue again: agetty's, so that either reaches the other.
pub(crate) const RELOAD: &str = "/run/agetty.reload";
/// The names of files in the watched folders that a change of the visible issue may come from, besides the issue's own.
pub(crate) const ISSUE_SOURCES: [&str; 4] = ["agetty.reload", "os-release", "hosts", "hostname"];
/// There while Num Lock is meant to be on, as some distributions' start scripts tell.
pub(crate) const NUM_LOCK_ON: &str = "/run/numlock-on";
/// login's settings, of which one is about the prompt (`login.defs(5)`).
pub(crate) const LOGIN_DEFS: &str = "/etc/login.defs";
/// Whether VTs are in UTF-8 when they are new: `1` or `0`.
pub(crate) const DEFAULT_UTF8: &str = "/sys/module/vt/parameters/default_utf8";
/// The IPv6 addresses of this host and what they are (`proc(5)`).
pub(crate) const IPV6_ADDRESSES: &str = "/proc/net/if_inet6";
/// The variable that names the folder of a service's credentials (systemd.exec(5)).
pub(crate) const CREDENTIALS_VARIABLE: &str = "CREDENTIALS_DIRECTORY";
/// Where the service manager puts these folders.
pub(crate) const CREDENTIALS: &str = "/run/credentials";
/// The credential that names who is logged in without being asked.
pub(crate) const AUTOLOGIN_CREDENTIAL: &str = "agetty.autologin";
/// The folders that a name without a `/` in `--lines-from` is looked up in, the administrator's first.
pub(crate) const CONFIGURATION_ROOTS: [&str; 3] = ["/etc", "/run", "/usr/lib"];
/// Where a keeper of many lines notes whom it let onto which.
pub(crate) const REGISTER: &str = "/run/session-rs/getty";
/// The number of this boot (`proc_sys_kernel(5)`).
pub(crate) const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// The lines that the kernel writes to.
pub(crate) const CONSOLES: &str = "/sys/class/tty/console/active";
/// The program that this process runs (`proc_pid_exe(5)`).
pub(crate) const OWN_PROGRAM: &str = "/proc/self/exe";
/// What this process has mapped (`proc_pid_maps(5)`).
pub(crate) const OWN_MAPS: &str = "/proc/self/maps";
/// The variable that names the socket of whoever wants to hear that a service is ready (`sd_notify(3)`).
pub(crate) const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";

/// All processes, by their numbers (`proc(5)`).
pub(crate) const PROCESSES: &str = "/proc";

/// The program that process `pid` runs (`proc_pid_exe(5)`).
pub(crate) fn program_of(pid: i32) -> String {
    format!("/proc/{pid}/exe")
}

/// The ids of process `pid` (`proc_pid_status(5)`).
pub(crate) fn process_status(pid: i32) -> String {
    format!("/proc/{pid}/status")
}

/// What process `pid` has open (`proc_pid_fd(5)`).
pub(crate) fn process_files(pid: i32) -> String {
    format!("/proc/{pid}/fd")
}

/// The state of process `pid` (`proc_pid_stat(5)`).
pub(crate) fn process_stat(pid: i32) -> String {
    format!("/proc/{pid}/stat")
}
