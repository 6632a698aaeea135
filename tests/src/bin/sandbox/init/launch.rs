//! The command lines of what init runs.

use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::Pid;
use tests::paths::{LOGS, PEERS, PROGRAMS};
use tests::sys::{Leading, lead};

use crate::error::{Error, Tried};
use crate::paths;

/// The search path inside, of daemons and of the command alike.
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The program that writes boot and run level.
pub(super) const RECORD: &str = "utmp-record";

/// How a daemon is started, and how it says that it is ready.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<&'static str>,
    pub(super) environment: Vec<(&'static str, PathBuf)>,
    pub(super) readiness: Readiness,
}

/// What tells that a daemon is ready.
#[derive(Clone, Copy, Debug)]
pub(super) enum Readiness {
    /// It writes to the descriptor whose number is given with this option.
    Descriptor(&'static str),
    /// Its name comes up on the bus, which `dbus-monitor` tells.
    Name(&'static str),
}

/// dbus-daemon; it prints its address when it listens.
pub(super) fn bus() -> Launch {
    Launch {
        program: "/usr/bin/dbus-daemon".into(),
        arguments: vec!["--config-file", paths::BUS_CONFIG, "--nofork", "--nopidfile"],
        environment: Vec::new(),
        readiness: Readiness::Descriptor("--print-address"),
    }
}

/// Our logind.
pub(super) fn logind() -> Launch {
    Launch {
        program: Path::new(PROGRAMS).join("logind"),
        arguments: Vec::new(),
        environment: Vec::new(),
        readiness: Readiness::Descriptor("--ready-fd"),
    }
}

/// The peer, from where its package was unpacked.
pub(super) fn elogind() -> Launch {
    let folder = Path::new(PEERS).join("elogind/lib/elogind");
    Launch {
        program: folder.join("elogind"),
        arguments: Vec::new(),
        environment: vec![("LD_LIBRARY_PATH", folder)],
        readiness: Readiness::Name("org.freedesktop.login1"),
    }
}

/// Starts `utmp-record`.
pub(super) fn record(arguments: &[&str]) -> Result<Pid, Error> {
    spawn(daemon(&Path::new(PROGRAMS).join(RECORD), RECORD)?.args(arguments), None)
}

/// A command without terminal and with nothing to read, whose words go to the log of `name`.
pub(super) fn daemon(program: &Path, name: &str) -> Result<Command, Error> {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", PATH).current_dir("/");
    command.stdin(Stdio::null()).stdout(log_file(name)?).stderr(log_file(name)?);
    Ok(command)
}

/// Starts a command as the leader of a session; `passed` stays open in it. init waits for it, as for all others, by pid.
pub(super) fn spawn(command: &mut Command, passed: Option<OwnedFd>) -> Result<Pid, Error> {
    lead(command, Leading::Session, passed);
    let child = command.spawn().tried("start", command.get_program())?;
    Ok(Pid::from_raw(child.id().cast_signed()))
}

fn log_file(name: &str) -> Result<File, Error> {
    let path = format!("{LOGS}/{name}.log");
    OpenOptions::new().create(true).append(true).open(&path).tried("write", &path)
}
