//! What login keeps to itself: passwords, names that may be passwords, and its memory.

use std::fs;
use std::os::unix::fs::FileExt as _;

use crate::machine::{Machine, STACK};
use crate::seat::Seat;

/// Whether `secret` is anywhere in the memory that login can write, but where pam_unix counts the failures of a name.
fn is_in_memory(seat: &Seat, secret: &str) -> bool {
    let pid = seat.pid().as_raw_nonzero();
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("root may look");
    let memory = fs::File::open(format!("/proc/{pid}/mem")).expect("root may look");
    let mut seen = 0;
    let mut is_found = false;
    for area in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, end) = area.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
        let address = |text: &str| u64::from_str_radix(text, 16).expect("an address");
        let mut bytes = vec![0; usize::try_from(address(end) - address(start)).expect("it fits")];
        if memory.read_exact_at(&mut bytes, address(start)).is_ok() {
            seen += bytes.len();
            let found = bytes.windows(secret.len()).enumerate().filter(|(_, window)| *window == secret.as_bytes());
            for (at, _) in found.filter(|(at, _)| !bytes[..*at].ends_with(b"-UN*X-FAIL-")) {
                is_found = true;
                println!("{area}: {}", bytes[at.saturating_sub(64)..(at + 64).min(bytes.len())].escape_ascii());
            }
        }
    }
    assert!(seen > 100_000, "the memory was looked at");
    is_found
}

/// A file of login's own in /proc.
fn of_process(seat: &Seat, file: &str) -> String {
    let bytes = fs::read(format!("/proc/{}/{file}", seat.pid().as_raw_nonzero())).expect("root may look");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn the_parent_of_a_session_holds_no_password() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&[]);
    seat.logs_in("alice", "alices-secret");
    assert!(is_in_memory(&seat, "login -- alice"), "what is there is found");
    assert!(!is_in_memory(&seat, "alices-secret"));
}

#[test]
fn no_descriptor_of_a_session_leads_into_its_parents_memory() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    let folder = format!("/proc/{}/fd", seat.pid().as_raw_nonzero());
    let files = fs::read_dir(folder).expect("root may look").flatten().map(|file| fs::read_link(file.path()));
    let files: Vec<_> = files.flatten().collect();
    assert!(files.len() > 3, "{files:?}");
    assert!(files.iter().all(|file| !file.ends_with("mem")), "{files:?}");
}

#[test]
fn a_new_password_is_forgotten_too() {
    let Some(machine) = Machine::new() else { return };
    let shadow = fs::read_to_string(machine.path("etc/shadow")).expect("it is read");
    machine.write("etc/shadow", &shadow.replace(":20000::::::", ":0::::::"));
    let mut seat = machine.login(&["--", "alice"]);
    for (question, answer) in [
        ("Password: ", "alices-secret"),
        ("Current password: ", "alices-secret"),
        ("New password: ", "a quite new one"),
        ("Retype new password: ", "a quite new one"),
    ] {
        seat.sees(question);
        seat.types(&format!("{answer}\r"));
    }
    seat.sees("$ ");
    assert!(!is_in_memory(&seat, "alices-secret") && !is_in_memory(&seat, "a quite new one"));
}

#[test]
fn a_password_typed_as_the_name_is_in_no_list_of_processes() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&["-p", "-h", "here", "--", "hunter2-too-early"]);
    seat.sees("Password: ");
    assert_eq!(of_process(&seat, "cmdline").trim_end_matches('\0'), "login");
    assert!(!of_process(&seat, "environ").contains("HOSTILE"), "nor is the caller's environment");
    seat.types("no\r");
    seat.sees("login: ");
    seat.types("hunter2-again\r");
    seat.sees("Password: ");
    seat.types("no\r");
    seat.logs_in("alice", "alices-secret");
    assert_eq!(of_process(&seat, "cmdline").trim_end_matches('\0'), "login -- alice");
    assert!(!is_in_memory(&seat, "hunter2-too-early"), "as an argument");
    assert!(!is_in_memory(&seat, "hunter2-again"), "at the prompt");
}

#[test]
fn login_leaves_no_core_and_the_shell_what_the_caller_allows() {
    let Some(machine) = Machine::new() else { return };
    let limits = |stack: &str, caller: &str| {
        machine.write("etc/pam.d/login", stack);
        let command = format!("{caller}; exec {} -f alice", env!("CARGO_BIN_EXE_login"));
        let mut seat = machine.run(&["sh", "-c", &command]);
        seat.sees("$ ");
        let of_login = of_process(&seat, "limits");
        let cores = of_login.lines().find(|line| line.starts_with("Max core")).expect("a limit").to_owned();
        let soft = cores.split_whitespace().nth(4).expect("a number").parse::<u64>().expect("no core");
        assert!(soft <= 1, "{cores}");
        seat.asks("ulimit -S -c; ulimit -H -c")
    };
    assert_eq!(limits(STACK, "ulimit -S -c unlimited"), "unlimited\nunlimited");
    assert_eq!(limits(STACK, "ulimit -S -c 8"), "8\nunlimited");
    assert_eq!(limits(STACK, "ulimit -c 0"), "0\n0");
    machine.write("etc/security/limits.conf", "alice - core 16\n");
    let limited = format!("{STACK}session required pam_limits.so\n");
    assert_eq!(limits(&limited, "ulimit -S -c unlimited"), "32\n32", "in blocks of 512 bytes");
    machine.write("etc/security/limits.conf", "alice - core 0\n");
    assert_eq!(limits(&limited, "ulimit -S -c unlimited"), "0\n0");
}
