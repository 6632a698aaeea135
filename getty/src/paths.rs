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
/// The variable that names the socket of whoever wants to hear that a service is ready (`sd_notify(3)`).
pub(crate) const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";

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
