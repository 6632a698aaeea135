//! The way into the sandbox, from a fresh process to the machine's PID 1.

use std::os::unix::net::UnixStream;

use nix::sched::{CloneFlags, unshare};
use rustix::fs::Mode;
use rustix::process::Signal;

use crate::cgroup::Subtree;
use crate::error::{Error, Tried};
use crate::etc::{self, HOSTNAME};
use crate::host::Host;
use crate::link::explain;
use crate::options::Options;
use crate::terminal::HostTerminal;
use crate::{capability, init, root};

/// Becomes PID 1 of a sandbox and stays it until the work is done: the exit status. What it holds of the host is given
/// here for good, so that it can be let go of on the way.
pub(crate) fn live(options: &Options, host: &Host, subtree: Subtree, terminal: HostTerminal, link: &UnixStream) -> u8 {
    let status = enter(options, host, subtree).and_then(|()| init::run(options, host, terminal, link));
    status.unwrap_or_else(|error| {
        // If the outer process is gone there is nobody to tell.
        let _ = explain(&error.to_string(), link);
        error.status()
    })
}

fn enter(options: &Options, host: &Host, subtree: Subtree) -> Result<(), Error> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).tried("bind itself to", "its parent")?;
    rustix::process::setsid().tried("lead", "a session")?;
    rustix::process::umask(Mode::from_raw_mode(0o022));
    subtree.enter()?;
    drop(subtree); // its descriptors are ways to the host's tree
    leave_the_host()?;
    forget_the_login();
    let start = root::enter(host, options.hybrid)?;
    tests::sys::loopback_up().tried("bring up", "the loopback interface")?;
    rustix::system::sethostname(HOSTNAME.as_bytes()).tried("name", HOSTNAME)?;
    etc::write(options, host)?;
    start.attach()?;
    capability::drop_for_good()
}

// The cgroup namespace's root is the cgroup its maker is in: the subtree.
fn leave_the_host() -> Result<(), Error> {
    let namespaces = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWCGROUP;
    unshare(namespaces).tried("have namespaces of", "its own")
}

// A host that sets a login uid (audit) passes it on to all that is started from there; inside, nobody has logged in yet.
// A kernel without audit has no such file, and one that forbids the change keeps what it has.
fn forget_the_login() {
    let _ = std::fs::write("/proc/self/loginuid", "4294967295");
}
