//! login.defs and its drop-ins, as a login obeys them.

use std::fs;

use crate::machine::{Machine, STACK};

/// The lines logged that contain `word`.
fn logged(machine: &Machine, word: &str) -> Vec<String> {
    let log = String::from_utf8_lossy(&machine.log()).into_owned();
    log.lines().filter(|line| line.contains(word)).map(str::to_owned).collect()
}

#[test]
fn drop_ins_count_and_an_unknown_key_is_told_of_once_with_file_and_line() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/login.defs", "UID_MIN 1000\nLOGIN_RETRYS 9\nERASECHAR 0177\n");
    machine.write("etc/login.defs.d/50-site.defs", "# ours\nTTYPERM 0640\nLOGIN_RETRYS 8\nLOGIN_TIMEOUT soon\n");
    machine.write("run/login.defs.d/50-site.defs", "TTYPERM 0666\n");
    machine.write("run/login.defs.d/60-boot.defs", "ENV_PATH /opt/boot:/usr/bin:/bin\n");
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    assert_eq!(seat.asks("echo $PATH"), "/opt/boot:/usr/bin:/bin");
    assert_eq!(seat.owner().2, 0o640);
    let unknown = logged(&machine, "LOGIN_RETRYS");
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    assert!(unknown[0].contains("file=/etc/login.defs line=6"), "{unknown:?}");
    let unusable = logged(&machine, "LOGIN_TIMEOUT");
    assert_eq!(unusable.len(), 1, "{unusable:?}");
    assert!(unusable[0].contains("file=/etc/login.defs.d/50-site.defs line=4"), "{unusable:?}");
    assert!(logged(&machine, "ERASECHAR").is_empty() && logged(&machine, "UID_MIN").is_empty());
}

#[test]
fn debians_own_file_has_nothing_to_be_told_of() {
    let Some(machine) = Machine::new() else { return };
    let Ok(text) = fs::read_to_string("/etc/login.defs") else {
        println!("skipped: this machine has no login.defs");
        return;
    };
    machine.write("etc/login.defs", &text);
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    assert!(logged(&machine, "setting").is_empty(), "{:?}", logged(&machine, "setting"));
}

#[test]
fn without_any_file_a_login_works() {
    let Some(machine) = Machine::new() else { return };
    fs::remove_file(machine.path("etc/login.defs")).expect("it was there");
    let mut seat = machine.login(&[]);
    seat.logs_in("alice", "alices-secret");
    assert_eq!(seat.owner(), (1000, 5, 0o600));
    assert_eq!(seat.asks("echo $PATH"), "/usr/local/bin:/bin:/usr/bin");
}

#[test]
fn a_name_is_kept_after_a_wrong_password_if_the_administrator_says_so() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/login.defs", "LOGIN_KEEP_USERNAME yes\n");
    let mut seat = machine.login(&["--", "alice"]);
    seat.sees("Password: ");
    seat.types("wrong\r");
    seat.sees("Password incorrect");
    seat.sees("Password: ");
    assert!(!seat.screen().contains("login: "), "{}", seat.screen());
    seat.types("alices-secret\r");
    seat.sees("$ ");
    let mut seat = machine.login(&["--", "nobody-here"]);
    seat.sees("Password: ");
    seat.types("x\r");
    seat.sees("Login incorrect");
    seat.sees("login: ");
}

#[test]
fn a_kept_name_has_no_more_tries_than_another() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/login.defs", "LOGIN_KEEP_USERNAME yes\nLOGIN_RETRIES 2\n");
    let mut seat = machine.login(&["--", "alice"]);
    for _ in 0..2 {
        seat.sees("Password: ");
        seat.types("wrong\r");
        seat.sees("Password incorrect");
    }
    assert_eq!(seat.exits(), Some(0));
    assert_eq!(machine.btmp().len(), 2);
}

#[test]
fn a_fake_shell_stands_for_every_shell_but_that_of_the_command_line() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/login.defs", "FAKE_SHELL /bin/dash\n");
    machine.add("etc/passwd", "carol:x:1002:1002::/:/bin/bash\n");
    machine.add("etc/shadow", "carol:*:20000::::::\n");
    let mut seat = machine.login(&["-f", "carol"]);
    seat.sees("$ ");
    assert_eq!(seat.asks("echo $0 $SHELL; readlink /proc/$$/exe | sed s,.*/,,"), "/bin/bash /bin/bash\ndash");
    let mut seat = machine.login(&["-s", "/bin/sh", "-f", "carol"]);
    seat.sees("$ ");
    assert_eq!(seat.asks("echo $0 $SHELL"), "-sh /bin/sh");
}

#[test]
fn another_shell_stands_in_for_a_missing_one_only_if_the_administrator_says_so() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/passwd", "lost:x:1002:1002::/:/sbin/no-such-nologin\n");
    machine.add("etc/shadow", "lost:*:20000::::::\n");
    machine.write("etc/shells", "# shells\n/bin/no-such-shell\n/bin/sh\n");
    machine.add("etc/login.defs", "FAIL_DELAY 1\n"); // the time to read why, before the line is hung up
    let mut seat = machine.login(&["-f", "lost"]);
    seat.sees("cannot run /sbin/no-such-nologin");
    assert_eq!(seat.exits(), Some(0));
    machine.add("etc/login.defs", "LOGIN_SHELL_FALLBACK yes\n");
    let mut seat = machine.login(&["-f", "lost"]);
    seat.sees("$ ");
    assert_eq!(seat.asks("echo $0 $SHELL"), "-sh /sbin/no-such-nologin");
}

#[test]
fn a_failure_takes_as_long_as_the_longest_delay_asked_for_and_not_their_sum() {
    let Some(machine) = Machine::new() else { return };
    if std::process::Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: no strace to see the delays with");
        return;
    }
    machine.write("etc/pam.d/login", &format!("auth optional pam_faildelay.so delay=1000000\n{STACK}"));
    machine.add("etc/login.defs", "FAIL_DELAY 1\nLOGIN_RETRIES 1\n");
    let trace =
        ["strace", "-f", "-e", "trace=?select,pselect6,?poll,ppoll,nanosleep,clock_nanosleep", "-o", "/run/trace"];
    let mut seat = machine.run(&[&trace[..], &[env!("CARGO_BIN_EXE_login"), "--", "alice"]].concat());
    seat.sees("Password: ");
    seat.types("wrong\r");
    seat.sees("Login incorrect");
    assert_eq!(seat.exits(), Some(0));
    let trace = fs::read_to_string(machine.path("run/trace")).expect("strace wrote");
    // libpam varies a delay by half of it at most.
    let delays: Vec<_> = trace.lines().filter(|line| line.contains("tv_sec=")).collect();
    assert_eq!(delays.len(), 1, "{trace}");
    assert!(delays[0].contains("{tv_sec=0,") || delays[0].contains("{tv_sec=1,"), "{trace}");
}
