//! What no crate offers safely: signal dispositions, fork, the controlling terminal, inherited descriptors.
#![expect(unsafe_code, reason = "system calls")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering};
use std::time::Duration;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{ForkResult, Pid};
use rustix::fs::OFlags;
use termios::{TCSANOW, Termios};

/// The system's heap, but that nothing can be found in it any more once it is given back: a name may be a password that was
/// typed too early, and no one place in login could say which strings ever held it.
struct WipingHeap;

#[global_allocator]
static HEAP: WipingHeap = WipingHeap;

// SAFETY: it is the system's allocator, which the given memory goes back to after the last use: writing to it.
unsafe impl GlobalAlloc for WipingHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller gives back memory of this size, which nobody uses any more.
        unsafe { libc::explicit_bzero(memory.cast(), layout.size()) };
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Empties the process's environment (`clearenv(3)`), so that neither libpam, its modules nor the C library see the
/// caller's.
pub(crate) fn clear_environment() {
    // SAFETY: login has one thread.
    unsafe { libc::clearenv() };
}

/// Has the lines of PAM's modules in the log begin with `login` and the process's number (`openlog(3)`), and not with
/// whatever is in the first argument's place by then.
pub(crate) fn name_in_log() {
    // SAFETY: the name is static, as the C library keeps the pointer.
    unsafe { libc::openlog(c"login".as_ptr(), libc::LOG_PID, libc::LOG_AUTHPRIV) };
}

/// Closes every descriptor above stderr (`close_range(2)`). For the start of the program only.
///
/// # Errors
/// On a kernel before 5.9.
pub(crate) fn close_inherited() -> io::Result<()> {
    // SAFETY: nothing in this process has opened a descriptor yet, so none of those closed has an owner.
    let rc = unsafe { libc::close_range(3, u32::MAX, 0) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Closes every descriptor (`close_range(2)`). For the child of a fork that opens nothing and only ends.
pub(crate) fn close_all() {
    // SAFETY: in this process nobody uses a descriptor any more, and their owners are never dropped in it.
    unsafe { libc::close_range(0, u32::MAX, 0) };
}

/// Has every descriptor above stderr closed by the next exec (`close_range(2)`, `CLOSE_RANGE_CLOEXEC`).
///
/// # Errors
/// On a kernel before 5.11.
pub(crate) fn close_at_exec() -> io::Result<()> {
    let flags = libc::CLOSE_RANGE_CLOEXEC.cast_signed();
    // SAFETY: no descriptor is closed here.
    let rc = unsafe { libc::close_range(3, u32::MAX, flags) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Which side of a fork this is.
pub(crate) enum Fork {
    Child,
    Parent(Pid),
}

/// `fork(2)`.
///
/// # Errors
/// If the system has no room for another process.
pub(crate) fn fork() -> io::Result<Fork> {
    // SAFETY: login has one thread, so the child may do anything.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => Ok(Fork::Child),
        ForkResult::Parent { child } => Ok(Fork::Parent(child)),
    }
}

/// `_exit(2)`: ends the process without the C library's clean-up, which belongs to the parent of a fork.
pub(crate) fn exit_now(status: c_int) -> ! {
    // SAFETY: `_exit` has no preconditions.
    unsafe { libc::_exit(status) }
}

/// Gives up the controlling terminal (`ioctl_tty(2)`, TIOCNOTTY). A session leader's foreground group gets SIGHUP.
///
/// # Errors
/// `ENOTTY` if `line` is not the controlling terminal.
pub(crate) fn leave_terminal(line: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: `line` is open, and TIOCNOTTY takes no argument.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), libc::TIOCNOTTY) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Makes `line` the controlling terminal of this session leader, also if it is another session's (`ioctl_tty(2)`,
/// TIOCSCTTY with 1).
///
/// # Errors
/// `EPERM` if it is another session's and `CAP_SYS_ADMIN` is missing.
pub(crate) fn take_terminal(line: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: `line` is open, and TIOCSCTTY takes its argument by value.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), libc::TIOCSCTTY, 1) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Hangs `line` up: whoever has it open, also here, can neither read nor write it any more (`ioctl_tty(2)`, TIOCVHANGUP).
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN`.
pub(crate) fn hang_up(line: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: `line` is open, and TIOCVHANGUP takes no argument.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), libc::TIOCVHANGUP) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What makes characters of what comes over `line`: `N_TTY` and the like (`TIOCGETD(2const)`).
///
/// # Errors
/// `EIO` if the line was hung up.
pub(crate) fn discipline(line: BorrowedFd<'_>) -> io::Result<c_int> {
    let mut discipline: c_int = 0;
    // SAFETY: `line` is open, and TIOCGETD writes one int to the place it is given.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), libc::TIOCGETD, &raw mut discipline) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(discipline) }
}

/// Sets it (`TIOCSETD(2const)`).
///
/// # Errors
/// `EIO` if the line was hung up, `EBUSY` if somebody does not let go of it for five seconds.
pub(crate) fn set_discipline(line: BorrowedFd<'_>, discipline: c_int) -> io::Result<()> {
    // SAFETY: `line` is open, and TIOCSETD reads one int from the place it is given.
    let rc = unsafe { libc::ioctl(line.as_raw_fd(), libc::TIOCSETD, &raw const discipline) };
    if rc == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Gives every signal its default action and lets every one through: nothing of ours or of our caller's is left.
pub(crate) fn reset_signals() {
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: SIG_DFL is no function of ours. SIGKILL, SIGSTOP and the C library's own refuse, rightly.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // Only after that: what is pending and blocked is to have its default effect.
    if let Err(error) = SigSet::empty().thread_set_mask() {
        tracing::warn!(%error, "signals stay blocked");
    }
}

/// Stops the interval timers, which an exec leaves as they are (`setitimer(2)`).
pub(crate) fn stop_timers() {
    let never = libc::itimerval {
        it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 },
        it_value: libc::timeval { tv_sec: 0, tv_usec: 0 },
    };
    for timer in [libc::ITIMER_REAL, libc::ITIMER_VIRTUAL, libc::ITIMER_PROF] {
        // SAFETY: `never` lives through the call, and the old value is not asked for.
        unsafe { libc::setitimer(timer, &raw const never, ptr::null_mut()) };
    }
}

/// Has the kernel tell how a child ended, which it does for nobody who ignores that (`waitpid(2)`, SIGCHLD).
///
/// # Errors
/// Never, for this signal.
pub(crate) fn keep_children() -> nix::Result<()> {
    set_action(Signal::SIGCHLD, SigHandler::SigDfl, SaFlags::empty())
}

/// Ignores a signal.
///
/// # Errors
/// Never, for a signal that can be ignored.
pub(crate) fn ignore(signal: Signal) -> nix::Result<()> {
    set_action(signal, SigHandler::SigIgn, SaFlags::empty())
}

/// Survives `signal`. Other than an ignored one it has its default action in every program that a PAM module starts, which
/// may live long and start others (`execve(2)`).
///
/// # Errors
/// Never, for a signal that can be caught.
pub(crate) fn outlive(signal: Signal) -> nix::Result<()> {
    set_action(signal, SigHandler::Handler(pass), SaFlags::SA_RESTART)
}

extern "C" fn pass(_: c_int) {}

/// Does `act` with `signal` ignored, and gives it its action back.
pub(crate) fn unmoved_by<T>(signal: Signal, act: impl FnOnce() -> T) -> T {
    let ignored = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: SIG_IGN is no function of ours.
    let before = unsafe { sigaction(signal, &ignored) };
    let done = act();
    if let Ok(before) = before {
        // SAFETY: the action was in force a moment ago.
        let restored = unsafe { sigaction(signal, &before) };
        if let Err(error) = restored {
            tracing::warn!(%signal, %error, "a signal stays ignored");
        }
    }
    done
}

fn set_action(signal: Signal, handler: SigHandler, flags: SaFlags) -> nix::Result<()> {
    let action = SigAction::new(handler, flags, SigSet::empty());
    // SAFETY: the handlers used here are SIG_IGN, SIG_DFL, `depart`, `note` and `pass`, which are async-signal-safe.
    unsafe { sigaction(signal, &action) }.map(drop)
}

/// How the process leaves when a signal ends it in the middle of anything.
pub(crate) struct Departure {
    modes: Termios,
    timed_out: String,
}

impl Departure {
    /// The line gets `modes` back (a password prompt may have taken its echo), and the person is told if it was the
    /// `timeout`.
    pub(crate) fn new(modes: Termios, timeout: Option<Duration>) -> Self {
        let seconds = timeout.unwrap_or_default().as_secs();
        Self { modes, timed_out: format!("\nlogin: timed out after {seconds} seconds\n") }
    }
}

/// What [`depart`] needs: a signal handler has no argument of ours.
static DEPARTURE: AtomicPtr<Departure> = AtomicPtr::new(ptr::null_mut());

/// From now on SIGALRM, SIGHUP and SIGTERM restore the line's modes and end the process, also in the middle of a
/// module of libpam: no SA_RESTART, and nothing returns into it.
///
/// # Errors
/// Never, for these signals.
pub(crate) fn depart_on_signals(departure: Departure) -> nix::Result<()> {
    // The old value, if any, is leaked: a handler may be about to read it.
    DEPARTURE.store(Box::into_raw(Box::new(departure)), Ordering::Release);
    for signal in [Signal::SIGALRM, Signal::SIGHUP, Signal::SIGTERM] {
        set_action(signal, SigHandler::Handler(depart), SaFlags::SA_RESETHAND)?;
    }
    Ok(())
}

/// From now on SIGALRM again ends the process as [`depart_on_signals`] has it, and the other two keep their meaning.
///
/// # Errors
/// Never, for this signal.
pub(crate) fn depart_on_alarm() -> nix::Result<()> {
    set_action(Signal::SIGALRM, SigHandler::Handler(depart), SaFlags::SA_RESETHAND)
}

/// Only async-signal-safe calls: fcntl, write, tcsetattr, raise, _exit (`signal-safety(7)`).
extern "C" fn depart(signal: c_int) {
    // SAFETY: the box in DEPARTURE is never freed.
    if let Some(departure) = unsafe { DEPARTURE.load(Ordering::Acquire).as_ref() } {
        let line = rustix::stdio::stdin();
        // Nothing more can be done about a line that takes neither modes nor words.
        let _modes = termios::tcsetattr(line.as_raw_fd(), TCSANOW, &departure.modes);
        if signal == libc::SIGALRM {
            // The line may be held by ^S, and the time is over.
            let _nonblocking = rustix::fs::fcntl_setfl(line.as_fd(), OFlags::RDWR | OFlags::NONBLOCK);
            let _told = rustix::io::write(line, departure.timed_out.as_bytes());
        }
    }
    if signal == libc::SIGALRM {
        exit_now(0); // as util-linux's login; it also tells init that nothing is wrong with the line
    }
    // SAFETY: SA_RESETHAND has given the signal its default action, which ends the process when the handler returns.
    unsafe { libc::raise(signal) };
}

/// The last of SIGHUP and SIGTERM since [`note_ends`], by its number; 0 if neither came.
static END_IS_ASKED: AtomicI32 = AtomicI32::new(0);

/// From now on SIGHUP and SIGTERM are only noted: a session is open, and it is closed in order. Not blocked, because
/// what PAM's modules start would inherit that.
///
/// # Errors
/// Never, for these signals.
pub(crate) fn note_ends() -> nix::Result<()> {
    for signal in [Signal::SIGHUP, Signal::SIGTERM] {
        set_action(signal, SigHandler::Handler(note), SaFlags::SA_RESTART)?;
    }
    Ok(())
}

/// The signal that asks for the end, if one has been noted.
pub(crate) fn asked_to_end() -> Option<Signal> {
    Signal::try_from(END_IS_ASKED.load(Ordering::Relaxed)).ok()
}

extern "C" fn note(signal: c_int) {
    END_IS_ASKED.store(signal, Ordering::Relaxed);
}
