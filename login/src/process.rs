//! What the process is before it does anything: without what its caller left it.

use std::io;

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Uid, chdir, setgroups, setresgid, setresuid};

use crate::{paths, sys};

/// login.defs(5)'s default for `UMASK`.
const UMASK: Mode = Mode::from_bits_truncate(0o022);

/// Frees the process from what its caller left it.
///
/// Nothing of it reaches the shell: there, signals are reset again. For limits on resources see [`crate::limits`].
///
/// # Errors
/// If the kernel is older than 5.9.
pub(crate) fn prepare() -> io::Result<()> {
    sys::close_inherited()?;
    sys::reset_signals();
    sys::stop_timers(); // a caller's outlive the exec
    // ^C, ^\ and ^Z at a prompt end no login, nor a program that a module asks.
    for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTSTP] {
        sys::ignore(signal)?;
    }
    // A module that writes to a closed socket, or more than pam_limits allows the user, ends none either.
    for signal in [Signal::SIGPIPE, Signal::SIGXFSZ, Signal::SIGXCPU] {
        sys::outlive(signal)?;
    }
    // Some inits leave 0, and then what the shell makes is everybody's. PAM's pam_umask may say otherwise.
    nix::sys::stat::umask(UMASK);
    if let Err(error) = rustix::process::setpriority_process(None, 0) {
        tracing::debug!(%error, "the caller's priority stays");
    }
    // It may lie in a file system of the caller's, which must be no part of this login for as long as the session lasts.
    if let Err(error) = chdir(paths::ROOT_FOLDER) {
        tracing::debug!(%error, "the caller's folder stays");
    }
    Ok(())
}

/// Has this process be root's alone, in every id and group. Else the caller of a set-user-ID login could end it before it
/// records a failure, and own through their group what it makes.
///
/// # Errors
/// If the kernel refuses.
pub(crate) fn become_roots() -> io::Result<()> {
    let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
    setgroups(&[])?;
    setresgid(group, group, group)?;
    Ok(setresuid(user, user, user)?)
}

/// Whether this process leads its session, as a login that init or getty started does: then the line was given to it, and
/// nobody waits to have it back.
pub(crate) fn leads_its_session() -> bool {
    nix::unistd::getsid(None) == Ok(nix::unistd::Pid::this())
}
