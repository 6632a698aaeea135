//! Our login, shadow's and util-linux's with the same command line and the same settings: what the screen shows, what the
//! shell is given, what is greeted, and what the audit trail hears.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::outcome::{Failure, Outcome};
use tests::process::Process;
use tests::terminal::Terminal;
use tests::{ensure, ensure_eq, peers, settings, stack};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(a_command_line_gives_the_shell_what_debians_login_gives_it),
    inside!(variables_that_debians_login_forbids_are_forbidden_with_the_same_words),
    inside!(whoever_wants_quiet_has_it_as_from_debians_login),
    inside!(the_screen_reads_as_with_util_linuxs_login),
    inside!(util_linuxs_keys_mean_what_they_mean_to_its_login),
    inside!(the_audit_trail_hears_of_logins_and_refusals_what_debians_login_tells_it),
];

/// Ours, and Debian's.
fn logins() -> Outcome<[PathBuf; 2]> {
    Ok([PathBuf::from("/bin/login"), peers::program("login", &["bin/login", "usr/bin/login"])?])
}

/// A login of this program's on a terminal of its own.
fn start(login: &Path, arguments: &[&str]) -> Outcome<(Terminal, Process)> {
    let terminal = Terminal::open()?;
    let login = terminal.start(Command::new(login).args(arguments).env("FROM_GETTY", "a word").env("TERM", "vt220"))?;
    Ok((terminal, login))
}

fn a_command_line_gives_the_shell_what_debians_login_gives_it() -> Outcome {
    // The day and the time of a login are its own.
    let questions = "echo $LANG, $WORDS, $EMPTY, $FROM_GETTY, $REMOTEHOST, $TERM, $USER, $HOME, $SHELL; \
                     LC_ALL=C who -m | sed 's/ [A-Z][a-z][a-z] [ 0-9][0-9] [0-9][0-9]:[0-9][0-9]/ WHEN/'";
    for arguments in [
        &["-f", "alice"][..],
        &["-p", "-f", "alice"],
        &["-h", "pc.example.org", "-f", "alice"],
        &["-f", "alice", "LANG=C", "WORDS=a b=c", "EMPTY=", "USER=bob"],
        &["-p", "-h", "192.0.2.7", "-f", "alice", "FROM_GETTY=other"],
    ] {
        let mut answers = Vec::new();
        for login in logins()? {
            let (mut terminal, _login) = start(&login, arguments)?;
            terminal.expect("$ ")?;
            let answer = terminal.shell(questions)?.replace(terminal.line(), "LINE");
            ensure!(answer.contains(" WHEN"), "who says {answer:?}");
            answers.push(answer.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        ensure_eq!((arguments, &answers[0]), (arguments, &answers[1]));
    }
    Ok(())
}

fn variables_that_debians_login_forbids_are_forbidden_with_the_same_words() -> Outcome {
    let forbidden = [
        "BASH_ENV",
        "ENV",
        "HOME",
        "IFS",
        "KRB_CONF",
        "LD_PRELOAD",
        "LIBPATH",
        "MAIL",
        "NLSPATH",
        "PATH",
        "SHELL",
        "SHLIB_PATH",
        "_RLD_",
    ];
    let variables = forbidden.map(|name| format!("{name}=/nowhere"));
    let arguments: Vec<_> = ["-f", "alice"].into_iter().chain(variables.iter().map(String::as_str)).collect();
    let mut told = Vec::new();
    for login in logins()? {
        let (mut terminal, _login) = start(&login, &arguments)?;
        terminal.expect("$ ")?;
        let kept = terminal.shell("env | grep nowhere || echo none")?;
        ensure_eq!(kept, "none");
        let screen = terminal.transcript()?;
        told.push(
            screen.lines().filter(|line| line.contains("may not")).map(|l| l.trim().to_owned()).collect::<Vec<_>>(),
        );
    }
    ensure_eq!(told[0].len(), forbidden.len());
    ensure_eq!(told[0], told[1]);
    Ok(())
}

fn whoever_wants_quiet_has_it_as_from_debians_login() -> Outcome {
    stack::end_with("session optional pam_motd.so motd=/etc/motd")?;
    fs::write("/etc/motd", "welcome to the machine\n")?;
    let shown = || -> Outcome<Vec<usize>> {
        let mut shown = Vec::new();
        for login in logins()? {
            let (mut terminal, _login) = start(&login, &["-f", "alice"])?;
            terminal.expect("$ ")?;
            shown.push(terminal.transcript()?.matches("welcome to the machine").count());
        }
        Ok(shown)
    };
    settings::login_defs("HUSHLOGIN_FILE", ".quiet")?;
    ensure_eq!(shown()?, [1, 1]);
    fs::write("/home/alice/.quiet", "")?;
    ensure_eq!(shown()?, [0, 0]);
    settings::login_defs("HUSHLOGIN_FILE", "/etc/quiet")?;
    ensure_eq!(shown()?, [1, 1]);
    for (list, expected) in [("bob\nalice\n", [0, 0]), ("/bin/bash\n", [0, 0]), ("bob\nali\n", [1, 1])] {
        fs::write("/etc/quiet", list)?;
        ensure_eq!((list, shown()?), (list, expected.to_vec()));
    }
    Ok(())
}

/// Ours, and util-linux's.
fn like_util_linuxs() -> Outcome<[Command; 2]> {
    Ok([Command::new("/bin/login"), peers::util_linux_login()?])
}

/// The words that are read on a line up to the last one waited for, and login's status. Of what comes after that a hang-up
/// of the line may take some away.
fn screen(mut login: Command, arguments: &[&str], steps: &[(&str, &str)]) -> Outcome<(String, i32)> {
    let mut terminal = Terminal::open()?;
    // util-linux's login lets the caller say where home is.
    let process =
        terminal.start(login.args(arguments).env("TERM", "vt220").env("FROM_GETTY", "a word").env_remove("HOME"))?;
    let mut text = String::new();
    for (seen, typed) in steps {
        text += &terminal.expect(seen)?;
        if !typed.is_empty() {
            terminal.enter(typed)?;
        }
    }
    let status = process.status()?;
    let text = text.replace(terminal.line(), "LINE");
    Ok((text.split_whitespace().collect::<Vec<_>>().join(" "), status))
}

/// Whether both show the same and end alike, with these words on the screen.
fn alike(what: &str, arguments: &[&str], steps: &[(&str, &str)], words: &[&str]) -> Outcome {
    let [ours, theirs] = like_util_linuxs()?;
    let (ours, theirs) = (screen(ours, arguments, steps)?, screen(theirs, arguments, steps)?);
    ensure_eq!((what, &ours), (what, &theirs));
    for words in words {
        ensure!(ours.0.contains(words), "{what}: no {words:?} in {:?}", ours.0);
    }
    Ok(())
}

/// Steps of who types the right password and goes.
const IN_AND_OUT: [(&str, &str); 2] = [("assword: ", "alice"), ("$ ", "exit")];

fn the_screen_reads_as_with_util_linuxs_login() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    let wrong = ("assword: ", "wrong");
    let again = ("login: ", "alice");
    alike("a login", &["--", "alice"], &IN_AND_OUT, &["alice@sandbox"])?;
    alike("a second try", &["--", "alice"], &[&[wrong, again], &IN_AND_OUT[..]].concat(), &["Login incorrect"])?;
    let unknown = ("login: ", "nobody-here");
    settings::login_defs("LOGIN_RETRIES", "3")?;
    alike(
        "no try left",
        &["--", "alice"],
        &[wrong, unknown, wrong, again, wrong, ("incorrect", "")],
        &["Login incorrect"],
    )?;
    settings::login_defs("LOGIN_KEEP_USERNAME", "yes")?;
    alike("a kept name", &["--", "alice"], &[&[wrong], &IN_AND_OUT[..]].concat(), &["Password incorrect"])?;
    settings::login_defs("LOGIN_TIMEOUT", "6")?;
    alike(
        "no time left",
        &["--", "alice"],
        &[("assword: ", ""), ("seconds", "")],
        &["login: timed out after 6 seconds"],
    )
}

fn util_linuxs_keys_mean_what_they_mean_to_its_login() -> Outcome {
    // Debian builds it without messages of the day of its own.
    stack::end_with("session optional pam_motd.so motd=/etc/motd")?;
    fs::write("/etc/motd", "welcome to the machine\n")?;
    alike("everybody is greeted", &["-f", "alice"], &[("$ ", "exit")], &["welcome to"])?;
    for list in ["alice\n", "/bin/bash\n", "", "bob\n/bin/sh\n"] {
        fs::write("/etc/hush", list)?;
        settings::login_defs("HUSHLOGIN_FILE", "/etc/hush")?;
        alike(list, &["-f", "alice"], &[("$ ", "exit")], if list.contains("bob") { &["welcome"] } else { &[] })?;
    }
    for file in [".hush", "/etc/no-hush", "\"\""] {
        settings::login_defs("HUSHLOGIN_FILE", file)?;
        alike(file, &["-f", "alice"], &[("$ ", "exit")], &["welcome"])?;
    }
    settings::login_defs("LOGIN_ENV_SAFELIST", "FROM_GETTY,NOT_THERE")?;
    let asked = [("$ ", "echo .$FROM_GETTY. .$MAIL. $HOME $PATH $TERM"), ("$ ", "exit")];
    alike("a safe variable", &["-f", "alice"], &asked, &[".a word."])?;
    settings::login_defs("TTYPERM", "0640")?;
    let asked = [("$ ", "env -u XDG_SESSION_ID -u _ | sort; ulimit -Sa; umask; id; echo $0"), ("$ ", "exit")];
    alike("an environment", &["-f", "alice"], &asked, &["LOGNAME=alice", "MAIL=/var/mail/alice"])?;
    alike("a kept environment", &["-p", "-f", "alice"], &asked, &["FROM_GETTY=a word"])?;
    let asked = [("$ ", "stat -c '%u %G %a' $(tty)"), ("$ ", "exit")];
    alike("a mode", &["-f", "alice"], &asked, &["4001 tty 640"])?;
    alike("root's own path", &["-f", "root"], &[("# ", "echo $PATH"), ("# ", "exit")], &["sbin"])
}

/// The type of AUDIT_USER_LOGIN (linux/audit.h), as strace writes what it has no name for.
const USER_LOGIN: &str = "nlmsg_type=0x458";

/// What a program tells the audit trail of a wrong password and a right one.
fn audited(login: &Path) -> Outcome<Vec<String>> {
    let trace = "/tmp/trace";
    let mut terminal = Terminal::open()?;
    let mut traced = Command::new("strace");
    traced.args(["-f", "-e", "trace=sendto", "-s", "1000", "-o", trace]).arg(login).args(["--", "alice"]);
    let process = terminal.start(&mut traced)?;
    for (seen, typed) in [("assword: ", "wrong"), ("login: ", "alice"), ("assword: ", "alice"), ("$ ", "exit")] {
        terminal.expect(seen)?;
        terminal.enter(typed)?;
    }
    process.status()?;
    let trace = fs::read_to_string(trace)?;
    trace
        .lines()
        .filter(|line| line.contains(USER_LOGIN))
        .map(|line| Ok(words(line)?.replace(terminal.line(), "LINE")))
        .collect()
}

/// The words that a line of strace's shows in escapes.
fn words(line: &str) -> Outcome<String> {
    let escapes = line.split('"').nth(1).ok_or_else(|| Failure::new("strace shows no message"))?;
    let bytes = escapes.split("\\x").skip(1).map(|digits| u8::from_str_radix(digits, 16));
    let bytes: Vec<_> = bytes.collect::<Result<_, _>>().map_err(|_| Failure::new("strace shows no bytes"))?;
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned())
}

fn the_audit_trail_hears_of_logins_and_refusals_what_debians_login_tells_it() -> Outcome {
    let [ours, theirs] = logins()?;
    let (our_words, their_words) = (audited(&ours)?, audited(&theirs)?);
    ensure_eq!(their_words.len(), 2);
    let program = |path: &Path| -> Outcome<String> { Ok(format!("exe=\"{}\"", fs::canonicalize(path)?.display())) };
    let expected: Vec<_> = {
        let (ours, theirs) = (program(&ours)?, program(&theirs)?);
        let as_ours = |text: &String| text.replace(&theirs, &ours).replace("terminal=/dev/", "terminal=");
        their_words.iter().map(as_ours).collect()
    };
    ensure_eq!(our_words[0], expected[0]);
    // Of a login ours tells the uid, as util-linux's and sshd do.
    ensure!(expected[1].contains("acct=\"alice\"") && expected[1].ends_with("res=success"), "{expected:?}");
    ensure_eq!(our_words[1], expected[1].replace("acct=\"alice\"", "id=4001"));
    ensure_eq!(our_words.len(), 2);
    Ok(())
}
