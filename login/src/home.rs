//! The user's home, which may lie on a disk that never answers.

use std::io;
use std::mem;
use std::path::PathBuf;
use std::time::Duration;

use nix::unistd::chdir;
use tracing::warn;

use crate::account::Account;
use crate::{child, errand, paths};

/// A home has this long to answer: an automounter may have to wake a disk, or a server, first.
const PATIENCE: Duration = Duration::from_secs(15);

/// … and this long where nothing depends on the answer.
const AT_ONCE: Duration = Duration::from_secs(2);

/// What is known of a home from having asked it.
#[derive(Default)]
pub(crate) struct Home {
    /// What was mounted when it last answered; none if it never did.
    mounts: Option<Vec<u8>>,
}

impl Home {
    /// Whether `file` is in `account`'s home; it is not if the home does not say so at once.
    pub(crate) fn has(&mut self, account: &Account, file: &str) -> bool {
        let mounts = std::fs::read(paths::MOUNTS);
        match asked(account, AT_ONCE, || account.home.join(file).exists()) {
            Ok(Some(is_there)) => {
                self.mounts = mounts.ok();
                is_there
            }
            Ok(None) => {
                warn!(user = account.name.as_str(), home = %account.home.display(), file, "the home does not answer");
                false
            }
            Err(error) => {
                warn!(%error, file, "cannot ask what is in the home");
                false
            }
        }
    }

    /// Gives `account` the root folder for a home if its own does not answer, within [`PATIENCE`] or the shorter `timeout`
    /// of a login: nothing that begins there, neither a greeting nor the shell, will hang. The home it had is returned
    /// then.
    pub(crate) fn leave_silent(&self, account: &mut Account, timeout: Option<Duration>) -> Option<PathBuf> {
        let patience = timeout.map_or(PATIENCE, |timeout| timeout.min(PATIENCE));
        if self.has_just_answered() || answers(account, patience) {
            return None;
        }
        warn!(user = account.name.as_str(), home = %account.home.display(), ?patience, "the home does not answer");
        Some(mem::replace(&mut account.home, paths::ROOT_FOLDER.into()))
    }

    /// Whether it answered, and nothing was mounted since: a PAM module may have put another in its place.
    fn has_just_answered(&self) -> bool {
        self.mounts.is_some() && self.mounts == std::fs::read(paths::MOUNTS).ok()
    }
}

/// Whether `account`'s home answers within `patience`, be it with a refusal. Where nobody can ask, it is taken to.
fn answers(account: &Account, patience: Duration) -> bool {
    match asked(account, patience, || chdir(&account.home).is_ok()) {
        Ok(answer) => answer.is_some(),
        Err(error) => {
            warn!(%error, "cannot ask whether the home answers");
            true
        }
    }
}

/// The answer that the user gets to `question`, in a process of its own; none if there is none within `patience`.
fn asked(account: &Account, patience: Duration, question: impl FnOnce() -> bool) -> io::Result<Option<bool>> {
    errand::within(patience, || child::become_user(account).is_ok() && question())
}
