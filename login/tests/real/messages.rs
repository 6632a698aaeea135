//! What PAM's modules tell and ask beyond name and password.

use std::fs;

use crate::machine::{Machine, STACK};
use crate::seat::Seat;

/// Has alice's password expire, so that it must be changed.
fn expire(machine: &Machine) {
    let shadow = fs::read_to_string(machine.path("etc/shadow")).expect("it is read");
    machine.write("etc/shadow", &shadow.replace(":20000::::::", ":0::::::"));
}

fn changes(seat: &mut Seat, old: &str, new: &str, again: &str) {
    seat.sees("You are required to change your password immediately");
    for (prompt, answer) in [("Current password: ", old), ("New password: ", new), ("Retype new password: ", again)] {
        seat.sees(prompt);
        seat.types(&format!("{answer}\r"));
    }
}

#[test]
fn an_expired_password_is_walked_through_to_its_change() {
    let Some(machine) = Machine::new() else { return };
    expire(&machine);
    let mut seat = machine.login(&["--", "alice"]);
    seat.sees("Password: ");
    seat.types("alices-secret\r");
    changes(&mut seat, "alices-secret", "Tr0ub4dor-and-3", "Tr0ub4dor-and-3");
    seat.sees("$ ");
    assert!(!seat.screen().contains("Tr0ub4dor"));
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));

    let mut seat = machine.login(&[]);
    seat.logs_in("alice", "Tr0ub4dor-and-3");
}

#[test]
fn an_expired_password_must_be_changed_also_by_who_is_trusted_cve_2006_7108() {
    let Some(machine) = Machine::new() else { return };
    expire(&machine);
    let mut seat = machine.login(&["-f", "alice"]);
    changes(&mut seat, "alices-secret", "Tr0ub4dor-and-3", "Tr0ub4dor-and-3");
    seat.sees("$ ");
}

#[test]
fn an_expired_password_that_is_not_changed_lets_nobody_in() {
    let Some(machine) = Machine::new() else { return };
    expire(&machine);
    let mut seat = machine.login(&["--", "alice"]);
    seat.sees("Password: ");
    seat.types("alices-secret\r");
    changes(&mut seat, "alices-secret", "Tr0ub4dor-and-3", "something else");
    seat.sees("the expired password was not changed");
    assert_eq!(seat.exits(), Some(1));
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("Current password: ");
    seat.types("\x04");
    assert_eq!(seat.exits(), Some(1));
    assert!(machine.wtmp().is_empty());
}

#[test]
fn messages_of_every_phase_are_shown_and_end_nothing() {
    let Some(machine) = Machine::new() else { return };
    let said = |phase: &str| format!("{phase} optional pam_echo.so file=/etc/{phase}.txt\n");
    let echoes: String = ["auth", "account", "session"].map(said).concat();
    machine
        .write("etc/pam.d/login", &format!("{echoes}auth optional pam_warn.so\nauth optional pam_debug.so\n{STACK}"));
    for phase in ["auth", "account", "session"] {
        machine.write(&format!("etc/{phase}.txt"), &format!("a word from {phase}"));
    }
    let mut seat = machine.login(&[]);
    seat.sees("a word from auth");
    seat.logs_in("alice", "alices-secret");
    for phase in ["account", "session"] {
        assert!(seat.screen().contains(&format!("a word from {phase}")), "{}", seat.screen());
    }
}

#[test]
fn the_message_of_the_day_and_mail_are_shown_if_login_defs_asks() {
    let Some(machine) = Machine::new() else { return };
    machine.write("etc/motd", "welcome to the machine\n");
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    assert!(!seat.screen().contains("welcome"), "PAM's modules show it where nobody asked login to");
    machine.write("run/mail/alice", "From bob\n");
    machine.add("etc/login.defs", "MOTD_FILE /etc/no-such:/etc/motd\nMAIL_CHECK_ENAB yes\nMAIL_DIR /run/mail\n");
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("welcome to the machine");
    seat.sees("mail.");
    seat.sees("$ ");
    assert_eq!(seat.asks("echo $MAIL"), "/run/mail/alice");
}

#[test]
fn the_prompt_names_the_machine_unless_told_not_to() {
    let Some(machine) = Machine::new() else { return };
    let host = rustix::system::uname();
    let host = host.nodename().to_str().expect("ASCII").split('.').next().unwrap_or_default().to_owned();
    machine.login(&[]).sees(&format!("{host} login: "));
    for (arguments, settings) in [(&["-H"][..], ""), (&[], "LOGIN_PLAIN_PROMPT yes\n")] {
        machine.add("etc/login.defs", settings);
        let mut seat = machine.login(arguments);
        seat.sees("login: ");
        assert_eq!(seat.screen(), "login: ");
    }
}
