//! Every path that only the sandbox itself knows; those it shares with the cases are in [`tests::paths`].

pub(crate) const MOUNTINFO: &str = "/proc/self/mountinfo";
/// What a sandbox's cgroup is called, before the number of its outer process.
pub(crate) const CGROUP_PREFIX: &str = "session-rs-sandbox-";
/// The cgroup, inside, of the sandbox's own processes.
pub(crate) const INIT_SCOPE: &str = "init.scope";
/// The hierarchy's mount point, and the one of a hybrid layout.
pub(crate) const CGROUP: &str = "/sys/fs/cgroup";
pub(crate) const CGROUP_HYBRID: &str = "/sys/fs/cgroup/unified";

/// Covered by the tmpfs that holds what the inside writes, until that is the root.
pub(crate) const STAGE: &str = "/tmp";
/// Folders below which the inside has its own files: no folder in, at or above one of them can be bound in.
pub(crate) const CLOSED: [&str; 8] =
    ["/bin", "/dev", "/etc", "/proc", "/sys", "/usr/bin", "/usr/libexec/session-rs", "/var/log"];
/// Folders that are the inside's own, but may have others' below them: none at or above one of them can be bound in.
pub(crate) const OWN: [&str; 4] = ["/home/alice", "/home/bob", "/run", "/tmp"];
/// What the host remembers of its own logins, and no sandbox is to inherit.
pub(crate) const FORGOTTEN: [&str; 6] = [
    "/etc/nologin",
    "/etc/gshadow",
    "/etc/security/limits.d",
    "/var/lib/systemd/linger",
    "/var/lib/elogind",
    "/var/lib/session-rs",
];

pub(crate) const BUS_CONFIG: &str = "/etc/dbus-1/system.conf";
pub(crate) const BUS_SERVICES: &str = "/etc/dbus-1/services";
pub(crate) const LOGIN: &str = "/bin/login";
