//! The line as it is found, used and left: its modes, and who may have it open.

use rustix::termios::LocalModes;

use crate::machine::Machine;

#[test]
fn a_line_that_the_shell_left_raw_is_as_it_was_found() {
    let Some(machine) = Machine::new() else { return };
    for end in ["exit", "kill -9 $$"] {
        let mut seat = machine.login(&["--nohangup", "-f", "alice"]);
        let found = format!("{:?}", seat.modes_found());
        seat.sees("$ ");
        seat.types(&format!("stty raw -echo; {end}\r"));
        assert_eq!(seat.exits(), Some(0));
        assert_eq!(format!("{:?}", seat.modes()), found);
        assert_eq!(seat.owner(), (0, 5, 0o600));
    }
}

#[test]
fn a_line_that_the_shell_left_stopped_or_without_a_terminals_discipline_goes_on() {
    // TCXONC with TCOOFF, and TIOCSETD with N_NULL.
    let ruins = [("stopped", "0x540A, 0"), ("without", "0x5423, $n = pack(\"i\", 27)")];
    for (what, request) in ruins {
        let Some(machine) = Machine::new() else { return };
        let mut seat = machine.login(&["--nohangup", "-f", "alice"]);
        seat.sees("$ ");
        seat.types(&format!("perl -e 'ioctl(STDIN, {request}) or die' && kill -9 $$\r"));
        assert_eq!(seat.exits(), Some(0));
        assert!(!seat.is_hung_up(), "{what}: it has no modes");
        assert!(seat.takes_output(), "{what}");
    }
}

#[test]
fn echo_is_on_again_after_an_interrupt_at_the_password() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&["--", "alice"]);
    seat.sees("Password: ");
    assert!(!seat.modes().local_modes.contains(LocalModes::ECHO));
    seat.types("half a pass\x03wrong\r");
    seat.sees("login: ");
    seat.types("alice\r");
    seat.sees("Password: ");
    seat.types("\x03alices-secret\r");
    seat.sees("$ ");
    assert!(seat.asks("stty -a").contains(" echo "));
    let mut seat = machine.login(&["--nohangup", "--", "alice"]);
    seat.sees("Password: ");
    seat.types("\x03\x04");
    assert_eq!(seat.exits(), Some(0));
    assert!(seat.modes().local_modes.contains(LocalModes::ECHO), "also for whoever has the line next");
}

#[test]
fn a_line_is_not_hung_up_if_that_is_not_wanted() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&["--nohangup", "-f", "alice"]);
    seat.sees("$ ");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
    assert!(!seat.is_hung_up());
}
