//! PAM's session: opened in order, closed in order, undone where it could not be opened.

use std::ffi::CString;
use std::time::Duration;

use thiserror::Error;
use tracing::warn;

use crate::deadline::Deadline;
use crate::pam::{PamError, Transaction};
use crate::sys;
use crate::talk::Talk;

/// A session that PAM has opened. It is closed by [`close`](Self::close), in the process that opened it.
pub(crate) struct Session(Transaction<Talk>);

/// Why there is no session.
#[derive(Debug, Error)]
pub(crate) enum SessionError {
    #[error("PAM gives no credentials")]
    Credentials(#[source] PamError),
    #[error("PAM opens no session")]
    Open(#[source] PamError),
}

impl Session {
    /// Opens the session: credentials, session, credentials again for what the session brought (util-linux's order).
    /// With `is_hushed` modules greet nobody.
    ///
    /// # Errors
    /// If a required module refuses; everything done is undone.
    pub(crate) fn open(mut transaction: Transaction<Talk>, is_hushed: bool) -> Result<Self, SessionError> {
        transaction.establish_credentials().map_err(SessionError::Credentials)?;
        if let Err(error) = transaction.open_session(is_hushed) {
            delete_credentials(&mut transaction);
            return Err(SessionError::Open(error));
        }
        if let Err(error) = transaction.renew_credentials() {
            Self(transaction).close();
            return Err(SessionError::Credentials(error));
        }
        Ok(Self(transaction))
    }

    /// The variables that modules set for it.
    pub(crate) fn environment(&mut self) -> Vec<CString> {
        self.0.environment()
    }

    /// What modules have told the person so far. It is forgotten here.
    pub(crate) fn take_said(&mut self) -> Vec<u8> {
        self.0.conversation_mut().take_said()
    }

    /// Forgets the session in the child of a fork; it stays open.
    pub(crate) fn forget_in_child(self) {
        self.0.forget_in_child();
    }

    /// As [`close`](Self::close), within `time`. When that is over the process ends in the middle of it: what is left to do
    /// then is what is left by a login that was killed, and getty and logind do it.
    pub(crate) fn close_within(self, time: Option<Duration>) {
        let deadline = sys::depart_on_alarm().and_then(|()| time.map(Deadline::start).transpose());
        if let Err(error) = &deadline {
            warn!(%error, "nothing limits the time in which the session is closed");
        }
        self.close();
    }

    /// Closes the session. What a module fails to do cannot be helped any more, so it is only logged.
    pub(crate) fn close(self) {
        let Self(mut transaction) = self;
        if let Err(error) = transaction.close_session() {
            warn!(%error, "PAM could not close the session");
        }
        delete_credentials(&mut transaction);
    }
}

fn delete_credentials(transaction: &mut Transaction<Talk>) {
    if let Err(error) = transaction.delete_credentials() {
        warn!(%error, "PAM could not delete the credentials");
    }
}
