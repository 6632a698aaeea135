//! What has no safe wrapper: a descriptor known by its number, a signal known by its, a descriptor in the runtime's care, the
//! calls of virtual terminals, what kind of file system is mounted, a child before it runs its program.
#![expect(
    unsafe_code,
    reason = "fcntl(2), pidfd_send_signal(2) with real-time signals, statmount(2), mallopt(3), tokio's AsyncFd, ioctl_vt(2), \
              close_range(2), Command's pre_exec"
)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use linux_raw_sys::general::{__NR_statmount, MNT_ID_REQ_SIZE_VER0, STATMOUNT_SB_BASIC};
use linux_raw_sys::ioctl::{VT_ACTIVATE, VT_DISALLOCATE, VT_GETSTATE};
use logind_core::names::VtNumber;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Takes over the descriptor `number` that we were started with. Once in a process, before it opens any other.
///
/// # Errors
/// `EBADF` if it is not open, is one of the standard three, or one was taken before.
pub(crate) fn take_inherited_fd(number: RawFd) -> io::Result<OwnedFd> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let is_ours = number > libc::STDERR_FILENO && !TAKEN.swap(true, Ordering::Relaxed);
    // SAFETY: fcntl(2) with F_SETFD takes its argument by value and touches no memory of ours.
    if !is_ours || unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } == -1 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: the descriptor is open, as fcntl just said, and nobody else here owns it: it was inherited, it is taken
    // once, and before the process opened any of its own.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// `pidfd_send_signal(pidfd, signal, NULL, 0)`: sends signal number `signal` to the process (pidfd_send_signal(2)).
///
/// # Errors
/// `ESRCH` if it is gone, `EINVAL` if there is no such signal.
pub(crate) fn send_signal(pidfd: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
    let no_info = ptr::null::<libc::siginfo_t>();
    // SAFETY: `pidfd` is open, and a null siginfo lets the kernel fill in its own.
    let rc = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, no_info, 0) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What statmount(2) is asked (`struct mnt_id_req` of linux/mount.h, its first size).
#[repr(C)]
struct MountRequest {
    size: u32,
    spare: u32,
    mount: u64,
    wanted: u64,
}

const _: () = assert!(size_of::<MountRequest>() == MNT_ID_REQ_SIZE_VER0 as usize);

/// What it answers, as far as it is asked (the beginning of `struct statmount` of linux/mount.h).
#[repr(C)]
#[derive(Default)]
struct MountAnswer {
    size: u32,
    options: u32,
    told: u64,
    device: [u32; 2],
    magic: u64,
    flags: u32,
    kind: u32,
}

const _: () = assert!(size_of::<MountAnswer>() == 40);

/// `statmount(&request, &answer, sizeof(answer), 0)`: what kind of file system the mount of this unique number shows, by
/// the kernel's own word: the file system is not asked (statmount(2)).
///
/// # Errors
/// `ENOSYS` before Linux 6.8, `ENOENT` if it is not mounted any more.
pub(crate) fn magic_of_mount(mount: u64) -> io::Result<u64> {
    let wanted = u64::from(STATMOUNT_SB_BASIC);
    let request = MountRequest { size: MNT_ID_REQ_SIZE_VER0, spare: 0, mount, wanted };
    let mut answer = MountAnswer::default();
    let (number, room) = (__NR_statmount as libc::c_long, size_of::<MountAnswer>());
    // SAFETY: the kernel reads a request of the size that it says, and writes no more of its answer than there is room
    // for; both outlive the call.
    let rc = unsafe { libc::syscall(number, &raw const request, &raw mut answer, room, 0) };
    match rc {
        -1 => Err(io::Error::last_os_error()),
        _ if answer.told & wanted == 0 => Err(io::Error::from_raw_os_error(libc::ENOSYS)),
        _ => Ok(answer.magic),
    }
}

/// Lets freed memory go back to the system (mallopt(3)): what is large is mapped on its own, as it is before the first of
/// it was freed, and the threads of the pool have no arenas of their own, which would outlive them.
#[cfg(target_env = "gnu")]
pub(crate) fn give_memory_back() {
    const LARGE: libc::c_int = 128 * 1024;
    for (parameter, value) in [(libc::M_ARENA_MAX, 1), (libc::M_MMAP_THRESHOLD, LARGE), (libc::M_TRIM_THRESHOLD, LARGE)]
    {
        // SAFETY: mallopt(3) takes its arguments by value; a parameter that it does not know changes nothing.
        unsafe { libc::mallopt(parameter, value) };
    }
}

/// Other C libraries give it back by themselves.
#[cfg(not(target_env = "gnu"))]
pub(crate) fn give_memory_back() {}

/// Lets the runtime tell when `fd` can be read or written, whichever is of `interest` (epoll(7)).
///
/// # Errors
/// What the kernel says of watching it.
pub(crate) fn watched(fd: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an OwnedFd names the same open descriptor for as long as the AsyncFd owns it, and lends it only by `&`.
    let watched = unsafe { AsyncFd::register_with_interest(fd, interest) };
    Ok(watched?)
}

/// `ioctl(console, VT_ACTIVATE, vt)`: asks the kernel to bring `vt` to the front; the switch happens later (`ioctl_vt(2)`).
///
/// # Errors
/// `ENXIO` if `vt` is out of the kernel's range, `EPERM` without `CAP_SYS_TTY_CONFIG`.
pub(crate) fn activate_vt(console: BorrowedFd<'_>, vt: VtNumber) -> io::Result<()> {
    let number = libc::c_ulong::from(vt.get());
    // SAFETY: `console` is open, and VT_ACTIVATE takes its argument by value.
    let rc = unsafe { libc::ioctl(console.as_raw_fd(), VT_ACTIVATE as libc::Ioctl, number) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// `ioctl(console, VT_DISALLOCATE, vt)`: frees the memory of `vt`, with what is written on it (`ioctl_vt(2)`).
///
/// # Errors
/// `EBUSY` if it is open or shown.
pub(crate) fn disallocate_vt(console: BorrowedFd<'_>, vt: VtNumber) -> io::Result<()> {
    let number = libc::c_ulong::from(vt.get());
    // SAFETY: `console` is open, and VT_DISALLOCATE takes its argument by value.
    let rc = unsafe { libc::ioctl(console.as_raw_fd(), VT_DISALLOCATE as libc::Ioctl, number) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// `struct vt_stat` of linux/vt.h.
#[repr(C)]
#[derive(Default)]
struct VtStat {
    active: u16,
    signal: u16,
    state: u16,
}

const _: () = assert!(size_of::<VtStat>() == 6);

/// `ioctl(console, VT_GETSTATE, &stat)`: which terminals somebody has open, a bit each, tty1's the second (`ioctl_vt(2)`).
///
/// # Errors
/// `ENOTTY` if `console` is no virtual terminal.
pub(crate) fn vts_in_use(console: BorrowedFd<'_>) -> io::Result<u16> {
    let mut stat = VtStat::default();
    // SAFETY: `console` is open, and VT_GETSTATE fills in a `struct vt_stat`, which `stat` is, laid out and sized so.
    let rc = unsafe { libc::ioctl(console.as_raw_fd(), VT_GETSTATE as libc::Ioctl, &raw mut stat) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(stat.state) }
}

/// Lets the process that `command` starts lead a session of its own, with this limit of descriptors and none but the
/// standard three.
pub(crate) fn in_its_own_session(command: &mut Command, descriptors: Rlimit) {
    let prepare = move || {
        rustix::process::setsid()?;
        close_others_at_exec()?;
        Ok(setrlimit(Resource::Nofile, descriptors)?)
    };
    // SAFETY: between fork and exec `prepare` makes three system calls and touches nothing that another thread may have
    // locked: it allocates nothing, and an errno becomes an error without allocating.
    unsafe { command.pre_exec(prepare) };
}

/// `close_range(3, ~0, CLOSE_RANGE_CLOEXEC)`: of the descriptors that the process has, its program keeps the standard
/// three (close_range(2), Linux 5.11).
///
/// # Errors
/// `ENOSYS` or `EPERM` where the call is not to be had.
fn close_others_at_exec() -> io::Result<()> {
    let (first, last) = (libc::STDERR_FILENO + 1, libc::c_uint::MAX);
    // SAFETY: close_range(2) takes its arguments by value, and with this flag it closes nothing now.
    let rc = unsafe { libc::syscall(libc::SYS_close_range, first, last, libc::CLOSE_RANGE_CLOEXEC) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
