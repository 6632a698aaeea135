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

/// The state of process `pid` (`proc_pid_stat(5)`).
pub(crate) fn process_stat(pid: i32) -> String {
    format!("/proc/{pid}/stat")
}
