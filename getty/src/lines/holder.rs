//! The process that has a line: our child, or one that was found there. It is held by its pidfd, so that no other can
//! come to be taken for it.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid};
use utmp::{Files, Kind, Record};

use super::register::{Identity, Register};
use super::sys;
use crate::line::LineName;
use crate::{paths, process};

/// Which of the two a process is after a fork.
#[derive(Debug)]
pub(crate) enum Fork {
    /// The child, with what it waits on.
    Child(OwnedFd),
    /// The parent, with the child and what lets it begin.
    Parent(Holder, OwnedFd),
}

/// A process that has a line.
#[derive(Debug)]
pub(crate) struct Holder {
    pid: Pid,
    pidfd: OwnedFd,
    is_child: bool,
}

impl Holder {
    /// Forks. The child is to do nothing before a byte comes through its end of a pipe; without one it is to end.
    ///
    /// # Errors
    /// If there can be no child, or it cannot be held.
    pub(crate) fn fork() -> io::Result<Fork> {
        let (gate, word) = pipe_with(PipeFlags::CLOEXEC)?;
        let Some(pid) = sys::fork()? else { return Ok(Fork::Child(gate)) };
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(pidfd) => Ok(Fork::Parent(Self { pid, pidfd, is_child: true }, word)),
            Err(e) => {
                drop(word); // it ends now
                waitid(WaitId::Pid(pid), WaitIdOptions::EXITED)?;
                Err(e.into())
            }
        }
    }

    /// Who has `line`, if somebody has: whom an earlier keeper let onto it; else whom utmp names, if that process is there
    /// indeed. What utmp says alone may be a lie that keeps the line from having a prompt.
    pub(crate) fn found(line: &LineName, register: Option<&Register>, files: &Files) -> Option<Self> {
        let noted = register.and_then(|register| register.on(line));
        noted.and_then(|who| Self::if_still(who.pid, || process::start(who.pid) == Some(who.start))).or_else(|| {
            let record = files.on_line(line.as_str().as_bytes()).ok().flatten()?;
            Self::if_still(record.pid, || is_on(&record, line))
        })
    }

    /// Process `pid`, if `is_it` says so of whoever has that number once it is held.
    fn if_still(pid: i32, is_it: impl FnOnce() -> bool) -> Option<Self> {
        if pid <= 1 {
            return None; // init, or no process at all
        }
        let pid = Pid::from_raw(pid).filter(|pid| *pid != rustix::process::getpid())?;
        let holder = Self { pid, pidfd: pidfd_open(pid, PidfdFlags::empty()).ok()?, is_child: false };
        (is_it() && !holder.has_ended()).then_some(holder)
    }

    /// Its number.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// What the register keeps of it; none if it has ended.
    pub(crate) fn identity(&self) -> Option<Identity> {
        process::start(self.pid()).map(|start| Identity { pid: self.pid(), start })
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        let mut files = [PollFd::new(&self.pidfd, PollFlags::IN)];
        poll(&mut files, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
    }

    /// Forgets our child once it has ended; its exit status, none if a signal ended it or it was not ours.
    pub(crate) fn reap(&self) -> Option<i32> {
        if !self.is_child {
            return None;
        }
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        waitid(WaitId::PidFd(self.pidfd.as_fd()), options).ok().flatten()?.exit_status()
    }

    /// Whether it still runs this program: it asks for a name, and nobody has logged in.
    pub(crate) fn is_asking(&self) -> bool {
        let program = |path: &str| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
        let own = program(paths::OWN_PROGRAM);
        own.is_some() && program(&paths::program_of(self.pid())) == own
    }

    /// Asks it to end (SIGTERM).
    ///
    /// # Errors
    /// If it has ended.
    pub(crate) fn end(&self) -> Result<(), Errno> {
        pidfd_send_signal(&self.pidfd, Signal::TERM)
    }
}

/// Readable once the process has ended (`pidfd_open(2)`).
impl AsFd for Holder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

/// Whether the process of `record` is a getty or a login on `line` indeed: the line is its controlling terminal; or it is
/// root's, and has the line open or is the parent of whoever the line controls.
fn is_on(record: &Record, line: &LineName) -> bool {
    let (pid, path) = (record.pid, line.path());
    matches!(record.kind, Kind::LoginProcess | Kind::UserProcess)
        && process::lives(pid, record.time)
        && fs::symlink_metadata(&path).is_ok_and(|device| {
            let device = device.rdev();
            let is_there = || process::has_open(pid, &path, device) || process::is_parent_there(pid, device);
            process::controls(pid, device) || (process::is_roots(pid) && is_there())
        })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::process::{Child, Command, Stdio};

    use utmp::Time;

    use super::*;

    fn line(name: &str) -> LineName {
        LineName::parse(OsStr::new(name)).unwrap()
    }

    fn cat() -> Child {
        Command::new("/bin/cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
    }

    #[test]
    fn whom_the_register_names_is_found_until_it_ends() {
        let root = tempfile::tempdir().unwrap();
        let files = Files::under(root.path());
        let register = Register::open(&root.path().join("run/getty")).or_else(|_| {
            fs::create_dir(root.path().join("run")).unwrap();
            Register::open(&root.path().join("run/getty"))
        });
        let (register, mut child) = (register.unwrap(), cat());
        let pid = child.id().cast_signed();
        let start = process::start(pid).unwrap();
        let line = line("pts/3");
        register.note(&line, Identity { pid, start: start + 1 }).unwrap();
        assert!(Holder::found(&line, Some(&register), &files).is_none(), "another process had the number");
        register.note(&line, Identity { pid, start }).unwrap();
        let holder = Holder::found(&line, Some(&register), &files).unwrap();
        assert_eq!(holder.pid(), pid);
        assert!(!holder.has_ended() && !holder.is_asking());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(holder.has_ended());
        assert!(Holder::found(&line, Some(&register), &files).is_none());
    }

    #[test]
    fn whom_only_utmp_names_is_believed_if_it_is_roots_and_has_the_line_open() {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root's processes are believed");
            return;
        }
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("run")).unwrap();
        let files = Files::under(root.path());
        let mut child = cat();
        let pid = child.id().cast_signed();
        let says = |name: &str| {
            files.update(&Record::user_process(name.as_bytes(), pid, b"alice", Time::now())).unwrap();
            Holder::found(&line(name), None, &files)
        };
        assert!(says("null").is_some(), "its standard output is open on that device");
        assert!(says("zero").is_none(), "a process that does not have the line keeps nobody from it");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(says("null").is_none());
    }

    #[test]
    fn neither_init_nor_this_process_is_found() {
        for pid in [1, std::process::id().cast_signed(), 0, -1, i32::MIN] {
            assert!(Holder::if_still(pid, || true).is_none(), "{pid}");
        }
    }
}
