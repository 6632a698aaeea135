//! Users of all kinds: those who may come in, as whom, and those who may not.

use std::fs;

use crate::machine::Machine;
use crate::seat::Seat;

/// Adds an account without a password: for those who are trusted.
fn add(machine: &Machine, name: &str, ids: &str, shell: &str) {
    machine.add("etc/passwd", &format!("{name}:x:{ids}::/:{shell}\n"));
    machine.add("etc/shadow", &format!("{name}:*:20000::::::\n"));
}

fn ids(seat: &mut Seat) -> String {
    seat.asks("grep -E '^(Uid|Gid):' /proc/$$/status | tr '\\t' ' '")
}

#[test]
fn a_locked_account_is_answered_like_a_wrong_password() {
    let Some(machine) = Machine::new() else { return };
    let shadow = fs::read_to_string(machine.path("etc/shadow")).expect("it is read");
    machine.write("etc/shadow", &shadow.replace("alice:$6", "alice:!$6"));
    let mut seat = machine.login(&["--", "alice"]);
    seat.sees("Password: ");
    seat.types("alices-secret\r");
    seat.sees("Login incorrect");
    assert!(machine.wtmp().is_empty());
}

#[test]
fn a_shell_that_is_none_says_so_and_its_session_is_closed() {
    let Some(machine) = Machine::new() else { return };
    add(&machine, "daemon", "1002:1002", "/usr/sbin/nologin");
    let mut seat = machine.login(&["-f", "daemon"]);
    assert_eq!(seat.exits(), Some(0));
    let record = &machine.utmp()[0];
    assert_eq!((record.kind, record.exit.exit), (utmp::Kind::DeadProcess, 1));
}

#[test]
fn a_shell_with_arguments_gets_them_as_sh_reads_them() {
    let Some(machine) = Machine::new() else { return };
    add(&machine, "clerk", "1002:1002", "/bin/sh -c 'printf \"<%s>\" \"$0\" \"$1\"; read end' 'two words' $HOME");
    let mut seat = machine.login(&["-f", "clerk"]);
    seat.sees("<two words></>");
    seat.types("\r");
    assert_eq!(seat.exits(), Some(0));
}

#[test]
fn a_name_of_digits_is_its_owners_and_a_name_that_is_an_option_is_nobodys() {
    let Some(machine) = Machine::new() else { return };
    add(&machine, "1000", "1010:1011", "/bin/sh");
    add(&machine, "-froot", "1012:1012", "/bin/sh");
    let mut seat = machine.login(&["-f", "1000"]);
    seat.sees("$ ");
    assert_eq!(ids(&mut seat), "Uid: 1010 1010 1010 1010\nGid: 1011 1011 1011 1011");
    assert_eq!(machine.login(&["-f", "--", "-froot"]).exits(), Some(1));
    assert_eq!(machine.wtmp().len(), 1);
}

#[test]
fn ids_of_32_bits_are_taken_and_those_that_mean_no_change_are_refused() {
    let Some(machine) = Machine::new() else { return };
    for id in ["2147483648", "4294967294"] {
        add(&machine, &format!("u{id}"), &format!("{id}:{id}"), "/bin/sh");
        let mut seat = machine.login(&["-f", &format!("u{id}")]);
        seat.sees("$ ");
        assert_eq!(ids(&mut seat), format!("Uid: {id} {id} {id} {id}\nGid: {id} {id} {id} {id}"));
        seat.types("exit\r");
        assert_eq!(seat.exits(), Some(0));
    }
    for (name, ids) in [("nouid", "4294967295:1003"), ("nogid", "1003:4294967295")] {
        add(&machine, name, ids, "/bin/sh");
        let records = machine.wtmp().len();
        let mut seat = machine.login(&["-f", name]);
        assert_eq!(seat.exits(), Some(1), "{}", seat.screen());
        assert_eq!(machine.wtmp().len(), records, "there is no session");
    }
}

#[test]
fn who_is_in_more_groups_than_the_kernel_takes_gets_in_with_as_many_as_it_takes() {
    let Some(machine) = Machine::new() else { return };
    let groups: String = (0..66_000).map(|n| format!("g{n}:x:{}:alice\n", 100_000 + n)).collect();
    machine.add("etc/group", &groups);
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    assert_eq!(seat.asks("grep ^Groups: /proc/$$/status | wc -w"), "65537", "65,536 and the word itself");
}

#[test]
fn root_is_let_in_like_everybody_else() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&["--", "root"]);
    seat.sees("Password: ");
    seat.types("roots-secret\r");
    seat.sees("# ");
    seat.types("id -u; pwd\r");
    seat.sees("\n0\r\n/root\r\n");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
}
