//! The same scripts under the same PAM stacks at our login, at shadow's and at util-linux's: what the shell begins with, what is
//! recorded, what becomes of the line, and how login ends. Every difference is one of docs/differences.md.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use rustix::process::Signal;
use rustix::termios::{LocalModes, tcgetattr};
use tests::outcome::Outcome;
use tests::people::ALICE;
use tests::process::Process;
use tests::run::run;
use tests::terminal::Terminal;
use tests::{ensure, ensure_eq, peers, settings, stack};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(a_shell_begins_alike_after_each_of_three_logins),
    inside!(what_pam_sets_is_in_force_after_each_of_three_logins),
    inside!(each_of_three_logins_ends_with_the_same_status),
    inside!(the_records_are_those_of_shadows_login_and_those_it_leaves_out),
    inside!(the_line_that_the_peers_leave_raw_and_the_users_is_cooked_and_roots),
];

/// Whose login.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Whose {
    Ours,
    Shadows,
    UtilLinuxs,
}

const PEERS: [Whose; 2] = [Whose::Shadows, Whose::UtilLinuxs];

impl Whose {
    fn login(self) -> Outcome<Command> {
        match self {
            Self::Ours => Ok(Command::new("/bin/login")),
            Self::Shadows => Ok(Command::new(peers::program("login", &["bin/login", "usr/bin/login"])?)),
            Self::UtilLinuxs => peers::util_linux_login(),
        }
    }

    /// A login of `name` on a new terminal, up to the password.
    fn asks(self, name: &str) -> Outcome<(Terminal, Process)> {
        let mut terminal = Terminal::open()?;
        let login = terminal.start(self.login()?.args(["--", name]).env("TERM", "vt220"))?;
        terminal.expect("assword: ")?;
        Ok((terminal, login))
    }

    /// alice in her shell.
    fn lets_in(self) -> Outcome<(Terminal, Process)> {
        let (mut terminal, login) = self.asks("alice")?;
        terminal.enter("alice")?;
        terminal.expect("$ ")?;
        Ok((terminal, login))
    }

    /// A peer's answer in our words: `differences` are whose, the peer's words and ours.
    fn in_our_words(self, answer: &str, differences: &[(Self, &str, &str)]) -> String {
        let of_this = differences.iter().filter(|(whose, ..)| *whose == self);
        of_this.fold(answer.to_owned(), |text, (_, theirs, ours)| text.replace(theirs, ours))
    }
}

/// What the shell of each login answers to each question; the line's own name would make every two differ.
fn asked(whose: Whose, questions: &[&str]) -> Outcome<Vec<String>> {
    let (mut terminal, _login) = whose.lets_in()?;
    let line = terminal.line().to_owned();
    questions.iter().map(|question| Ok(terminal.shell(question)?.replace(&line, "LINE"))).collect()
}

fn alike(questions: &[&str], differences: &[(Whose, &str, &str)]) -> Outcome {
    let ours = asked(Whose::Ours, questions)?;
    let mut unlike = String::new();
    for whose in PEERS {
        let theirs = asked(whose, questions)?;
        for ((question, ours), theirs) in questions.iter().zip(&ours).zip(theirs) {
            let expected = whose.in_our_words(&theirs, differences);
            if *ours != expected {
                unlike += &format!("{question}\n--- ours\n{ours}\n--- {whose:?}, in our words\n{expected}\n");
            }
        }
    }
    ensure!(unlike.is_empty(), "{unlike}");
    Ok(())
}

/// What a process begins with.
const QUESTIONS: [&str; 9] = [
    "env -u XDG_SESSION_ID | sort",
    "ulimit -Sa; ulimit -Ha",
    "umask; pwd; id; tty; echo $0 $-",
    "stty -a",
    "stat -c '%u %g %a' $(tty)",
    "ls /proc/$$/fd",
    "grep -e SigBlk -e SigIgn -e Cap -e NoNewPrivs -e Groups /proc/$$/status",
    "ps -o ni=,tty= -p $$; test $(ps -o sid= -p $$) -eq $$ && echo leads; test $(ps -o tpgid= -p $$) -gt 0 && echo controls",
    "cat /proc/$$/oom_score_adj /proc/$$/loginuid /proc/$$/coredump_filter",
];

fn a_shell_begins_alike_after_each_of_three_logins() -> Outcome {
    rustix::process::setpriority_process(None, 7)?; // the caller's, whatever the tests themselves run at
    alike(
        &QUESTIONS,
        &[
            (Whose::Shadows, "  7 LINE", "  0 LINE"),
            (Whose::Shadows, "HUSHLOGIN=FALSE\n", ""),
            (Whose::Shadows, "LOGNAME=alice\n", "LOGNAME=alice\nMAIL=/var/mail/alice\n"),
            (Whose::Shadows, "LINE\ncontrols", "LINE\nleads\ncontrols"),
        ],
    )
}

fn what_pam_sets_is_in_force_after_each_of_three_logins() -> Outcome {
    fs::write(
        "/etc/limits",
        "alice - nofile 321\nalice soft core 0\nalice hard nproc 4000\nalice - nice 5\nalice - priority 3\n",
    )?;
    fs::write("/etc/variables", "COLOUR=green blue\nPATH=/opt/bin:/usr/bin:/bin\n")?;
    stack::end_with("session required pam_limits.so conf=/etc/limits")?;
    stack::end_with("session required pam_umask.so umask=027")?;
    stack::end_with("session required pam_env.so readenv=1 envfile=/etc/variables")?;
    alike(&["ulimit -Sa; ulimit -Ha", "umask; ps -o ni= -p $$", "echo $COLOUR; echo $PATH"], &[])
}

/// Has a login come to its end, and gives its status.
type End = fn(Whose) -> Outcome<i32>;

const ENDS: [(&str, End); 5] = [
    ("the shell's exit", |whose| ends_in_the_shell(whose, "exit 3")),
    ("a killed shell", |whose| ends_in_the_shell(whose, "kill -9 $$")),
    ("a terminated shell that leaves", |whose| ends_in_the_shell(whose, "trap 'exit 4' TERM; kill $$")),
    ("no right password", |whose| {
        let (mut terminal, login) = whose.asks("alice")?;
        terminal.enter("wrong")?;
        for _ in 0..2 {
            terminal.expect("login: ")?;
            terminal.enter("alice")?;
            terminal.expect("assword: ")?;
            terminal.enter("wrong")?;
        }
        login.status()
    }),
    ("a killed prompt", |whose| {
        let (_terminal, login) = whose.asks("alice")?;
        login.signal(Signal::KILL)?;
        login.status()
    }),
];

fn ends_in_the_shell(whose: Whose, how: &str) -> Outcome<i32> {
    let (terminal, login) = whose.lets_in()?;
    terminal.enter(how)?;
    login.status()
}

// Not to bash: it forgets a signal that comes between its prompt and its reading, and the peers send it once.
fn ends_by(whose: Whose, signal: Signal) -> Outcome<i32> {
    let (mut terminal, login) = whose.lets_in()?;
    terminal.enter("exec sh -c 'echo rea\"\"dy; exec cat'")?;
    terminal.expect("ready")?;
    login.signal(signal)?;
    login.status()
}

fn each_of_three_logins_ends_with_the_same_status() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    for (what, end) in ENDS {
        let ours = end(Whose::Ours).map_err(|e| e.during(format!("{what}, ours")))?;
        for whose in PEERS {
            let theirs = end(whose).map_err(|e| e.during(format!("{what}, {whose:?}")))?;
            ensure_eq!((what, whose, ours), (what, whose, theirs));
        }
    }
    // shadow's login leaves its shell behind then, and its session open.
    for signal in [Signal::TERM, Signal::HUP] {
        for whose in [Whose::Ours, Whose::UtilLinuxs] {
            let status = ends_by(whose, signal).map_err(|e| e.during(format!("{signal:?}, {whose:?}")))?;
            ensure_eq!((whose, status), (whose, 0));
        }
        ensure!(ends_by(Whose::Shadows, signal)? > 128, "shadow's login ends in order");
    }
    Ok(())
}

/// Who is recorded where after a wrong password, a right one and a logout: kind, user and line of each record.
fn records(whose: Whose) -> Outcome<Vec<String>> {
    let files = ["/run/utmp", "/var/log/wtmp", "/var/log/btmp"];
    for file in files {
        fs::write(file, "")?;
    }
    let (mut terminal, login) = whose.asks("alice")?;
    terminal.enter("wrong")?;
    terminal.expect("login: ")?;
    terminal.enter("alice")?;
    terminal.expect("assword: ")?;
    terminal.enter("alice")?;
    terminal.expect("$ ")?;
    terminal.enter("exit")?;
    login.status()?;
    let mut records = Vec::new();
    for file in files {
        for row in run("utmpdump", &[file])?.well()?.stdout.lines() {
            let cells: Vec<_> = row.split('[').map(|cell| cell.trim().trim_end_matches(']').trim()).collect();
            let [_, kind, _, _, user, line, ..] = cells[..] else { continue };
            records.push(format!("{file} {kind} {user} {}", line.replace(terminal.line(), "LINE")));
        }
    }
    Ok(records)
}

fn the_records_are_those_of_shadows_login_and_those_it_leaves_out() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    let theirs = records(Whose::Shadows)?;
    ensure_eq!(theirs, ["/run/utmp 7 alice LINE", "/var/log/btmp 7 alice LINE"]);
    let ours =
        ["/run/utmp 8  LINE", "/var/log/wtmp 7 alice LINE", "/var/log/wtmp 8  LINE", "/var/log/btmp 6 alice LINE"];
    ensure_eq!(records(Whose::Ours)?, ours);
    // Debian builds util-linux's without records.
    ensure_eq!(records(Whose::UtilLinuxs)?, Vec::<String>::new());
    Ok(())
}

/// What a shell that makes its line raw leaves: whether it is raw, and whose it is.
fn left(whose: Whose) -> Outcome<(bool, u32)> {
    let (terminal, login) = whose.lets_in()?;
    terminal.enter("stty raw -echo; exit")?;
    login.status()?;
    let is_raw = !tcgetattr(terminal.pty().slave()?)?.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO);
    Ok((is_raw, fs::metadata(terminal.pty().path())?.uid()))
}

fn the_line_that_the_peers_leave_raw_and_the_users_is_cooked_and_roots() -> Outcome {
    ensure_eq!(left(Whose::Ours)?, (false, 0));
    for whose in PEERS {
        ensure_eq!((whose, left(whose)?), (whose, (true, ALICE.uid)));
    }
    Ok(())
}
