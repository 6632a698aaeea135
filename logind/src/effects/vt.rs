//! Virtual terminals: which is shown, who has one, and that one is there or forgotten.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use logind_core::event::VtUse;
use logind_core::names::VtNumber;
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use utmp::{Files, Kind, Record, Time};

use crate::paths;
use crate::sys;

/// How often a terminal is opened that somebody is just closing (`EIO`).
const TRIES: usize = 8;

/// For how long somebody who has left a terminal may come back.
const MOMENT: i64 = 2;

/// Asks the kernel to show `vt`. It is not waited for: whoever has the terminal in front may take as long as they like.
///
/// # Errors
/// What the kernel says; `ENXIO` if there is no such terminal.
pub(crate) fn activate(vt: VtNumber) -> io::Result<()> {
    sys::activate_vt(open(Path::new(paths::VIRTUAL_TERMINALS))?.as_fd(), vt)
}

/// Makes the kernel know `vt`, so that a key can switch to it: it allocates a terminal when it is opened first.
///
/// # Errors
/// What the kernel says.
pub(crate) fn prepare(vt: VtNumber) -> io::Result<()> {
    open(&device(vt)).map(drop)
}

/// Lets the kernel forget `vt` and what is written on it, and makes it anew.
///
/// # Errors
/// `EBUSY` if somebody has it open, or it is shown.
pub(crate) fn free(vt: VtNumber) -> io::Result<()> {
    sys::disallocate_vt(beside(vt)?.as_fd(), vt)?;
    prepare(vt)
}

/// Who has `vt`. Can wait half a second for a writer of utmp.
///
/// # Errors
/// What the kernel says, or what reading utmp says.
pub(crate) fn who_has(vt: VtNumber) -> io::Result<VtUse> {
    let in_use = sys::vts_in_use(beside(vt)?.as_fd())?;
    let is_open = 1u16.checked_shl(vt.get().into()).is_some_and(|bit| in_use & bit != 0);
    let record = Files::system().on_line(line(vt).as_bytes()).map_err(io::Error::other)?;
    Ok(judge(is_open, record.as_ref(), is_alive, Time::now()))
}

/// The name of the line that a virtual terminal is.
pub(crate) fn line(vt: VtNumber) -> String {
    format!("tty{}", vt.get())
}

fn judge(is_open: bool, record: Option<&Record>, is_alive: fn(i32) -> bool, now: Time) -> VtUse {
    let Some(record) = record else { return if is_open { VtUse::Open } else { VtUse::Free } };
    let has_line = matches!(record.kind, Kind::InitProcess | Kind::LoginProcess | Kind::UserProcess);
    let left_at = record.time.seconds;
    match record.kind {
        _ if has_line && is_alive(record.pid) => VtUse::Getty,
        _ if is_open => VtUse::Open,
        _ if has_line => VtUse::Left,
        Kind::DeadProcess if (now.seconds - MOMENT..=now.seconds).contains(&left_at) => VtUse::Left,
        _ => VtUse::Free,
    }
}

fn is_alive(pid: i32) -> bool {
    let pid = Some(pid).filter(|&pid| pid > 0).and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// Another virtual terminal than `vt` to ask by: one that is open because of the question would be in use.
fn beside(vt: VtNumber) -> io::Result<File> {
    let other = if vt.get() == 1 { 2 } else { 1 };
    open(&VtNumber::new(other).map(device).ok_or(Errno::NXIO)?)
}

/// The device of `vt`.
fn device(vt: VtNumber) -> PathBuf {
    Path::new(paths::DEVICES).join(line(vt))
}

/// Opens a virtual terminal without becoming its session's, and without waiting for anything.
fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed();
    let mut outcome = Err(Errno::IO.into());
    for _ in 0..TRIES {
        outcome = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path);
        match &outcome {
            Err(error) if error.raw_os_error() == Some(libc::EIO) => {}
            _ => break,
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_900_000_000;
    const ALIVE: i32 = 4711;

    fn seen(is_open: bool, record: Option<Record>) -> VtUse {
        judge(is_open, record.as_ref(), |pid| pid == ALIVE, Time::from_seconds(NOW))
    }

    fn at(seconds: i64) -> Time {
        Time::from_seconds(seconds)
    }

    #[test]
    fn a_terminal_that_nobody_has_is_free() {
        assert_eq!(seen(false, None), VtUse::Free);
        assert_eq!(seen(false, Some(Record::dead_process(b"tty3", 7, at(NOW - 60)))), VtUse::Free);
        // A clock that was set back says nothing.
        assert_eq!(seen(false, Some(Record::dead_process(b"tty3", 7, at(NOW + 60)))), VtUse::Free);
    }

    #[test]
    fn a_getty_or_a_login_that_lives_has_its_terminal_also_while_it_is_not_open() {
        for is_open in [true, false] {
            assert_eq!(seen(is_open, Some(Record::login_process(b"tty3", ALIVE, at(0)))), VtUse::Getty);
            assert_eq!(seen(is_open, Some(Record::user_process(b"tty3", ALIVE, b"alice", at(0)))), VtUse::Getty);
        }
    }

    #[test]
    fn a_terminal_that_is_open_is_somebodys() {
        assert_eq!(seen(true, None), VtUse::Open);
        assert_eq!(seen(true, Some(Record::dead_process(b"tty3", 7, at(NOW)))), VtUse::Open);
        assert_eq!(seen(true, Some(Record::login_process(b"tty3", 7, at(NOW)))), VtUse::Open);
    }

    #[test]
    fn who_has_just_gone_may_come_back() {
        for ago in 0..=2 {
            assert_eq!(seen(false, Some(Record::dead_process(b"tty3", 7, at(NOW - ago)))), VtUse::Left);
        }
        assert_eq!(seen(false, Some(Record::login_process(b"tty3", 7, at(0)))), VtUse::Left, "runit writes no end");
    }

    #[test]
    fn a_process_is_alive_as_long_as_it_is_there() {
        assert!(is_alive(std::process::id().cast_signed()));
        for nobody in [0, -1, i32::MAX] {
            assert!(!is_alive(nobody), "{nobody}");
        }
    }

    #[test]
    fn a_file_in_the_place_of_a_terminal_answers_nothing() {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("tty1");
        std::fs::write(&file, "").expect("a file");
        let opened = open(&file).expect("a file");
        let errno = |error: io::Error| error.raw_os_error();
        assert_eq!(sys::vts_in_use(opened.as_fd()).map_err(errno), Err(Some(libc::ENOTTY)));
        let vt = VtNumber::new(3).expect("a terminal");
        assert_eq!(sys::disallocate_vt(opened.as_fd(), vt).map_err(errno), Err(Some(libc::ENOTTY)));
        assert_eq!(sys::activate_vt(opened.as_fd(), vt).map_err(errno), Err(Some(libc::ENOTTY)));
    }
}
