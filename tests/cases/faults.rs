//! What goes wrong at the prompt, in logind, on the bus and by `kill -9`, and must end in a clear word and nothing lost.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use tests::outcome::Outcome;
use tests::people::ALICE;
use tests::process::Process;
use tests::run::run;
use tests::strace::{Call, Tracer};
use tests::visit::{self, Visit};
use tests::{ensure, ensure_eq, init, stack, wait};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(an_unknown_user_is_asked_for_a_password_and_told_no_more_than_others),
    inside!(three_wrong_passwords_end_the_login_and_are_three_records),
    inside!(a_name_that_is_an_option_is_refused),
    inside!(without_logind_a_person_logs_in_all_the_same),
    inside!(a_hung_logind_holds_no_login_longer_than_the_deadline),
    inside!(without_a_bus_the_session_is_registered_by_the_private_door),
    inside!(a_killed_login_takes_its_shell_along_and_the_next_prompt_is_read_by_nobody_else),
    inside!(a_killed_login_leaves_nothing_behind),
    inside!(a_killed_shell_ends_its_session_in_order),
    inside!(a_killed_logind_finds_its_sessions_again),
    inside!(a_session_that_ended_while_logind_was_down_is_gone_when_it_is_back),
    inside!(what_was_told_to_go_is_killed_though_logind_was_killed_meanwhile),
    inside!(a_logind_killed_inside_create_session_leaves_a_login_and_no_leak),
];

fn an_unknown_user_is_asked_for_a_password_and_told_no_more_than_others() -> Outcome {
    let mut visit = Visit::at_the_door()?;
    visit.give("nobody-of-that-name", "guess")?;
    visit.terminal.expect("Login incorrect")?;
    let lastb = run("lastb", &["-f", "/var/log/btmp"])?.well()?.stdout;
    ensure!(!lastb.contains("nobody-of-that-name"), "an unknown name, maybe a password, is in btmp:\n{lastb}");
    let log = fs::read_to_string(tests::paths::MESSAGES).unwrap_or_default();
    ensure!(!log.contains("nobody-of-that-name") || log.contains("pam_"), "our programs log an unknown name:\n{log}");
    Ok(())
}

fn three_wrong_passwords_end_the_login_and_are_three_records() -> Outcome {
    let mut visit = Visit::at_the_door()?;
    visit.give("alice", "wrong")?;
    for _ in 0..2 {
        visit.terminal.expect("Login incorrect")?;
        visit.terminal.expect("login: ")?;
        visit.give("alice", "wrong")?;
    }
    visit.terminal.expect("Login incorrect")?;
    visit.login.ended()?;
    let lastb = run("lastb", &["-f", "/var/log/btmp"])?.well()?.stdout;
    ensure_eq!(lastb.lines().filter(|row| row.starts_with("alice")).count(), 3);
    ensure_eq!(visit::names_in(visit::SESSIONS)?, Vec::<String>::new());
    Ok(())
}

fn a_name_that_is_an_option_is_refused() -> Outcome {
    for name in ["-froot", "-f root", "-h", "--"] {
        let mut visit = Visit::at_the_door()?;
        visit.terminal.enter(name)?;
        let screen = visit.terminal.expect("login: ");
        let asked_again = screen.is_ok();
        let transcript = visit.terminal.transcript()?;
        ensure!(!transcript.contains('#') && !transcript.contains("Password"), "{name:?} came through:\n{transcript}");
        ensure!(asked_again, "{name:?} is not asked again:\n{transcript}");
        visit.login.signal(Signal::KILL)?;
        visit.login.ended()?;
    }
    Ok(())
}

fn without_logind_a_person_logs_in_all_the_same() -> Outcome {
    init::stop("logind")?;
    let mut visit = Visit::begin(&ALICE)?;
    ensure_eq!(visit.session()?, "");
    ensure_eq!(
        visit.shell("echo $XDG_RUNTIME_DIR; test -w $XDG_RUNTIME_DIR && echo writable")?,
        format!("/run/user/{}\nwritable", ALICE.uid)
    );
    ensure_eq!(visit.leave()?, 0);
    let told = || -> Outcome<usize> {
        let log = fs::read_to_string(tests::paths::MESSAGES)?;
        Ok(log.lines().filter(|row| row.contains("pam_session_rs")).count())
    };
    wait::until_in(Path::new(tests::paths::LOGS), "the module tells of it", || Ok((told()? > 0).then_some(())))?;
    ensure_eq!(told()?, 1);
    // The directory that the module made is logind's business from its next start on.
    init::start("logind")?;
    visit::nothing_left()
}

fn a_hung_logind_holds_no_login_longer_than_the_deadline() -> Outcome {
    stack::be_impatient()?;
    let logind = Process::find(init::pid("logind")?)?;
    logind.signal(Signal::STOP)?;
    let mut visit = Visit::begin(&ALICE)?;
    ensure_eq!(visit.session()?, "");
    ensure_eq!(visit.leave()?, 0);
    // Whoever keeps the machine kills what hangs; the directory that the module made is the next logind's business.
    logind.signal(Signal::KILL)?;
    logind.ended()?;
    init::ready("logind")?;
    visit::nothing_left()
}

fn without_a_bus_the_session_is_registered_by_the_private_door() -> Outcome {
    init::stop("bus")?;
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    ensure!(!session.is_empty(), "no session:\n{}", visit.terminal.screen());
    init::start("bus")?;
    let busctl = ["--no-pager", "call", "org.freedesktop.login1", "/org/freedesktop/login1"];
    wait::until("logind is on the bus again", || {
        let asked =
            run("busctl", &[&busctl[..], &["org.freedesktop.login1.Manager", "GetSession", "s", &session]].concat())?;
        Ok(asked.status.success().then_some(()))
    })?;
    ensure_eq!(visit.leave()?, 0);
    visit::nothing_left()
}

fn a_killed_login_takes_its_shell_along_and_the_next_prompt_is_read_by_nobody_else() -> Outcome {
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    // A shell that will not go when it is told to, and reads whatever is typed.
    visit.shell("printf '#!/bin/sh\\ntrap \"\" HUP TERM INT\\nwhile read -r line; do echo \"stole $line\" >> /tmp/stolen; done\\n' > /tmp/thief; chmod +x /tmp/thief")?;
    let shell = Process::find(visit.shell("echo $$")?.parse()?)?;
    visit.terminal.enter("trap '' HUP TERM INT; exec /tmp/thief")?;
    wait::until("the thief reads the line", || {
        Ok(tests::process::command_line(shell.pid()).contains("thief").then_some(()))
    })?;
    visit.login.signal(Signal::KILL)?;
    visit.login.ended()?;
    let Visit { mut terminal, .. } = visit;
    let getty = terminal.getty(&[])?;
    terminal.log_in(&ALICE)?;
    ensure_eq!(terminal.shell("cat /tmp/stolen 2>/dev/null; echo $LOGNAME")?, "alice");
    let dump = run("utmpdump", &["/var/log/wtmp"])?.well()?.stdout;
    let line = terminal.line().to_owned();
    let dead = dump.lines().filter(|row| row.starts_with("[8]") && row.contains(&line)).count();
    ensure!(dead == 1, "the killed login's DEAD_PROCESS is missing:\n{dump}");
    terminal.enter("exit")?;
    ensure_eq!(getty.status()?, 0);
    // The thief ignores every signal that can be ignored; its session is closing and says so.
    // Where the line's hang-up has ended it all the same, there is none any more.
    let state = visit::state(&visit::file(&session), "STATE").unwrap_or(None);
    ensure!(state.as_deref().is_none_or(|state| state == "closing"), "the session of the killed login is {state:?}");
    shell.signal(Signal::KILL).ok();
    visit::nothing_left()
}

fn a_killed_login_leaves_nothing_behind() -> Outcome {
    let mut visit = Visit::begin(&ALICE)?;
    // bash forgets a SIGHUP that comes between its prompt and its read until the next key; the program it becomes does not.
    visit.terminal.enter("exec sh -c 'echo ru\"nn\"ing; exec tail -f /dev/null'")?;
    visit.terminal.expect("running")?;
    visit.login.signal(Signal::KILL)?;
    visit.login.ended()?;
    visit::nothing_left()
}

fn a_killed_shell_ends_its_session_in_order() -> Outcome {
    let visit = Visit::begin(&ALICE)?;
    let line = visit.terminal.line().to_owned();
    visit.terminal.enter("kill -9 $$")?;
    visit.login.ended()?;
    run("who", &[])?.well()?.not_saying(&line)?;
    visit::nothing_left()
}

fn a_killed_logind_finds_its_sessions_again() -> Outcome {
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    let file = format!("{}/{session}", visit::SESSIONS);
    let before = fs::read_to_string(&file)?;
    let logind = Process::find(init::pid("logind")?)?;
    logind.signal(Signal::KILL)?;
    logind.ended()?;
    init::ready("logind")?;
    ensure_eq!(fs::read_to_string(&file)?, before);
    ensure_eq!(visit.shell("test -w $XDG_RUNTIME_DIR && echo still")?, "still");
    let mut other = Visit::begin(&ALICE)?;
    ensure!(other.session()? != session, "a session's name was given twice");
    ensure_eq!(other.leave()?, 0);
    ensure_eq!(visit.leave()?, 0);
    visit::nothing_left()
}

fn a_session_that_ended_while_logind_was_down_is_gone_when_it_is_back() -> Outcome {
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    init::stop("logind")?;
    ensure_eq!(visit.leave()?, 0);
    init::start("logind")?;
    visit::gone(&session)?;
    visit::nothing_left()
}

fn what_was_told_to_go_is_killed_though_logind_was_killed_meanwhile() -> Outcome {
    visit::forget_users_soon()?;
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    let deaf = r#"exec >/dev/null 2>&1 </dev/null; trap "" TERM HUP; echo $$ >/tmp/new; mv /tmp/new /tmp/deaf"#;
    visit.shell(&format!("(setsid sh -c '{deaf}; exec tail -f /dev/null' &)"))?;
    let deaf: u32 = wait::until_in(Path::new("/tmp"), "a process stays", || {
        Ok(fs::read_to_string("/tmp/deaf").ok().and_then(|pid| pid.trim().parse().ok()))
    })?;
    let deaf = Process::find(deaf)?;
    visit::manager(&["TerminateSession", "s", &session])?.well()?;
    let logind = Process::find(init::pid("logind")?)?;
    logind.signal(Signal::KILL)?;
    logind.ended()?;
    init::ready("logind")?;
    deaf.ended()?;
    visit.login.ended()?;
    visit::gone(&session)?;
    visit::nothing_left()
}

fn a_logind_killed_inside_create_session_leaves_a_login_and_no_leak() -> Outcome {
    visit::forget_users_soon()?;
    // Each of these is killed at its N-th rename: the writing of a state file while a session opens.
    for n in 1..=4 {
        let logind = Process::find(init::pid("logind")?)?;
        let rename = Call { is_main: false, ..Call::new("rename,renameat,renameat2", n) };
        let tracer = Tracer::kill_at(&logind, &rename)?;
        let mut visit = Visit::begin(&ALICE)?;
        let session = visit.session()?;
        init::ready("logind")?;
        if !session.is_empty() {
            let file = format!("{}/{session}", visit::SESSIONS);
            ensure!(Path::new(&file).exists(), "when={n}: the shell is in session {session}, and logind knows none");
        }
        ensure_eq!(visit.leave()?, 0);
        visit::nothing_left()?;
        tracer.detach()?;
    }
    Ok(())
}
