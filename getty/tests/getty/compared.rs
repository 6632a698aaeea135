//! One script for ours and for the installed agetty: the screen, the modes, the records and the exit status are the same,
//! but for what docs/differences.md tells.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use utmp::{Kind, Record};

use crate::harness::{GETTY, Getty, Person, Room, within_a_day};

const AGETTY: &str = "/sbin/agetty";
const MANUAL: &str = include_str!("../../../docs/man/getty.8.scd");

/// What agetty has learnt since the version that may be installed here (util-linux 2.42).
const SINCE: [&str; 6] = ["-C", "-d", "-P", "-r", "--nohints", "--reload"];

fn is_missing() -> bool {
    let is_missing = !Path::new(AGETTY).exists();
    if is_missing {
        println!("skipped: no {AGETTY}");
    }
    is_missing
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The flags that `program --help` lists, and whether each takes a value.
fn flags(program: &str) -> BTreeSet<(String, bool)> {
    let help = output(program, &["--help"]);
    let options = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let in_line = |line: &str| {
        let words: Vec<_> = line.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let names = words.iter().take_while(|word| word.starts_with('-')).count();
        let has_value = words.get(names).is_some_and(|word| word.starts_with('<'));
        words.into_iter().take(names).map(move |name| (name.split('[').next().unwrap().to_owned(), has_value))
    };
    options.flat_map(in_line).collect()
}

#[test]
fn every_option_of_agetty_is_known_to_the_parser_the_help_and_the_manual() {
    if is_missing() {
        return;
    }
    let ours: BTreeSet<_> = flags(GETTY).into_iter().map(|(name, _)| name).collect();
    let theirs = flags(AGETTY);
    assert!(theirs.len() > 50, "{theirs:?}");
    let manual = MANUAL.replace('\\', "");
    for (name, has_value) in theirs.into_iter().chain(SINCE.map(|name| (name.to_owned(), !name.starts_with("--")))) {
        assert!(ours.contains(&name), "{name} is not in the help");
        assert!(manual.contains(&format!("*{name}*")), "{name} is not in the manual");
        let words: &[&str] = if has_value { &[&name, "1", "--show-issue"] } else { &[&name, "--show-issue"] };
        let status = if name == "--reload" { true } else { is_taken(GETTY, words) };
        assert!(status, "{name} is not taken");
    }
}

/// Whether `program` takes this command line; standard input is a terminal.
fn is_taken(program: &str, words: &[&str]) -> bool {
    let person = Person::new();
    let mut command = Command::new(program);
    let status = command.args(words).stdin(person.open()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.unwrap().success()
}

#[test]
fn a_command_line_is_taken_or_refused_as_by_agetty() {
    if is_missing() {
        return;
    }
    let lines: [&[&str]; 25] = [
        &["-t", "0"],
        &["-t", "60"],
        &["-t", "x"],
        &["--timeout=5"],
        &["-t"],
        &["-d", "1"],
        &["-d", "x"],
        &["-P", "-5"],
        &["-P", "x"],
        &["--nice", "+3"],
        &["-L"],
        &["-L=always"],
        &["-L=never"],
        &["--auto", "root"],
        &["--keep"],
        &["--no"],
        &["--nope"],
        &["-Z"],
        &["--noclear=yes"],
        &["-o"],
        &["-8iNJnsRwmU"],
        &["-I", "ATZ\\015"],
        &["-H", "box"],
        &["-l", "/no/such"],
        &["-a", "root", "-f", "/no/such", "--erase-chars", "#", "--kill-chars", "@"],
    ];
    for line in lines {
        // Printing the issue comes after all options were read.
        let words = [line, &["--show-issue"]].concat();
        assert_eq!(is_taken(GETTY, &words), is_taken(AGETTY, &words), "{line:?}");
    }
    for line in [&[][..], &["9600"]] {
        assert!(!is_taken(GETTY, line) && !is_taken(AGETTY, line), "{line:?}");
    }
}

#[test]
fn the_named_speeds_are_agettys() {
    if is_missing() {
        return;
    }
    assert_eq!(output(GETTY, &["--list-speeds"]), output(AGETTY, &["--list-speeds"]));
}

/// What one program made of a script.
#[derive(PartialEq, Eq, Debug)]
struct Outcome {
    /// What the person saw before login began.
    screen: String,
    /// What login was called with and found.
    found: String,
    /// The modes, in the words of stty(1).
    modes: BTreeSet<String>,
    /// What utmp and wtmp say, the same but for the number of the line.
    records: Vec<String>,
    status: Option<i32>,
}

/// Modes that differ on purpose: docs/differences.md, "The line's modes".
const DIFFERENT: [&str; 5] = ["brkint", "imaxbel", "ixoff", "iexten", "echoctl"];

/// A login that tells what it was given, and ends with a status of its own.
const TELLS_ALL: &str = "#!/bin/sh\nprintf 'FOUND'; printf '<%s>' \"$@\"\necho; echo $TERM; pwd; nice; id -u\necho MODES\n\
                         stty -a\necho END\nexit 7\n";

fn outcome(program: &str, options: &[&str], rest: &[&str], typed: &[u8]) -> Outcome {
    let (room, mut person) = (Room::with_login(TELLS_ALL), Person::new());
    std::fs::write(room.path("issue"), "ISSUE of \\n\n\n").unwrap();
    let issue = room.path("issue").display().to_string();
    let _held = person.open(); // agetty opens the line twice: between the two it must not look hung up
    std::fs::write(room.path("run/utmp"), "").unwrap(); // agetty makes none
    let login = room.login();
    let words = [&[program, "-l", login.to_str().unwrap(), "-f", &issue], options, &[person.line()], rest].concat();
    let words: Vec<_> = words.into_iter().map(OsStr::new).collect();
    let mut getty = Getty::spawn(&mut room.command("setsid", &words)); // as init does
    let mut screen = String::new();
    if !typed.is_empty() {
        screen = person.sees("login: ");
        person.types(typed);
    }
    let shown = screen + &person.sees_either("END\r\n", "end\r\n");
    let status = getty.status();
    let shown = shown.replace("\r\r\n", "\r\n").to_lowercase(); // on a terminal of capitals all are
    let (screen, rest) = shown.split_once("found").unwrap();
    let (found, modes) = rest.split_once("modes").unwrap();
    let modes = modes.split([';', ' ', '\r', '\n']).filter(|word| !word.is_empty()).map(str::to_owned);
    let is_same = |word: &String| !DIFFERENT.contains(&word.trim_start_matches('-'));
    let mut records: Vec<_> = room.files().utmp_records().unwrap().map(|record| told(&record, &person)).collect();
    records.extend(room.wtmp().iter().map(|record| told(record, &person)));
    Outcome {
        screen: screen.to_owned(),
        found: found.to_owned(),
        modes: modes.filter(is_same).collect(),
        records,
        status,
    }
}

fn told(record: &Record, person: &Person) -> String {
    let line = record.line == person.line();
    let suffix = &person.line()[person.line().len().saturating_sub(4)..];
    let is_own = i64::from(record.pid) == record.session;
    let (id, kind) = (record.id == suffix, matches!(record.kind, Kind::LoginProcess));
    format!("{kind} {line} {id} {is_own} {:?} {:?}", record.user, record.host)
}

/// Each script has the same outcome with both programs.
fn are_the_same(scripts: &[(&[&str], &[&str], &[u8])]) {
    if is_missing() {
        return;
    }
    for (options, rest, typed) in scripts {
        let (ours, theirs) = (outcome(GETTY, options, rest, typed), outcome(AGETTY, options, rest, typed));
        assert_eq!(ours, theirs, "{options:?} {rest:?} {}", typed.escape_ascii());
    }
}

#[test]
fn a_name_is_asked_for_as_by_agetty() {
    are_the_same(&[
        (&[], &[], b"alice\r"),
        (&[], &["9600", "vt100"], b"alice\r"),
        (&["38400"], &["linux"], b"alicx\x08e\r"),
        (&["-8"], &["115200,9600", "vt220"], b"mallory\x15alice\r"),
        (&["-t", "60", "-J", "--nohints"], &[], b"alicx\x7fe\r"),
        (&["--erase-chars", "#", "--kill-chars", "@"], &[], b"mallory@alicx#e\r"),
    ]);
}

#[test]
fn the_line_is_set_as_by_agetty() {
    are_the_same(&[
        (&["-L"], &["9600"], b"alice\r"),
        (&["-L=never", "-h"], &["57600"], b"alice\r"),
        (&["-c"], &["1200"], b"alice\r"),
        (&["-s"], &["115200,9600"], b"alice\r"),
        (&["-U"], &[], b"ALICE\r"),
        (&["-U"], &[], b"Alice\r"),
    ]);
    if is_missing() {
        return;
    }
    // Even parity: agetty echoes the letters with the parity bit.
    let [ours, theirs] = [GETTY, AGETTY].map(|program| outcome(program, &[], &[], b"\xe1lice\x8d"));
    assert_eq!((ours.found, ours.modes, ours.records), (theirs.found, theirs.modes, theirs.records));
}

#[test]
fn login_is_begun_as_by_agetty() {
    are_the_same(&[
        (&["-o", r"-p -- \u"], &[], b"alice\r"),
        (&["-E", "-H", "box.example"], &[], b"alice\r"),
        (&["-H", "box.example"], &[], b"alice\r"),
        (&["-E", "--nohostname"], &[], b"alice\r"),
        (&["-C", "/usr", "-P", "3"], &[], b"alice\r"),
    ]);
}

#[test]
fn what_is_shown_is_what_agetty_shows() {
    are_the_same(&[
        (&["-i"], &[], b"alice\r"),
        (&["-N"], &[], b"alice\r"),
        (&["-i", "-N", "--nohostname"], &[], b"alice\r"),
        (&["-I", r"AT\101\\"], &[], b"alice\r"),
        (&["-a", "alice", "-o", r"-p -f -- \u"], &[], b""),
        (&["-n", "-o", "-p"], &[], b""),
    ]);
}

#[test]
fn who_leaves_ends_both_with_the_same_status() {
    if is_missing() {
        return;
    }
    let status = |program: &str| {
        let (room, mut person) = (Room::new(), Person::new());
        let _held = person.open();
        let mut getty = room.start(program, &[], person.line(), &[]);
        person.sees("login: ");
        person.types("\x04");
        getty.status()
    };
    assert_eq!(status(GETTY), Some(0));
    assert_eq!(status(AGETTY), Some(0));
}

/// What both know in an issue. Not \t, which may pass; not \l, for which agetty shows tty1 here; not \O, for which it asks
/// a name server; not \e{white}, which that version does not know; no brace that stays open and no \S{}, on which it hangs.
const PIECES: [&str; 45] = [
    "text",
    " ",
    "\n",
    "\n\n",
    "\t",
    "ë中🦀",
    "\\\\",
    "\\n",
    "\\s",
    "\\m",
    "\\r",
    "\\v",
    "\\o",
    "\\d",
    "\\U",
    "\\u",
    "\\b",
    "\\S",
    "\\S{ID}",
    "\\S{VERSION_ID}",
    "\\S{NOPE}",
    "\\S{ANSI_COLOR}",
    "\\4",
    "\\6",
    "\\4{lo}",
    "\\6{lo}",
    "\\4{nope}",
    "\\e",
    "\\e{red}",
    "\\e{bold}",
    "\\e{lightblue}",
    "\\e{reset}",
    "\\e{nope}",
    "\\e{}",
    "\\e[1m",
    "\\q",
    "\\x",
    "\\{",
    "}",
    "\\n{a}",
    "\\1",
    "\\-",
    "\x07",
    "\x1b[2J",
    "\\e{halfbright}",
];

/// Issues of any pieces that both know, from a seed.
fn issue(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut issue = Vec::new();
    for _ in 0..40 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        issue.extend(PIECES[usize::try_from(state >> 32).unwrap() % PIECES.len()].as_bytes());
    }
    [&issue, &b"THE END\n"[..]].concat()
}

/// What `--show-issue` of `program` prints for the issue at `path`.
fn shown(room: &Room, program: &str, path: &Path) -> String {
    let mut person = Person::new();
    let words = ["--show-issue".as_ref(), "-f".as_ref(), path.as_os_str(), OsStr::new(person.line())];
    let mut command = room.command(program, &words);
    let mut getty = Getty::spawn(command.stdin(person.open()).stdout(person.open()));
    assert_eq!(getty.status(), Some(0));
    person.sees("THE END\r\n")
}

#[test]
fn generated_issues_are_shown_byte_for_byte_as_by_agetty() {
    if is_missing() {
        return;
    }
    let room = Room::new();
    for seed in 1..=40 {
        let issue = issue(seed);
        std::fs::write(room.path("issue"), &issue).unwrap();
        let path = room.path("issue");
        let (ours, theirs) = within_a_day(|| (shown(&room, GETTY, &path), shown(&room, AGETTY, &path)));
        assert_eq!(ours, theirs, "{seed}: {}", issue.escape_ascii());
    }
}

#[test]
fn the_files_of_a_folder_are_in_agettys_order() {
    if is_missing() {
        return;
    }
    let room = Room::new();
    let folder = room.path("issue.d");
    std::fs::create_dir(&folder).unwrap();
    for name in
        ["1", "2", "10", "010", "01", "001", "0", "00", "a1", "a10", "a2", "b", "B", "-x", "a1b2", "a1b10", "zoë"]
    {
        std::fs::write(folder.join(format!("{name}.issue")), format!("{name}\n")).unwrap();
    }
    std::fs::write(folder.join("zzz.issue"), "THE END\n").unwrap();
    std::fs::write(folder.join(".hidden.issue"), "NO\n").unwrap();
    std::fs::write(folder.join("other"), "NO\n").unwrap();
    assert_eq!(shown(&room, GETTY, &folder), shown(&room, AGETTY, &folder));
}
