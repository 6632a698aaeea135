//! One PAM transaction and what its answers mean.

use std::ffi::{CString, NulError, c_int};
use std::fmt;
use std::time::Duration;

use pam::PamReturnCode;
use pam::ffi;

use super::conversation::Conversation;
use super::sys::Handle;

/// What libpam answered if not success (`pam(3)`, return values).
#[derive(Debug)]
pub(crate) struct PamError {
    pub(crate) code: PamReturnCode,
    /// How long whoever failed is to wait (`pam_fail_delay(3)`); nothing where libpam has waited itself.
    pub(crate) delay: Duration,
    explanation: String,
}

impl fmt::Display for PamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explanation)
    }
}

impl std::error::Error for PamError {}

impl From<NulError> for PamError {
    /// libpam's strings end at a NUL byte, so it could not be given this one whole.
    fn from(error: NulError) -> Self {
        Self { code: PamReturnCode::Bad_Item, delay: Duration::ZERO, explanation: error.to_string() }
    }
}

/// The items of a transaction that are strings (`pam_set_item(3)`).
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub(crate) enum Item {
    User = ffi::PAM_USER,
    Tty = ffi::PAM_TTY,
    RemoteHost = ffi::PAM_RHOST,
    UserPrompt = ffi::PAM_USER_PROMPT,
}

/// One transaction with libpam (`pam(3)`); it ends when dropped.
///
/// Names, lines and variables are bytes on both sides: what a module wrote is not UTF-8 by any promise.
pub(crate) struct Transaction<C: Conversation>(Handle<C>);

impl<C: Conversation> Transaction<C> {
    /// Starts a transaction for `service`; the user may be unknown yet (`pam_start(3)`).
    ///
    /// # Errors
    /// If libpam cannot begin; a missing service file shows itself only at the first call.
    pub(crate) fn start(service: &str, user: Option<&str>, conversation: C) -> Result<Self, PamError> {
        let (service, user) = (CString::new(service)?, user.map(CString::new).transpose()?);
        Handle::start(&service, user.as_deref(), conversation).map(Self).map_err(|code| PamError {
            code,
            delay: Duration::ZERO,
            explanation: code.to_string(),
        })
    }

    /// The conversation, to be asked what became of it.
    pub(crate) fn conversation(&self) -> &C {
        self.0.conversation()
    }

    /// The conversation, to be changed.
    pub(crate) fn conversation_mut(&mut self) -> &mut C {
        self.0.conversation_mut()
    }

    /// Sets an item, or unsets it.
    ///
    /// # Errors
    /// If libpam is out of memory, or `value` has a NUL byte.
    pub(crate) fn set(&mut self, item: Item, value: Option<&str>) -> Result<(), PamError> {
        let value = value.map(CString::new).transpose()?;
        let code = self.0.set_item(item as c_int, value.as_deref());
        self.checked(code)
    }

    /// An item; modules may change it in any call.
    pub(crate) fn item(&self, item: Item) -> Option<CString> {
        self.0.item(item as c_int)
    }

    /// Asks that whoever fails to [`authenticate`](Self::authenticate) waits about this long at least; the longest time that
    /// anybody asks for counts, so this never adds to a module's own delay (`pam_fail_delay(3)`).
    ///
    /// # Errors
    /// Never, in Linux-PAM.
    pub(crate) fn delay_failure(&mut self, delay: Duration) -> Result<(), PamError> {
        let code = self.0.fail_delay(u32::try_from(delay.as_micros()).unwrap_or(u32::MAX));
        self.checked(code)
    }

    /// `pam_authenticate(3)`, which does not wait after a failure: that is left to who is told of it.
    ///
    /// # Errors
    /// What the stack answered.
    pub(crate) fn authenticate(&mut self) -> Result<(), PamError> {
        let taken = self.0.set_delays(true);
        self.checked(taken)?;
        let code = self.0.authenticate(0);
        let given_back = self.0.set_delays(false);
        self.checked(code).and_then(|()| self.checked(given_back))
    }

    /// `pam_acct_mgmt(3)`.
    ///
    /// # Errors
    /// What the stack answered; `New_Authtok_Reqd` asks for [`change_expired_token`](Self::change_expired_token).
    pub(crate) fn check_account(&mut self) -> Result<(), PamError> {
        let code = self.0.account(0);
        self.checked(code)
    }

    /// `pam_chauthtok(3)` for the password that has expired.
    ///
    /// # Errors
    /// What the stack answered.
    pub(crate) fn change_expired_token(&mut self) -> Result<(), PamError> {
        let code = self.0.change_token(ffi::PAM_CHANGE_EXPIRED_AUTHTOK);
        self.checked(code)
    }

    /// `pam_setcred(3)`, before the session.
    ///
    /// # Errors
    /// What the stack answered.
    pub(crate) fn establish_credentials(&mut self) -> Result<(), PamError> {
        let code = self.0.credentials(ffi::PAM_ESTABLISH_CRED);
        self.checked(code)
    }

    /// `pam_setcred(3)`, once the session is open.
    ///
    /// # Errors
    /// What the stack answered.
    pub(crate) fn renew_credentials(&mut self) -> Result<(), PamError> {
        let code = self.0.credentials(ffi::PAM_REINITIALIZE_CRED);
        self.checked(code)
    }

    /// `pam_setcred(3)`, after the session; nobody is there to read messages.
    ///
    /// # Errors
    /// What the stack answered.
    pub(crate) fn delete_credentials(&mut self) -> Result<(), PamError> {
        let code = self.0.credentials(ffi::PAM_DELETE_CRED | ffi::PAM_SILENT);
        self.checked(code)
    }

    /// `pam_open_session(3)`. With `is_silent`, modules greet nobody (`PAM_SILENT`).
    ///
    /// # Errors
    /// What the stack answered.
    pub(crate) fn open_session(&mut self, is_silent: bool) -> Result<(), PamError> {
        let code = self.0.open_session(if is_silent { ffi::PAM_SILENT } else { 0 });
        self.checked(code)
    }

    /// `pam_close_session(3)`; nobody is there to read messages.
    ///
    /// # Errors
    /// What the stack answered.
    pub(crate) fn close_session(&mut self) -> Result<(), PamError> {
        let code = self.0.close_session(ffi::PAM_SILENT);
        self.checked(code)
    }

    /// The variables that modules set for the session, each `NAME=value` (`pam_getenvlist(3)`).
    pub(crate) fn environment(&mut self) -> Vec<CString> {
        self.0.environment().unwrap_or_default()
    }

    /// Drops this process's copy without an effect on the session: for the child of a fork (`pam_end(3)`,
    /// `PAM_DATA_SILENT`).
    pub(crate) fn forget_in_child(mut self) {
        self.0.end_status = ffi::PAM_SUCCESS | ffi::PAM_DATA_SILENT;
    }

    fn checked(&mut self, code: PamReturnCode) -> Result<(), PamError> {
        self.0.end_status = code as c_int;
        if code == PamReturnCode::Success {
            return Ok(());
        }
        let explanation = self.0.explain(code).to_string_lossy().into_owned();
        Err(PamError { code, delay: self.0.take_delay(), explanation })
    }
}
