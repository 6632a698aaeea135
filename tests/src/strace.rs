//! A process under `strace(1)`: the calls it makes, or its death at one of them.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::outcome::{Failure, Outcome};
use crate::process::Process;
use crate::wait;

/// The system calls by which a program changes what others can find: between two of them nothing changes.
const CHANGING: &str = "openat,write,sendmsg,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,mknodat,mount,\
                        umount2,fchown,fchmod";

/// One system call of a process, counted from when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// The how many-th of this name its thread made.
    pub nth: u32,
    /// Whether the first thread made it, or one of the others.
    pub is_main: bool,
}

impl Call {
    /// The `nth` call `name` of the first thread.
    #[must_use]
    pub fn new(name: &str, nth: u32) -> Self {
        Self { name: name.to_owned(), nth, is_main: true }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thread = if self.is_main { "" } else { " of another thread" };
        write!(f, "{} no. {}{thread}", self.name, self.nth)
    }
}

/// A running strace.
#[derive(Debug)]
pub struct Tracer {
    strace: Process,
    trace: String,
}

impl Tracer {
    /// Writes down the calls of the process by which it changes something, for [`Tracer::calls`].
    ///
    /// # Errors
    /// That strace cannot be attached.
    pub fn watch(process: &Process) -> Outcome<Self> {
        Self::attach(process, watching())
    }

    /// Kills the process when it begins `call`, before anything is done.
    ///
    /// # Errors
    /// That strace cannot be attached.
    pub fn kill_at(process: &Process, call: &Call) -> Outcome<Self> {
        Self::attach(process, striking(call, "KILL"))
    }

    /// Stops the process when it begins `call` (SIGSTOP); it does it once it is told to go on.
    ///
    /// # Errors
    /// That strace cannot be attached.
    pub fn stop_at(process: &Process, call: &Call) -> Outcome<Self> {
        Self::attach(process, striking(call, "STOP"))
    }

    /// Starts `program` and does as [`Tracer::watch`] from its first call on, or as [`Tracer::kill_at`].
    ///
    /// # Errors
    /// That strace cannot be started.
    pub fn start(program: &str, death: Option<&Call>) -> Outcome<Self> {
        let options = death.map_or_else(watching, |call| striking(call, "KILL"));
        let trace = "/tmp/trace".to_owned();
        let mut command = Command::new("strace");
        command.args(["-qq", "-o", &trace]).args(options).arg(program).stderr(Stdio::null());
        Ok(Self { strace: Process::start(&mut command)?, trace })
    }

    fn attach(process: &Process, options: Vec<String>) -> Outcome<Self> {
        let traced = process.pid();
        let (trace, words) = (format!("/tmp/trace-{traced}"), format!("/tmp/trace-{traced}.words"));
        let mut command = Command::new("strace");
        command.args(["--quiet=exit,personality", "-o", &trace]).args(options).args(["-p", &traced.to_string()]);
        let strace = Process::start(command.stderr(File::create(&words)?))?;
        // It says so once no thread can make a call unseen; TracerPid is there before, and the process may be gone by then.
        wait::until_in(Path::new("/tmp"), "strace is attached", || {
            let said = fs::read_to_string(&words)?;
            if said.contains("ptrace(") {
                return Err(Failure::new(said));
            }
            Ok(said.contains(" attached").then_some(()))
        })?;
        Ok(Self { strace, trace })
    }

    /// Whether the process that [`Tracer::stop_at`] looks at is stopped.
    ///
    /// # Errors
    /// That strace wrote nothing.
    pub fn has_stopped_it(&self) -> Outcome<bool> {
        Ok(fs::read_to_string(&self.trace)?.contains("--- stopped by SIGSTOP ---"))
    }

    /// Whether strace has ended, which it does when what it traces has.
    ///
    /// # Errors
    /// What `poll(2)` says.
    pub fn is_over(&self) -> Outcome<bool> {
        self.strace.ended_within(Duration::ZERO)
    }

    /// Lets the process go on alone; done already if it has ended. One that was started must have ended.
    ///
    /// # Errors
    /// That strace does not end.
    pub fn detach(&self) -> Outcome {
        if !self.is_over()? {
            self.strace.signal(Signal::TERM)?;
        }
        self.strace.ended()
    }

    /// Ends the watching: the calls that changed something, in their order.
    ///
    /// # Errors
    /// That strace does not end, or wrote nothing.
    pub fn calls(self) -> Outcome<Vec<Call>> {
        self.detach()?;
        Ok(read(&fs::read_to_string(&self.trace)?))
    }
}

fn watching() -> Vec<String> {
    ["-f", "-y", "-e", &format!("trace={CHANGING}")].map(str::to_owned).into()
}

fn striking(call: &Call, signal: &str) -> Vec<String> {
    let Call { name, nth, is_main } = call;
    let strike = [format!("--trace={name}"), format!("--inject={name}:signal={signal}:when={nth}")];
    let threads = (!is_main).then(|| "-f".to_owned());
    threads.into_iter().chain(strike).collect()
}

// Lines are `TID name(arguments) = result`; `<... name resumed>` and `+++ … +++` are no calls. The first thread speaks first.
fn read(trace: &str) -> Vec<Call> {
    let traced = trace.split_once(' ').and_then(|(tid, _)| tid.parse().ok());
    let mut counts: HashMap<(u32, &str), u32> = HashMap::new();
    let mut calls: Vec<Call> = Vec::new();
    for line in trace.lines() {
        let Some((tid, rest)) = line.split_once(' ') else { continue };
        let (Ok(tid), Some((name, what))) = (tid.parse(), rest.trim_start().split_once('(')) else { continue };
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            continue;
        }
        let nth = counts.entry((tid, name)).or_default();
        *nth += 1;
        let call = Call { name: name.to_owned(), nth: *nth, is_main: Some(tid) == traced };
        if changes(name, what) && !calls.contains(&call) {
            calls.push(call);
        }
    }
    calls
}

fn changes(name: &str, what: &str) -> bool {
    let is_done = !what.contains(" = -1 E");
    is_done
        && match name {
            "openat" => what.contains("O_CREAT"),
            "write" => what.contains("</run/") || what.contains("</sys/"),
            _ => true,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_that_change_something_are_counted_among_all_of_their_name() {
        let trace = "7 openat(AT_FDCWD</>, \"/run/a\", O_RDONLY) = 3</run/a>\n\
                     7 unlink(\"/run/b\")           = -1 ENOENT (No such file or directory)\n\
                     7 openat(AT_FDCWD</>, \"/run/b\", O_WRONLY|O_CREAT|O_EXCL, 0644) = 3</run/b>\n\
                     9 openat(AT_FDCWD</>, \"/run/c\", O_WRONLY|O_CREAT <unfinished ...>\n\
                     7 write(3</run/b>, \"text\", 4) = 4\n\
                     9 <... openat resumed>) = 4\n\
                     7 write(2</var/log/x>, \"text\", 4) = 4\n\
                     7 +++ exited with 0 +++\n";
        let other = Call { is_main: false, ..Call::new("openat", 1) };
        assert_eq!(read(trace), [Call::new("openat", 2), other, Call::new("write", 1)]);
    }
}
