//! What the sandbox is there for: the command, or in the demo one getty after another.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::unistd::Pid;
use tests::paths::PROGRAMS;
use tests::people::ROOT;
use tests::pty::Pty;
use tests::sys::{Leading, lead};

use super::launch::{self, PATH};
use crate::error::{Error, Tried};
use crate::host::Host;
use crate::link::hand_over;
use crate::options::Options;
use crate::terminal::Shape;

/// A getty that ends sooner than this has not served anybody.
const SHORT: Duration = Duration::from_secs(1);
/// So many short gettys in a row, and there is no point in another.
const PATIENCE: u32 = 5;

/// The work that is going on.
#[derive(Debug)]
pub(super) enum Work {
    /// The command.
    Command { pid: Pid },
    /// A getty on the line.
    Getty { pid: Pid, line: String, term: std::ffi::OsString, since: Instant, short: u32 },
}

impl Work {
    /// Starts it. A stream that is a terminal of the host's becomes one of the inside's, whose master goes through `link`
    /// to the outside, which joins the two.
    pub(super) fn start(options: &Options, host: &Host, terminal: &Shape, link: &UnixStream) -> Result<Self, Error> {
        let Some((program, arguments)) = options.command.split_first() else {
            let pty = pty(terminal)?;
            let line = pty.line().to_owned();
            hand_over(&pty.into_master(), link).tried("hand over", "the terminal")?;
            let pid = getty(&line, &host.term)?;
            return Ok(Self::Getty { pid, line, term: host.term.clone(), since: Instant::now(), short: 0 });
        };
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("PATH", PATH).env("TERM", &host.term);
        command.env("HOME", ROOT.home).env("USER", ROOT.name).env("LOGNAME", ROOT.name).env("SHELL", "/bin/sh");
        let leading = if terminal.streams[0] { Leading::Terminal } else { Leading::Session };
        if terminal.size.is_some() {
            let pty = pty(terminal)?;
            join(&mut command, terminal.streams, &pty.slave().tried("open", pty.path())?)?;
            hand_over(&pty.into_master(), link).tried("hand over", "the terminal")?;
        }
        lead(&mut command, leading, None);
        let child = command.spawn().map_err(|source| Error::Command { program: program.into(), source })?;
        Ok(Self::Command { pid: Pid::from_raw(child.id().cast_signed()) })
    }

    /// The exit status, if these processes' ends mean that the work is done; a getty that ended is followed by another.
    pub(super) fn judge(&mut self, ended: &[(Pid, u8)]) -> Result<Option<u8>, Error> {
        let status_of = |pid: Pid| ended.iter().find(|(ended, _)| *ended == pid).map(|(_, status)| *status);
        match self {
            Self::Command { pid } => Ok(status_of(*pid)),
            Self::Getty { pid, line, term, since, short } => {
                let Some(status) = status_of(*pid) else { return Ok(None) };
                *short = if since.elapsed() < SHORT { *short + 1 } else { 0 };
                if *short >= PATIENCE {
                    return Err(Error::Getty(status));
                }
                *pid = getty(line, term)?;
                *since = Instant::now();
                Ok(None)
            }
        }
    }
}

fn getty(line: &str, term: &std::ffi::OsStr) -> Result<Pid, Error> {
    let mut command = launch::daemon(&Path::new(PROGRAMS).join("getty"), "getty")?;
    launch::spawn(command.args(["--noclear", line]).arg(term), None)
}

// A terminal of the inside's, as large as the host's.
fn pty(terminal: &Shape) -> Result<Pty, Error> {
    let pty = Pty::open().tried("make", "a terminal")?;
    if let Some(size) = terminal.size {
        pty.resize(size.ws_row, size.ws_col).tried("make", "a terminal")?;
    }
    Ok(pty)
}

fn join(command: &mut Command, streams: [bool; 3], line: &OwnedFd) -> Result<(), Error> {
    let copy = || line.try_clone().tried("open", "the terminal");
    if streams[0] {
        command.stdin(copy()?);
    }
    if streams[1] {
        command.stdout(copy()?);
    }
    if streams[2] {
        command.stderr(copy()?);
    }
    Ok(())
}
