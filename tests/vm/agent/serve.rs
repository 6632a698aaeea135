//! Running the scripts that come over the port.

use std::fs::{self, OpenOptions};
use std::io::BufReader;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use nix::poll::{PollTimeout, poll};
use tests::outcome::{Failure, Outcome};
use tests::paths::{AGENT_PORT, BOOT_ID};
use tests::sys::{Leading, lead};
use tests::wait::Deadline;
use tests::wire::{self, Answer};

/// The machine's ports.
const PORTS: &str = "/sys/class/virtio-ports";
/// How often a script is tried again whose success nothing announces, in milliseconds.
const GLANCE: u8 = 50;

/// Serves until the port is gone.
///
/// # Errors
/// What the port, the log or the program `sh` says.
pub(crate) fn serve() -> Outcome {
    super::log::keep()?;
    let port = OpenOptions::new().read(true).write(true).open(port()?)?;
    wire::greet(&port, &fs::read_to_string(BOOT_ID)?)?;
    let mut requests = BufReader::new(&port);
    while let Some(script) = wire::next_script(&mut requests)? {
        let Output { status, stdout, stderr } = shell(&script).output()?;
        let status = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1);
        wire::answer(&port, &Answer { status, stdout, stderr })?;
    }
    Ok(())
}

/// Runs a script again and again until it succeeds.
///
/// # Errors
/// What its last run said, once the deadline has passed.
pub(crate) fn until(deadline: Deadline, script: &str) -> Outcome {
    loop {
        let output = shell(script).output()?;
        if output.status.success() {
            print!("{}", String::from_utf8_lossy(&output.stdout));
            return Ok(());
        }
        if deadline.left().is_none() {
            let said = [output.stdout, output.stderr].concat();
            return Err(Failure::new(format!("in vain: {script}\n{}", String::from_utf8_lossy(&said))));
        }
        poll(&mut [], PollTimeout::from(GLANCE))?;
    }
}

// The port's number depends on what else the machine has; its name is ours (drivers/char/virtio_console.c).
fn port() -> Outcome<PathBuf> {
    for entry in fs::read_dir(PORTS)? {
        let port = entry?;
        if fs::read_to_string(port.path().join("name"))?.trim_end() == AGENT_PORT {
            return Ok(Path::new("/dev").join(port.file_name()));
        }
    }
    Err(Failure::new(format!("the machine has no port named {AGENT_PORT}")))
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).stdin(Stdio::null());
    command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    lead(&mut command, Leading::Session, None);
    command
}
