//! Sandboxes that a case on the host starts itself.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tests::outcome::{Failure, Outcome};
use tests::run::{self, Ran};
use tests::sys::end_with_parent;

use crate::runner::programs;

/// A sandbox that runs `command`, started in the case's own folder.
pub(crate) fn sandbox(options: &[&str], command: &[&str]) -> Outcome<Command> {
    let mut sandbox = demo()?;
    sandbox.args(options).arg("--").args(command);
    Ok(sandbox)
}

/// A sandbox without a command: the demo.
pub(crate) fn demo() -> Outcome<Command> {
    let mut sandbox = Command::new(programs()?.join("sandbox"));
    end_with_parent(&mut sandbox);
    Ok(sandbox)
}

/// Runs a shell script in a bare sandbox, to its end.
pub(crate) fn script(script: &str) -> Outcome<Ran> {
    run::output(&mut sandbox(&["--bare"], &["sh", "-c", script])?)
}

/// Where the host has mounted cgroup2.
pub(crate) fn hierarchy() -> Outcome<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let point = mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let point = fields.next()?;
        (fields.next()? == "cgroup2").then(|| PathBuf::from(point))
    });
    point.ok_or_else(|| Failure::new("cgroup2 is mounted nowhere on this host"))
}

/// The cgroup of the sandbox whose outer process has this number.
pub(crate) fn subtree(outer: u32) -> Outcome<PathBuf> {
    Ok(hierarchy()?.join(format!("session-rs-sandbox-{outer}")))
}
