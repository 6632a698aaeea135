//! libpam as a module calls it (pam(3), "The module API"): one call a function, safe types in and out.
#![expect(unsafe_code, reason = "libpam is C")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::panic::catch_unwind;
use std::ptr::{self, NonNull};

use pam::ffi;

use crate::record::Record;

unsafe extern "C" {
    fn pam_syslog(handle: *const ffi::pam_handle_t, priority: c_int, format: *const c_char, ...);
}

/// How much a line in the log matters (syslog(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    Critical,
    Error,
    Warning,
    Debug,
}

impl Priority {
    fn level(self) -> c_int {
        match self {
            Self::Critical => libc::LOG_CRIT,
            Self::Error => libc::LOG_ERR,
            Self::Warning => libc::LOG_WARNING,
            Self::Debug => libc::LOG_DEBUG,
        }
    }
}

/// What PAM knows of a login (pam_get_item(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Service,
    User,
    Tty,
    RemoteHost,
    RemoteUser,
    Display,
}

impl Item {
    fn number(self) -> c_int {
        match self {
            Self::Service => ffi::PAM_SERVICE,
            Self::User => ffi::PAM_USER,
            Self::Tty => ffi::PAM_TTY,
            Self::RemoteHost => ffi::PAM_RHOST,
            Self::RemoteUser => ffi::PAM_RUSER,
            Self::Display => ffi::PAM_XDISPLAY,
        }
    }
}

/// Whose session it is (passwd(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// libpam could not: out of memory, in practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("libpam answers {0}")]
pub(crate) struct PamError(c_int);

/// A PAM transaction, for the time of one call of the module.
pub(crate) struct Handle<'h> {
    raw: NonNull<ffi::pam_handle_t>,
    host: PhantomData<&'h mut ffi::pam_handle_t>,
}

impl Handle<'_> {
    /// # Safety
    /// `raw` is null or the handle that libpam called the module with, and the call is not over before this is dropped.
    pub(super) unsafe fn new(raw: *mut ffi::pam_handle_t) -> Option<Self> {
        NonNull::new(raw).map(|raw| Self { raw, host: PhantomData })
    }

    /// `int pam_get_item(const pam_handle_t *, int, const void **)`: an item's value, if it is set (pam_get_item(3)).
    pub(crate) fn item(&self, item: Item) -> Option<Vec<u8>> {
        let mut value: *const c_void = ptr::null();
        // SAFETY: the handle is live, and `value` is ours to be written.
        let answer = unsafe { ffi::pam_get_item(self.raw.as_ptr(), item.number(), &raw mut value) };
        if answer != ffi::PAM_SUCCESS {
            return None;
        }
        copied(value.cast())
    }

    /// `const char *pam_getenv(pam_handle_t *, const char *)`: a variable of the PAM environment (pam_getenv(3)).
    pub(crate) fn variable(&self, name: &CStr) -> Option<Vec<u8>> {
        // SAFETY: the handle is live and `name` is a C string.
        copied(unsafe { ffi::pam_getenv(self.raw.as_ptr(), name.as_ptr()) })
    }

    /// `int pam_putenv(pam_handle_t *, const char *)`: sets a variable of the PAM environment, or takes it away
    /// (pam_putenv(3)).
    ///
    /// # Errors
    /// libpam's; no memory, or a value that holds a NUL.
    pub(crate) fn set_variable(&mut self, name: &CStr, value: Option<&str>) -> Result<(), PamError> {
        let mut setting = name.to_bytes().to_vec();
        if let Some(value) = value {
            setting.push(b'=');
            setting.extend(value.bytes());
        } else if self.variable(name).is_none() {
            return Ok(()); // libpam logs an error where there is nothing to take away
        }
        let setting = CString::new(setting).map_err(|_| PamError(ffi::PAM_BAD_ITEM))?;
        // SAFETY: the handle is live and `setting` is a C string, which libpam copies.
        succeeded(unsafe { ffi::pam_putenv(self.raw.as_ptr(), setting.as_ptr()) })
    }

    /// `struct passwd *pam_modutil_getpwnam(pam_handle_t *, const char *)`: the account of that name, from the user
    /// database (getpwnam(3)).
    pub(crate) fn account(&mut self, name: &CStr) -> Option<Account> {
        // SAFETY: the handle is live and `name` is a C string.
        let entry = unsafe { ffi::pam_modutil_getpwnam(self.raw.as_ptr(), name.as_ptr()) };
        // SAFETY: null, or an entry that libpam keeps as long as the handle.
        let entry = unsafe { entry.as_ref() }?;
        Some(Account { uid: entry.pw_uid, gid: entry.pw_gid })
    }

    /// `int pam_get_data(const pam_handle_t *, const char *, const void **)`: text that another module left under a name
    /// that pam_systemd(8) defines to be text.
    pub(crate) fn text_data(&self, name: &CStr) -> Option<Vec<u8>> {
        copied(self.data(name).cast())
    }

    /// `int pam_set_data(pam_handle_t *, const char *, void *, void (*)())`: gives libpam a record to keep until the
    /// transaction ends; it takes an earlier one's place (pam_set_data(3)).
    ///
    /// # Errors
    /// libpam's; the record is dropped.
    pub(crate) fn keep(&mut self, record: Box<Record>) -> Result<(), PamError> {
        let record = Box::into_raw(record);
        let name = record_name();
        // SAFETY: the handle is live, `name` is a C string, and `drop_record` frees what `Box::into_raw` made.
        let kept = unsafe { ffi::pam_set_data(self.raw.as_ptr(), name.as_ptr(), record.cast(), Some(drop_record)) };
        succeeded(kept).inspect_err(|_| {
            // SAFETY: libpam did not take it, so this is its only owner.
            drop(unsafe { Box::from_raw(record) });
        })
    }

    /// The record kept, if there is one.
    pub(crate) fn kept(&self) -> Option<&Record> {
        // SAFETY: under this name there is nothing but what `keep` put there, and it stays until `forget` (`&mut self`).
        unsafe { self.data(&record_name()).cast::<Record>().as_ref() }
    }

    /// Has libpam drop the record kept.
    pub(crate) fn forget(&mut self) {
        let name = record_name();
        // SAFETY: the handle is live and `name` is a C string; nothing is given to be kept.
        let _ = unsafe { ffi::pam_set_data(self.raw.as_ptr(), name.as_ptr(), ptr::null_mut(), None) };
    }

    fn data(&self, name: &CStr) -> *const c_void {
        let mut data: *const c_void = ptr::null();
        // SAFETY: the handle is live, `name` is a C string, and `data` is ours to be written.
        let answer = unsafe { ffi::pam_get_data(self.raw.as_ptr(), name.as_ptr(), &raw mut data) };
        if answer == ffi::PAM_SUCCESS { data } else { ptr::null() }
    }

    /// `void pam_syslog(const pam_handle_t *, int, const char *, ...)`: one line in the log, escaped (pam_syslog(3)).
    pub(crate) fn log(&self, priority: Priority, line: &str) {
        syslog(self.raw.as_ptr(), priority, line);
    }
}

/// A line in the log where no transaction is at hand.
pub(super) fn log_without_handle(priority: Priority, line: &str) {
    syslog(ptr::null(), priority, line);
}

fn syslog(handle: *const ffi::pam_handle_t, priority: Priority, line: &str) {
    let Ok(line) = CString::new(escaped(line)) else { return };
    // SAFETY: libpam takes a null handle; the format takes one C string, and `line` is one.
    unsafe { pam_syslog(handle, priority.level(), c"%s".as_ptr(), line.as_ptr()) };
}

/// A line without control characters, the NUL among them, that ends before syslog cuts it off.
fn escaped(line: &str) -> String {
    let mut escaped = String::new();
    for c in line.chars() {
        if c.is_control() {
            escaped.extend(c.escape_default())
        } else {
            escaped.push(c)
        }
        if escaped.len() > LINE_MAX {
            break;
        }
    }
    escaped
}

const LINE_MAX: usize = 900;

fn copied(text: *const c_char) -> Option<Vec<u8>> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, so a C string that libpam or another module owns; it is copied before either is called again.
    Some(unsafe { CStr::from_ptr(text) }.to_bytes().to_vec())
}

fn succeeded(answer: c_int) -> Result<(), PamError> {
    if answer == ffi::PAM_SUCCESS { Ok(()) } else { Err(PamError(answer)) }
}

/// The name our record is kept under. It holds the address of our own code, so that not even another build of this
/// module, in the same stack, can have left something else there.
fn record_name() -> CString {
    CString::new(format!("pam_session_rs.{:p}", drop_record as *const c_void)).unwrap_or_default()
}

/// libpam's call at the end of the transaction, in whatever process that is.
unsafe extern "C" fn drop_record(_: *mut ffi::pam_handle_t, record: *mut c_void, _: c_int) {
    let Some(record) = NonNull::new(record.cast::<Record>()) else { return };
    // SAFETY: `keep` made it of a Box, and libpam calls this once for it.
    let record = unsafe { Box::from_raw(record.as_ptr()) };
    // A panic must not unwind into libpam; it has been logged.
    let _ = catch_unwind(move || drop(record));
}
