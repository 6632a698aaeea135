//! Every path inside a sandbox that more than one program of this crate knows.

/// The project's programs and its PAM module, read-only: the folder the running `sandbox` lies in.
pub const PROGRAMS: &str = "/usr/libexec/session-rs";
/// Other people's packages, unpacked and not installed, read-only: `target/peers`.
pub const PEERS: &str = "/opt/session-rs-peers";
/// What the programs inside sent to `/dev/log`.
pub const MESSAGES: &str = "/var/log/messages";
/// The folder of every log inside; each daemon's standard error is `NAME.log`.
pub const LOGS: &str = "/var/log";
/// The socket through which a case stops and starts what the sandbox's init runs.
pub const INIT: &str = "/run/sandbox/init";
/// The system bus.
pub const BUS: &str = "/run/dbus/system_bus_socket";
