//! `kill -9` of each program, at rest and in the middle of its work.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use tests::outcome::Outcome;
use tests::people::ALICE;
use tests::process::Process;
use tests::run::run;
use tests::strace::{Call, Tracer};
use tests::visit::{self, Visit};
use tests::{ensure, ensure_eq, init, wait};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(a_killed_getty_leaves_a_line_for_the_next),
    inside!(a_login_killed_at_the_password_leaves_a_line_for_the_next),
    inside!(a_login_killed_while_it_opens_a_session_leaves_nothing),
    inside!(a_shell_killed_before_it_is_one_ends_its_session_in_order),
    inside!(a_login_killed_while_it_closes_leaves_nothing),
    inside!(logind_killed_again_and_again_loses_no_session),
    inside!(logind_and_bus_killed_together_lose_no_session),
];

// A getty that comes to the line afterwards lets a person in, and nothing is left of the one before.
fn is_as_ever(visit: Visit) -> Outcome {
    visit.login.ended()?;
    let Visit { mut terminal, .. } = visit;
    let getty = terminal.getty(&[])?;
    terminal.log_in(&ALICE)?;
    ensure_eq!(terminal.shell("id -un")?, "alice");
    run("who", &[])?.well()?.saying(terminal.line())?;
    terminal.enter("exit")?;
    ensure_eq!(getty.status()?, 0);
    ensure_eq!(run("who", &[])?.well()?.stdout, "");
    visit::nothing_left()
}

fn a_killed_getty_leaves_a_line_for_the_next() -> Outcome {
    visit::forget_users_soon()?;
    let mut visit = Visit::at_the_door()?;
    visit.terminal.send("ali")?; // in the middle of a name
    visit.terminal.expect("ali")?;
    visit.login.signal(Signal::KILL)?;
    is_as_ever(visit)
}

fn a_login_killed_at_the_password_leaves_a_line_for_the_next() -> Outcome {
    visit::forget_users_soon()?;
    let mut visit = Visit::at_the_door()?;
    visit.terminal.enter("alice")?;
    visit.terminal.expect("assword: ")?;
    visit.login.signal(Signal::KILL)?; // with the echo off
    is_as_ever(visit)
}

// login at its password prompt, to be killed at `call`; whether it was.
fn killed_at(call: &Call, work: fn(&mut Visit) -> Outcome) -> Outcome<bool> {
    let mut visit = Visit::at_the_door()?;
    visit.terminal.enter("alice")?;
    visit.terminal.expect("assword: ")?;
    let tracer = Tracer::kill_at(&visit.login, call)?;
    visit.terminal.enter("alice")?;
    work(&mut visit)?;
    tracer.detach()?;
    let is_killed = visit.login.ended_within(Duration::ZERO)?;
    visit.login.signal(Signal::KILL).ok();
    is_as_ever(visit)?;
    Ok(is_killed)
}

fn a_login_killed_while_it_opens_a_session_leaves_nothing() -> Outcome {
    visit::forget_users_soon()?;
    // To logind and back, the records, and the child that becomes the shell.
    let calls = [("connect", 1..=4), ("sendmsg", 1..=3), ("recvmsg", 1..=4), ("pwrite64", 1..=2), ("clone", 1..=1)];
    let mut met = 0;
    for (name, numbers) in calls {
        for nth in numbers {
            let call = Call::new(name, nth);
            let is_killed = killed_at(&call, |visit| {
                wait::until("login is killed, or has a shell", || {
                    let is_over = visit.login.ended_within(Duration::ZERO)?;
                    Ok((is_over || visit.terminal.transcript()?.contains("$ ")).then_some(()))
                })
            });
            met += u32::from(is_killed.map_err(|failure| failure.during(format!("killed at {call}")))?);
        }
    }
    ensure!(met >= 5, "login was killed {met} times only");
    Ok(())
}

fn a_login_killed_while_it_closes_leaves_nothing() -> Outcome {
    visit::forget_users_soon()?;
    let mut met = 0;
    for (name, nth) in [("connect", 1), ("connect", 2), ("sendmsg", 1), ("close", 1), ("close", 3), ("exit_group", 1)] {
        let visit = Visit::begin(&ALICE)?;
        let tracer = Tracer::kill_at(&visit.login, &Call::new(name, nth))?;
        visit.terminal.enter("exit")?;
        visit.login.ended()?;
        met += u32::from(visit.login.status()? == 128 + 9);
        tracer.detach()?;
        is_as_ever(visit).map_err(|failure| failure.during(format!("killed at {name} no. {nth}")))?;
    }
    ensure!(met >= 3, "login was killed {met} times only");
    Ok(())
}

fn a_shell_killed_before_it_is_one_ends_its_session_in_order() -> Outcome {
    visit::forget_users_soon()?;
    let mut visit = Visit::at_the_door()?;
    visit.terminal.enter("alice")?;
    visit.terminal.expect("assword: ")?;
    // login itself executes nothing any more: this is its child.
    let tracer = Tracer::kill_at(&visit.login, &Call { is_main: false, ..Call::new("execve", 1) })?;
    visit.terminal.enter("alice")?;
    visit.login.ended()?;
    tracer.detach()?;
    is_as_ever(visit)
}

fn logind_killed_again_and_again_loses_no_session() -> Outcome {
    visit::forget_users_soon()?;
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    let file = format!("{}/{session}", visit::SESSIONS);
    let before = fs::read_to_string(&file)?;
    for _ in 0..5 {
        // Once when it is ready, and once on the way there.
        for _ in 0..2 {
            let logind = Process::find(init::pid("logind")?)?;
            logind.signal(Signal::KILL)?;
            logind.ended()?;
            wait::until("logind is started again", || {
                Ok(init::pid("logind").is_ok_and(|pid| pid != logind.pid()).then_some(()))
            })?;
        }
        init::ready("logind")?;
        ensure_eq!(fs::read_to_string(&file)?, before);
    }
    ensure_eq!(visit.shell("test -w $XDG_RUNTIME_DIR && echo still")?, "still");
    ensure_eq!(visit.leave()?, 0);
    visit::nothing_left()
}

fn logind_and_bus_killed_together_lose_no_session() -> Outcome {
    visit::forget_users_soon()?;
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    let file = format!("{}/{session}", visit::SESSIONS);
    let before = fs::read_to_string(&file)?;
    let both = [Process::find(init::pid("bus")?)?, Process::find(init::pid("logind")?)?];
    for process in &both {
        process.signal(Signal::KILL)?;
    }
    for process in &both {
        process.ended()?;
    }
    init::ready("bus")?;
    init::ready("logind")?;
    ensure_eq!(fs::read_to_string(&file)?, before);
    let mut other = Visit::begin(&ALICE)?;
    ensure!(other.session()? != session, "a session's name was given twice");
    ensure_eq!(other.leave()?, 0);
    ensure_eq!(visit.leave()?, 0);
    visit::nothing_left()
}
