//! Many lines kept by one getty, with the real login, PAM and logind: people who come and go at once, a getty that is
//! killed, lines that are hung up, changed and removed, and a person who wants to disturb the others.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use tests::outcome::Outcome;
use tests::people::{ALICE, BOB, Person, ROOT};
use tests::process::{self, Process};
use tests::run::run;
use tests::terminal::{Terminal, start_as_init};
use tests::{ensure, ensure_eq, paths, visit, wait};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(three_people_on_three_lines_log_in_and_out_at_once),
    inside!(a_killed_getty_of_many_lines_finds_its_logins_and_prompts_when_they_end),
    inside!(a_login_that_ended_while_no_getty_kept_its_line_is_recorded_and_succeeded),
    inside!(a_killed_login_leaves_its_line_to_the_next_prompt_and_the_others_alone),
    inside!(a_line_that_is_hung_up_ends_its_session_and_has_a_prompt_when_it_is_back),
    inside!(a_reload_leaves_who_is_logged_in_alone),
    inside!(an_orderly_end_takes_the_prompts_and_leaves_no_record_of_them),
    inside!(a_person_on_one_line_disturbs_no_other),
    inside!(what_a_person_left_running_cannot_type_for_the_next),
];

/// Where ttys.d(5) is read in these cases.
const FOLDER: &str = "/etc/ttys.d";

/// One getty for the lines of `terminals`.
fn keep(terminals: &[&Terminal]) -> Outcome<Process> {
    let lines = terminals.iter().map(|terminal| terminal.line()).collect::<Vec<_>>().join(",");
    start(&["--lines", &lines])
}

fn start(words: &[&str]) -> Outcome<Process> {
    start_as_init(Command::new(Path::new(paths::PROGRAMS).join("getty")).args(words))
}

/// What a person's session looks like from without.
struct Stay {
    session: String,
    leader: u32,
}

/// Sees to it that `person` is logged in on `terminal` as init's own child would be: the login leads a session of
/// processes, the shell another whose terminal is the line, and both are in the scope of the session that is registered.
fn is_in(terminal: &mut Terminal, person: &Person) -> Outcome<Stay> {
    ensure_eq!(terminal.shell("id -un")?, person.name);
    ensure_eq!(terminal.shell("tty")?, format!("/dev/{}", terminal.line()));
    let session = terminal.shell("printf '%s' \"$XDG_SESSION_ID\"")?;
    ensure!(!session.is_empty(), "{} has no session", person.name);
    let file = visit::file_of(&session);
    visit::state_is(&file, &[("USER", person.name), ("TTY", terminal.line()), ("STATE", "active")])?;
    let leader: u32 = visit::state(&file, "LEADER")?.unwrap_or_default().parse().unwrap_or_default();
    let ids = |pid: &str| -> Outcome<Vec<String>> {
        let ps = run("ps", &["-o", "sid=,pgid=,tty=", "-p", pid])?.well()?.stdout;
        Ok(ps.split_whitespace().map(str::to_owned).collect())
    };
    let login = leader.to_string();
    ensure_eq!(ids(&login)?, [login.as_str(), &login, "?"]);
    let shell = terminal.shell("echo $$")?;
    ensure_eq!(ids(&shell)?, [shell.as_str(), &shell, terminal.line()]);
    ensure!(process::cgroup(leader)?.ends_with(&format!("session-{session}.scope")), "the leader is not in its scope");
    ensure_eq!(open_files(leader)?, 0);
    Ok(Stay { session, leader })
}

/// How many files `pid` has open that are a getty's: what it waits with, and where it notes. login has a pidfd of its own, of
/// the shell.
fn open_files(pid: u32) -> Outcome<usize> {
    let mut found = 0;
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let Ok(target) = fs::read_link(entry?.path()) else { continue };
        let target = target.display().to_string();
        let is_gettys = ["anon_inode:", "/run/session-rs/getty"].iter().any(|of| target.contains(of));
        found += usize::from(is_gettys && !target.ends_with("[pidfd]"));
    }
    Ok(found)
}

/// Types `exit`, and waits for the prompt that follows.
fn log_out(terminal: &mut Terminal) -> Outcome {
    terminal.enter("exit")?;
    terminal.expect("login: ")?;
    Ok(())
}

/// The types of the records that utmp has of a line, as utmpdump(1) numbers them.
fn records(line: &str) -> Outcome<Vec<String>> {
    let dump = run("utmpdump", &["/run/utmp"])?.well()?.stdout;
    let rows = dump.lines().filter(|row| row.contains(&format!("[{line} ")) || row.contains(&format!("[{line}]")));
    Ok(rows.map(|row| row[..3].to_owned()).collect())
}

/// How many logins and how many logouts wtmp has of a line.
fn logins_and_logouts(line: &str) -> Outcome<(usize, usize)> {
    let dump = run("utmpdump", &["/var/log/wtmp"])?.well()?.stdout;
    let count =
        |kind: &str| dump.lines().filter(|row| row.starts_with(kind) && row.contains(&format!("[{line}"))).count();
    Ok((count("[7]"), count("[8]")))
}

fn three_people_on_three_lines_log_in_and_out_at_once() -> Outcome {
    let before = process::all()?;
    let mut terminals = [Terminal::open()?, Terminal::open()?, Terminal::open()?];
    let getty = keep(&terminals.each_ref())?;
    let people = [&ALICE, &BOB, &ROOT];
    // Every question is answered on all three before the next comes.
    for question in ["login: ", "assword: "] {
        for (terminal, person) in terminals.iter_mut().zip(people) {
            terminal.expect(question)?;
            terminal.enter(person.name)?;
        }
    }
    let mut stays = Vec::new();
    for (terminal, person) in terminals.iter_mut().zip(people) {
        terminal.expect(if person.uid == 0 { "# " } else { "$ " })?;
        stays.push(is_in(terminal, person)?);
    }
    let who = run("who", &[])?.well()?.stdout;
    ensure_eq!(who.lines().count(), 3);
    ensure_eq!(open_lines(&getty)?, 0);
    for terminal in terminals.iter_mut().rev() {
        log_out(terminal)?;
        ensure_eq!(records(terminal.line())?, ["[6]"]);
    }
    for stay in stays {
        visit::gone(&stay.session)?;
    }
    ensure_eq!(run("who", &[])?.well()?.stdout, "");
    for terminal in &terminals {
        ensure_eq!(logins_and_logouts(terminal.line())?, (1, 1));
    }
    getty.signal(Signal::TERM)?;
    ensure_eq!(getty.status()?, 0);
    visit::forget_users_soon()?;
    visit::nothing_left()?;
    process::none_but(&before.into_iter().chain(logind()?).collect::<Vec<_>>())
}

/// logind as it runs now: it was started anew.
fn logind() -> Outcome<Option<(u32, String)>> {
    Ok(Some((tests::init::pid("logind")?, String::new())))
}

/// How many lines `getty` has open.
fn open_lines(getty: &Process) -> Outcome<usize> {
    let mut found = 0;
    for entry in fs::read_dir(format!("/proc/{}/fd", getty.pid()))? {
        let Ok(target) = fs::read_link(entry?.path()) else { continue };
        found += usize::from(target.starts_with("/dev/pts"));
    }
    Ok(found)
}

fn a_killed_getty_of_many_lines_finds_its_logins_and_prompts_when_they_end() -> Outcome {
    let mut terminals = [Terminal::open()?, Terminal::open()?, Terminal::open()?];
    let first = keep(&terminals.each_ref())?;
    terminals[0].log_in(&ALICE)?;
    terminals[1].expect("login: ")?;
    terminals[1].enter("bob")?;
    terminals[1].expect("assword: ")?;
    terminals[2].expect("login: ")?;
    let stay = is_in(&mut terminals[0], &ALICE)?;
    first.signal(Signal::KILL)?;
    first.ended()?;
    let second = keep(&terminals.each_ref())?;
    terminals[2].log_in(&ROOT)?;
    ensure_eq!(is_in(&mut terminals[0], &ALICE)?.session, stay.session);
    // Whoever was at the password is not asked for the name again.
    terminals[1].enter("bob")?;
    ensure!(!terminals[1].expect("$ ")?.contains("login:"), "a second prompt came up");
    is_in(&mut terminals[1], &BOB)?;
    for terminal in &mut terminals[..2] {
        log_out(terminal)?;
        ensure_eq!(records(terminal.line())?, ["[6]"]);
    }
    visit::gone(&stay.session)?;
    terminals[0].enter("bob")?;
    terminals[0].expect("assword: ")?;
    second.signal(Signal::TERM)?;
    ensure_eq!(second.status()?, 0);
    // An end that was asked for leaves a login alone as well, also one that has not come so far.
    terminals[0].enter("bob")?;
    terminals[0].expect("$ ")?;
    is_in(&mut terminals[0], &BOB)?;
    is_in(&mut terminals[2], &ROOT).map(drop)
}

fn a_login_that_ended_while_no_getty_kept_its_line_is_recorded_and_succeeded() -> Outcome {
    let mut terminal = Terminal::open()?;
    let first = keep(&[&terminal])?;
    terminal.log_in(&ALICE)?;
    let stay = is_in(&mut terminal, &ALICE)?;
    // bash forgets a SIGHUP that comes between its prompt and its read until the next key; the program it becomes does not.
    terminal.enter("exec sh -c 'echo ru\"nn\"ing; exec tail -f /dev/null'")?;
    terminal.expect("running")?;
    first.signal(Signal::KILL)?;
    first.ended()?;
    Process::find(stay.leader)?.signal(Signal::KILL)?;
    visit::gone(&stay.session)?;
    ensure_eq!(records(terminal.line())?, ["[7]"]);
    let _second = keep(&[&terminal])?;
    terminal.log_in(&BOB)?;
    is_in(&mut terminal, &BOB)?;
    ensure_eq!(logins_and_logouts(terminal.line())?, (2, 1));
    Ok(())
}

fn a_killed_login_leaves_its_line_to_the_next_prompt_and_the_others_alone() -> Outcome {
    let mut terminals = [Terminal::open()?, Terminal::open()?];
    let _getty = keep(&terminals.each_ref())?;
    terminals[0].log_in(&ALICE)?;
    terminals[1].log_in(&BOB)?;
    let stay = is_in(&mut terminals[0], &ALICE)?;
    Process::find(stay.leader)?.signal(Signal::KILL)?;
    terminals[0].log_in(&ROOT)?;
    is_in(&mut terminals[0], &ROOT)?;
    is_in(&mut terminals[1], &BOB)?;
    visit::gone(&stay.session)?;
    ensure_eq!(logins_and_logouts(terminals[0].line())?, (2, 1));
    Ok(())
}

fn a_line_that_is_hung_up_ends_its_session_and_has_a_prompt_when_it_is_back() -> Outcome {
    let (mut stays, mut goes) = (Terminal::open()?, Terminal::open()?);
    let _getty = keep(&[&stays, &goes])?;
    stays.log_in(&ALICE)?;
    goes.log_in(&BOB)?;
    let (alice, bob) = (is_in(&mut stays, &ALICE)?, is_in(&mut goes, &BOB)?);
    let line = goes.line().to_owned();
    drop(goes);
    visit::gone(&bob.session)?;
    ensure_eq!(is_in(&mut stays, &ALICE)?.session, alice.session);
    wait::until("nobody is shown on the line that is gone", || Ok((records(&line)? == ["[8]"]).then_some(())))?;
    // The number is free again.
    let mut back = Terminal::open()?;
    ensure_eq!(back.line(), line);
    back.log_in(&ROOT)?;
    is_in(&mut back, &ROOT)?;
    drop(back);
    log_out(&mut stays)
}

fn a_reload_leaves_who_is_logged_in_alone() -> Outcome {
    fs::create_dir(FOLDER)?;
    let mut terminals = [Terminal::open()?, Terminal::open()?, Terminal::open()?];
    let row = |terminal: &Terminal, rest: &str| {
        let name = terminal.line().replace('/', "-");
        fs::write(format!("{FOLDER}/{name}.conf"), format!("{} {rest}\n", terminal.line()))
    };
    row(&terminals[0], "")?;
    row(&terminals[1], "\"--nohostname\" vt220 on")?;
    let getty = start(&["--lines-from", "ttys.d"])?;
    terminals[0].log_in(&ALICE)?;
    terminals[1].log_in(&BOB)?;
    ensure_eq!(terminals[1].shell("echo $TERM")?, "vt220");
    let stays = [is_in(&mut terminals[0], &ALICE)?, is_in(&mut terminals[1], &BOB)?];
    row(&terminals[0], "- - off")?;
    row(&terminals[1], "\"--nohostname\" vt100 on")?;
    row(&terminals[2], "")?;
    getty.signal(Signal::HUP)?;
    terminals[2].log_in(&ROOT)?;
    ensure_eq!(is_in(&mut terminals[0], &ALICE)?.session, stays[0].session);
    ensure_eq!(is_in(&mut terminals[1], &BOB)?.session, stays[1].session);
    terminals[0].enter("exit")?;
    visit::gone(&stays[0].session)?;
    log_out(&mut terminals[1])?;
    terminals[1].enter("bob")?;
    terminals[1].expect("assword: ")?;
    terminals[1].enter("bob")?;
    terminals[1].expect("$ ")?;
    ensure_eq!(terminals[1].shell("echo $TERM")?, "vt100");
    ensure_eq!(records(terminals[0].line())?, ["[8]"]);
    ensure!(!terminals[0].transcript()?.ends_with("login: "), "there is a prompt on a line that is off");
    Ok(())
}

fn an_orderly_end_takes_the_prompts_and_leaves_no_record_of_them() -> Outcome {
    let before = process::all()?;
    let mut terminals = [Terminal::open()?, Terminal::open()?, Terminal::open()?];
    let getty = keep(&terminals.each_ref())?;
    for terminal in &mut terminals {
        terminal.expect("login: ")?;
    }
    ensure_eq!(run("who", &["-l"])?.well()?.stdout.lines().count(), 3);
    terminals[0].send("ali")?;
    terminals[0].expect("ali")?;
    getty.signal(Signal::TERM)?;
    ensure_eq!(getty.status()?, 0);
    process::none_but(&before)?;
    ensure_eq!(records(terminals[1].line())?, ["[8]"]);
    for terminal in &terminals {
        let modes = rustix::termios::tcgetattr(terminal.pty().slave()?)?;
        ensure!(
            terminal.line() == terminals[0].line() || modes.local_modes.contains(rustix::termios::LocalModes::ECHO),
            "{} keeps the modes of the prompt",
            terminal.line()
        );
    }
    ensure_eq!(visit::names_in("/run/session-rs/getty")?.len(), 1);
    let _next = keep(&terminals.each_ref())?;
    for terminal in &mut terminals {
        terminal.log_in(&ALICE)?;
    }
    Ok(())
}

fn a_person_on_one_line_disturbs_no_other() -> Outcome {
    let (mut hers, mut his) = (Terminal::open()?, Terminal::open()?);
    let getty = keep(&[&hers, &his])?;
    his.expect("login: ")?;
    hers.log_in(&ALICE)?;
    let other = format!("/dev/{}", his.line());
    for attack in [
        format!("exec 3<{other}"),
        format!("exec 3>{other}"),
        format!("stty -F {other} -echo"),
        format!("chmod 666 {other}"),
        format!("kill -STOP {}", getty.pid()),
        format!("kill -HUP {}", getty.pid()),
        "ls /run/session-rs/getty".to_owned(),
        "echo 'pts/0 - - off' >/etc/ttys.d/x.conf".to_owned(),
        format!("cat /proc/{}/environ", getty.pid()),
    ] {
        let answer = hers.shell(&format!("({attack}) 2>/dev/null || echo refused"))?;
        ensure_eq!((attack.as_str(), answer.as_str()), (attack.as_str(), "refused"));
    }
    // She stops her own line, and fills it; his is as before.
    hers.enter("yes noise & sleep 0; stty -ixon; kill -STOP $$")?;
    his.enter("bob")?;
    his.expect("assword: ")?;
    his.enter("bob")?;
    his.expect("$ ")?;
    is_in(&mut his, &BOB)?;
    wait::until("the getty waits for what comes next", || {
        Ok((process::status_field(getty.pid(), "State")? == "S (sleeping)").then_some(()))
    })
}

fn what_a_person_left_running_cannot_type_for_the_next() -> Outcome {
    let mut terminal = Terminal::open()?;
    let _getty = keep(&[&terminal])?;
    terminal.log_in(&ALICE)?;
    // TIOCSTI (0x5412) types for whoever has the line; the shell is gone first, so that it is not the one that is typed for.
    let script = "$SIG{HUP} = 'IGNORE'; $| = 1; open(F, '>', '/tmp/left'); $shell = getppid; syswrite(F, \"here\\n\");
        while (-t STDIN) { ioctl(STDIN, 0x5412, 'e') if !kill(0, $shell); select(undef, undef, undef, 0.001) }
        while (sysread(STDIN, $x, 1)) { syswrite(F, $x) } syswrite(F, \"end\\n\")";
    fs::write("/tmp/left.pl", script)?;
    terminal.enter("perl /tmp/left.pl 2>/dev/null & disown")?;
    let left = |word: &'static str| {
        wait::until(word, move || Ok(fs::read_to_string("/tmp/left").unwrap_or_default().contains(word).then_some(())))
    };
    left("here")?;
    terminal.enter("exit")?;
    terminal.expect("login: ")?;
    left("end")?;
    terminal.enter("bob")?;
    terminal.expect("assword: ")?;
    terminal.enter("bob")?;
    terminal.expect("$ ")?;
    is_in(&mut terminal, &BOB)?;
    let read = fs::read_to_string("/tmp/left")?;
    ensure!(!read.contains("bob"), "what alice left running has read the name: {read}");
    Ok(())
}
