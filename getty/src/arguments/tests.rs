//! Command lines that agetty and busybox take, and such that nobody takes.

use proptest::prelude::*;

use super::*;
use crate::help::HELP;
use crate::modes::LocalLine;
use std::time::Duration;

fn request(line: &[&str]) -> Result<Request, ArgumentError> {
    Request::parse(line.iter().map(OsString::from))
}

fn arguments(line: &[&str]) -> Arguments {
    match request(line) {
        Ok(Request::Run(arguments)) => *arguments,
        other => panic!("{other:?}"),
    }
}

fn refused(line: &[&str]) -> String {
    match request(line) {
        Err(e) => e.to_string(),
        Ok(request) => panic!("{request:?}"),
    }
}

/// Line, first speed, terminal.
fn positional(line: &[&str]) -> (String, Option<u32>, Option<String>) {
    let arguments = arguments(line);
    let name = match arguments.line {
        Line::StandardInput => "-".to_owned(),
        Line::Named(name) => name.as_str().to_owned(),
    };
    (name, arguments.speeds.first(), arguments.term.map(|term| term.into_string().unwrap()))
}

fn is(line: &str, speed: Option<u32>, term: Option<&str>) -> (String, Option<u32>, Option<String>) {
    (line.to_owned(), speed, term.map(str::to_owned))
}

#[test]
fn the_line_comes_first_or_its_speeds_do() {
    assert_eq!(positional(&["tty1"]), is("tty1", None, None));
    assert_eq!(positional(&["ttyS0", "115200,9600", "vt220"]), is("ttyS0", Some(115_200), Some("vt220")));
    assert_eq!(positional(&["115200,9600", "ttyS0", "vt220"]), is("ttyS0", Some(115_200), Some("vt220")));
    assert_eq!(positional(&["38400", "tty1"]), is("tty1", Some(38400), None));
    assert_eq!(positional(&["-", "xterm"]), is("-", None, Some("xterm")));
    assert_eq!(positional(&["115200", "-", "vt100"]), is("-", Some(115_200), Some("vt100")));
    assert_eq!(positional(&["-", ""]), is("-", None, None));
    assert_eq!(positional(&["/dev/pts/3", "linux"]), is("pts/3", None, Some("linux")));
    assert_eq!(positional(&["-L", "0", "ttyS0", "vt100"]), is("ttyS0", None, Some("vt100")));
}

#[test]
fn options_may_stand_anywhere() {
    let arguments = arguments(&["38400", "tty1", "--noclear", "linux", "-a", "alice"]);
    assert!(arguments.options.keep_screen);
    assert_eq!(arguments.options.autologin.unwrap().as_str(), "alice");
}

#[test]
fn a_local_line_has_an_optional_value() {
    let local = |line: &[&str]| arguments(line).options.hardware.local;
    assert_eq!(local(&["tty1"]), LocalLine::Auto);
    assert_eq!(local(&["-L", "tty1"]), LocalLine::Always);
    assert_eq!(local(&["--local-line", "tty1"]), LocalLine::Always);
    assert_eq!(local(&["-L=never", "tty1"]), LocalLine::Never);
    assert_eq!(local(&["-Lnever", "tty1"]), LocalLine::Never);
    assert_eq!(local(&["--local-line=auto", "tty1"]), LocalLine::Auto);
    assert!(!refused(&["-Lsometimes", "tty1"]).is_empty());
}

#[test]
fn systemds_two_calls_are_understood_as_they_are() {
    // A unit file doubles the backslash; this is what arrives.
    let serial = ["-o", r"-p -- \u", "--keep-baud", "115200,57600,38400,9600", "-", "vt220"];
    let serial = arguments(&serial);
    assert_eq!(serial.options.login_options.as_deref(), Some(r"-p -- \u"));
    assert!(serial.options.keep_speed && serial.line == Line::StandardInput);
    assert_eq!((serial.speeds.first(), serial.term.unwrap().to_str()), (Some(115_200), Some("vt220")));
    let vt = arguments(&["-o", r"-p -- \u", "--noclear", "-", "linux"]);
    assert!(vt.options.keep_screen && vt.line == Line::StandardInput);
    assert_eq!(vt.options.login_options.as_deref(), Some(r"-p -- \u"));
}

#[test]
fn other_inits_calls_are_understood() {
    assert_eq!(positional(&["38400", "tty1", "linux"]), is("tty1", Some(38400), Some("linux")), "sysvinit");
    assert_eq!(
        positional(&["-L", "ttyS0", "115200", "vt100"]),
        is("ttyS0", Some(115_200), Some("vt100")),
        "Debian's inittab"
    );
    assert_eq!(positional(&["-L", "0", "console", "vt100"]), is("console", None, Some("vt100")), "buildroot's busybox");
    assert_eq!(positional(&["-n", "-l", "/bin/sh", "-i", "38400", "tty2"]), is("tty2", Some(38400), None), "busybox");
    assert_eq!(
        positional(&["-h", "-m", "-w", "-I", "ATZ", "-t", "60", "-H", "box", "9600,2400", "ttyS1"]).0,
        "ttyS1",
        "busybox"
    );
}

#[test]
fn mingettys_names_are_understood_where_they_mean_nothing_else() {
    let all =
        ["--noclear", "--nonewline", "--noissue", "--nohangup", "--nohostname", "--long-hostname", "--loginpause"];
    let values =
        ["--autologin", "alice", "--loginprog", "/x", "--chdir", "/a", "--chroot", "/b", "--delay", "2", "--nice", "3"];
    let options = arguments(&[&all[..], &values[..], &["tty1"]].concat()).options;
    assert!(options.keep_screen && options.no_newline && options.no_host && options.long_host && options.pause);
    assert_eq!((options.issue, options.hang_up), (Issue::None, HangUp::Never));
    assert_eq!(options.login_program.as_deref(), Some("/x".as_ref()));
    let place = Place { root: Some("/b".into()), folder: Some("/a".into()), nice: 3 };
    assert_eq!((options.place, options.delay), (place, Some(Duration::from_secs(2))));
}

#[test]
fn a_timeout_of_no_seconds_is_none() {
    assert_eq!(arguments(&["-t", "0", "tty1"]).options.timeout, None);
    assert_eq!(arguments(&["-t", "60", "tty1"]).options.timeout, Some(Duration::from_secs(60)));
    assert_eq!(arguments(&["-P", "-5", "tty1"]).options.place.nice, -5);
}

#[test]
fn what_comes_after_the_terminal_type_is_ignored_as_agetty_does() {
    let arguments = arguments(&["tty1", "9600", "vt100", "more", "and more"]);
    assert_eq!((arguments.surplus, arguments.term.unwrap().to_str()), (2, Some("vt100")));
}

#[test]
fn no_issue_counts_more_than_an_issue_file() {
    assert_eq!(arguments(&["-i", "-f", "x", "tty1"]).options.issue, Issue::None);
    assert_eq!(arguments(&["-f", "x", "-i", "tty1"]).options.issue, Issue::None);
    assert_eq!(arguments(&["-f", "x", "tty1"]).options.issue, Issue::Files("x".to_owned()));
}

#[test]
fn what_is_asked_besides_a_name_is_told_apart() {
    assert!(matches!(request(&["--reload"]), Ok(Request::Reload)));
    assert!(matches!(request(&["--list-speeds"]), Ok(Request::ListSpeeds)));
    assert!(matches!(request(&["--help"]), Ok(Request::Help)));
    assert!(matches!(request(&["tty1", "--version"]), Ok(Request::Version)));
    assert!(matches!(request(&["--show-issue"]), Ok(Request::ShowIssue(Issue::System, None))));
    assert!(matches!(request(&["--show-issue", "-f", "x", "tty1"]), Ok(Request::ShowIssue(Issue::Files(_), Some(_)))));
}

#[test]
fn a_name_to_log_in_is_no_option_of_login() {
    for name in ["-froot", "", "a b", "a:b", "a\nb"] {
        assert!(refused(&["-a", name, "tty1"]).starts_with("cannot log in automatically"), "{name:?}");
    }
}

#[test]
fn what_is_no_command_line_is_refused() {
    let lines: [&[&str]; 12] = [
        &[],
        &["--noclear"],
        &["9600"],
        &["../etc/passwd"],
        &["--no-such-option", "tty1"],
        &["-Z", "tty1"],
        &["tty1", "-t", "-5"],
        &["tty1", "-t", "soon"],
        &["tty1", "--noclear=yes"],
        &["tty1", "-a"],
        &["tty1", ","],
        &["tty1", "9600", "vt\x1b[2J"],
    ];
    for line in lines {
        refused(line);
    }
}

#[test]
fn every_option_of_the_help_is_taken() {
    for line in HELP.lines().filter(|line| line.trim_start().starts_with('-')) {
        let (short, long) = (line[2..4].trim(), line[6..].split(['=', '[', ' ']).next().unwrap());
        for flag in [short, long].into_iter().filter(|flag| !flag.is_empty()) {
            let takes_value =
                line[6..28].split_whitespace().nth(1).is_some_and(|word| word.bytes().all(|b| b.is_ascii_uppercase()));
            let words: &[&str] = if takes_value { &[flag, "3", "tty1"] } else { &[flag, "tty1"] };
            let is_for_many = flag == "--ready-fd";
            let words = if is_for_many { &[flag, "3", "--lines", "tty1"] } else { words };
            assert!(request(words).is_ok(), "{flag}");
        }
    }
}

proptest! {
    #[test]
    fn any_arguments_are_taken_or_refused(words in prop::collection::vec("(-{0,2}[a-zA-Z0-9=]{0,8}|\\PC{0,6}|--local-line|-[aflot])", 0..6)) {
        if let Ok(Request::Run(arguments)) = Request::parse(words.iter().map(OsString::from)) {
            if let Some(name) = arguments.options.autologin {
                prop_assert!(!name.as_str().starts_with('-'));
            }
            if let Line::Named(line) = arguments.line {
                prop_assert!(line.path().starts_with("/dev"));
            }
        }
    }
}
