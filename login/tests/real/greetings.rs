//! What a person sees before the shell: each thing once, whoever shows it, and nothing where they want quiet.

use std::fs;
use std::os::unix::fs::symlink;

use crate::machine::{Machine, STACK};
use crate::seat::Seat;

/// Everything that login can show, asked for.
const ALL: &str = "MOTD_FILE /etc/motd\nMAIL_CHECK_ENAB yes\nMAIL_DIR /run/mail\nLASTLOG_ENAB yes\n";

/// Everything that Linux-PAM's modules show.
const MODULES: &str = "session optional pam_lastlog.so\nsession optional pam_motd.so motd=/etc/motd\n\
                       session optional pam_mail.so dir=/run/mail standard\n";

/// A machine where alice has mail, has been here before, and has a message of the day.
fn machine(settings: &str, modules: &str) -> Option<Machine> {
    let machine = Machine::new()?;
    machine.write("etc/motd", "welcome to the machine\n\n");
    machine.write("run/mail/alice", "From bob\n");
    let first = machine.login(&["-h", "pc.example.org", "-f", "alice"]);
    leaves(first);
    machine.add("etc/login.defs", settings);
    machine.write("etc/pam.d/login", &format!("{STACK}{modules}"));
    Some(machine)
}

fn leaves(mut seat: Seat) -> String {
    seat.sees("$ ");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0), "{}", seat.screen());
    seat.screen()
}

/// How often each of the three things is on the screen of a login of alice's.
fn shown(machine: &Machine) -> [usize; 3] {
    let screen = leaves(machine.login(&["-f", "alice"]));
    ["Last login: ", "welcome to the machine", "mail"].map(|words| screen.matches(words).count())
}

#[test]
fn each_greeting_is_shown_once_whoever_is_asked_to() {
    for (settings, modules, expected) in
        [("", "", [0; 3]), (ALL, "", [1; 3]), ("", MODULES, [1; 3]), (ALL, MODULES, [1; 3])]
    {
        let Some(machine) = machine(settings, modules) else { return };
        assert_eq!(shown(&machine), expected, "{settings:?} {modules:?}");
    }
}

#[test]
fn a_module_that_is_there_and_shows_nothing_leaves_it_to_login() {
    let silent = "session optional pam_lastlog.so silent\nsession optional pam_mail.so dir=/run/mail quiet nopen\n\
                  session [default=1] pam_permit.so\nsession optional pam_motd.so motd=/etc/motd\n";
    let Some(machine) = machine(ALL, silent) else { return };
    assert_eq!(shown(&machine), [1; 3]);
}

#[test]
fn the_last_login_is_the_one_before_this_one() {
    let Some(machine) = machine(ALL, "session optional pam_lastlog.so silent\n") else { return };
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("Last login: ");
    seat.sees(" from pc.example.org");
    seat.sees("$ ");
    let line = seat.name().to_owned();
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees(&format!(" on {line}"));
    let mut seat = machine.login(&["-f", "bob"]);
    seat.sees("$ ");
    assert!(!seat.screen().contains("Last login"), "bob was never here");
}

#[test]
fn lastlog_enab_no_records_no_last_login() {
    let Some(machine) = machine("LASTLOG_ENAB no\n", "") else { return };
    let before = fs::read(machine.path("log/lastlog")).expect("lastlog");
    assert_eq!(shown(&machine)[0], 0);
    assert_eq!(fs::read(machine.path("log/lastlog")).expect("lastlog"), before);
}

#[test]
fn folders_of_messages_are_shown_in_order_and_only_the_first_place_if_so_asked() {
    let Some(machine) = Machine::new() else { return };
    for name in ["9-first.motd", "10-second.motd", "note.txt"] {
        machine.write(&format!("etc/motd.d/{name}"), &format!("this is {name}\n"));
    }
    machine.write("etc/motd", "this is the last\n");
    machine.add("etc/login.defs", "MOTD_FILE /run/no-motd:/etc/motd.d:/etc/motd\n");
    let mut seat = machine.login(&["-f", "alice"]);
    for words in ["9-first.motd", "10-second.motd", "the last"] {
        seat.sees(&format!("this is {words}\r\n"));
    }
    assert!(!leaves(seat).contains("note.txt"));
    machine.add("etc/login.defs", "MOTD_FIRSTONLY yes\n");
    let screen = leaves(machine.login(&["-f", "alice"]));
    assert!(screen.contains("10-second.motd") && !screen.contains("the last"), "{screen}");
}

#[test]
fn whoever_wants_quiet_has_it_also_from_pams_modules() {
    let Some(machine) = machine(ALL, MODULES) else { return };
    let home = machine.path("home/alice");
    fs::write(home.join(".hushlogin"), "").expect("a file");
    assert_eq!(shown(&machine), [0; 3]);
    fs::remove_file(home.join(".hushlogin")).expect("it was there");
    symlink("/no/such/file", home.join(".hushlogin")).expect("a link");
    assert_eq!(shown(&machine), [1; 3], "a link to nothing is nothing");
}

#[test]
fn hushlogin_file_lists_names_and_shells_or_is_empty_for_everybody() {
    let Some(machine) = machine(ALL, MODULES) else { return };
    for (list, expected) in
        [("", [0; 3]), ("bob\nalice \n", [0; 3]), ("/bin/dash\n/bin/sh\n", [0; 3]), ("bob\n/bin/dash\nali\n", [1; 3])]
    {
        machine.write("etc/hushlogins", list);
        assert_eq!(shown(&machine), expected, "{list:?}");
    }
    fs::write(machine.path("home/alice/.hushlogin"), "").expect("a file");
    assert_eq!(shown(&machine), [1; 3], "where there is a list, it decides");
    for (setting, expected) in [(".quiet", [1; 3]), ("", [1; 3]), (".hushlogin", [0; 3]), ("/run/none", [1; 3])] {
        machine.add("etc/login.defs", &format!("HUSHLOGIN_FILE {setting}\n"));
        assert_eq!(shown(&machine), expected, "{setting:?}");
    }
}

#[test]
fn a_hushlogin_file_that_only_root_could_see_is_none() {
    let Some(machine) = machine(ALL, "") else { return };
    let closed = machine.path("root/closed");
    fs::create_dir_all(&closed).expect("a folder");
    fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("it is closed");
    fs::write(closed.join("file"), "").expect("a file");
    symlink("/root/closed/file", machine.path("home/alice/.hushlogin")).expect("a link");
    assert_eq!(shown(&machine), [1; 3], "it is looked for as the user");
}

#[test]
fn messages_of_refusals_are_not_hushed() {
    let Some(machine) = Machine::new() else { return };
    fs::write(machine.path("home/alice/.hushlogin"), "").expect("a file");
    machine.write("etc/pam.d/login", &format!("account required pam_echo.so file=/etc/word\n{STACK}"));
    machine.write("etc/word", "a word before the session");
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("a word before the session");
    seat.sees("$ ");
}
