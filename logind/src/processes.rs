//! Processes as the kernel knows them: pinned by a pidfd, described by /proc, placed by their cgroup.

mod place;

use std::fs::DirEntry;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;

use logind_core::leader::Leader;
use logind_core::names::{Uid, VtNumber};
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

pub(crate) use place::{Base, Place, parse_uid};

use crate::sys;

/// `PID_FS_MAGIC` of linux/magic.h: the file system of pidfds since Linux 6.9.
const PID_FS_MAGIC: u64 = 0x5049_4446;

/// The major number of virtual terminals and serial lines (`TTY_MAJOR` of linux/major.h).
const TTY_MAJOR: u32 = 4;

/// How much of a file of the kernel's is read at once.
const ROOM: usize = 1024;

/// A process pinned by its pidfd, with what /proc says of it, re-checked after the pidfd was opened.
#[derive(Debug)]
pub(crate) struct Process {
    /// The pidfd.
    pub(crate) fd: OwnedFd,
    /// Its number and what makes the number unique.
    pub(crate) leader: Leader,
    /// Where it runs.
    pub(crate) place: Place,
    /// The virtual terminal that is its controlling terminal.
    pub(crate) vt: Option<VtNumber>,
    /// Whether it runs as root, and nobody else made it do so: neither its real nor its effective user is another. Asked
    /// of who is at a virtual terminal only.
    pub(crate) is_roots: bool,
    /// Its audit session, unless unset or inherited from its parent.
    pub(crate) audit: Option<u32>,
}

/// The pidfd of the process `leader`, which has not ended: another with its number is not it.
///
/// # Errors
/// `ESRCH` if it has ended; what keeps us from telling otherwise.
pub(crate) fn find(leader: Leader) -> io::Result<OwnedFd> {
    let fd = open(leader.pid)?;
    let start_time = Stat::read(leader.pid)?.start_time;
    let is_other = matches!((pidfs_id(fd.as_fd())?, leader.pidfs_id), (Some(now), Some(then)) if now != then);
    if start_time == leader.start_time && !is_other && !has_ended(fd.as_fd()) {
        Ok(fd)
    } else {
        Err(Errno::SRCH.into())
    }
}

/// Whether a process runs as `uid`, by the owners of what is in /proc: root, who owns what is nobody's too, is nobody there.
///
/// # Errors
/// What listing /proc says.
pub(crate) fn is_anybody(uid: Uid) -> io::Result<bool> {
    let is_process = |entry: &DirEntry| entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit);
    let is_own = |entry: DirEntry| is_process(&entry) && entry.metadata().is_ok_and(|found| found.uid() == uid.get());
    Ok(uid != Uid::ROOT && std::fs::read_dir("/proc")?.flatten().any(is_own))
}

/// Whether the kernel had no room to answer: what was asked about may be there, or be gone.
pub(crate) fn says_nothing(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM))
}

/// Pins the process `pid`, with what makes the number unique.
///
/// # Errors
/// `ESRCH` if there is none (any more); what pidfd_open(2) says otherwise.
pub(crate) fn pin(pid: u32) -> io::Result<(OwnedFd, Leader)> {
    let fd = open(pid)?;
    let (start_time, pidfs_id) = (Stat::read(pid)?.start_time, pidfs_id(fd.as_fd())?);
    is_there(fd.as_fd())?;
    Ok((fd, Leader { pid, start_time, pidfs_id }))
}

/// Whether the process that `fd` pins has ended, reaped or not (pidfd_open(2)).
pub(crate) fn has_ended(fd: BorrowedFd<'_>) -> bool {
    let mut pidfd = [PollFd::new(&fd, PollFlags::IN)];
    matches!(poll(&mut pidfd, Some(&Timespec::default())), Ok(1))
}

/// Whether the process that `fd` pins is not reaped, so that its number is its own.
///
/// # Errors
/// `ESRCH` if it is.
pub(crate) fn is_there(fd: BorrowedFd<'_>) -> io::Result<()> {
    match sys::send_signal(fd, 0) {
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => Ok(()), // somebody else's
        outcome => outcome,
    }
}

impl Process {
    /// Pins the process `pid` and reads what /proc says of it.
    ///
    /// # Errors
    /// `ESRCH` if there is none (any more); what pidfd_open(2) says otherwise.
    pub(crate) fn by_pid(pid: u32, base: &Base) -> io::Result<Self> {
        Self::read(pid, open(pid)?, base)
    }

    /// Reads what /proc says of the process that `fd`, somebody's pidfd, pins.
    ///
    /// # Errors
    /// `EBADF` if `fd` is no pidfd, `EINVAL` if it pins a thread, `ESRCH` if the process is gone or not in our PID
    /// namespace.
    pub(crate) fn by_pidfd(fd: OwnedFd, base: &Base) -> io::Result<Self> {
        let pid = pid_of(fd.as_fd())?;
        // A pidfd made with PIDFD_THREAD (pidfd_open(2)), which is O_EXCL, ends with its thread, not with the process.
        if rustix::fs::fcntl_getfl(&fd)?.contains(OFlags::EXCL) {
            return Err(Errno::INVAL.into());
        }
        Self::read(pid, fd, base)
    }

    fn read(pid: u32, fd: OwnedFd, base: &Base) -> io::Result<Self> {
        let pidfs_id = pidfs_id(fd.as_fd())?;
        let stat = Stat::read(pid)?;
        let place = base.place_of(pid)?;
        let is_roots = stat.vt.is_some() && is_roots(&read_proc(pid, "status")?);
        let audit = audit_session(pid).filter(|&id| audit_session(stat.parent) != Some(id));
        is_there(fd.as_fd())?; // so all of that was its own
        let leader = Leader { pid, start_time: stat.start_time, pidfs_id };
        Ok(Self { fd, leader, place, vt: stat.vt, is_roots, audit })
    }
}

/// A pidfd of the process that has the number `pid` now.
///
/// # Errors
/// `ESRCH` if there is none; what pidfd_open(2) says otherwise.
pub(crate) fn open(pid: u32) -> io::Result<OwnedFd> {
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
    Ok(pidfd_open(number, PidfdFlags::empty())?)
}

/// What is needed of /proc/PID/stat (proc_pid_stat(5)).
struct Stat {
    parent: u32,
    vt: Option<VtNumber>,
    start_time: u64,
}

impl Stat {
    fn read(pid: u32) -> io::Result<Self> {
        Self::parse(&read_proc(pid, "stat")?).ok_or_else(|| Errno::PROTO.into())
    }

    fn parse(text: &str) -> Option<Self> {
        // The name in parentheses is the process's own choice, and may contain any of them.
        let (_, fields) = text.rsplit_once(") ")?;
        let mut fields = fields.split_ascii_whitespace();
        let parent = fields.nth(1)?.parse().ok()?;
        let tty: i32 = fields.nth(2)?.parse().ok()?;
        let start_time = fields.nth(14)?.parse().ok()?;
        Some(Self { parent, vt: vt_of_device(tty.cast_unsigned()), start_time })
    }
}

/// The virtual terminal of a device number as the kernel prints it (`new_encode_dev` of linux/kdev_t.h).
fn vt_of_device(device: u32) -> Option<VtNumber> {
    let (major, minor) = ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xf_ff00));
    if major == TTY_MAJOR { VtNumber::new(minor) } else { None }
}

/// Whether real and effective user in a /proc/PID/status are root (proc_pid_status(5)).
fn is_roots(status: &str) -> bool {
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap_or_default();
    let mut ids = ids.split_ascii_whitespace();
    (ids.next(), ids.next()) == (Some("0"), Some("0"))
}

/// The audit session of `pid`, if it is set (`AUDIT_SID_UNSET` of linux/audit.h).
fn audit_session(pid: u32) -> Option<u32> {
    let text = read_proc(pid, "sessionid").ok()?;
    text.trim().parse().ok().filter(|&id| id != 0 && id != u32::MAX)
}

/// The number of the process that `fd` pins (the `Pid` line of its fdinfo, pidfd_open(2)).
///
/// # Errors
/// `ESRCH` if the process is gone and reaped, or not in our PID namespace; `EBADF` if `fd` is no pidfd.
fn pid_of(fd: BorrowedFd<'_>) -> io::Result<u32> {
    let info = read_file(&format!("/proc/self/fdinfo/{}", fd.as_raw_fd()))?;
    let pid = info.lines().find_map(|line| line.strip_prefix("Pid:")).ok_or(Errno::BADF)?;
    // -1 is a process that is gone, 0 one outside of our PID namespace.
    pid.trim().parse().ok().filter(|&pid| pid != 0).ok_or_else(|| Errno::SRCH.into())
}

fn pidfs_id(fd: BorrowedFd<'_>) -> io::Result<Option<u64>> {
    let is_pidfs = u64::try_from(rustix::fs::fstatfs(fd)?.f_type).is_ok_and(|magic| magic == PID_FS_MAGIC);
    Ok(if is_pidfs { Some(rustix::fs::fstat(fd)?.st_ino) } else { None })
}

fn read_proc(pid: u32, file: &str) -> io::Result<String> {
    read_file(&format!("/proc/{pid}/{file}")).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Errno::SRCH.into(),
        _ => error,
    })
}

/// Reads a whole small file of the kernel's.
///
/// # Errors
/// What the kernel says.
pub(crate) fn read_file(path: &str) -> io::Result<String> {
    read_text(rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Reads a small file of the kernel's from its beginning. The kernel makes each of those that we read in one piece
/// (`single_open` of seq_file.rst, kernfs), so a read that leaves room has all of it.
///
/// # Errors
/// What the kernel says.
pub(crate) fn read_text(file: impl AsFd) -> io::Result<String> {
    let mut bytes = Vec::with_capacity(ROOM);
    loop {
        let at = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        match rustix::io::pread(&file, spare_capacity(&mut bytes), at) {
            Ok(0) => break,
            Ok(_) if bytes.len() < bytes.capacity() => break,
            Ok(_) => bytes.reserve(bytes.len()),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    // A process names itself and its cgroups in any bytes; nothing that is asked for here depends on those.
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::process::{Command, Stdio};

    use super::*;

    fn base() -> Base {
        Base::find()
    }

    #[test]
    fn a_name_full_of_parentheses_shifts_no_field() {
        let tail = "S 7 1 1 1025 1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 1 1";
        let stat = Stat::parse(&format!("42 (a) b) 9 (c) {tail}")).expect("a line of stat");
        assert_eq!((stat.parent, stat.vt, stat.start_time), (7, VtNumber::new(1), 4711));
        assert!(Stat::parse("42 (a").is_none());
    }

    #[test]
    fn only_a_virtual_terminal_has_a_number() {
        assert_eq!(vt_of_device((4 << 8) | 63), VtNumber::new(63));
        for other in [0, 4 << 8, (4 << 8) | 64, (136 << 8) | 1, (5 << 8) | 1, (4 << 8) | 1 | (1 << 20)] {
            assert_eq!(vt_of_device(other), None, "{other:#x}");
        }
    }

    #[test]
    fn a_set_user_id_program_is_not_roots_own() {
        assert!(is_roots("Name:\tlogin\nUid:\t0\t0\t0\t0\n"));
        for status in ["Uid:\t1000\t0\t0\t0\n", "Uid:\t0\t1000\t0\t0\n", "Name:\tUid:\t0\t0\n", "Uid:\n", ""] {
            assert!(!is_roots(status), "{status}");
        }
    }

    #[test]
    fn this_process_is_found_by_number_and_by_pidfd() {
        let by_pid = Process::by_pid(std::process::id(), &base()).expect("this process");
        let again = Process::by_pidfd(by_pid.fd.try_clone().expect("a copy"), &base()).expect("this process");
        assert_eq!(by_pid.leader, again.leader);
        assert_eq!(by_pid.leader.pid, std::process::id());
        assert!(by_pid.leader.start_time > 0);
    }

    #[test]
    fn a_process_that_was_reaped_is_not_found() {
        let mut child = Command::new("true").stdin(Stdio::null()).spawn().expect("a child");
        let number = Pid::from_raw(child.id().cast_signed()).expect("a pid");
        let fd = pidfd_open(number, PidfdFlags::empty()).expect("a pidfd");
        child.wait().expect("its end");
        let errno = |error: io::Error| error.raw_os_error();
        assert_eq!(Process::by_pidfd(fd, &base()).map_err(errno).err(), Some(Some(libc::ESRCH)));
        assert_eq!(Process::by_pid(child.id(), &base()).map_err(errno).err(), Some(Some(libc::ESRCH)));
        assert_eq!(Process::by_pid(0, &base()).map_err(errno).err(), Some(Some(libc::ESRCH)));
    }

    #[test]
    fn a_leader_is_found_until_it_ends_and_never_under_anothers_number() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("a child");
        let process = Process::by_pid(child.id(), &base()).expect("it runs");
        let leader = process.leader;
        let is_gone = |leader| find(leader).is_err_and(|error| error.raw_os_error() == Some(libc::ESRCH));
        assert!(find(leader).is_ok());
        assert!(find(Leader { pidfs_id: None, ..leader }).is_ok());
        assert!(is_gone(Leader { start_time: leader.start_time + 1, ..leader }));
        assert_eq!(is_gone(Leader { pidfs_id: leader.pidfs_id.map(|id| id + 1), ..leader }), leader.pidfs_id.is_some());
        drop(child.stdin.take());
        let deadline = Timespec { tv_sec: 10, tv_nsec: 0 };
        poll(&mut [PollFd::new(&process.fd, PollFlags::IN)], Some(&deadline)).expect("its end");
        assert!(is_gone(leader), "a process that nobody has waited for has ended all the same");
        child.wait().expect("its end");
        assert!(is_gone(leader));
    }

    #[test]
    fn a_file_is_no_pidfd() {
        let file = File::open("/dev/null").expect("a file");
        let error = Process::by_pidfd(file.into(), &base()).expect_err("no process");
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    }
}
