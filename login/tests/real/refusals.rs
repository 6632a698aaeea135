//! Who does not get in, and what is left behind: a record of the failure, and nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use utmp::Record;

use crate::machine::{Machine, STACK};
use crate::seat::Seat;

/// Answers one prompt for a name and one for a password.
fn tries(seat: &mut Seat, name: &str, password: &str) {
    seat.sees("login: ");
    seat.types(&format!("{name}\r"));
    seat.sees("Password: ");
    seat.types(&format!("{password}\r"));
}

fn users(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8_lossy(record.user.as_bytes()).into_owned()).collect()
}

#[test]
fn three_wrong_passwords_are_three_records_and_the_end() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&["--", "alice"]);
    seat.sees("Password: ");
    seat.types("wrong\r");
    seat.sees("Login incorrect");
    tries(&mut seat, "alice", "wrong too");
    seat.sees("Login incorrect");
    tries(&mut seat, "bob", "alices-secret");
    seat.sees("Login incorrect");
    assert_eq!(seat.exits(), Some(0), "as util-linux's login");
    assert_eq!(users(&machine.btmp()), ["alice", "alice", "bob"]);
    let lastb = machine.judged_by("lastb", &["-f"], "log/btmp");
    assert_eq!(lastb.matches(seat.name()).count(), 3, "{lastb}");
    assert!(machine.wtmp().is_empty() && machine.utmp().is_empty());
    assert!(!seat.screen().contains("wrong"), "no password is echoed");
}

#[test]
fn the_third_try_may_be_right() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&[]);
    tries(&mut seat, "alice", "no");
    tries(&mut seat, "nobody-here", "no");
    tries(&mut seat, "alice", "alices-secret");
    seat.sees("$ ");
    assert_eq!(users(&machine.btmp()), ["alice", "(unknown)"]);
}

#[test]
fn a_password_typed_as_the_name_is_recorded_nowhere() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&[]);
    tries(&mut seat, "hunter2", "x");
    seat.sees("Login incorrect");
    seat.sees("login: ");
    seat.types("\x04");
    assert_eq!(seat.exits(), Some(0));
    assert_eq!(users(&machine.btmp()), ["(unknown)"]);
    assert!(!String::from_utf8_lossy(&machine.log()).contains("hunter2"));
}

#[test]
fn unknown_names_are_recorded_if_the_administrator_says_so() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/login.defs", "LOG_UNKFAIL_ENAB yes\n");
    let mut seat = machine.login(&["--", "nobody-here"]);
    seat.sees("Password: ");
    seat.types("x\r");
    seat.sees("Login incorrect");
    assert_eq!(users(&machine.btmp()), ["nobody-here"]);
}

#[test]
fn a_name_that_is_an_option_never_reaches_pam_cve_2026_24061_cve_2019_19521() {
    let Some(machine) = Machine::new() else { return };
    machine.write(
        "etc/pam.d/login",
        "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n",
    );
    for arguments in [["--", "-froot"], ["--", "-schallenge"]] {
        let mut seat = machine.login(&arguments);
        assert_eq!(seat.exits(), Some(1), "{}", seat.screen());
    }
    assert_eq!(machine.login(&["-froot"]).exits(), Some(1));
    let mut seat = machine.login(&[]);
    for name in ["-froot", "-f root", "a b"] {
        seat.sees("login: ");
        seat.types(&format!("{name}\r"));
        seat.sees("Login incorrect");
    }
    assert_eq!(seat.exits(), Some(0), "it is asked as often as a wrong password");
    assert!(machine.wtmp().is_empty());
}

#[test]
fn a_number_is_a_name_like_any_other_and_nobodys_uid_cve_2020_13776() {
    let Some(machine) = Machine::new() else { return };
    machine.write(
        "etc/pam.d/login",
        "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n",
    );
    for number in ["0", "00", "0x0", "1000"] {
        let mut seat = machine.login(&["--", number]);
        assert_eq!(seat.exits(), Some(1), "{number}: {}", seat.screen());
    }
    assert!(machine.wtmp().is_empty() && machine.utmp().is_empty());
}

#[test]
fn hostile_names_neither_reach_the_screens_nor_the_log_as_they_are() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/login.defs", "LOG_UNKFAIL_ENAB yes\n");
    let mut seat = machine.login(&[]);
    seat.sees("login: ");
    seat.types("al\x1b[31mice\x07\u{9b}2J\r"); // the editor drops what is no text
    seat.sees("Password: ");
    seat.types("x\r");
    seat.sees("Login incorrect");
    tries(&mut seat, "zo\u{308}e\"=x", "x");
    seat.sees("Login incorrect");
    assert!(!seat.screen().contains('\x1b') && !seat.screen().contains('\x07'), "{:?}", seat.screen());
    let log = machine.log();
    assert!(!log.is_empty() && log.iter().all(|&byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
    assert!(users(&machine.btmp()).iter().all(|user| !user.contains(char::is_control)));
}

#[test]
fn an_empty_name_is_asked_again_and_an_end_of_input_ends() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&[]);
    for _ in 0..5 {
        seat.sees("login: ");
        seat.types("\r");
    }
    seat.sees("login: ");
    seat.types("alice\r");
    seat.sees("Password: ");
    seat.types("\x04");
    assert_eq!(seat.exits(), Some(0));
    assert!(machine.btmp().is_empty(), "who leaves has not failed");
}

#[test]
fn a_line_that_goes_away_at_a_prompt_ends_login() {
    let Some(machine) = Machine::new() else { return };
    for prompt in ["login: ", "Password: "] {
        let mut seat = machine.login(if prompt == "login: " { &[] } else { &["--", "alice"] });
        seat.sees(prompt);
        seat.hangs_up();
        seat.ends();
    }
    assert!(machine.btmp().is_empty() && machine.wtmp().is_empty());
}

#[test]
fn a_failure_is_recorded_before_its_delay_which_nobody_need_wait_for() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/login.defs", "FAIL_DELAY 3600\nLOGIN_TIMEOUT 0\n");
    let mut seat = machine.login(&["--", "alice"]);
    seat.sees("Password: ");
    seat.types("wrong\r");
    machine.until(|| !machine.btmp().is_empty());
    seat.hangs_up();
    seat.ends();
    assert_eq!(users(&machine.btmp()), ["alice"]);
    assert!(!seat.screen().contains("Login incorrect"));
}

#[test]
fn who_leaves_at_the_second_question_has_tried_the_first() {
    let Some(machine) = Machine::new() else { return };
    machine.begin_stack_with("auth required pam_unix.so nodelay\nauth required HOSTILE asks=auth");
    for leave in [|seat: &mut Seat| seat.types("\x04"), Seat::hangs_up] {
        let mut seat = machine.login(&["--", "alice"]);
        seat.sees("Password: ");
        seat.types("wrong\r");
        seat.sees("Code: ");
        leave(&mut seat);
        assert_eq!(seat.exits(), Some(0));
    }
    assert_eq!(users(&machine.btmp()), ["alice"; 2]);
    let mut seat = machine.login(&["--", "alice"]);
    for answer in ["wrong", "1"] {
        seat.sees(": ");
        seat.types(&format!("{answer}\r"));
    }
    seat.sees("login: ");
    seat.types("\x04");
    assert_eq!(seat.exits(), Some(0));
    assert_eq!(users(&machine.btmp()), ["alice"; 3], "who leaves at the next name has not tried again");
}

#[test]
fn an_answer_too_long_for_pam_is_a_wrong_one() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&["--", "alice"]);
    seat.sees("Password: ");
    seat.types(&format!("alices-secret{}\r", "x".repeat(1000)));
    seat.sees("Login incorrect");
    tries(&mut seat, "alice", "alices-secret\0tail");
    seat.sees("Login incorrect");
    tries(&mut seat, "alice", "alices-secret");
    seat.sees("$ ");
}

#[test]
fn only_root_may_say_who_is_trusted_or_where_they_sit() {
    let Some(machine) = Machine::new() else { return };
    let login = machine.path("run/login");
    fs::copy(env!("CARGO_BIN_EXE_login"), &login).expect("a copy that everybody may run");
    fs::set_permissions(&login, fs::Permissions::from_mode(0o755)).expect("everybody may run it");
    for (arguments, reason) in [
        (&["-f", "alice"][..], "-f is for root only"),
        (&["-h", "here", "alice"], "-h is for root only"),
        (&["alice"], "only root can"),
    ] {
        let command = ["setpriv", "--reuid", "1000", "--clear-groups", "--", "/run/login"];
        let mut seat = machine.run(&[&command[..], arguments].concat());
        assert_eq!(seat.exits(), Some(1));
        assert!(seat.screen().contains(reason), "{}", seat.screen());
    }
}

#[test]
fn an_account_that_has_expired_is_refused_with_a_word_also_when_trusted_cve_2006_7108() {
    let Some(machine) = Machine::new() else { return };
    let shadow = fs::read_to_string(machine.path("etc/shadow")).expect("it is read");
    machine.write("etc/shadow", &shadow.replace(":20000::::::", ":20000:::::1:"));
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("Your account has expired");
    assert_eq!(seat.exits(), Some(1));
    let mut seat = machine.login(&["--", "alice"]);
    seat.sees("Password: ");
    seat.types("alices-secret\r");
    seat.sees("the account may not log in now");
    assert_eq!(seat.exits(), Some(1));
    assert!(machine.wtmp().is_empty());
}

#[test]
fn nologin_keeps_everybody_out_but_root() {
    let Some(machine) = Machine::new() else { return };
    machine.write("etc/pam.d/login", &format!("auth requisite pam_nologin.so\n{STACK}"));
    machine.write("etc/nologin", "closed for repairs\n");
    let mut seat = machine.login(&["--", "alice"]);
    seat.sees("closed for repairs");
    seat.sees("Login incorrect");
    let mut seat = machine.login(&["--", "root"]);
    seat.sees("closed for repairs");
    seat.sees("Password: ");
    seat.types("roots-secret\r");
    seat.sees("# ");
}

#[test]
fn a_service_that_is_missing_or_broken_lets_nobody_in() {
    let Some(machine) = Machine::new() else { return };
    machine.write("etc/pam.d/login", "auth required pam_no_such_module.so\n");
    let mut seat = machine.login(&["--", "alice"]);
    seat.sees("PAM can let nobody in here");
    assert_eq!(seat.exits(), Some(1));
    machine.write(
        "etc/pam.d/login",
        &STACK.replace("account required pam_unix.so", "account required pam_no_such_module.so"),
    );
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("PAM can let nobody in here");
    assert_eq!(seat.exits(), Some(1));
    fs::remove_file(machine.path("etc/pam.d/login")).expect("it was there");
    let mut seat = machine.login(&["--", "alice"]);
    seat.sees("Login incorrect");
    fs::remove_file(machine.path("etc/pam.d/other")).expect("it was there");
    let mut seat = machine.login(&["-f", "alice"]);
    assert_eq!(seat.exits(), Some(1));
    assert!(machine.wtmp().is_empty());
}

#[test]
fn a_session_that_pam_refuses_is_no_session() {
    let Some(machine) = Machine::new() else { return };
    machine.write("etc/pam.d/login", &format!("{STACK}session required pam_deny.so\n"));
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("PAM opens no session");
    assert_eq!(seat.exits(), Some(1));
    assert!(machine.wtmp().is_empty() && machine.utmp().is_empty());
}

#[test]
fn what_is_no_terminal_is_no_line() {
    let Some(machine) = Machine::new() else { return };
    let seat = |redirection: &str| {
        let command = format!("{} -f alice {redirection}", env!("CARGO_BIN_EXE_login"));
        let mut seat = machine.run(&["sh", "-c", &command]);
        (seat.exits(), seat.screen())
    };
    for redirection in ["</dev/null", "</etc/passwd", "<&-"] {
        let (status, screen) = seat(redirection);
        assert_eq!(status, Some(1), "{redirection}: {screen}");
    }
}

#[test]
fn no_credential_of_the_caller_replaces_the_password_cve_2026_28372() {
    let Some(machine) = Machine::new() else { return };
    machine.write("run/credentials/login.noauth", "yes");
    for variables in ["CREDENTIALS_DIRECTORY=/run/credentials", "USER=-froot LOGNAME=-froot TZ=/dev/zero"] {
        let command = format!("{variables} exec {} -- root", env!("CARGO_BIN_EXE_login"));
        let mut seat = machine.run(&["sh", "-c", &command]);
        seat.sees("Password: ");
        seat.types("no\r");
        seat.sees("Login incorrect");
    }
}
