//! What the command line may ask for, and who may ask.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::machine::Machine;

#[test]
fn a_shell_of_the_command_line_runs_in_place_of_the_accounts() {
    let Some(machine) = Machine::new() else { return };
    for option in [&["-s", "/bin/dash"][..], &["--shell=/bin/dash"]] {
        let mut seat = machine.login(&[option, &["-f", "alice"]].concat());
        seat.sees("$ ");
        assert_eq!(seat.asks("echo $0 $SHELL"), "-dash /bin/dash");
    }
    let mut seat = machine.login(&["-s", "dash", "-f", "alice"]);
    assert_eq!(seat.exits(), Some(1));
    assert!(seat.screen().contains("whole path"), "{}", seat.screen());
}

#[test]
fn variables_behind_the_name_reach_the_shell_but_the_forbidden_ones() {
    let Some(machine) = Machine::new() else { return };
    let asked = ["-f", "alice", "LANG=C.UTF-8", "WORDS=a b=c", "HOME=/tmp", "LD_PRELOAD=/tmp/x.so", "USER=root"];
    let mut seat = machine.login(&asked);
    seat.sees("You may not change $HOME");
    seat.sees("You may not change $LD_PRELOAD");
    seat.sees("\n$ ");
    assert_eq!(seat.asks("echo $LANG $WORDS $HOME .$LD_PRELOAD $USER"), "C.UTF-8 a b=c /home/alice . alice");
}

#[test]
fn variables_of_the_safelist_are_kept_without_the_option() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/login.defs", "LOGIN_ENV_SAFELIST HOSTILE,BASH_ENV\n");
    let command = format!("BASH_ENV=/tmp/x OTHER=1 exec {} -f alice", env!("CARGO_BIN_EXE_login"));
    let mut seat = machine.run(&["sh", "-c", &command]);
    seat.sees("$ ");
    assert_eq!(seat.asks("echo $HOSTILE.$BASH_ENV.$OTHER"), "yes..");
}

#[test]
fn who_comes_from_elsewhere_has_the_hosts_name_in_the_environment() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&["-h", "pc.example.org", "-f", "alice"]);
    seat.sees("$ ");
    assert_eq!(seat.asks("echo $REMOTEHOST"), "pc.example.org");
}

#[test]
fn a_set_user_id_login_asks_for_a_name_and_a_password_of_who_leads_their_session() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/login.defs", "MOTD_FILE /root/secret\n");
    let login = machine.path("run/login");
    fs::copy(env!("CARGO_BIN_EXE_login"), &login).expect("a copy that everybody may run");
    fs::set_permissions(&login, fs::Permissions::from_mode(0o4755)).expect("it is root's for everybody");
    let user = |arguments: &[&str]| {
        let command = ["setpriv", "--reuid", "1000", "--clear-groups", "--"];
        machine.run(&[&command[..], arguments].concat())
    };
    for option in [&["-f", "bob"][..], &["-h", "here", "bob"], &["-s", "/bin/sh", "bob"]] {
        let mut seat = user(&[&["/run/login"], option].concat());
        assert_eq!(seat.exits(), Some(1));
        assert!(seat.screen().contains("for root only"), "{}", seat.screen());
    }
    let mut seat = user(&["sh", "-c", "/run/login bob; echo status $?"]);
    seat.sees("exec login");
    seat.sees("status 1");
    let mut seat = user(&["/run/login", "-p", "-H", "bob", "LANG=C"]);
    seat.sees("Password: ");
    seat.types("bobs-secret\r");
    seat.sees("$ ");
    assert_eq!(seat.asks("id -un; echo $LANG"), "bob\nC");
}

#[test]
fn a_command_line_that_cannot_be_read_is_told_of_and_not_logged_in_its_words() {
    let Some(machine) = Machine::new() else { return };
    for line in [&["alice", "hunter2"][..], &["--no-such-option"], &["-x"], &["-h"], &["alice", "HOME"]] {
        let mut seat = machine.login(line);
        assert_eq!(seat.exits(), Some(1), "{line:?}");
        let screen = seat.screen();
        let told: Vec<_> = screen.lines().collect();
        assert_eq!(told.len(), 2, "{line:?}: {screen}");
        assert!(told[0].starts_with("login: ") && told[0].matches(':').count() == 1, "said once: {screen}");
        assert_eq!(told[1], "Try 'login --help' for more information.");
    }
    assert!(!String::from_utf8_lossy(&machine.log()).contains("hunter2"));
    let mut seat = machine.login(&["--version"]);
    assert_eq!(seat.exits(), Some(0));
    assert!(seat.screen().starts_with("login from session-rs "));
}
