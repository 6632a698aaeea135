//! What comes in at the prompt that is no name, and a line that goes away: a clear word, and the next person can log in.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::process::Signal;
use tests::outcome::Outcome;
use tests::people::{ALICE, Person};
use tests::process::Process;
use tests::run::run;
use tests::terminal::{Terminal, start_as_init};
use tests::visit::{self, Visit};
use tests::{ensure, ensure_eq, paths, settings};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(an_empty_name_is_asked_for_again),
    inside!(what_can_be_nobodys_name_is_refused_in_words_and_asked_for_again),
    inside!(nul_bytes_and_invalid_utf8_are_no_part_of_a_name),
    inside!(a_password_with_a_nul_byte_is_never_cut_to_the_right_one),
    inside!(escape_sequences_in_a_name_reach_neither_screen_nor_log),
    inside!(a_megabyte_without_an_end_is_one_name_that_is_too_long),
    inside!(a_megabyte_of_noise_logs_nobody_in_and_breaks_nothing),
    inside!(a_name_longer_than_a_record_logs_in_whole),
    inside!(a_line_closed_at_any_prompt_ends_the_program_and_leaves_nothing),
    inside!(a_prompt_that_nobody_answers_ends_with_its_timeout),
    inside!(what_is_no_terminal_is_refused_in_words),
    inside!(a_line_that_comes_late_ends_the_waiting),
    inside!(a_line_that_vanishes_under_a_prompt_is_refused_in_words),
];

type Start = fn(&Terminal) -> Outcome<Process>;

/// The two programs that ask for a name.
const ASKERS: [Start; 2] = [|terminal| terminal.getty(&[]), Terminal::login];

fn alice_logs_in(terminal: &mut Terminal, asker: &Process) -> Outcome {
    terminal.log_in(&ALICE)?;
    ensure_eq!(terminal.shell("id -un")?, "alice");
    terminal.enter("exit")?;
    ensure_eq!(asker.status()?, 0);
    Ok(())
}

fn an_empty_name_is_asked_for_again() -> Outcome {
    for start in ASKERS {
        let mut terminal = Terminal::open()?;
        let asker = start(&terminal)?;
        for _ in 0..7 {
            terminal.expect("login: ")?;
            terminal.enter("")?;
        }
        alice_logs_in(&mut terminal, &asker)?;
    }
    Ok(())
}

fn what_can_be_nobodys_name_is_refused_in_words_and_asked_for_again() -> Outcome {
    let long = "x".repeat(256);
    for start in ASKERS {
        let mut terminal = Terminal::open()?;
        let asker = start(&terminal)?;
        terminal.expect("login: ")?;
        for name in [&long, "   ", "a:b", "../root"] {
            let (_, tail) = name.split_at(name.len() - 3);
            terminal.enter(name)?;
            terminal.expect(tail)?;
            let words = terminal.expect("login: ")?;
            ensure!(words.contains("login name") || words.contains("Login incorrect"), "{name:?} gets {words:?}");
        }
        terminal.enter("alice")?;
        terminal.expect("Password: ")?;
        terminal.enter("alice")?;
        terminal.expect("$ ")?;
        terminal.enter("exit")?;
        ensure_eq!(asker.status()?, 0);
    }
    Ok(())
}

fn nul_bytes_and_invalid_utf8_are_no_part_of_a_name() -> Outcome {
    for start in ASKERS {
        let mut terminal = Terminal::open()?;
        let asker = start(&terminal)?;
        terminal.expect("login: ")?;
        terminal.send(b"a\0l\xffi\xc3c\xe4\xb8e\r")?;
        terminal.expect("Password: ")?;
        terminal.enter("alice")?;
        terminal.expect("$ ")?;
        ensure_eq!(terminal.shell("id -un")?, "alice");
        terminal.enter("exit")?;
        ensure_eq!(asker.status()?, 0);
    }
    Ok(())
}

fn a_password_with_a_nul_byte_is_never_cut_to_the_right_one() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    let mut visit = Visit::at_the_door()?;
    for password in [&b"alice\0more\r"[..], b"\0alice\r", b"alice\xff\r", &[b'a'; 600], b"\r"] {
        visit.terminal.enter("alice")?;
        visit.terminal.expect("Password: ")?;
        visit.terminal.send(password)?;
        if password.len() == 600 {
            visit.terminal.send("\r")?;
        }
        visit.terminal.expect("Login incorrect")?;
        if visit.login.ended_within(Duration::from_millis(500))? {
            visit = Visit::at_the_door()?; // the module has had enough of it
        } else {
            visit.terminal.expect("login: ")?;
        }
    }
    ensure_eq!(visit::names_in(visit::SESSIONS)?, Vec::<String>::new());
    Ok(())
}

fn escape_sequences_in_a_name_reach_neither_screen_nor_log() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    for start in ASKERS {
        let mut terminal = Terminal::open()?;
        let asker = start(&terminal)?;
        terminal.expect("login: ")?;
        terminal.send("\x1b[2J\x1b]0;title\x07al\x01\x1b[Ai\x1bOPce\u{9b}\r")?;
        terminal.expect("Password: ")?;
        terminal.enter("wrong")?;
        terminal.expect("Login incorrect")?;
        let screen = terminal.transcript()?;
        ensure!(!screen.contains(['\x1b', '\x07', '\u{9b}']), "the screen got what was typed:\n{}", terminal.screen());
        alice_logs_in(&mut terminal, &asker)?;
    }
    let lastb = run("lastb", &["-f", "/var/log/btmp"])?.well()?.stdout;
    ensure_eq!(lastb.lines().filter(|row| row.starts_with("alice ")).count(), 2);
    nothing_but_text_is_logged()
}

fn nothing_but_text_is_logged() -> Outcome {
    let log = fs::read(paths::MESSAGES).unwrap_or_default();
    let control = log.iter().find(|byte| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\t'));
    ensure!(control.is_none(), "a control byte is in the log: {control:?}");
    Ok(())
}

fn a_megabyte_without_an_end_is_one_name_that_is_too_long() -> Outcome {
    for start in ASKERS {
        let mut terminal = Terminal::open()?;
        let asker = start(&terminal)?;
        terminal.expect("login: ")?;
        let noise = vec![b'x'; 1 << 20];
        ensure_eq!(terminal.pour(&noise, &asker)?, noise.len());
        terminal.pour(b"\r", &asker)?;
        terminal.expect("login")?; // the word that refuses it, or the next prompt
        terminal.enter("")?;
        alice_logs_in(&mut terminal, &asker)?;
    }
    Ok(())
}

fn a_megabyte_of_noise_logs_nobody_in_and_breaks_nothing() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    settings::login_defs("LOGIN_TIMEOUT", "2")?; // a ^S at the password's prompt holds the line until then
    let noise = noise(1 << 20);
    let mut terminal = Terminal::open()?;
    let mut poured = 0;
    let mut asker = terminal.getty(&[])?;
    while poured < noise.len() {
        poured += terminal.pour(&noise[poured..], &asker)?;
        if asker.ended_within(Duration::ZERO)? {
            let status = asker.status()?;
            ensure!(![101, 134, 139].contains(&status), "noise broke it: {status}");
            asker = terminal.getty(&[])?; // as an init does
        }
    }
    ensure_eq!(visit::names_in(visit::SESSIONS)?, Vec::<String>::new());
    if asker.signal(Signal::TERM).is_ok() {
        asker.status()?;
    }
    for file in ["/run/utmp", "/var/log/wtmp", "/var/log/btmp"] {
        ensure_eq!((file, fs::metadata(file)?.len() % 384), (file, 0));
        let dump = run("utmpdump", &[file])?.well()?.stdout;
        ensure!(!dump.contains("[7]") || file.ends_with("btmp"), "{file} says that somebody logged in:\n{dump}");
    }
    nothing_but_text_is_logged()?;
    drop(terminal); // and with it the noise that nobody has read
    ensure_eq!(Visit::begin(&ALICE)?.leave()?, 0);
    Ok(())
}

/// All bytes there are, in no order, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 4_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_le_bytes()[7]
    };
    (0..length).map(|_| next()).collect()
}

fn a_name_longer_than_a_record_logs_in_whole() -> Outcome {
    let name: &'static str = "somebody.with.a.long.name@department.of.a.directory.example";
    let person = Person { name, uid: 4003, home: "/tmp", hash: ALICE.hash };
    append("/etc/passwd", &format!("{name}:x:4003:{}::/tmp:/bin/sh\n", ALICE.uid))?;
    append("/etc/shadow", &format!("{name}:{}:20000:0:99999:7:::\n", ALICE.hash))?;
    let mut visit = Visit::at_the_door()?;
    visit.give(person.name, "alice")?;
    visit.terminal.expect("$ ")?;
    ensure_eq!(visit.shell("id -un; echo $LOGNAME")?, format!("{name}\n{name}"));
    let dump = run("utmpdump", &["/run/utmp"])?.well()?.stdout;
    ensure!(dump.contains(&name[..32]), "the name's beginning is not in utmp:\n{dump}");
    ensure_eq!(visit.leave()?, 0);
    Ok(())
}

fn append(path: &str, text: &str) -> Outcome {
    let before = fs::read_to_string(path)?;
    Ok(fs::write(path, before + text)?)
}

fn a_line_closed_at_any_prompt_ends_the_program_and_leaves_nothing() -> Outcome {
    let steps: [&[(&str, &str)]; 6] = [
        &[("login: ", "")],
        &[("login: ", "ali")],
        &[("login: ", "alice\r"), ("Password: ", "")],
        &[("login: ", "alice\r"), ("Password: ", "ali")],
        &[("login: ", "alice\r"), ("Password: ", "wrong\r")], // in the delay
        &[("login: ", "alice\r"), ("Password: ", "wrong\r"), ("Login incorrect", ""), ("login: ", "al")],
    ];
    for step in steps {
        let mut terminal = Terminal::open()?;
        let asker = terminal.getty(&[])?;
        for (seen, typed) in step {
            terminal.expect(seen)?;
            terminal.send(typed)?;
        }
        let line = terminal.line().to_owned();
        drop(terminal);
        let status = asker.status()?;
        // getty's own end, or login's by SIGHUP.
        ensure!(status == if step.len() == 1 { 0 } else { 129 }, "{step:?} ends with {status}");
        run("who", &[])?.well()?.not_saying(&line)?;
    }
    ensure_eq!(visit::names_in(visit::SESSIONS)?, Vec::<String>::new());
    ensure_eq!(visit::names_in(visit::RUNTIME)?, Vec::<String>::new());
    Ok(())
}

fn a_prompt_that_nobody_answers_ends_with_its_timeout() -> Outcome {
    settings::login_defs("LOGIN_TIMEOUT", "4")?;
    let mut terminal = Terminal::open()?;
    let getty = terminal.getty(&["--timeout", "1"])?;
    terminal.expect("login: ")?;
    ensure_eq!(getty.status()?, 0);
    let login = terminal.login()?;
    terminal.expect("login: ")?;
    terminal.expect("timed out")?;
    ensure_eq!(login.status()?, 0);
    let mut visit = Visit::at_the_door()?;
    visit.terminal.enter("alice")?;
    visit.terminal.expect("Password: ")?;
    visit.terminal.expect("timed out")?;
    let line = visit.terminal.pty().slave()?;
    ensure_eq!(visit.login.status()?, 0);
    let modes = rustix::termios::tcgetattr(line)?.local_modes;
    ensure!(
        modes.contains(rustix::termios::LocalModes::ECHO),
        "the password's prompt has left the line without an echo"
    );
    Ok(())
}

fn what_is_no_terminal_is_refused_in_words() -> Outcome {
    fs::write("/dev/plain", "")?;
    symlink("pts/0", "/dev/link")?;
    let mut gettys = Vec::new();
    for line in ["null", "plain", "link", "tty", "pts", "nosuch", "../etc/passwd", "-"] {
        let said = format!("/tmp/said-{}", line.replace('/', "_"));
        let mut getty = Command::new(Path::new(paths::PROGRAMS).join("getty"));
        gettys.push((line, start_as_init(getty.arg(line).stderr(File::create(&said)?))?, said));
    }
    for (line, getty, said) in gettys {
        if line == "nosuch" {
            // It says so at once, and ends when there may be another answer.
            tests::wait::until_in(Path::new("/tmp"), "a word about the missing line", || {
                Ok(Some(fs::read_to_string(&said)?).filter(|said| !said.is_empty()))
            })?;
            fs::write("/dev/nosuch", "")?;
        }
        ensure_eq!((line, getty.status()?), (line, 1));
        let said = fs::read_to_string(said)?;
        ensure!(said.starts_with("getty: ") && said.lines().count() <= 2, "of {line} getty says {said:?}");
    }
    ensure!(fs::read("/dev/plain")?.is_empty(), "getty wrote to a plain file");
    for input in ["/dev/null", "/dev/plain", "/dev/zero"] {
        let mut login = Command::new(Path::new(paths::PROGRAMS).join("login"));
        let ran = login.arg("alice").stdin(File::open(input)?).stdout(Stdio::piped()).output()?;
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        ensure!(said.starts_with("login: ") && said.contains("terminal"), "of {input} login says {said:?}");
        ensure_eq!(ran.status.code(), Some(1));
    }
    Ok(())
}

fn a_line_that_comes_late_ends_the_waiting() -> Outcome {
    let said = File::create("/tmp/said")?;
    let mut getty = Command::new(Path::new(paths::PROGRAMS).join("getty"));
    let getty = start_as_init(getty.arg("late").stderr(said))?;
    // getty tells before it waits; the device changes until it has seen it.
    tests::wait::until("getty has told", || Ok((fs::metadata("/tmp/said")?.len() > 0).then_some(())))?;
    tests::wait::until("getty ends when its line is there", || {
        fs::write("/dev/late.new", "")?;
        fs::rename("/dev/late.new", "/dev/late")?;
        Ok(getty.ended_within(Duration::from_millis(100))?.then_some(()))
    })?;
    ensure_eq!(getty.status()?, 1);
    Ok(())
}

fn a_line_that_vanishes_under_a_prompt_is_refused_in_words() -> Outcome {
    let mut visit = Visit::at_the_door()?;
    mount("tmpfs", "/dev/pts", "tmpfs", MountFlags::empty(), None::<&std::ffi::CStr>)?;
    visit.terminal.enter("alice")?;
    let status = visit.login.status()?;
    visit.terminal.expect("/dev")?;
    unmount("/dev/pts", UnmountFlags::empty())?;
    ensure_eq!(status, 1);
    ensure!(!visit.terminal.transcript()?.contains("Password"), "a password is asked for on a line that is gone");
    let Visit { mut terminal, .. } = visit;
    let getty = terminal.getty(&[])?;
    alice_logs_in(&mut terminal, &getty)
}
