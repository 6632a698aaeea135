//! Scopes with real processes in them, in a cgroup of the test's own.

use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::*;
use crate::effects::kill;
use crate::paths;
use crate::processes::Process;

/// A cgroup of our own, as a slice so that what is in it is placed, removed with all its processes.
struct Subtree(PathBuf);

impl Subtree {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let point =
            if Path::new("/sys/fs/cgroup/cgroup.procs").exists() { paths::CGROUP } else { paths::CGROUP_HYBRID };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let base = Path::new(point).join(format!("test{}x{count}.slice", std::process::id()));
        fs::create_dir_all(base.join("user.slice")).expect("cgroup2, and root");
        Self(base)
    }
}

impl Drop for Subtree {
    fn drop(&mut self) {
        fs::write(self.0.join("cgroup.kill"), "1").expect("it is ours");
        while is_populated(&self.0).expect("it is there") {
            std::thread::yield_now(); // the kernel ends them
        }
        remove_tree(&self.0).expect("it is empty");
    }
}

fn base() -> Base {
    Base::find()
}

fn shell(script: &str) -> (Child, Process) {
    let child = Command::new("sh").args(["-c", script]).stdin(Stdio::piped()).spawn().expect("a shell");
    let process = Process::by_pid(child.id(), &base()).expect("it runs");
    (child, process)
}

fn ended(process: &Process) -> bool {
    let deadline = Timespec { tv_sec: 10, tv_nsec: 0 };
    poll(&mut [PollFd::new(&process.fd, PollFlags::IN)], Some(&deadline)).expect("poll") == 1
}

fn someone() -> (Uid, SessionId) {
    (Uid::new(4711).expect("a user"), SessionId::new("c1").expect("a name"))
}

#[test]
fn a_leader_is_moved_and_its_scope_is_removed_once_it_is_gone() {
    let (subtree, (uid, id)) = (Subtree::new(), someone());
    let cgroups = Cgroups::at(&subtree.0);
    let (mut child, leader) = shell("read line");
    cgroups.make_scope(uid, &id, leader.leader.pid, leader.fd.as_fd()).expect("a scope");
    let place = base().place_of(child.id()).expect("it runs");
    assert_eq!((place.session.as_ref(), place.owner), (Some(&id), Some(uid)));
    assert_eq!(cgroups.is_populated(uid, &id).expect("it is there"), Some(true));
    assert_eq!(cgroups.found(), [Found { uid, sessions: vec![id] }]);

    drop(child.stdin.take());
    child.wait().expect("its end");
    assert_eq!(cgroups.is_populated(uid, &id).expect("it is there"), Some(false));
    let gone = cgroups.make_scope(uid, &id, leader.leader.pid, leader.fd.as_fd()).expect_err("the leader is gone");
    assert_eq!(gone.raw_os_error(), Some(libc::ESRCH));
    fs::create_dir_all(cgroups.scope(uid, &id).expect("a path").join("deep/deeper")).expect("cgroups");
    cgroups.remove_scope(uid, &id).expect("it is empty");
    cgroups.remove_scope(uid, &id).expect("it is gone");
    cgroups.remove_slice(uid).expect("it is empty");
    assert_eq!(cgroups.found(), []);
}

#[test]
fn processes_left_in_a_scope_that_must_go_are_in_no_session() {
    let (subtree, (uid, id)) = (Subtree::new(), someone());
    let cgroups = Cgroups::at(&subtree.0);
    let (mut child, leader) = shell("read line");
    cgroups.make_scope(uid, &id, leader.leader.pid, leader.fd.as_fd()).expect("a scope");
    cgroups.remove_scope(uid, &id).expect("what is in it is set aside");
    let place = base().place_of(child.id()).expect("it runs");
    assert_eq!((place.session, place.owner), (None, Some(uid)));
    let busy = cgroups.remove_slice(uid).expect_err("somebody is in it");
    assert_eq!(busy.raw_os_error(), Some(libc::EBUSY));
    drop(child.stdin.take());
    child.wait().expect("its end");
    cgroups.remove_slice(uid).expect("it is empty");
}

#[test]
fn a_signal_to_all_reaches_those_in_cgroups_below_the_scope() {
    let (subtree, (uid, id)) = (Subtree::new(), someone());
    let cgroups = Cgroups::at(&subtree.0);
    let scope = cgroups.scope(uid, &id).expect("a path");
    let (mut first, leader) = shell("read line");
    cgroups.make_scope(uid, &id, leader.leader.pid, leader.fd.as_fd()).expect("a scope");
    let (mut second, deep) = shell("read line");
    fs::create_dir(scope.join("deep")).expect("a cgroup");
    hierarchy::move_into(&scope.join("deep"), second.id()).expect("it is moved");

    kill::scope(&base(), &scope, &id, libc::SIGTERM).expect("somebody is there");
    assert!(ended(&leader) && ended(&deep));
    for child in [&mut first, &mut second] {
        assert!(!child.wait().expect("its end").success());
    }
    let nobody = kill::scope(&base(), &scope, &id, libc::SIGTERM).expect_err("nobody is there");
    assert_eq!(nobody.raw_os_error(), Some(libc::ESRCH));
}

#[test]
fn a_scope_is_killed_whole() {
    let (subtree, (uid, id)) = (Subtree::new(), someone());
    let cgroups = Cgroups::at(&subtree.0);
    let (mut child, leader) = shell("trap '' TERM HUP INT; while :; do read line || :; done");
    cgroups.make_scope(uid, &id, leader.leader.pid, leader.fd.as_fd()).expect("a scope");
    kill::scope(&base(), &cgroups.scope(uid, &id).expect("a path"), &id, libc::SIGKILL).expect("somebody is there");
    assert!(ended(&leader));
    child.wait().expect("its end");
}
