//! Writes the records of an init that writes none itself: boot, run level, shutdown, the clock, a line: utmp-record(8).

#![forbid(unsafe_code)]

mod boot;
mod clock;
mod command;
mod line;
mod system;
mod watch;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use utmp::{Files, Time};

use command::{Act, Command};
use system::System;
use watch::Watch;

/// A record could not be read or written.
const FAILED: u8 = 1;
/// The command line was not understood.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let done = match Command::parse(std::env::args_os().skip(1)) {
        Ok(Command::Print(text)) => say(&text),
        Ok(Command::Record { act, root }) => record(&act, &Files::under(root)),
        Err(e) => {
            complain(&e);
            return ExitCode::from(USAGE);
        }
    };
    if done { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }
}

/// Does what was asked for; whether all of it could be done.
fn record(act: &Act, files: &Files) -> bool {
    let system = System::running(Time::now());
    match act {
        Act::Boot { utmp_only } => match boot::missing(files, &system) {
            Ok(missing) if !missing.in_utmp => say("utmp-record: init has recorded this boot\n"),
            Ok(missing) => {
                let record = system.boot();
                let is_complete = *utmp_only || !missing.in_wtmp;
                written(files.update(&record)) & (is_complete || written(files.append_wtmp(&record)))
            }
            Err(e) => failed(&e),
        },
        Act::RunLevel(level) => match boot::run_level_before(files, &system, *level) {
            Ok(None) => say("utmp-record: init has recorded this run level\n"),
            Ok(Some(before)) => {
                let record = system.run_level(before, *level);
                written(files.update(&record)) & written(files.append_wtmp(&record))
            }
            Err(e) => failed(&e),
        },
        Act::Shutdown => match boot::goes_down(files, &system) {
            Ok(true) => say("utmp-record: init has recorded this shutdown\n"),
            Ok(false) => written(files.append_wtmp(&system.shutdown())),
            Err(e) => failed(&e),
        },
        Act::ClockChange { wait: false } => match clock::change(files, &system) {
            Ok(Some(change)) => clock_changed(files, &change),
            Ok(None) => say("utmp-record: the clock was not set since the boot was recorded\n"),
            Err(e) => failed(&e),
        },
        Act::ClockChange { wait: true } => {
            Watch::start().map_or_else(|e| failed(&e), |watch| clock_will_change(files, &watch))
        }
        Act::Dead(name) => match line::dead(files, name, system.now) {
            Ok(Some(record)) => written(files.update(&record)) & written(files.append_wtmp(&record)),
            Ok(None) => say("utmp-record: nobody is recorded there\n"),
            Err(e) => failed(&e),
        },
    }
}

/// Watched before it is looked at, so that no change falls between the two.
fn clock_will_change(files: &Files, watch: &Watch) -> bool {
    loop {
        match clock::change(files, &System::running(Time::now())) {
            Ok(Some(change)) => return clock_changed(files, &change),
            Err(e) => return failed(&e),
            Ok(None) => {}
        }
        if let Err(e) = watch.wait() {
            return failed(&e);
        }
    }
}

/// The boot first: what it was before must still stand there to be found.
fn clock_changed(files: &Files, change: &clock::Change) -> bool {
    let mut done = written(files.correct_boot(change.boot_was, &change.boot));
    for record in [&change.before, &change.after] {
        done &= written(files.update(record)) & written(files.append_wtmp(record));
    }
    done
}

fn written<T>(outcome: Result<T, utmp::WriteError>) -> bool {
    outcome.map_or_else(|e| failed(&e), |_| true)
}

fn failed(error: &dyn Error) -> bool {
    complain(error);
    false
}

fn complain(error: &dyn Error) {
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    // With stderr closed there is nobody to tell; the exit code stands.
    let _told = writeln!(io::stderr(), "utmp-record: {error}{cause}");
}

fn say(text: &str) -> bool {
    io::stdout().write_all(text.as_bytes()).is_ok()
}
