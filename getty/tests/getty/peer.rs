//! The same lines to agetty, where there is one: its answer is the expectation.

use std::ffi::OsStr;
use std::path::Path;

use crate::harness::{GETTY, Getty, Person, Room, within_a_day};

const AGETTY: &str = "/sbin/agetty";

fn has_agetty() -> bool {
    let found = Path::new(AGETTY).exists();
    if !found {
        println!("skipped: no {AGETTY}");
    }
    found
}

/// What `program` calls login with, after `typed` at its prompt.
fn called_with(program: &str, options: &[&str], rest: &[&str], typed: Option<&str>) -> String {
    let (room, mut person) = (Room::new(), Person::new());
    let _held = person.open(); // agetty opens the line twice: between the two it must not look hung up
    let _getty = room.start(program, options, person.line(), rest);
    if let Some(typed) = typed {
        person.sees("login: ");
        person.types(typed);
    }
    let shown = person.sees(".\r\n");
    shown[shown.find('<').unwrap()..].trim_end().to_owned()
}

#[test]
fn login_is_called_as_agetty_calls_it() {
    if !has_agetty() {
        return;
    }
    // Not autologin without -o: in older versions the name followed -f without "--".
    let cases: [(&[&str], &[&str], Option<&str>); 6] = [
        (&[], &[], Some("alice\r")),
        (&["38400"], &["vt100"], Some("alice\r")),
        (&["-L"], &["115200,9600", "vt100"], Some("alicx\x08e\r")),
        (&["-o", r"-p -- \u"], &[], Some("alice\r")),
        (&["-a", "alice", "-o", r"-p -f -- \u"], &[], None),
        (&["-J", "-8", "-s", "-i", "-N"], &["9600"], Some("alice\r")),
    ];
    for (options, rest, typed) in cases {
        let theirs = called_with(AGETTY, options, rest, typed);
        assert_eq!(called_with(GETTY, options, rest, typed), theirs, "{options:?} {rest:?}");
    }
}

#[test]
fn the_issue_is_what_agetty_shows() {
    if !has_agetty() {
        return;
    }
    let room = Room::new();
    // Not \t, which may pass; not \l, for which agetty shows tty1 here.
    let issue = "n=\\n s=\\s m=\\m r=\\r v=\\v o=\\o d=\\d u=\\u U=\\U S=\\S \\S{VERSION_ID} \\S{NOPE} \\S{ANSI_COLOR}|\n\
                 \\e{red}x\\e{reset} \\e{nope}y \\e[1m b=\\b 4=\\4 6=\\6 \\4{lo} \\6{lo} \\4{nope}| \\\\ \\q {x} \\n{a}\n\
                 \\e{black}\\e{blink}\\e{blue}\\e{bold}\\e{brown}\\e{cyan}\\e{darkgray}\\e{gray}\\e{green}\\e{halfbright}\n\
                 \\e{lightblue}\\e{lightcyan}\\e{lightgreen}\\e{lightmagenta}\\e{lightred}\\e{magenta}\\e{reverse}\\e{yellow}\nTHE END\n";
    std::fs::write(room.path("issue"), issue).unwrap();
    let path = room.path("issue");
    let shown = |program: &str| {
        let mut person = Person::new();
        let words = ["--show-issue".as_ref(), "-f".as_ref(), path.as_os_str(), OsStr::new(person.line())];
        let mut command = room.command(program, &words);
        let mut getty = Getty::spawn(command.stdin(person.open()).stdout(person.open()));
        assert_eq!(getty.status(), Some(0));
        person.sees("THE END\r\n")
    };
    let (ours, theirs) = within_a_day(|| (shown(GETTY), shown(AGETTY)));
    assert_eq!(ours, theirs);
}
