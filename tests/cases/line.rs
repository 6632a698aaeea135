//! Who has the line open before a login, and what a login does about it.

use std::path::Path;
use std::process::Command;

use rustix::termios::tcgetattr;
use tests::outcome::Outcome;
use tests::people::ALICE;
use tests::process::Process;
use tests::run::run;
use tests::terminal::Terminal;
use tests::{ensure, ensure_eq, paths, settings, stack};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(who_had_the_line_open_before_a_login_that_hangs_it_up_reads_no_password, "--no-bus"),
    inside!(the_logout_of_a_login_that_hung_while_it_closed_is_recorded_by_the_next_getty, "--no-bus"),
    inside!(a_pseudo_terminal_is_not_hung_up_under_who_is_at_its_other_end, "--no-bus"),
];

fn login(terminal: &Terminal, options: &[&str]) -> Outcome<Process> {
    terminal.start(Command::new(Path::new(paths::PROGRAMS).join("login")).args(options))
}

fn who_had_the_line_open_before_a_login_that_hangs_it_up_reads_no_password() -> Outcome {
    let mut terminal = Terminal::open()?;
    terminal.pty().resize(33, 99)?;
    let left_open = terminal.pty().slave()?;
    let login = login(&terminal, &["--hangup"])?;
    terminal.expect("login: ")?;
    ensure!(tcgetattr(&left_open).is_err(), "the line is still open for who had it before");
    terminal.enter(ALICE.name)?;
    terminal.expect("Password: ")?;
    terminal.enter(ALICE.name)?;
    terminal.expect("$ ")?;
    ensure_eq!(terminal.shell("ps -o tty= -p $$; stty size")?, format!("{}\n33 99", terminal.line()));
    terminal.enter("exit")?;
    ensure_eq!(login.status()?, 0);
    Ok(())
}

/// The kinds of the records in wtmp that name `line` (utmp(5)).
fn kinds_in_wtmp(line: &str) -> Outcome<String> {
    let dump = run("utmpdump", &["/var/log/wtmp"])?.well()?.stdout;
    let rows = dump.lines().filter(|row| row.contains(&format!("[{line} ")));
    Ok(rows.filter_map(|row| row.get(1..2)).collect())
}

fn the_logout_of_a_login_that_hung_while_it_closed_is_recorded_by_the_next_getty() -> Outcome {
    settings::login_defs("LOGIN_TIMEOUT", "6")?; // for the way in as well
    stack::begin_with("session required pam_exec.so type=close_session /bin/sleep infinity")?;
    let mut terminal = Terminal::open()?;
    let getty = terminal.getty(&[])?;
    terminal.log_in(&ALICE)?;
    terminal.enter("exit")?;
    ensure_eq!(getty.status()?, 0);
    ensure_eq!(kinds_in_wtmp(terminal.line())?, "67");
    let _next = terminal.getty(&[])?;
    terminal.expect("login: ")?;
    ensure_eq!(kinds_in_wtmp(terminal.line())?, "6786");
    Ok(())
}

fn a_pseudo_terminal_is_not_hung_up_under_who_is_at_its_other_end() -> Outcome {
    let mut terminal = Terminal::open()?;
    let left_open = terminal.pty().slave()?;
    let login = login(&terminal, &[])?;
    terminal.expect("login: ")?;
    tcgetattr(&left_open)?;
    terminal.send("\x04")?;
    ensure_eq!(login.status()?, 0);
    Ok(())
}
