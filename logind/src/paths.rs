//! Every path that logind opens.

/// Where logind.conf and its drop-ins are looked for, the most important first (logind.conf(5)).
pub(crate) const CONFIG_DIRECTORIES: [&str; 4] =
    ["/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"];

/// The main file in one of them.
pub(crate) const CONFIG_FILE: &str = "logind.conf";

/// The directory of drop-ins in one of them.
pub(crate) const CONFIG_DROP_INS: &str = "logind.conf.d";

/// Where cgroup2 is mounted, or is beside the hierarchies of cgroup v1 (cgroups(7)).
pub(crate) const CGROUP: &str = "/sys/fs/cgroup";

/// Where cgroup2 is mounted on a hybrid host.
pub(crate) const CGROUP_HYBRID: &str = "/sys/fs/cgroup/unified";

/// The mounts that this thread sees (proc_pid_mountinfo(5)).
pub(crate) const MOUNTS: &str = "/proc/thread-self/mountinfo";

/// The virtual terminal in front (sysfs-tty of the kernel's ABI). Not there without virtual terminals.
pub(crate) const FOREGROUND: &str = "/sys/class/tty/tty0/active";

/// Names this boot of the machine (random(4)).
pub(crate) const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The state files, which libsystemd reads (sd-login(3)).
pub(crate) const SESSIONS: &str = "/run/systemd/sessions";
/// See [`SESSIONS`].
pub(crate) const USERS: &str = "/run/systemd/users";
/// See [`SESSIONS`].
pub(crate) const SEATS: &str = "/run/systemd/seats";
/// See [`SESSIONS`].
pub(crate) const INHIBIT: &str = "/run/systemd/inhibit";

/// There if systemd is the init (sd_booted(3)).
pub(crate) const SYSTEMD_IS_INIT: &str = "/run/systemd/system";

/// Our own directory.
pub(crate) const OWN: &str = "/run/session-rs";

/// Locked by the one logind that runs (flock(2)).
pub(crate) const LOCK: &str = "/run/session-rs/logind.lock";

/// The system bus's socket (DBus Specification, "Well-known Message Bus Instances").
pub(crate) const SYSTEM_BUS: &str = "/run/dbus/system_bus_socket";

/// This machine's identity (machine-id(5)).
pub(crate) const MACHINE_ID: &str = "/etc/machine-id";

/// The first virtual terminal's alias, there only where there are virtual terminals (console_ioctl(4)).
pub(crate) const VIRTUAL_TERMINALS: &str = "/dev/tty0";

/// Where devices are.
pub(crate) const DEVICES: &str = "/dev";

/// The gettys that logind started.
pub(crate) const GETTYS: &str = "/run/session-rs/gettys";

/// What udev knows of devices (udev(7)).
pub(crate) const UDEV: &str = "/run/udev";

/// The graphics devices.
pub(crate) const GRAPHICS: &str = "/dev/dri";
