//! Every path inside a sandbox or a virtual machine that more than one program of this crate knows.

/// The project's programs and its PAM module, read-only: the folder the running `sandbox` lies in.
pub const PROGRAMS: &str = "/usr/libexec/session-rs";
/// Other people's packages, unpacked and not installed, read-only: `target/peers`.
pub const PEERS: &str = "/opt/session-rs-peers";
/// Where programs send what is to be logged (`syslog(3)`).
pub const LOG_SOCKET: &str = "/dev/log";
/// What the programs inside sent to [`LOG_SOCKET`].
pub const MESSAGES: &str = "/var/log/messages";
/// The folder of every log inside; each daemon's standard error is `NAME.log`.
pub const LOGS: &str = "/var/log";
/// The socket through which a case stops and starts what the sandbox's init runs.
pub const INIT: &str = "/run/sandbox/init";
/// The system bus.
pub const BUS: &str = "/run/dbus/system_bus_socket";
/// Names a boot of a machine (`random(4)`).
pub const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// The name of the port of a virtual machine over which its agent is asked.
pub const AGENT_PORT: &str = "agent";
/// What the programs in a virtual machine sent to [`LOG_SOCKET`].
pub const MACHINE_MESSAGES: &str = "/run/messages";
