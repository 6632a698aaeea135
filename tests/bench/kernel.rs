//! The kernel's share: what no registry can do without, done by a loop that decides nothing and tells nobody.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags, mkfifoat, open};
use rustix::time::{ClockId, clock_gettime};
use tests::outcome::Outcome;

use crate::figure::{amount, milliseconds, tell};
use crate::scale::WORK_AT_0;
use crate::sessions::Leader;

/// How often, and how often before that, for what is made once.
const CYCLES: u32 = 200;
const WARM: u32 = 20;
/// As long as a session's state file is.
const TEXT: [u8; 470] = [b'x'; 470];

/// What one session needs: a scope with the leader in it and an eye on it, a life line, the session's file as it opens, is
/// open and ends, and the user's whenever that changes.
#[derive(Debug)]
struct Made {
    scope: PathBuf,
    files: PathBuf,
    events: File,
    _life_line: [OwnedFd; 2],
}

/// Measures the work of making that and taking it away.
///
/// # Errors
/// What went wrong.
pub(crate) fn measure() -> Outcome {
    let (slice, files) = (Path::new("/sys/fs/cgroup/user.slice/user-0.slice"), Path::new("/run/kernels-share"));
    fs::create_dir_all(slice)?;
    fs::create_dir_all(files)?;
    let mut worked = Duration::ZERO;
    for number in 0..WARM + CYCLES {
        let leader = Leader::start()?;
        let before = work_so_far()?;
        let made = make(slice.join(format!("session-k{number}.scope")), files, leader.pid())?;
        let making = work_so_far()?.saturating_sub(before);
        drop(leader);
        let before = work_so_far()?;
        take_away(made)?;
        if number >= WARM {
            worked += making + work_so_far()?.saturating_sub(before);
        }
    }
    tell(WORK_AT_0, milliseconds(worked) / amount(CYCLES.into()));
    Ok(())
}

fn work_so_far() -> Outcome<Duration> {
    Ok(Duration::try_from(clock_gettime(ClockId::ThreadCPUTime))?)
}

fn make(scope: PathBuf, files: &Path, leader: u32) -> Outcome<Made> {
    write(files, "session")?;
    let fifo = files.join("session.ref");
    mkfifoat(CWD, &fifo, Mode::RUSR | Mode::WUSR)?;
    let end = |access| open(&fifo, access | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty());
    let life_line = [end(OFlags::RDONLY)?, end(OFlags::WRONLY)?];
    fs::create_dir(&scope)?;
    OpenOptions::new().write(true).open(scope.join("cgroup.procs"))?.write_all(leader.to_string().as_bytes())?;
    let events = File::open(scope.join("cgroup.events"))?;
    write(files, "session")?;
    write(files, "user")?;
    Ok(Made { scope, files: files.to_owned(), events, _life_line: life_line })
}

fn take_away(mut made: Made) -> Outcome {
    write(&made.files, "session")?;
    write(&made.files, "user")?;
    let mut events = [0; 64];
    let _read = made.events.read(&mut events)?;
    fs::remove_dir(&made.scope)?;
    fs::remove_file(made.files.join("session"))?;
    fs::remove_file(made.files.join("session.ref"))?;
    write(&made.files, "user")
}

/// As state files are written: whole, then put in place.
fn write(files: &Path, name: &str) -> Outcome {
    let unfinished = files.join(".new");
    File::create_new(&unfinished)?.write_all(&TEXT)?;
    Ok(fs::rename(unfinished, files.join(name))?)
}
