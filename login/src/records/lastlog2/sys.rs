//! liblastlog2's calls, looked up at run time: it is there where its database is.
#![expect(unsafe_code, reason = "a C library that may be absent")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::transmute;
use std::ptr;

/// The name by which the loader finds it (util-linux 2.40 and later).
const NAME: &CStr = c"liblastlog2.so.2";

/// `struct ll2_context *ll2_new_context(const char *db_path)` of lastlog2.h; NULL means the system's database.
type NewContext = unsafe extern "C" fn(*const c_char) -> *mut c_void;

/// `int ll2_write_entry(struct ll2_context *, const char *user, int64_t ll_time, const char *tty, const char *rhost,
/// const char *pam_service, char **error)` of lastlog2.h.
type WriteEntry = unsafe extern "C" fn(
    *mut c_void,
    *const c_char,
    i64,
    *const c_char,
    *const c_char,
    *const c_char,
    *mut *mut c_char,
) -> c_int;

/// The library; never unloaded.
pub(super) struct Library {
    new_context: NewContext,
    write_entry: WriteEntry,
}

/// Whether somebody has loaded the library into this process (`dlopen(3)`, `RTLD_NOLOAD`).
pub(super) fn is_loaded() -> bool {
    // SAFETY: the name is a string, and nothing is loaded, so no code of a library runs.
    let handle = unsafe { libc::dlopen(NAME.as_ptr(), libc::RTLD_NOW | libc::RTLD_NOLOAD) };
    if handle.is_null() {
        return false;
    }
    // SAFETY: `handle` is the reference that was just taken; its owner keeps another.
    unsafe { libc::dlclose(handle) };
    true
}

impl Library {
    /// Loads it (`dlopen(3)`); none if it is not installed, or not the one we know.
    pub(super) fn load() -> Option<Self> {
        // SAFETY: the name is a string; the library is the system's own, from the loader's folders.
        let handle = unsafe { libc::dlopen(NAME.as_ptr(), libc::RTLD_NOW) };
        if handle.is_null() {
            return None;
        }
        let new_context = symbol(handle, c"ll2_new_context")?;
        let write_entry = symbol(handle, c"ll2_write_entry")?;
        Some(Self {
            // SAFETY: the symbol is this function in every version of the library's ABI 2, which its name demands.
            new_context: unsafe { transmute::<*mut c_void, NewContext>(new_context) },
            // SAFETY: as above.
            write_entry: unsafe { transmute::<*mut c_void, WriteEntry>(write_entry) },
        })
    }

    /// `ll2_write_entry(3)` on the system's database. What it allocates goes with the process.
    ///
    /// # Errors
    /// Its code: a negative errno(3), or SQLite's.
    pub(super) fn write(
        &self,
        user: &CStr,
        time: i64,
        line: &CStr,
        host: Option<&CStr>,
        service: &CStr,
    ) -> Result<(), c_int> {
        // SAFETY: NULL stands for the system's database.
        let context = unsafe { (self.new_context)(ptr::null()) };
        if context.is_null() {
            return Err(-libc::ENOMEM);
        }
        let host = host.map_or(ptr::null(), CStr::as_ptr);
        let (user, line, service) = (user.as_ptr(), line.as_ptr(), service.as_ptr());
        let mut explanation = ptr::null_mut();
        // SAFETY: `context` is live; the strings end in NUL and live through the call, `host` may be NULL.
        let code = unsafe { (self.write_entry)(context, user, time, line, host, service, &raw mut explanation) };
        if code == 0 { Ok(()) } else { Err(code) }
    }
}

fn symbol(library: *mut c_void, name: &CStr) -> Option<*mut c_void> {
    // SAFETY: `library` is a live handle, and the name is a string.
    let address = unsafe { libc::dlsym(library, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}
