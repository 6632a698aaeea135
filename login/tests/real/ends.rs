//! Every end of a login: in order, by force, too late.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;

use rustix::process::{Signal, kill_process};
use rustix::termios::LocalModes;
use utmp::Kind;

use crate::machine::{Machine, STACK};
use crate::seat;
use crate::sessions::{events, note_sessions};

/// Whether the session that was opened has been closed, and its records with it.
fn assert_closed(machine: &Machine, line: &str) {
    let service = |what: &str| format!("{what} login alice /dev/{line} -");
    assert_eq!(events(machine), [service("open_session"), service("close_session")]);
    assert_eq!(machine.utmp()[0].kind, Kind::DeadProcess);
    assert_eq!(machine.wtmp().iter().map(|r| r.kind).collect::<Vec<_>>(), [Kind::UserProcess, Kind::DeadProcess]);
}

#[test]
fn nobody_who_had_the_line_open_in_a_session_reads_it_after_the_logout() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    assert!(!seat.is_hung_up());
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
    assert!(seat.is_hung_up());
}

#[test]
fn a_killed_shell_ends_its_session_in_order() {
    let Some(machine) = Machine::new() else { return };
    note_sessions(&machine, "login");
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    let shell = seat.asks_pid("echo $$");
    kill_process(shell, Signal::KILL).expect("it is there");
    assert_eq!(seat.exits(), Some(0));
    assert_closed(&machine, seat.name());
    assert_eq!(machine.utmp()[0].exit.termination, 9);
    assert_eq!(seat.owner(), (0, 5, 0o600));
}

#[test]
fn sigterm_and_sighup_to_login_end_the_session_in_order() {
    for signal in [Signal::TERM, Signal::HUP] {
        let Some(machine) = Machine::new() else { return };
        note_sessions(&machine, "login");
        let mut seat = machine.login(&["-f", "alice"]);
        seat.sees("$ ");
        let shell = seat.asks_pid("echo $$");
        seat.signals(signal);
        assert_eq!(seat.exits(), Some(0));
        seat::ends(shell);
        assert_closed(&machine, seat.name());
    }
}

#[test]
fn who_can_have_no_process_is_told_so_and_the_session_is_closed() {
    let Some(machine) = Machine::new() else { return };
    if std::process::Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: no strace to let forks fail");
        return;
    }
    machine.add("etc/login.defs", "FAIL_DELAY 1\n"); // the time to read why, before the line is hung up
    let forks = "inject=clone,?clone3,?fork,?vfork:error=EAGAIN";
    let strace = ["strace", "-o", "/run/trace", "-e", "trace=clone,?clone3,?fork,?vfork", "-e", forks];
    let mut seat = machine.run(&[&strace[..], &[env!("CARGO_BIN_EXE_login"), "-f", "alice"]].concat());
    seat.sees("login: cannot start a process for the shell: ");
    seat.ends();
    assert_eq!(machine.utmp()[0].kind, Kind::DeadProcess);
}

#[test]
fn a_stopped_shell_is_continued_to_end() {
    let Some(machine) = Machine::new() else { return };
    note_sessions(&machine, "login");
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    let shell = seat.asks_pid("echo $$");
    kill_process(shell, Signal::STOP).expect("it is there");
    seat.signals(Signal::TERM);
    assert_eq!(seat.exits(), Some(0));
    assert_closed(&machine, seat.name());
}

#[test]
fn a_shell_that_misses_the_first_hangup_is_told_again() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/passwd", "deaf:x:1002:1002::/:/bin/sh /run/deaf\n");
    machine.add("etc/shadow", "deaf:*:20000::::::\n");
    machine.write(
        "run/deaf",
        "trap 'heard=x$heard; [ $heard = xx ] && exit 5' HUP; trap '' TERM; echo ready; while :; do read word; done",
    );
    let mut seat = machine.login(&["-f", "deaf"]);
    seat.sees("ready");
    seat.signals(Signal::TERM);
    assert_eq!(seat.exits(), Some(0));
    assert_eq!(machine.utmp()[0].exit.exit, 5);
}

#[test]
fn no_module_that_buries_children_or_takes_signals_keeps_the_end_of_a_shell_from_login() {
    for what in ["deaf=open", "deaf=auth", "thread=open"] {
        let Some(machine) = Machine::new() else { return };
        machine.begin_stack_with(&format!("auth required HOSTILE {what}\nsession required HOSTILE {what}"));
        let mut seat = machine.login(&["--", "alice"]);
        seat.sees("Password: ");
        seat.types("alices-secret\r");
        seat.sees("$ ");
        seat.types("exit 3\r");
        assert_eq!(seat.exits(), Some(0), "{what}");
        let record = &machine.utmp()[0];
        assert_eq!((record.kind, record.exit.exit), (Kind::DeadProcess, 3), "{what}");
    }
}

#[test]
fn no_module_that_takes_signals_keeps_them_from_ending_a_session() {
    for signal in [Signal::TERM, Signal::HUP] {
        let Some(machine) = Machine::new() else { return };
        machine.begin_stack_with("session required HOSTILE thread=open");
        let mut seat = machine.login(&["-f", "alice"]);
        seat.sees("$ ");
        let shell = seat.asks_pid("echo $$");
        seat.signals(signal);
        assert_eq!(seat.exits(), Some(0));
        seat::ends(shell);
    }
}

#[test]
fn a_line_that_hangs_up_ends_the_session_in_order() {
    let Some(machine) = Machine::new() else { return };
    note_sessions(&machine, "login");
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    seat.hangs_up();
    assert_eq!(seat.exits(), Some(0));
    assert_closed(&machine, seat.name());
}

#[test]
fn the_shell_of_a_killed_login_dies_with_it() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&[]);
    seat.logs_in("alice", "alices-secret");
    let shell = seat.asks_pid("echo $$");
    seat.signals(Signal::KILL);
    seat.ends();
    seat::ends(shell);
}

#[test]
fn the_time_for_a_login_is_limited_and_echo_comes_back() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/login.defs", "LOGIN_TIMEOUT 4\n");
    let mut seat = machine.login(&["--", "alice"]);
    seat.sees("Password: ");
    assert!(!seat.modes().local_modes.contains(LocalModes::ECHO));
    seat.sees("timed out after 4 seconds");
    assert_eq!(seat.exits(), Some(0), "as util-linux's login");
    assert!(seat.modes().local_modes.contains(LocalModes::ECHO));
    assert!(machine.btmp().is_empty());
}

#[test]
fn a_line_that_takes_no_words_of_refusal_does_not_outlast_the_timeout() {
    let stop = "perl -e 'ioctl(STDIN, 0x540A, 0) or die'"; // TCXONC with TCOOFF
    for words in ["-f ghost", "-f alice PATH=/tmp"] {
        let Some(machine) = Machine::new() else { return };
        machine.add("etc/login.defs", "LOGIN_TIMEOUT 1\n");
        machine.write("etc/pam.d/login", &STACK.replace("pam_unix.so", "pam_permit.so").replace("nodelay", ""));
        let login = env!("CARGO_BIN_EXE_login");
        let mut seat = machine.run(&["sh", "-c", &format!("{stop} && exec {login} {words}")]);
        assert_eq!(seat.exits(), Some(0), "{words}");
    }
}

#[test]
fn a_module_that_hangs_is_interrupted_by_the_timeout() {
    for phase in ["auth", "account", "session"] {
        let Some(machine) = Machine::new() else { return };
        machine.add("etc/login.defs", "LOGIN_TIMEOUT 1\n");
        machine.write("etc/pam.d/login", &format!("{phase} required pam_exec.so /bin/cat /run/never\n{STACK}"));
        let fifo = machine.path("run/never");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, 0o600.into()).expect("a fifo");
        let writer = fs::OpenOptions::new().read(true).write(true).open(&fifo).expect("a writer that never writes");
        let name = if phase == "auth" { vec!["--", "alice"] } else { vec!["-f", "alice"] };
        let mut seat = machine.login(&name);
        seat.sees("timed out after 1 seconds");
        assert_eq!(seat.exits(), Some(0), "{phase}");
        drop(writer);
    }
}

#[test]
fn a_database_of_groups_that_never_answers_is_no_login_for_ever_and_roots_needs_none() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/login.defs", "LOGIN_TIMEOUT 1\n");
    // A file that nobody writes to stands for a server that is down; alice's own groups are looked for elsewhere.
    machine.add("etc/nsswitch.conf", "initgroups: none\n");
    fs::remove_file(machine.path("etc/group")).expect("it was there");
    rustix::fs::mkfifoat(rustix::fs::CWD, machine.path("etc/group"), 0o600.into()).expect("a fifo");
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("timed out after 1 seconds");
    assert_eq!(seat.exits(), Some(0));
    assert!(machine.wtmp().is_empty(), "nobody was let in");
    let mut seat = machine.login(&["-f", "root"]);
    seat.sees("# ");
    assert_eq!(seat.owner().1, 0);
}

#[test]
fn a_module_that_keeps_every_signal_from_login_is_ended_by_the_kernel() {
    for phase in ["auth", "open"] {
        let Some(machine) = Machine::new() else { return };
        machine.add("etc/login.defs", "LOGIN_TIMEOUT 1\n");
        let lines = "auth required HOSTILE hang=auth\nsession required HOSTILE hang=open";
        machine.begin_stack_with(lines);
        let name = if phase == "auth" { vec!["--", "alice"] } else { vec!["-f", "alice"] };
        let mut seat = machine.login(&name);
        assert_eq!(seat.ends().signal(), Some(libc::SIGKILL), "{phase}");
        assert!(machine.wtmp().is_empty(), "{phase}");
    }
}

#[test]
fn a_module_that_never_closes_its_session_keeps_neither_the_line_nor_login() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/login.defs", "LOGIN_TIMEOUT 4\n");
    let never = machine.path("run/never");
    rustix::fs::mkfifoat(rustix::fs::CWD, &never, 0o600.into()).expect("a fifo");
    let _writer = fs::OpenOptions::new().read(true).write(true).open(&never).expect("a writer that never writes");
    for (line, end) in [
        ("session required pam_exec.so type=close_session /bin/cat /run/never", None),
        ("session required HOSTILE hang=close", Some(libc::SIGKILL)),
    ] {
        machine.begin_stack_with(line);
        let mut seat = machine.login(&["-f", "alice"]);
        seat.sees("$ ");
        seat.types("kill -9 $$\r");
        assert_eq!(seat.ends().signal(), end);
        assert_eq!(seat.owner(), (0, 5, 0o600), "the line is nobody's already");
        assert!(seat.is_hung_up());
        let record = &machine.utmp()[0];
        assert_eq!(record.kind, Kind::UserProcess, "the logout is the next getty's to record, as after a kill");
    }
}

#[test]
fn a_session_is_not_under_the_timeout() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/login.defs", "LOGIN_TIMEOUT 4\n");
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    assert_eq!(seat.asks("sleep 5; echo here"), "here");
}

#[test]
fn a_login_killed_at_the_password_gives_the_echo_back() {
    let Some(machine) = Machine::new() else { return };
    for signal in [Signal::TERM, Signal::HUP] {
        let mut seat = machine.login(&["--", "alice"]);
        seat.sees("Password: ");
        assert!(!seat.modes().local_modes.contains(LocalModes::ECHO));
        seat.signals(signal);
        seat.ends();
        assert!(seat.modes().local_modes.contains(LocalModes::ECHO));
    }
}

#[test]
fn keys_that_interrupt_do_not_end_a_login() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&[]);
    seat.sees("login: ");
    seat.types("x\x03");
    seat.sees("login: ");
    seat.types("alice\r");
    seat.sees("Password: ");
    seat.types("noise\x03\x1c\x1aalices-secret\r");
    seat.sees("$ ");
}
