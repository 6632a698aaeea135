//! The same visit by our getty and login and by util-linux's agetty with Debian's login, with the same PAM stack: what the
//! person and the records see is compared, and every difference is one of docs/differences.md.

use std::fs;
use std::os::unix::fs::MetadataExt;

use tests::outcome::Outcome;
use tests::people::{ALICE, Person};
use tests::process::Process;
use tests::run::run;
use tests::terminal::{Terminal, start_as_init};
use tests::{ensure, ensure_eq, peers};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(the_shell_has_what_it_has_after_agetty_and_login),
    inside!(a_logout_is_recorded_where_agetty_and_login_leave_that_to_others),
    inside!(the_screen_reads_as_with_agetty_and_login),
    inside!(the_line_is_roots_again_where_agetty_and_login_leave_it_to_the_next),
];

/// Whose getty and login.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Chain {
    Ours,
    Theirs,
}

/// Somebody at the prompt of a getty.
struct Visit {
    terminal: Terminal,
    getty: Process,
}

impl Visit {
    fn at_the_door(chain: Chain) -> Outcome<Self> {
        let mut terminal = Terminal::open()?;
        let getty = match chain {
            Chain::Ours => terminal.getty(&[])?,
            Chain::Theirs => start_as_init(&mut peers::agetty(terminal.line())?)?,
        };
        terminal.expect("login: ")?;
        Ok(Self { terminal, getty })
    }

    fn begin(chain: Chain, person: &Person) -> Outcome<Self> {
        let mut visit = Self::at_the_door(chain)?;
        visit.terminal.enter(person.name)?;
        visit.terminal.expect("assword: ")?;
        visit.terminal.enter(person.name)?;
        visit.terminal.expect("$ ")?;
        Ok(visit)
    }

    // The line's own name would make every two visits differ.
    fn ask(&mut self, command: &str) -> Outcome<String> {
        let line = self.terminal.line().to_owned();
        Ok(self.terminal.shell(command)?.replace(&line, "LINE"))
    }

    fn leave(self) -> Outcome<(Terminal, i32)> {
        self.terminal.enter("exit 3")?;
        let status = self.getty.status()?;
        Ok((self.terminal, status))
    }
}

/// What is asked in both shells, and answered alike but for [`DIFFERENCES`].
const QUESTIONS: [&str; 7] = [
    "env -u XDG_SESSION_ID | sort",
    "ulimit -Sa; ulimit -Ha",
    "umask; pwd; id; tty; echo $0 $-",
    "stty -a",
    "stat -c '%u %g %a' $(tty)",
    "ls /proc/$$/fd",
    "grep -e SigBlk -e SigIgn -e Cap -e NoNewPrivs /proc/$$/status",
];

/// The words of agetty's and Debian's login in an answer, and ours in their place (docs/differences.md).
const DIFFERENCES: [(&str, &str); 6] = [
    ("HUSHLOGIN=FALSE\n", ""),
    ("LOGNAME=alice\n", "LOGNAME=alice\nMAIL=/var/mail/alice\n"),
    (" -brkint ", " brkint "),
    (" ixoff\n", " -ixoff\n"),
    (" -imaxbel ", " imaxbel "),
    (" -iexten ", " iexten "),
];

fn as_ours(theirs: &str) -> String {
    DIFFERENCES.iter().fold(theirs.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
}

fn the_shell_has_what_it_has_after_agetty_and_login() -> Outcome {
    let mut ours = Visit::begin(Chain::Ours, &ALICE)?;
    let mut theirs = Visit::begin(Chain::Theirs, &ALICE)?;
    for question in QUESTIONS {
        let (ours, theirs) = (ours.ask(question)?, theirs.ask(question)?);
        let expected = as_ours(&theirs);
        ensure!(ours == expected, "{question}\n--- ours\n{ours}\n--- theirs, with the known differences\n{expected}");
    }
    Ok(())
}

/// The kinds of the records that a visit leaves on its line: all of wtmp, and the last word of utmp.
fn kinds_of_records(chain: Chain) -> Outcome<(String, String)> {
    let visit = Visit::begin(chain, &ALICE)?;
    let line = visit.terminal.line().to_owned();
    let _held = visit.leave()?; // the line's name is nobody else's until it was looked for
    let kinds = |file: &str| -> Outcome<String> {
        let dump = run("utmpdump", &[file])?.well()?.stdout;
        let rows = dump.lines().filter(|row| row.contains(&format!("[{line} ")));
        Ok(rows.filter_map(|row| row.get(1..2)).collect())
    };
    Ok((kinds("/var/log/wtmp")?, kinds("/run/utmp")?))
}

fn a_logout_is_recorded_where_agetty_and_login_leave_that_to_others() -> Outcome {
    // LOGIN_PROCESS, USER_PROCESS, DEAD_PROCESS (utmp(5)).
    ensure_eq!(kinds_of_records(Chain::Theirs)?, ("6".to_owned(), "7".to_owned()));
    for file in ["/var/log/wtmp", "/run/utmp"] {
        fs::write(file, "")?; // else our getty records the logout that is missing
    }
    ensure_eq!(kinds_of_records(Chain::Ours)?, ("678".to_owned(), "8".to_owned()));
    Ok(())
}

/// What a person reads from the prompt on, a wrong password first: without blank lines and the carriage returns' number.
fn screen(chain: Chain) -> Outcome<Vec<String>> {
    let mut visit = Visit::at_the_door(chain)?;
    for (password, then) in [("wrong", "login: "), (ALICE.name, "$ ")] {
        visit.terminal.enter(ALICE.name)?;
        visit.terminal.expect("assword: ")?;
        visit.terminal.enter(password)?;
        visit.terminal.expect(then)?;
    }
    let text = visit.terminal.transcript()?.replace(visit.terminal.line(), "LINE");
    Ok(text.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

fn the_screen_reads_as_with_agetty_and_login() -> Outcome {
    ensure_eq!(screen(Chain::Ours)?, screen(Chain::Theirs)?);
    Ok(())
}

/// What a visit leaves: login's exit status, and who has the line.
fn left(chain: Chain) -> Outcome<(i32, u32)> {
    let (terminal, status) = Visit::begin(chain, &ALICE)?.leave()?;
    Ok((status, fs::metadata(terminal.pty().path())?.uid()))
}

fn the_line_is_roots_again_where_agetty_and_login_leave_it_to_the_next() -> Outcome {
    ensure_eq!(left(Chain::Ours)?, (0, 0));
    ensure_eq!(left(Chain::Theirs)?, (0, ALICE.uid));
    Ok(())
}
