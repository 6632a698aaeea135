//! libpam's way in: the functions it looks for in a module (pam_sm_open_session(3)). No panic leaves them.
#![expect(unsafe_code, reason = "libpam finds the functions by their C names")]

use std::ffi::{CStr, c_char, c_int};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};

use pam::ffi::{self, pam_handle_t};

use crate::arguments::Arguments;
use crate::session::{self, Login};
use crate::sys::pam::{Handle, Priority, log_without_handle};

#[unsafe(no_mangle)]
unsafe extern "C" fn pam_sm_open_session(
    handle: *mut pam_handle_t,
    _: c_int,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    // SAFETY: libpam calls with its handle and its argument vector.
    unsafe { session(handle, argc, argv, session::open) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pam_sm_close_session(
    handle: *mut pam_handle_t,
    _: c_int,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    // SAFETY: libpam calls with its handle and its argument vector.
    unsafe { session(handle, argc, argv, session::close) }
}

#[unsafe(no_mangle)]
extern "C" fn pam_sm_authenticate(_: *mut pam_handle_t, _: c_int, _: c_int, _: *const *const c_char) -> c_int {
    ffi::PAM_IGNORE
}

#[unsafe(no_mangle)]
extern "C" fn pam_sm_setcred(_: *mut pam_handle_t, _: c_int, _: c_int, _: *const *const c_char) -> c_int {
    ffi::PAM_IGNORE
}

#[unsafe(no_mangle)]
extern "C" fn pam_sm_acct_mgmt(_: *mut pam_handle_t, _: c_int, _: c_int, _: *const *const c_char) -> c_int {
    ffi::PAM_IGNORE
}

#[unsafe(no_mangle)]
extern "C" fn pam_sm_chauthtok(_: *mut pam_handle_t, _: c_int, _: c_int, _: *const *const c_char) -> c_int {
    ffi::PAM_IGNORE
}

/// Runs `work` for libpam.
///
/// # Safety
/// The handle and the arguments are those libpam called with.
unsafe fn session(
    handle: *mut pam_handle_t,
    argc: c_int,
    argv: *const *const c_char,
    work: fn(&mut Handle<'_>, &Arguments) -> Login,
) -> c_int {
    guarded(ffi::PAM_SUCCESS, || {
        // SAFETY: passed on; the handle outlives this call.
        let Some(mut handle) = (unsafe { Handle::new(handle) }) else { return ffi::PAM_SYSTEM_ERR };
        // SAFETY: passed on.
        let words = unsafe { words(argc, argv) };
        let (arguments, complaints) = Arguments::parse(words);
        for complaint in complaints {
            handle.log(Priority::Warning, &complaint);
        }
        let refusal = if arguments.required { ffi::PAM_SESSION_ERR } else { ffi::PAM_SUCCESS };
        guarded(refusal, || match work(&mut handle, &arguments) {
            Login::GoesOn => ffi::PAM_SUCCESS,
            Login::IsRefused => ffi::PAM_SESSION_ERR,
        })
    })
}

/// The words of an argument vector.
///
/// # Safety
/// `argv` is null or holds `argc` C strings that outlive the result.
unsafe fn words<'w>(argc: c_int, argv: *const *const c_char) -> Vec<&'w [u8]> {
    let count = if argv.is_null() { 0 } else { usize::try_from(argc).unwrap_or(0) };
    let mut words = Vec::with_capacity(count);
    for index in 0..count {
        // SAFETY: `index` is less than the count of pointers.
        let word = unsafe { argv.add(index) };
        // SAFETY: within the vector, as above.
        let word = unsafe { word.read() };
        if word.is_null() {
            break;
        }
        // SAFETY: a C string, as the caller promises.
        words.push(unsafe { CStr::from_ptr(word) }.to_bytes());
    }
    words
}

/// Runs `work`; a panic ends it with `on_panic`.
///
/// The hook is set anew at each call and never taken back: it is that of this library's own copy of the standard library,
/// holds nothing, and goes when the library is unloaded. Taking it back would bring the default one, which writes to the
/// host's standard error, into another thread's call.
fn guarded(on_panic: c_int, work: impl FnOnce() -> c_int) -> c_int {
    panic::set_hook(Box::new(log_panic));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(on_panic)
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    log_without_handle(Priority::Critical, &format!("pam_session_rs: {panic}"));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Set where the test runs itself again: the hook is the whole process', and its standard error is to be seen.
    const ALONE: &str = "PANICKING_ALONE";

    #[test]
    fn a_panic_stays_in_the_module_and_off_the_hosts_terminal() {
        if std::env::var_os(ALONE).is_some() {
            assert_eq!(guarded(ffi::PAM_SESSION_ERR, || panic!("of\nthe module")), ffi::PAM_SESSION_ERR);
            assert_eq!(guarded(ffi::PAM_SESSION_ERR, || ffi::PAM_SUCCESS), ffi::PAM_SUCCESS);
            return;
        }
        let name = "sys::entry::tests::a_panic_stays_in_the_module_and_off_the_hosts_terminal";
        let mut alone = Command::new(std::env::current_exe().expect("this program"));
        alone.args(["--exact", name, "--nocapture"]).env(ALONE, "").env("RUST_BACKTRACE", "1");
        let output = alone.output().expect("this program");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("of\nthe module"));
    }

    #[test]
    fn an_argument_vector_is_read_as_far_as_it_goes() {
        let argv = [c"debug".as_ptr(), c"required".as_ptr(), std::ptr::null()];
        // SAFETY: three pointers, two of them to C strings.
        assert_eq!(unsafe { words(3, argv.as_ptr()) }, [b"debug".as_slice(), b"required"]);
        // SAFETY: nothing is read of a null vector.
        assert!(unsafe { words(2, std::ptr::null()) }.is_empty());
        // SAFETY: a count below zero is none.
        assert!(unsafe { words(-1, argv.as_ptr()) }.is_empty());
    }
}
