//! What the process is before it does anything: without a caller's signals and descriptors, and without a core.

use std::io;

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;

use crate::sys;

/// login.defs(5)'s default for `UMASK`.
const UMASK: Mode = Mode::from_bits_truncate(0o022);

/// Frees the process from what its caller left it.
///
/// Nothing of it reaches the shell: there, signals are reset again, and a core is the shell's own matter. Resource
/// limits are not touched, they are the caller's and PAM's.
///
/// # Errors
/// If the kernel is older than 5.9.
pub(crate) fn prepare() -> io::Result<()> {
    sys::close_inherited()?;
    nix::sys::prctl::set_dumpable(false)?; // a core, or a tracer of the user's, could hold a password
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

/// Whether this process leads its session, as a login that init or getty started does: then the line was given to it, and
/// nobody waits to have it back.
pub(crate) fn leads_its_session() -> bool {
    nix::unistd::getsid(None) == Ok(nix::unistd::Pid::this())
}
