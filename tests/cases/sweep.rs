//! logind is killed, or its client is, at every call by which logind changes something when a session opens or closes: what
//! is made of it is what the session was or what it was going to be, and nothing leaks.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use tests::guest::Guest;
use tests::outcome::{Failure, Outcome};
use tests::people::{ALICE, BOB};
use tests::process::{self, Process};
use tests::strace::{Call, Tracer};
use tests::visit::{self, SESSIONS};
use tests::{ensure, ensure_eq, init, wait};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(a_logind_killed_at_any_call_of_opening_leaves_an_open_session_or_none),
    inside!(a_logind_killed_at_any_call_of_closing_leaves_nothing),
    inside!(without_a_bus_a_logind_killed_at_any_call_of_opening_leaves_an_open_session_or_none, "--no-bus"),
    inside!(a_logind_killed_at_any_call_of_a_second_session_leaves_the_first_as_it_was),
    inside!(a_logind_killed_at_any_call_of_its_restart_leaves_it_to_the_next),
    inside!(a_leader_killed_at_any_call_of_opening_leaves_nothing),
];

fn a_logind_killed_at_any_call_of_opening_leaves_an_open_session_or_none() -> Outcome {
    sweep(opening, |call| {
        let logind = logind()?;
        let tracer = Tracer::kill_at(&logind, call)?;
        let guest = Guest::stay(&ALICE)?;
        tracer.detach()?;
        let is_killed = logind.ended_within(Duration::ZERO)?;
        init::ready("logind")?;
        is_open_or_going(&guest)?;
        guest.leave()?;
        Ok(is_killed)
    })
}

fn without_a_bus_a_logind_killed_at_any_call_of_opening_leaves_an_open_session_or_none() -> Outcome {
    a_logind_killed_at_any_call_of_opening_leaves_an_open_session_or_none()
}

fn a_logind_killed_at_any_call_of_closing_leaves_nothing() -> Outcome {
    sweep(closing, |call| {
        let guest = Guest::stay(&ALICE)?;
        let logind = logind()?;
        let tracer = Tracer::kill_at(&logind, call)?;
        guest.leave()?;
        visit::nothing_left()?;
        tracer.detach()?;
        let is_killed = logind.ended_within(Duration::ZERO)?;
        init::ready("logind")?;
        Ok(is_killed)
    })
}

fn a_logind_killed_at_any_call_of_a_second_session_leaves_the_first_as_it_was() -> Outcome {
    visit::forget_users_soon()?;
    let first = Guest::stay(&ALICE)?;
    let before = file_of(&first)?;
    let tracer = Tracer::watch(&logind()?)?;
    comes_and_goes_beside(&first)?;
    let calls = tracer.calls()?;
    most_are_met(&calls, |call| {
        let logind = logind()?;
        let tracer = Tracer::kill_at(&logind, call)?;
        comes_and_goes_beside(&first)?;
        tracer.detach()?;
        let is_killed = logind.ended_within(Duration::ZERO)?;
        init::ready("logind")?;
        ensure_eq!(file_of(&first)?, before);
        Ok(is_killed)
    })?;
    first.leave()?;
    nothing_leaked()
}

fn a_logind_killed_at_any_call_of_its_restart_leaves_it_to_the_next() -> Outcome {
    visit::forget_users_soon()?;
    let first = Guest::stay(&ALICE)?;
    let before = file_of(&first)?;
    let (tracer, _) = restarted(&first, None)?;
    init::start("logind")?;
    most_are_met(&tracer.calls()?, |call| {
        let (_, is_killed) = restarted(&first, Some(call))?;
        init::start("logind")?;
        is_alone(&first)?;
        ensure_eq!(file_of(&first)?, before);
        ensure_eq!(visit::state(&format!("{}/{}", visit::USERS, ALICE.uid), "STATE")?, Some("active".to_owned()));
        Ok(is_killed)
    })?;
    first.leave()?;
    nothing_leaked()
}

fn a_leader_killed_at_any_call_of_opening_leaves_nothing() -> Outcome {
    sweep(opening, |call| {
        let logind = logind()?;
        let tracer = Tracer::stop_at(&logind, call)?;
        let guest = Guest::come(&ALICE)?;
        let is_stopped = wait::until("logind is stopped, or has opened the session", || {
            let is_stopped = tracer.has_stopped_it()?;
            Ok((is_stopped || guest.session()?.is_some()).then_some(is_stopped))
        })?;
        if !is_stopped {
            tracer.detach()?; // a call that comes later than before must not stop it when nobody waits for that
        }
        guest.process.signal(Signal::KILL)?;
        guest.process.status()?;
        logind.signal(Signal::CONT)?;
        visit::nothing_left()?;
        tracer.detach()?;
        Ok(is_stopped)
    })
}

fn session_of(guest: &Guest) -> Outcome<String> {
    guest.session()?.ok_or_else(|| Failure::new("a login has no session"))
}

fn file_of(guest: &Guest) -> Outcome<String> {
    Ok(fs::read_to_string(format!("{SESSIONS}/{}", session_of(guest)?))?)
}

// Another login of the same user comes and goes, with a session or without.
fn comes_and_goes_beside(first: &Guest) -> Outcome {
    let second = Guest::stay(&ALICE)?;
    second.leave()?;
    is_alone(first)
}

fn is_alone(first: &Guest) -> Outcome {
    wait::until("it is the only session, of the only user", || Ok(is_alone_now(first)?.then_some(())))
}

// A logind that finds an open session, and one that ended while there was none; it runs until it is killed, or has
// cleared away what is over and is told to stop: whether it was killed.
fn restarted(first: &Guest, death: Option<&Call>) -> Outcome<(Tracer, bool)> {
    let program = format!("{}/logind", tests::paths::PROGRAMS);
    let second = Guest::stay(&BOB)?;
    init::stop("logind")?;
    second.process.signal(Signal::KILL)?;
    second.process.status()?;
    let tracer = Tracer::start(&program, death)?;
    wait::until("logind is killed, or has found what there was", || {
        Ok((tracer.is_over()? || is_alone_now(first)?).then_some(()))
    })?;
    let running = process::all()?.into_iter().find(|(_, command_line)| *command_line == program);
    let is_stopped = running.is_some_and(|(pid, _)| is_told_to_stop(pid).is_ok());
    tracer.detach()?;
    Ok((tracer, !is_stopped))
}

// One that is killed before it is told is none that stops.
fn is_told_to_stop(pid: u32) -> Outcome {
    let logind = Process::find(pid)?;
    logind.signal(Signal::TERM)?;
    logind.ended()
}

fn is_alone_now(first: &Guest) -> Outcome<bool> {
    let session = session_of(first)?;
    let is_only = visit::names_in(SESSIONS)? == [session.clone(), format!("{session}.ref")];
    Ok(is_only && visit::names_in(visit::USERS)? == [ALICE.uid.to_string()])
}

// logind with nothing left to do of what came before: it answers one after the other.
fn logind() -> Outcome<Process> {
    visit::manager(&["ListSessions"])?.well()?;
    Process::find(init::pid("logind")?)
}

// The calls of one good run, each then the last of a run of its own. Threads may make a call in another order than before,
// so that a few are not met; most must be.
fn sweep(good: fn() -> Outcome<Vec<Call>>, strike: fn(&Call) -> Outcome<bool>) -> Outcome {
    visit::forget_users_soon()?;
    most_are_met(&good()?, |call| {
        let is_killed = strike(call)?;
        nothing_leaked()?;
        Ok(is_killed)
    })
}

fn most_are_met(calls: &[Call], strike: impl Fn(&Call) -> Outcome<bool>) -> Outcome {
    ensure!(calls.len() > 15, "only {} calls change something: {calls:?}", calls.len());
    let mut met = 0;
    for call in calls {
        met += usize::from(strike(call).map_err(|failure| failure.during(format!("killed at {call}")))?);
    }
    let names: Vec<String> = calls.iter().map(Call::to_string).collect();
    println!("killed at {met} of {} calls: {}", calls.len(), names.join(", "));
    ensure!(met * 5 >= calls.len() * 4, "of {} calls only {met} were met: {calls:?}", calls.len());
    Ok(())
}

fn opening() -> Outcome<Vec<Call>> {
    let tracer = Tracer::watch(&logind()?)?;
    let guest = Guest::stay(&ALICE)?;
    let calls = tracer.calls()?;
    guest.leave()?;
    visit::nothing_left()?;
    Ok(calls)
}

fn closing() -> Outcome<Vec<Call>> {
    let guest = Guest::stay(&ALICE)?;
    let tracer = Tracer::watch(&logind()?)?;
    guest.leave()?;
    visit::nothing_left()?;
    tracer.calls()
}

// A login that got a session keeps it; of one that got none, nothing says that it is open.
fn is_open_or_going(guest: &Guest) -> Outcome {
    let Some(session) = guest.session()? else {
        return wait::until_in(SESSIONS.as_ref(), "no session is open", || {
            let mut names = visit::names_in(SESSIONS)?.into_iter().filter(|name| !name.contains('.'));
            Ok((!names.any(|name| is_open(&name))).then_some(()))
        });
    };
    ensure!(is_open(&session), "the login is in session {session}, which is not open");
    let scope = format!("/user.slice/user-{}.slice/session-{session}.scope", ALICE.uid);
    ensure_eq!(process::cgroup(guest.process.pid())?, scope);
    visit::manager(&["GetSession", "s", &session])?.well()?;
    Ok(())
}

fn is_open(session: &str) -> bool {
    let state = visit::state(&format!("{SESSIONS}/{session}"), "STATE");
    state.is_ok_and(|state| state.is_some_and(|state| state != "closing"))
}

fn nothing_leaked() -> Outcome {
    visit::nothing_left()?;
    ensure_eq!(visit::names_in("/run/systemd/seats")?, ["seat0"]);
    let own = visit::names_in("/run/session-rs")?;
    ensure!(
        own.iter().all(|name| ["login1", "gettys"].contains(&name.as_str()) || name.ends_with(".lock")),
        "/run/session-rs holds {own:?}"
    );
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    ensure!(!mounts.contains(visit::RUNTIME), "mounted is still:\n{mounts}");
    Ok(())
}
