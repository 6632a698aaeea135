//! The names that logind and the PAM module agree on: where the other is found, what it is asked, how it refuses.
//!
//! Nothing but names: no type with a rule, no dependency, so that the module loaded into other people's processes
//! takes nothing of logind's with it. The source of each is org.freedesktop.login1(5) unless said otherwise.
#![no_std]
#![forbid(unsafe_code)]

/// The well-known name on the system bus; owned by root.
pub const BUS_NAME: &str = "org.freedesktop.login1";

/// logind's own socket: the same interface without a bus daemon between.
pub const SOCKET_PATH: &str = "/run/session-rs/login1";

/// The folder that holds each user's runtime directory, named by the uid in decimal (`$XDG_RUNTIME_DIR`).
pub const USER_RUNTIME_BASE: &str = "/run/user";

/// The object every session is asked for.
pub mod manager {
    /// Object path.
    pub const PATH: &str = "/org/freedesktop/login1";
    /// Interface.
    pub const INTERFACE: &str = "org.freedesktop.login1.Manager";

    /// Registers a session whose leader is named by its pid.
    pub const CREATE_SESSION: &str = "CreateSession";
    /// Arguments of [`CREATE_SESSION`]: uid, leader's pid (0: the caller), service, type, class, desktop, seat, VT
    /// (0: none), tty, display, is remote, remote user, remote host, properties of the scope.
    pub const CREATE_SESSION_IN: &str = "uusssssussbssa(sv)";

    /// Registers a session whose leader is named by a pidfd (since 255).
    pub const CREATE_SESSION_WITH_PIDFD: &str = "CreateSessionWithPIDFD";
    /// Arguments of [`CREATE_SESSION_WITH_PIDFD`]: as [`CREATE_SESSION_IN`] with the leader's pidfd for its pid, and
    /// flags (must be 0) before the properties.
    pub const CREATE_SESSION_WITH_PIDFD_IN: &str = "uhsssssussbssta(sv)";

    /// The reply to both: id, object path, runtime directory, life line, owner's uid, seat (empty: none), VT (0: none),
    /// existed before (always false).
    pub const CREATE_SESSION_OUT: &str = "soshusub";

    /// Says which session a process is in.
    pub const GET_SESSION_BY_PID: &str = "GetSessionByPID";
    /// Arguments of [`GET_SESSION_BY_PID`]: the pid (0: the caller).
    pub const GET_SESSION_BY_PID_IN: &str = "u";

    /// Says that a session's leader is done with it; the session closes.
    pub const RELEASE_SESSION: &str = "ReleaseSession";
    /// Arguments of [`RELEASE_SESSION`]: the session's id.
    pub const RELEASE_SESSION_IN: &str = "s";
}

/// Error names: a program decides by the name, never by the text.
pub mod error {
    /// No session has this id.
    pub const NO_SUCH_SESSION: &str = "org.freedesktop.login1.NoSuchSession";
    /// The process is in no session.
    pub const NO_SESSION_FOR_PID: &str = "org.freedesktop.login1.NoSessionForPID";
    /// No user of this uid is logged in or lingers.
    pub const NO_SUCH_USER: &str = "org.freedesktop.login1.NoSuchUser";
    /// The process belongs to no logged-in user.
    pub const NO_USER_FOR_PID: &str = "org.freedesktop.login1.NoUserForPID";
    /// No seat has this name.
    pub const NO_SUCH_SEAT: &str = "org.freedesktop.login1.NoSuchSeat";
    /// The session is not on that seat.
    pub const SESSION_NOT_ON_SEAT: &str = "org.freedesktop.login1.SessionNotOnSeat";
    /// The caller has not taken control of the session.
    pub const NOT_IN_CONTROL: &str = "org.freedesktop.login1.NotInControl";
    /// The session has taken this device already.
    pub const DEVICE_IS_TAKEN: &str = "org.freedesktop.login1.DeviceIsTaken";
    /// The session has not taken this device.
    pub const DEVICE_NOT_TAKEN: &str = "org.freedesktop.login1.DeviceNotTaken";
    /// A shutdown or sleep is under way already.
    pub const OPERATION_IN_PROGRESS: &str = "org.freedesktop.login1.OperationInProgress";
    /// This kind of sleep is not possible here.
    pub const SLEEP_VERB_NOT_SUPPORTED: &str = "org.freedesktop.login1.SleepVerbNotSupported";
    /// The leader is in a session already, or the VT is taken.
    pub const SESSION_BUSY: &str = "org.freedesktop.login1.SessionBusy";
    /// The device is not on the session's seat.
    pub const NOT_YOUR_DEVICE: &str = "org.freedesktop.login1.NotYourDevice";
    /// No time of maintenance is configured.
    pub const DESIGNATED_MAINTENANCE_TIME_NOT_SCHEDULED: &str =
        "org.freedesktop.login1.DesignatedMaintenanceTimeNotScheduled";

    /// The caller may not (D-Bus Specification).
    pub const ACCESS_DENIED: &str = "org.freedesktop.DBus.Error.AccessDenied";
    /// An argument is out of its range (D-Bus Specification).
    pub const INVALID_ARGS: &str = "org.freedesktop.DBus.Error.InvalidArgs";
    /// This cannot be done to this object (D-Bus Specification).
    pub const NOT_SUPPORTED: &str = "org.freedesktop.DBus.Error.NotSupported";
    /// A count is at its limit (D-Bus Specification).
    pub const LIMITS_EXCEEDED: &str = "org.freedesktop.DBus.Error.LimitsExceeded";
    /// It would be allowed to who authenticates, and the caller did not allow to be asked (D-Bus Specification).
    pub const INTERACTIVE_AUTHORIZATION_REQUIRED: &str = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
    /// The object has no such method (D-Bus Specification).
    pub const UNKNOWN_METHOD: &str = "org.freedesktop.DBus.Error.UnknownMethod";
    /// There is no such interface (D-Bus Specification).
    pub const UNKNOWN_INTERFACE: &str = "org.freedesktop.DBus.Error.UnknownInterface";
    /// There is no such object (D-Bus Specification).
    pub const UNKNOWN_OBJECT: &str = "org.freedesktop.DBus.Error.UnknownObject";
    /// There is no such property (D-Bus Specification).
    pub const UNKNOWN_PROPERTY: &str = "org.freedesktop.DBus.Error.UnknownProperty";
    /// The property cannot be set (D-Bus Specification).
    pub const PROPERTY_READ_ONLY: &str = "org.freedesktop.DBus.Error.PropertyReadOnly";
    /// What any other errno's name is put after, as sd-bus does: `System.Error.EBUSY`.
    pub const SYSTEM_PREFIX: &str = "System.Error.";
}
