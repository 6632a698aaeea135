//! A process that outlives a sandbox killed with SIGKILL and clears up after it.

use std::io;
use std::os::fd::OwnedFd;

use nix::sys::signal::SigSet;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::cgroup::Subtree;
use crate::error::{Error, Tried};
use crate::terminal::HostTerminal;

/// The watcher as the sandbox's outer process has it: when this is dropped, or its owner dies, the watcher kills what is
/// left in the cgroup subtree, removes that, gives the terminal its modes back, and ends.
#[derive(Debug)]
pub(crate) struct Watcher {
    lifeline: Option<OwnedFd>,
    pid: Pid,
}

impl Watcher {
    /// Starts the watcher; to be called before there is anything else that it would inherit.
    pub(crate) fn start(subtree: &Subtree, terminal: &HostTerminal) -> Result<Self, Error> {
        let (reader, lifeline) = pipe_with(PipeFlags::CLOEXEC).tried("make a pipe to", "the watcher")?;
        if let Some(pid) = tests::sys::fork().tried("start", "the watcher")? {
            return Ok(Self { lifeline: Some(lifeline), pid });
        }
        drop(lifeline);
        let status = match watch(&reader, subtree, terminal) {
            Ok(()) => 0,
            Err(error) => {
                eprintln!("sandbox: cannot clear up: {error}");
                1
            }
        };
        std::process::exit(status);
    }

    /// Lets go of the watcher in a process that is not the sandbox's outer one.
    pub(crate) fn forget(mut self) {
        self.lifeline = None;
        std::mem::forget(self);
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.lifeline = None;
        // The exit status tells nothing that the watcher has not said itself.
        while waitpid(self.pid, None) == Err(nix::errno::Errno::EINTR) {}
    }
}

fn watch(reader: &OwnedFd, subtree: &Subtree, terminal: &HostTerminal) -> io::Result<()> {
    SigSet::all().thread_block()?;
    rustix::process::setsid()?;
    // Standard error stays, for what went wrong; who reads the sandbox's output must not wait for the watcher.
    let nothing = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    while rustix::io::read(reader, &mut [0; 1]) == Err(rustix::io::Errno::INTR) {}
    let restored = terminal.restore();
    subtree.remove()?;
    restored
}
