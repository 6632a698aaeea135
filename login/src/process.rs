//! What the process is before it does anything: without a caller's signals and descriptors, and without a core.

use std::io;

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::sys;

/// login.defs(5)'s default for `UMASK`.
const UMASK: Mode = Mode::from_bits_truncate(0o022);

/// Frees the process from what its caller left it.
///
/// Nothing of it reaches the shell: there, signals are reset again. Resource limits are not touched, they are the caller's
/// and PAM's; see [`CoreLimit`] for the one that login has for itself.
///
/// # Errors
/// If the kernel is older than 5.9.
pub(crate) fn prepare() -> io::Result<()> {
    sys::close_inherited()?;
    sys::reset_signals();
    // ^C, ^\ and ^Z at a prompt end no login; a module that writes to a closed socket neither.
    for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTSTP, Signal::SIGPIPE] {
        sys::ignore(signal)?;
    }
    // Some inits leave 0, and then what the shell makes is everybody's. PAM's pam_umask may say otherwise.
    nix::sys::stat::umask(UMASK);
    if let Err(error) = rustix::process::setpriority_process(None, 0) {
        tracing::debug!(%error, "the caller's priority stays");
    }
    Ok(())
}

/// The soft limit under which the kernel makes no core at all: no file is that small, and 1 exactly keeps it from a program
/// that takes cores through a pipe as well (do_coredump in linux/fs/coredump.c).
const NO_CORE: u64 = 1;

/// The soft limit on cores that the caller left (`core(5)`): login has none of its own, the shell gets this one.
pub(crate) struct CoreLimit(Option<u64>);

impl CoreLimit {
    /// Remembers the caller's limit, and withholds cores from this process.
    pub(crate) fn take() -> Self {
        let left = Self(getrlimit(Resource::Core).current);
        left.withhold();
        left
    }

    /// Keeps this process from leaving a core, which could hold a password, and from being traced by the user. To be done
    /// again after PAM: modules change ids, which makes a process dumpable as `fs.suid_dumpable` has it, and limits.
    pub(crate) fn withhold(&self) {
        if let Err(error) = nix::sys::prctl::set_dumpable(false) {
            tracing::warn!(%error, "a core of login can be made");
        }
        let limit = getrlimit(Resource::Core);
        if limit.maximum.is_none_or(|maximum| maximum >= NO_CORE) {
            set_core_limit(Rlimit { current: Some(NO_CORE), ..limit });
        }
    }

    /// For the shell: the caller's limit, unless a module has set another one since.
    pub(crate) fn give_back(&self) {
        let limit = getrlimit(Resource::Core);
        if limit.current == Some(NO_CORE) {
            let least = |maximum: u64| self.0.unwrap_or(u64::MAX).min(maximum);
            set_core_limit(Rlimit { current: limit.maximum.map_or(self.0, |maximum| Some(least(maximum))), ..limit });
        }
    }
}

fn set_core_limit(limit: Rlimit) {
    if let Err(error) = setrlimit(Resource::Core, limit) {
        tracing::warn!(error = %io::Error::from(error), "the limit on cores stays");
    }
}

/// Whether this process leads its session, as a login that init or getty started does: then the line was given to it, and
/// nobody waits to have it back.
pub(crate) fn leads_its_session() -> bool {
    nix::unistd::getsid(None) == Ok(nix::unistd::Pid::this())
}
