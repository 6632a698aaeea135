//! The host's environment, as far as its caller could not have made it up.
#![expect(unsafe_code, reason = "secure_getenv(3) is C")]

use std::ffi::{CStr, c_char};

unsafe extern "C" {
    fn secure_getenv(name: *const c_char) -> *const c_char;
}

/// `char *secure_getenv(const char *name)`: a variable's value; none in a program that runs with more rights than its
/// caller (secure_getenv(3)).
pub(crate) fn secure_variable(name: &CStr) -> Option<Vec<u8>> {
    // SAFETY: `name` is a C string; the call only reads the environment.
    let value = unsafe { secure_getenv(name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: not null, so a C string in the environment; nothing of ours changes that before it is copied.
    let value = unsafe { CStr::from_ptr(value) };
    Some(value.to_bytes().to_vec())
}
