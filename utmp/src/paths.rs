//! Every path the records live at (utmp(5), `tmpfiles.d(5)`).

/// Who is on which line now; created when absent, empty at every boot.
pub const UTMP: &str = "/run/utmp";
/// Every login, logout, boot and shutdown; written only where it exists.
pub const WTMP: &str = "/var/log/wtmp";
/// Every refused login; written only where it exists, and readable by root alone.
pub const BTMP: &str = "/var/log/btmp";
/// Each user's last login, by uid; written only where it exists.
pub const LASTLOG: &str = "/var/log/lastlog";
/// Where our writers' lock files are: root's, so that nobody else can hold one.
pub const LOCK_DIR: &str = "/run/session-rs";
/// Where the number of group `utmp` is looked up (group(5)).
pub const GROUPS: &str = "/etc/group";
/// Who there is (passwd(5)).
pub(crate) const USERS: &str = "/etc/passwd";
/// What the kernel knows of PID 1, when it started among it (proc_pid_stat(5)).
pub const INIT_STAT: &str = "/proc/1/stat";

/// In the lock directory: held while utmp is written.
pub(crate) const UTMP_LOCK: &str = "utmp.lock";
/// In the lock directory: held while wtmp is written.
pub(crate) const WTMP_LOCK: &str = "wtmp.lock";
/// In the lock directory: held while btmp is written.
pub(crate) const BTMP_LOCK: &str = "btmp.lock";
/// In the lock directory: held while lastlog is written.
pub(crate) const LASTLOG_LOCK: &str = "lastlog.lock";
/// Behind a file's name, in the lock directory: that nothing is recorded in it has been told.
pub(crate) const TOLD: &str = ".told";
/// The processes there are, by their numbers (proc(5)).
pub(crate) const PROC: &str = "/proc";
/// The terminals there are.
pub(crate) const DEV: &str = "/dev";
