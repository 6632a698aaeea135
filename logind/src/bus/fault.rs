//! How a call fails on the wire: an error's name and text, as sd-bus and logind spell them.

use std::borrow::Cow;
use std::io;

use logind_api::error;
use logind_core::Refusal;
use nix::errno::Errno;
use tracing::error;

/// A failed call. A program decides by the name, a person reads the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    name: Cow<'static, str>,
    text: Cow<'static, str>,
}

impl Fault {
    /// A fault of this name and text.
    pub(super) fn new(name: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// An argument is out of its range.
    pub(super) fn invalid(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(error::INVALID_ARGS, text)
    }

    /// The caller may not.
    pub(super) fn denied() -> Self {
        Self::new(error::ACCESS_DENIED, "Access denied")
    }

    /// No session has this name.
    pub(super) fn no_such_session(name: &str) -> Self {
        Self::new(error::NO_SUCH_SESSION, format!("No session '{}' known", name.escape_debug()))
    }

    /// No seat has this name.
    pub(super) fn no_such_seat(name: &str) -> Self {
        Self::new(error::NO_SUCH_SEAT, format!("No seat '{}' known", name.escape_debug()))
    }

    /// This user has no session.
    pub(super) fn no_such_user(uid: u32) -> Self {
        Self::new(error::NO_SUCH_USER, format!("User ID {uid} is not logged in or lingering"))
    }

    /// An answer could not be written: a defect of ours, so it is logged.
    pub(super) fn unwritable(member: &str, cause: &zbus::Error) -> Self {
        error!("cannot write the answer to {}: {cause}", member.escape_debug());
        Self::new(FAILED, "The answer could not be written")
    }

    /// What the kernel said, the way sd-bus sends it: some by a well-known name, the rest as `System.Error.ENAME`.
    pub(super) fn system(errno: i32) -> Self {
        let errno = Errno::from_raw(errno);
        let name: Cow<'static, str> = match errno {
            Errno::EPERM | Errno::EACCES => error::ACCESS_DENIED.into(),
            Errno::EINVAL => error::INVALID_ARGS.into(),
            Errno::EOPNOTSUPP => error::NOT_SUPPORTED.into(),
            Errno::ENOBUFS => error::LIMITS_EXCEEDED.into(),
            Errno::ENOMEM => "org.freedesktop.DBus.Error.NoMemory".into(),
            Errno::ESRCH => "org.freedesktop.DBus.Error.UnixProcessIdUnknown".into(),
            Errno::ENOENT => "org.freedesktop.DBus.Error.FileNotFound".into(),
            Errno::EEXIST => "org.freedesktop.DBus.Error.FileExists".into(),
            Errno::ETIMEDOUT | Errno::ETIME => "org.freedesktop.DBus.Error.Timeout".into(),
            Errno::EIO => "org.freedesktop.DBus.Error.IOError".into(),
            Errno::UnknownErrno => FAILED.into(),
            _ => format!("{}{errno:?}", error::SYSTEM_PREFIX).into(),
        };
        Self { name, text: errno.desc().into() }
    }

    /// The error's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The error's text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// What has no better name (D-Bus Specification).
const FAILED: &str = "org.freedesktop.DBus.Error.Failed";

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSuchSession(id) => Self::no_such_session(id.as_str()),
            Refusal::NoSuchUser(uid) => Self::no_such_user(uid.get()),
            Refusal::NoSuchSeat(id) => Self::no_such_seat(id.as_str()),
            Refusal::SessionBusy(text) => Self::new(error::SESSION_BUSY, text),
            Refusal::LimitsExceeded(text) => Self::new(error::LIMITS_EXCEEDED, text),
            Refusal::InvalidArgs(text) => Self::invalid(text),
            Refusal::AccessDenied(text) => Self::new(error::ACCESS_DENIED, text),
            Refusal::NotSupported(text) => Self::new(error::NOT_SUPPORTED, text),
            Refusal::System(errno) => Self::system(errno),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::system(error.raw_os_error().unwrap_or(libc::EIO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errno_is_sent_as_sd_bus_sends_it() {
        for (errno, name) in [
            (libc::EPERM, "org.freedesktop.DBus.Error.AccessDenied"),
            (libc::EINVAL, "org.freedesktop.DBus.Error.InvalidArgs"),
            (libc::EOPNOTSUPP, "org.freedesktop.DBus.Error.NotSupported"),
            (libc::ESRCH, "org.freedesktop.DBus.Error.UnixProcessIdUnknown"),
            (libc::EBUSY, "System.Error.EBUSY"),
            (libc::ENOSPC, "System.Error.ENOSPC"),
            (libc::ENODEV, "System.Error.ENODEV"),
            (99_999, "org.freedesktop.DBus.Error.Failed"),
        ] {
            assert_eq!(Fault::system(errno).name(), name);
        }
    }

    #[test]
    fn a_hostile_name_is_escaped_in_the_text() {
        assert_eq!(Fault::no_such_session("\x1b[2J").text(), "No session '\\u{1b}[2J' known");
    }
}
