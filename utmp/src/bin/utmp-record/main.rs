//! Writes the boot, run-level and shutdown records of an init that writes none itself: utmp-record(8).

#![forbid(unsafe_code)]

mod boot;
mod command;
mod system;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use utmp::{Files, Time};

use command::{Act, Command};
use system::System;

/// A record could not be read or written.
const FAILED: u8 = 1;
/// The command line was not understood.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let done = match Command::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => say(command::HELP),
        Ok(Command::Version) => say(concat!("utmp-record ", env!("CARGO_PKG_VERSION"), "\n")),
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
        Act::Boot => match boot::missing(files, &system) {
            Ok(missing) if !missing.in_utmp => say("utmp-record: init has recorded this boot\n"),
            Ok(missing) => {
                let record = system.boot();
                written(files.update(&record)) & (!missing.in_wtmp || written(files.append_wtmp(&record)))
            }
            Err(e) => failed(&e),
        },
        Act::RunLevel(level) => match boot::run_level_before(files) {
            Ok(before) => {
                let record = system.run_level(before, *level);
                written(files.update(&record)) & written(files.append_wtmp(&record))
            }
            Err(e) => failed(&e),
        },
        Act::Shutdown => written(files.append_wtmp(&system.shutdown())),
    }
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
