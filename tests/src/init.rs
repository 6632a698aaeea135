//! Stopping and starting what a sandbox's init runs, from a case inside it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use crate::outcome::{Failure, Outcome};
use crate::paths;

/// Stops `bus` or `logind` with SIGTERM and keeps it down; returns when the process is gone.
///
/// # Errors
/// What init answers.
pub fn stop(service: &str) -> Outcome {
    ask(&format!("stop {service}"))
}

/// Starts `bus` or `logind` again; returns when it is ready.
///
/// # Errors
/// What init answers.
pub fn start(service: &str) -> Outcome {
    ask(&format!("start {service}"))
}

/// Waits until `bus` or `logind`, killed or starting, is ready again.
///
/// # Errors
/// What init answers.
pub fn ready(service: &str) -> Outcome {
    ask(&format!("ready {service}"))
}

/// The pid of `bus` or `logind`.
///
/// # Errors
/// What init answers: it may be down.
pub fn pid(service: &str) -> Outcome<u32> {
    let answer = answer(&format!("pid {service}"))?;
    answer.parse().map_err(|_| Failure::new(format!("init says of {service}: {answer}")))
}

fn ask(request: &str) -> Outcome {
    match answer(request)?.as_str() {
        "ok" => Ok(()),
        other => Err(Failure::new(format!("init answers {request:?} with {other:?}"))),
    }
}

fn answer(request: &str) -> Outcome<String> {
    let mut socket = UnixStream::connect(paths::INIT).map_err(|e| Failure::from(e).during(paths::INIT))?;
    socket.write_all(format!("{request}\n").as_bytes())?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer.trim_end().to_owned())
}
