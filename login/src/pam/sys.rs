//! libpam's calls, with its pointers kept inside: a handle that frees itself, and the conversation callback.
#![expect(unsafe_code, reason = "libpam is a C library")]

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::mem::{offset_of, size_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::time::Duration;

use pam::PamReturnCode;
use pam::ffi::{self, pam_conv, pam_handle_t, pam_message, pam_response};

use super::conversation::{Answer, Conversation, Notice, Question, Unanswered};

// bindgen has given opaque structs without a word before: these two must have their fields (security/_pam_types.h).
const _: () = assert!(size_of::<pam_message>() == 2 * size_of::<usize>());
const _: () = assert!(offset_of!(pam_message, msg) == size_of::<usize>());
const _: () = assert!(size_of::<pam_response>() == 2 * size_of::<usize>());
const _: () = assert!(offset_of!(pam_response, resp_retcode) == size_of::<usize>());

/// One PAM transaction, ended when dropped (`pam_end(3)`). `!Send`, as libpam's handles are.
pub(super) struct Handle<C: Conversation> {
    raw: NonNull<pam_handle_t>,
    shared: NonNull<Shared<C>>,
    /// What the modules' clean-up is told.
    pub(super) end_status: c_int,
}

/// What the callbacks get from libpam. Only they refer to it while a libpam call runs.
struct Shared<C> {
    conversation: C,
    handle: *const pam_handle_t,
    /// The delay that a failure costs, until it is asked for.
    delay: Duration,
}

impl<C: Conversation> Handle<C> {
    /// `pam_start(3)`.
    pub(super) fn start(service: &CStr, user: Option<&CStr>, conversation: C) -> Result<Self, PamReturnCode> {
        let shared = Box::into_raw(Box::new(Shared { conversation, handle: ptr::null(), delay: Duration::ZERO }));
        let callback = pam_conv { conv: Some(converse::<C>), appdata_ptr: shared.cast() };
        let mut raw = ptr::null_mut();
        let user = user.map_or(ptr::null(), CStr::as_ptr);
        // SAFETY: both strings end in NUL and live through the call; libpam copies them and `callback`.
        let code = unsafe { ffi::pam_start(service.as_ptr(), user, &raw const callback, &raw mut raw) };
        let (Some(raw), ffi::PAM_SUCCESS, Some(mut shared)) = (NonNull::new(raw), code, NonNull::new(shared)) else {
            // SAFETY: made by `Box::into_raw` above, and there is no handle that could still use it.
            drop(unsafe { Box::from_raw(shared) });
            return Err(PamReturnCode::from(code));
        };
        // SAFETY: `shared` is a live box that nothing else refers to: libpam only keeps the pointer.
        unsafe { shared.as_mut() }.handle = raw.as_ptr();
        Ok(Self { raw, shared, end_status: ffi::PAM_SUCCESS })
    }

    /// The conversation, between two calls.
    pub(super) fn conversation(&self) -> &C {
        // SAFETY: the box lives as long as `self`; the callback changes it only during calls that take `&mut self`.
        &unsafe { self.shared.as_ref() }.conversation
    }

    /// The conversation, between two calls, to be changed.
    pub(super) fn conversation_mut(&mut self) -> &mut C {
        // SAFETY: the box lives as long as `self`, and no call that could call back runs while `self` is borrowed.
        &mut unsafe { self.shared.as_mut() }.conversation
    }

    /// `pam_authenticate(3)`.
    pub(super) fn authenticate(&mut self, flags: c_int) -> PamReturnCode {
        // SAFETY: `raw` is live until the drop.
        PamReturnCode::from(unsafe { ffi::pam_authenticate(self.raw.as_ptr(), flags) })
    }

    /// `pam_acct_mgmt(3)`.
    pub(super) fn account(&mut self, flags: c_int) -> PamReturnCode {
        // SAFETY: `raw` is live until the drop.
        PamReturnCode::from(unsafe { ffi::pam_acct_mgmt(self.raw.as_ptr(), flags) })
    }

    /// `pam_chauthtok(3)`.
    pub(super) fn change_token(&mut self, flags: c_int) -> PamReturnCode {
        // SAFETY: `raw` is live until the drop.
        PamReturnCode::from(unsafe { ffi::pam_chauthtok(self.raw.as_ptr(), flags) })
    }

    /// `pam_setcred(3)`.
    pub(super) fn credentials(&mut self, flags: c_int) -> PamReturnCode {
        // SAFETY: `raw` is live until the drop.
        PamReturnCode::from(unsafe { ffi::pam_setcred(self.raw.as_ptr(), flags) })
    }

    /// `pam_open_session(3)`.
    pub(super) fn open_session(&mut self, flags: c_int) -> PamReturnCode {
        // SAFETY: `raw` is live until the drop.
        PamReturnCode::from(unsafe { ffi::pam_open_session(self.raw.as_ptr(), flags) })
    }

    /// `pam_close_session(3)`.
    pub(super) fn close_session(&mut self, flags: c_int) -> PamReturnCode {
        // SAFETY: `raw` is live until the drop.
        PamReturnCode::from(unsafe { ffi::pam_close_session(self.raw.as_ptr(), flags) })
    }

    /// `pam_fail_delay(3)`, in microseconds.
    pub(super) fn fail_delay(&mut self, microseconds: u32) -> PamReturnCode {
        // SAFETY: `raw` is live until the drop.
        PamReturnCode::from(unsafe { ffi::pam_fail_delay(self.raw.as_ptr(), microseconds) })
    }

    /// `pam_set_item(3)` for `PAM_FAIL_DELAY`: from here on libpam does not sleep after a failure, but says how long it would;
    /// without `is_ours` it sleeps itself again.
    pub(super) fn set_delays(&mut self, is_ours: bool) -> PamReturnCode {
        let told: extern "C" fn(c_int, c_uint, *mut c_void) = delayed::<C>;
        let told = if is_ours { told as *const c_void } else { ptr::null() };
        // SAFETY: `raw` is live until the drop; libpam calls the function with the conversation's pointer, or none for NULL.
        PamReturnCode::from(unsafe { ffi::pam_set_item(self.raw.as_ptr(), ffi::PAM_FAIL_DELAY, told) })
    }

    /// The delay that the last failure costs; it is told of once.
    pub(super) fn take_delay(&mut self) -> Duration {
        // SAFETY: the box lives as long as `self`, and no call that could call back runs while `self` is borrowed.
        std::mem::take(&mut unsafe { self.shared.as_mut() }.delay)
    }

    /// `pam_set_item(3)` for the items that are strings.
    pub(super) fn set_item(&mut self, item: c_int, value: Option<&CStr>) -> PamReturnCode {
        let value = value.map_or(ptr::null(), CStr::as_ptr);
        // SAFETY: `raw` is live until the drop; libpam copies the string, and takes NULL for "unset".
        PamReturnCode::from(unsafe { ffi::pam_set_item(self.raw.as_ptr(), item, value.cast()) })
    }

    /// `pam_get_item(3)` for the items that are strings; none if unset.
    pub(super) fn item(&self, item: c_int) -> Option<CString> {
        string_item(self.raw.as_ptr(), item)
    }

    /// `pam_getenvlist(3)`: each variable as `NAME=value`.
    pub(super) fn environment(&mut self) -> Option<Vec<CString>> {
        // SAFETY: `raw` is live until the drop.
        let list = NonNull::new(unsafe { ffi::pam_getenvlist(self.raw.as_ptr()) })?;
        let mut variables = Vec::new();
        let mut next = list;
        // SAFETY: `next` walks the list that libpam allocated and has not passed its terminating NULL.
        while let Some(variable) = NonNull::new(unsafe { next.read() }) {
            variables.push(taken(variable));
            // SAFETY: the entry read was not the terminating NULL, so there is one more.
            next = unsafe { next.add(1) };
        }
        // SAFETY: `pam_getenvlist` hands its list to the caller, to be freed with free(3).
        unsafe { libc::free(list.as_ptr().cast()) };
        Some(variables)
    }

    /// `pam_strerror(3)`.
    pub(super) fn explain(&mut self, code: PamReturnCode) -> CString {
        // SAFETY: `raw` is live until the drop; the text is static.
        let text = unsafe { ffi::pam_strerror(self.raw.as_ptr(), code as c_int) };
        // SAFETY: `pam_strerror` gives a static string for every number.
        unsafe { CStr::from_ptr(text) }.to_owned()
    }
}

impl<C: Conversation> Drop for Handle<C> {
    fn drop(&mut self) {
        // SAFETY: `raw` is live, and `self` is gone after this call. It cannot fail for a live handle.
        unsafe { ffi::pam_end(self.raw.as_ptr(), self.end_status) };
        // SAFETY: made by `Box::into_raw` in `start`; the transaction that could call back is over.
        drop(unsafe { Box::from_raw(self.shared.as_ptr()) });
    }
}

/// A copy of a string item, none if unset.
fn string_item(handle: *const pam_handle_t, item: c_int) -> Option<CString> {
    let mut value: *const c_void = ptr::null();
    // SAFETY: `handle` is live: its owner or a callback of its own call asks.
    let code = unsafe { ffi::pam_get_item(handle, item, &raw mut value) };
    if code != ffi::PAM_SUCCESS || value.is_null() {
        return None;
    }
    // SAFETY: libpam keeps these items as strings, and none changes before this copy is made.
    Some(unsafe { CStr::from_ptr(value.cast()) }.to_owned())
}

/// Takes over a string that libpam allocated for us.
fn taken(text: NonNull<c_char>) -> CString {
    // SAFETY: an entry of the list of `pam_getenvlist` is a string.
    let copy = unsafe { CStr::from_ptr(text.as_ptr()) }.to_owned();
    // SAFETY: … and the caller's to free.
    unsafe { libc::free(text.as_ptr().cast()) };
    copy
}

/// The callback of `pam_conv(3)`, in Linux-PAM's reading: `messages` is an array of `count` pointers.
extern "C" fn converse<C: Conversation>(
    count: c_int,
    messages: *mut *const pam_message,
    responses: *mut *mut pam_response,
    appdata: *mut c_void,
) -> c_int {
    let conversed = catch_unwind(AssertUnwindSafe(|| {
        let count = usize::try_from(count).ok().filter(|n| (1..=ffi::PAM_MAX_NUM_MSG as usize).contains(n))?;
        let mut shared = NonNull::new(appdata.cast::<Shared<C>>())?;
        if messages.is_null() || responses.is_null() {
            return None;
        }
        // SAFETY: `appdata` is the box made in `start`; libpam is single-threaded and its caller holds `&mut Handle`.
        let shared = unsafe { shared.as_mut() };
        // SAFETY: libpam's contract: `messages` points to `count` pointers.
        let messages = unsafe { std::slice::from_raw_parts(messages, count) };
        let answers = messages.iter().map(|&message| answer(shared, message)).collect::<Result<Vec<_>, _>>().ok()?;
        let array = allocated(&answers)?;
        // SAFETY: libpam gives a place for the array, which is its own from here on.
        unsafe { responses.write(array.as_ptr()) };
        Some(())
    }));
    if matches!(conversed, Ok(Some(()))) { ffi::PAM_SUCCESS } else { ffi::PAM_CONV_ERR }
}

/// The callback for `PAM_FAIL_DELAY` (`pam_fail_delay(3)`), which libpam calls after each attempt, also after one that
/// succeeded.
extern "C" fn delayed<C: Conversation>(status: c_int, microseconds: c_uint, appdata: *mut c_void) {
    if let (Some(mut shared), true) = (NonNull::new(appdata.cast::<Shared<C>>()), status != ffi::PAM_SUCCESS) {
        // SAFETY: `appdata` is the box made in `start`; libpam is single-threaded and its caller holds `&mut Handle`.
        unsafe { shared.as_mut() }.delay = Duration::from_micros(microseconds.into());
    }
}

/// Has one message asked or told.
fn answer<C: Conversation>(shared: &mut Shared<C>, message: *const pam_message) -> Result<Option<Answer>, Unanswered> {
    // SAFETY: libpam's contract: each pointer is a message or NULL, unchanged during the callback.
    let message = unsafe { message.as_ref() }.ok_or(Unanswered)?;
    let text = if message.msg.is_null() {
        c""
    } else {
        // SAFETY: a message's text is a string.
        unsafe { CStr::from_ptr(message.msg) }
    };
    let talk = &mut shared.conversation;
    match message.msg_style {
        ffi::PAM_PROMPT_ECHO_OFF => talk.ask(Question::Hidden, text.to_bytes()).map(Some),
        ffi::PAM_PROMPT_ECHO_ON if string_item(shared.handle, ffi::PAM_USER).is_none() => {
            talk.ask(Question::Name, text.to_bytes()).map(Some)
        }
        ffi::PAM_PROMPT_ECHO_ON => talk.ask(Question::Visible, text.to_bytes()).map(Some),
        ffi::PAM_ERROR_MSG => {
            talk.tell(Notice::Error, text.to_bytes());
            Ok(None)
        }
        ffi::PAM_TEXT_INFO => {
            talk.tell(Notice::Info, text.to_bytes());
            Ok(None)
        }
        _ => Err(Unanswered), // binary prompts and the like: nobody here could answer
    }
}

/// The answers as libpam wants them: an array and strings of malloc(3), which it wipes and frees. None if out of memory.
fn allocated(answers: &[Option<Answer>]) -> Option<NonNull<pam_response>> {
    // SAFETY: calloc(3) has no preconditions.
    let array = unsafe { libc::calloc(answers.len(), size_of::<pam_response>()) };
    let array = NonNull::new(array.cast::<pam_response>())?;
    for (index, answer) in answers.iter().enumerate() {
        let Some(answer) = answer else { continue };
        let Some(text) = duplicated(answer.as_bytes()) else {
            withdraw(array, index);
            return None;
        };
        // SAFETY: `index` is below the length allocated.
        let slot = unsafe { array.add(index) };
        // SAFETY: zeroed memory is a valid pam_response, and nothing else refers to it.
        unsafe { slot.write(pam_response { resp: text.as_ptr(), resp_retcode: 0 }) };
    }
    Some(array)
}

/// A copy of `bytes` with a NUL behind it, of malloc(3).
fn duplicated(bytes: &[u8]) -> Option<NonNull<c_char>> {
    // SAFETY: calloc(3) has no preconditions.
    let copy = NonNull::new(unsafe { libc::calloc(bytes.len() + 1, 1) })?.cast::<u8>();
    // SAFETY: both are `bytes.len()` long at least, and the copy is new.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), copy.as_ptr(), bytes.len()) };
    Some(copy.cast())
}

/// Wipes and frees the first `count` answers and the array.
fn withdraw(array: NonNull<pam_response>, count: usize) {
    for index in 0..count {
        // SAFETY: `count` is at most the length allocated.
        let slot = unsafe { array.add(index) };
        // SAFETY: the slot was zeroed or written by `allocated`.
        let Some(text) = NonNull::new(unsafe { slot.read() }.resp) else { continue };
        // SAFETY: `duplicated` made it a string.
        let length = unsafe { libc::strlen(text.as_ptr()) };
        // SAFETY: … of that length.
        unsafe { libc::explicit_bzero(text.as_ptr().cast(), length) };
        // SAFETY: … allocated by calloc(3), and forgotten with the array.
        unsafe { libc::free(text.as_ptr().cast()) };
    }
    // SAFETY: allocated by calloc(3), and not handed out.
    unsafe { libc::free(array.as_ptr().cast()) };
}

#[cfg(test)]
mod tests;
