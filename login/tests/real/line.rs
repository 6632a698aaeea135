//! The line as it is found, used and left: its modes, and who may have it open.

use rustix::termios::LocalModes;

use crate::machine::Machine;

#[test]
fn a_line_that_the_shell_left_raw_is_as_it_was_found() {
    let Some(machine) = Machine::new() else { return };
    for end in ["exit", "kill -9 $$"] {
        let mut seat = machine.login(&["--nohangup", "-f", "alice"]);
        let found = format!("{:?}", seat.modes());
        seat.sees("$ ");
        seat.types(&format!("stty raw -echo; {end}\r"));
        assert_eq!(seat.exits(), Some(0));
        assert_eq!(format!("{:?}", seat.modes()), found);
        assert_eq!(seat.owner(), (0, 5, 0o600));
    }
}

#[test]
fn a_line_that_the_shell_left_stopped_or_without_a_terminals_discipline_goes_on() {
    const RUINS: &str = "import fcntl, struct, sys, termios
if sys.argv[1] == 'stopped': termios.tcflow(0, termios.TCOOFF)
else: fcntl.ioctl(0, termios.TIOCSETD, struct.pack('i', 27)) # N_NULL
";
    for what in ["stopped", "without"] {
        let Some(machine) = Machine::new() else { return };
        machine.write("run/ruin.py", RUINS);
        if !std::path::Path::new("/usr/bin/python3").exists() {
            return println!("skipped: no python3 to do it");
        }
        let mut seat = machine.login(&["--nohangup", "-f", "alice"]);
        seat.sees("$ ");
        seat.types(&format!("/usr/bin/python3 /run/ruin.py {what} && kill -9 $$\r"));
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
