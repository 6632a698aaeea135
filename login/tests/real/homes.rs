//! Homes on a file system that hangs (fuse(4)): they cost their user the time that a home has to answer, and nothing more.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::thread;

use rustix::fs::{Mode, OFlags};

use crate::machine::{Machine, STACK};
use crate::seat::Seat;
use crate::sessions::{events, note_sessions};

/// The kernel's door for a file system in a process, open for those whom this test starts; none if there is none.
fn fuse() -> Option<OwnedFd> {
    let fuse = rustix::fs::open("/dev/fuse", OFlags::RDWR, Mode::empty());
    if fuse.is_err() {
        println!("skipped: no /dev/fuse to be had");
    }
    fuse.ok()
}

/// alice's login, with a password, where her home is the file system behind `fuse`.
fn login_with_home_on(machine: &Machine, fuse: &OwnedFd) -> Seat {
    machine.add("etc/login.defs", "LOGIN_TIMEOUT 5\n");
    let mount = "mount -i -t fuse -o rootmode=40000,user_id=1000,group_id=1000,allow_other,fd=";
    let login = env!("CARGO_BIN_EXE_login");
    let command = format!("{mount}{} fuse /home/alice && exec {login} -- alice", fuse.as_raw_fd());
    let mut seat = machine.run(&["sh", "-c", &command]);
    seat.sees("Password: ");
    seat.types("alices-secret\r");
    seat
}

/// Answers the kernel's first request (`FUSE_INIT` in linux/fuse.h) and takes every other one without an answer: who asks
/// waits beyond the reach of SIGKILL.
fn take_requests(fuse: &OwnedFd) {
    let mut daemon = File::from(fuse.try_clone().expect("a descriptor"));
    thread::spawn(move || {
        let mut request = vec![0; 1 << 17];
        let _length = daemon.read(&mut request).expect("FUSE_INIT");
        // struct fuse_out_header: length, error, the request's number; struct fuse_init_out: version 7.31, then zeros.
        let mut answer = [&80_u32.to_ne_bytes()[..], &0_u32.to_ne_bytes(), &request[8..16]].concat();
        answer.extend([7_u32.to_ne_bytes(), 31_u32.to_ne_bytes()].concat());
        answer.resize(80, 0);
        daemon.write_all(&answer).expect("it is answered");
        while daemon.read(&mut request).is_ok() {}
    });
}

#[test]
fn whose_home_never_answers_starts_in_the_root_folder() {
    let (Some(machine), Some(fuse)) = (Machine::new(), fuse()) else { return };
    note_sessions(&machine, "login");
    machine.add("etc/login.defs", "MAIL_CHECK_ENAB yes\nMAIL_FILE .mail\n");
    let mut seat = login_with_home_on(&machine, &fuse);
    seat.sees("No directory /home/alice: ");
    seat.sees("$ ");
    assert_eq!(seat.asks("pwd; echo $HOME $MAIL; id -un"), "/\n/ //.mail\nalice");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
    assert_eq!(events(&machine).len(), 2, "the session was opened and closed");
}

#[test]
fn a_process_that_no_signal_frees_from_a_home_is_not_waited_for() {
    let (Some(machine), Some(fuse)) = (Machine::new(), fuse()) else { return };
    let mut seat = login_with_home_on(&machine, &fuse);
    take_requests(&fuse);
    seat.sees("No directory /home/alice: ");
    seat.sees("$ ");
    let pid = seat.pid().as_raw_nonzero();
    let stuck = format!("for p in $(cat /proc/{pid}/task/{pid}/children); do cut -d' ' -f3 /proc/$p/stat; done | sort");
    assert_eq!(seat.asks(&stuck), "D\nD\nS", "the shell waits for this answer, the others for the home");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0), "it holds nobody up");
}

#[test]
fn whose_home_never_answers_is_refused_where_a_home_is_demanded() {
    let (Some(machine), Some(fuse)) = (Machine::new(), fuse()) else { return };
    note_sessions(&machine, "login");
    machine.add("etc/login.defs", "DEFAULT_HOME no\nFAIL_DELAY 1\n");
    let mut seat = login_with_home_on(&machine, &fuse);
    seat.sees("cannot enter /home/alice");
    assert_eq!(seat.exits(), Some(0));
    assert_eq!(events(&machine).len(), 2, "the session was opened, and closed");
}

#[test]
fn a_home_that_a_module_mounts_is_asked_also_where_the_one_before_has_answered() {
    let (Some(machine), Some(fuse)) = (Machine::new(), fuse()) else { return };
    machine.add("etc/login.defs", "LOGIN_TIMEOUT 5\n");
    machine.write("run/hook", "#!/bin/sh\n[ $PAM_TYPE = close_session ] || mount --bind /run/silent /home/alice\n");
    fs::set_permissions(machine.path("run/hook"), fs::Permissions::from_mode(0o755)).expect("it can be run");
    machine.write("etc/pam.d/login", &format!("{STACK}session required pam_exec.so /run/hook\n"));
    fs::create_dir(machine.path("run/silent")).expect("a folder");
    let mount = "mount -i -t fuse -o rootmode=40000,user_id=1000,group_id=1000,allow_other,fd=";
    let login = env!("CARGO_BIN_EXE_login");
    let command = format!("{mount}{} fuse /run/silent && exec {login} -f alice", fuse.as_raw_fd());
    let mut seat = machine.run(&["sh", "-c", &command]);
    seat.sees("No directory /home/alice: ");
    seat.sees("$ ");
    assert_eq!(seat.asks("pwd"), "/");
}
