//! The account that was authenticated: a copy of its own, and the rights that come with it.

use std::ffi::{CString, NulError};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{Gid, Uid, User};
use prompt::LoginName;
use thiserror::Error;

use crate::pam::{Item, Transaction};
use crate::paths;
use crate::talk::Talk;

/// Who logs in: copied out of the account database once, after PAM has the last word on the name (CVE-2001-1147: a
/// module's look-up overwrites the C library's entry).
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) name: LoginName,
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
    pub(crate) home: PathBuf,
    /// As the database has it: a path, or a path with arguments (util-linux's login). Never empty.
    pub(crate) shell: PathBuf,
}

/// Why there is no account for an authenticated name.
#[derive(Debug, Error)]
pub(crate) enum AccountError {
    #[error("PAM names no user")]
    Unnamed,
    #[error("PAM's user is no login name")]
    Name(#[from] prompt::Refusal),
    #[error("the user has no account")]
    Unknown,
    #[error("the account has an id that stands for none")]
    NoId,
    #[error("cannot look the account up")]
    Lookup(#[source] Errno),
}

/// Why an account's groups could not be taken on.
#[derive(Debug, Error)]
pub(crate) enum GroupError {
    #[error("the name cannot be looked up")]
    Name(#[from] NulError),
    #[error("cannot take the account's groups")]
    Set(#[from] Errno),
}

impl Account {
    /// The account of the user that `transaction` names now: modules may have changed the name. With `shell` in place of
    /// its own (`-s`).
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn of(transaction: &Transaction<Talk>, shell: Option<&Path>) -> Result<Self, AccountError> {
        let name = transaction.item(Item::User).ok_or(AccountError::Unnamed)?;
        let name = LoginName::parse(name.as_bytes())?;
        let user = match User::from_name(name.as_str()) {
            Ok(Some(user)) => user,
            // Some databases say "not found" with an error (getpwnam(3)).
            Ok(None) | Err(Errno::ENOENT | Errno::ESRCH | Errno::EBADF | Errno::EPERM) => {
                return Err(AccountError::Unknown);
            }
            Err(error) => return Err(AccountError::Lookup(error)),
        };
        // setresuid(2) and chown(2) take (uid_t) -1 for "as it is", which is root.
        if user.uid.as_raw() == u32::MAX || user.gid.as_raw() == u32::MAX {
            return Err(AccountError::NoId);
        }
        // The database's own spelling: a directory may know `Bob` as `bob`.
        let name = LoginName::parse(user.name.as_bytes())?;
        let own = Some(user.shell).filter(|shell| !shell.as_os_str().is_empty());
        let shell = shell.map(Path::to_owned).or(own).unwrap_or_else(|| PathBuf::from(paths::SHELL));
        Ok(Self { name, uid: user.uid, gid: user.gid, home: user.dir, shell })
    }

    /// Takes on the account's supplementary groups, before PAM's credentials, which may add to them. The group id stays
    /// root's with the user id, until the child gives up both: what this process makes must not be the user's group's.
    ///
    /// Root gets none but its own: looking them up could hang on a directory server that is down, and then nobody
    /// could repair it.
    ///
    /// # Errors
    /// If the kernel or the account database refuses.
    pub(crate) fn take_groups(&self) -> Result<(), GroupError> {
        if self.uid.is_root() {
            Ok(nix::unistd::setgroups(&[])?)
        } else {
            Ok(nix::unistd::initgroups(&CString::new(self.name.as_str())?, self.gid)?)
        }
    }
}
