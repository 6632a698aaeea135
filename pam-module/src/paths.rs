//! Every path the module opens.

/// logind's own socket, asked first.
pub(crate) const LOGIND_SOCKET: &str = logind_api::SOCKET_PATH;

/// The system bus where the environment names no other (D-Bus Specification, "Well-known Message Bus Instances").
pub(crate) const SYSTEM_BUS: &str = "/run/dbus/system_bus_socket";

/// The folder of runtime directories.
pub(crate) const USER_RUNTIME_BASE: &str = logind_api::USER_RUNTIME_BASE;

/// What is mounted where (proc_pid_mountinfo(5)).
pub(crate) const MOUNTS: &str = "/proc/thread-self/mountinfo";

/// The X servers' sockets: this and the display's number.
pub(crate) const X_SOCKET_PREFIX: &str = "/tmp/.X11-unix/X";

/// A process' state, with its controlling terminal (proc_pid_stat(5)).
pub(crate) fn process_stat(pid: u32) -> String {
    format!("/proc/{pid}/stat")
}
