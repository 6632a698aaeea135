//! Command lines that agetty and busybox take, and such that nobody takes.

use proptest::prelude::*;

use super::*;
use crate::help::HELP;

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
fn systemds_lines_are_understood() {
    let serial = ["-o", r"-p -- \u", "--noreset", "--keep-baud", "115200,57600,38400,9600", "-", "vt220"];
    let serial = arguments(&serial);
    assert_eq!(serial.options.login_options.as_deref(), Some(r"-p -- \u"));
    assert!(serial.options.keep_speed && serial.options.hardware.keep);
    assert!(arguments(&["-o", r"-- \u", "--noclear", "-", "linux"]).options.keep_screen);
}

#[test]
fn the_help_is_asked_for() {
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
    let lines: [&[&str]; 14] = [
        &[],
        &["--noclear"],
        &["9600"],
        &["tty1", "9600", "vt100", "more"],
        &["../etc/passwd"],
        &["--no-such-option", "tty1"],
        &["-Z", "tty1"],
        &["tty1", "-t", "0"],
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
            let values = ["NAME ", "LIST ", "FILE ", "WORDS ", "SECONDS ", "LINE,... ", "FOLDER ", "-fd N "];
            let takes_value = values.iter().any(|value| line.contains(value));
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
