//! Who has the line open before a login, and what a login does about it.

use std::path::Path;
use std::process::Command;

use rustix::termios::tcgetattr;
use tests::outcome::Outcome;
use tests::people::ALICE;
use tests::process::Process;
use tests::terminal::Terminal;
use tests::{ensure, ensure_eq, paths};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(who_had_the_line_open_before_a_login_that_hangs_it_up_reads_no_password, "--no-bus"),
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
