//! The sandbox on a terminal, and the terminals in it.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::process::Command;

use tests::outcome::Outcome;
use tests::terminal::Terminal;
use tests::{ensure, ensure_eq};

use crate::case::{Case, inside, outside};
use crate::outer;

pub(crate) const CASES: &[Case] = &[
    inside!(a_line_belongs_to_root_and_the_group_tty, "--bare"),
    inside!(a_terminals_person_and_a_program_hear_each_other, "--bare"),
    outside!(a_command_on_a_terminal_gets_one_of_the_insides),
    outside!(the_last_words_of_a_short_command_are_shown),
    outside!(a_stream_that_is_no_terminal_stays_what_it_is),
    outside!(the_hosts_terminal_gets_its_modes_back),
];

fn a_line_belongs_to_root_and_the_group_tty() -> Outcome {
    let terminal = Terminal::open()?;
    let line = std::fs::metadata(terminal.pty().path())?;
    ensure!(line.file_type().is_char_device(), "{} is no device", terminal.line());
    ensure_eq!((line.uid(), line.gid(), line.mode() & 0o7777), (0, 5, 0o620));
    Ok(())
}

fn a_terminals_person_and_a_program_hear_each_other() -> Outcome {
    let mut terminal = Terminal::open()?;
    let shell = terminal.start(Command::new("sh").env("PS1", "ready> "))?;
    terminal.expect("ready> ")?;
    ensure_eq!(terminal.shell("tty")?, format!("/dev/{}", terminal.line()));
    ensure_eq!(terminal.shell("stty size")?, "24 80");
    // A line that is closed and opened again by somebody else goes on.
    terminal.enter("exit 3")?;
    ensure_eq!(shell.status()?, 3);
    terminal.start(Command::new("echo").arg("the next one"))?.ended()?;
    terminal.expect("the next one")?;
    Ok(())
}

// A terminal of this case's plays the host's.
fn a_command_on_a_terminal_gets_one_of_the_insides() -> Outcome {
    let mut terminal = Terminal::open()?;
    terminal.pty().resize(40, 132)?;
    let sandbox = terminal.start(outer::sandbox(&["--bare"], &["sh"])?.env("TERM", "vt100"))?;
    terminal.expect("# ")?;
    ensure_eq!(terminal.shell("tty")?, "/dev/pts/0");
    ensure_eq!(terminal.shell("readlink /proc/1/fd/* | grep -e pts -e tty")?, "");
    ensure_eq!(terminal.shell("stty size")?, "40 132");
    ensure_eq!(terminal.shell("echo $TERM")?, "vt100");
    terminal.pty().resize(30, 100)?;
    ensure_eq!(terminal.shell("until test \"$(stty size)\" = '30 100'; do :; done")?, "");
    // ^C is the inside's: it interrupts the program and not the sandbox.
    terminal.enter("sh -c \"echo run''ning; exec tail -f /dev/null\"")?;
    terminal.expect("running")?;
    terminal.send("\x03")?;
    ensure_eq!(terminal.shell("echo interrupted")?, "interrupted");
    terminal.enter("exit 5")?;
    ensure_eq!(sandbox.status()?, 5);
    Ok(())
}

fn the_last_words_of_a_short_command_are_shown() -> Outcome {
    for number in 0..10 {
        let mut terminal = Terminal::open()?;
        let words = format!("word {number}");
        let sandbox = terminal.start(&mut outer::sandbox(&["--bare"], &["echo", &words])?)?;
        terminal.expect(&words)?;
        ensure_eq!(sandbox.status()?, 0);
        let sandbox = terminal.start(&mut outer::sandbox(&["--bare"], &["/no/such/program"])?)?;
        terminal.expect("cannot run /no/such/program")?;
        ensure_eq!(sandbox.status()?, 127);
    }
    Ok(())
}

fn a_stream_that_is_no_terminal_stays_what_it_is() -> Outcome {
    let mut terminal = Terminal::open()?;
    let mut shell = Command::new("sh");
    let program = outer::demo()?.get_program().to_owned();
    shell
        .arg("-c")
        .arg("echo piped | \"$0\" --bare -- sh -c 'cat >&2; tty; echo out' >out; echo sandbox: $?")
        .arg(program);
    let shell = terminal.start(&mut shell)?;
    terminal.expect("piped")?;
    terminal.expect("sandbox: 0")?;
    ensure_eq!(shell.status()?, 0);
    ensure_eq!(std::fs::read_to_string("out")?, "not a tty\nout\n");
    Ok(())
}

fn the_hosts_terminal_gets_its_modes_back() -> Outcome {
    for end in ["exit 0\r", "KILL"] {
        let mut terminal = Terminal::open()?;
        let line = terminal.pty().slave()?;
        let before = format!("{:?}", rustix::termios::tcgetattr(&line)?);
        let sandbox = terminal.start(&mut outer::sandbox(&["--bare"], &["sh"])?)?;
        terminal.expect("# ")?;
        ensure!(format!("{:?}", rustix::termios::tcgetattr(&line)?) != before, "the terminal was not made raw");
        match end {
            "KILL" => sandbox.signal(rustix::process::Signal::KILL)?,
            typed => terminal.send(typed)?,
        }
        sandbox.ended()?;
        let subtree = outer::subtree(sandbox.pid())?;
        tests::wait::until_in(&outer::hierarchy()?, "the cgroup is removed", || Ok((!subtree.exists()).then_some(())))?;
        ensure_eq!(format!("{:?}", rustix::termios::tcgetattr(&line)?), before);
    }
    Ok(())
}
