//! Hearing that an issue may have changed, for all prompts at once: those that show the same issue share one watch.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use crate::arguments::{Issue, Options};
use crate::ask::Pace;
use crate::deadline::Deadline;
use crate::greeting::Greeting;
use crate::issue::Watch;

/// The issues that prompts show, each watched, and when to look at them.
#[derive(Default)]
pub(crate) struct Issues {
    watches: Vec<(Issue, Watch)>,
    pace: Pace,
}

impl Issues {
    /// Watches the issues of `prompts`; the files that are new to be waited for are handed to `wait_for`. Whether there are
    /// any: what was shown before may have changed before it was watched.
    ///
    /// # Errors
    /// What `wait_for` says.
    pub(crate) fn watch<'a, E>(
        &mut self,
        prompts: impl Iterator<Item = &'a Options>,
        mut wait_for: impl FnMut(BorrowedFd<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        let prompts: Vec<&Options> = prompts.collect();
        self.watches.retain(|(issue, _)| prompts.iter().any(|options| options.issue == *issue));
        let mut has_new = false;
        for options in prompts {
            if self.watches.iter().all(|(issue, _)| *issue != options.issue) {
                let watch = Greeting::of(options).watch();
                watch.files().try_for_each(|file| wait_for(file.as_fd()))?;
                self.watches.push((options.issue.clone(), watch));
                has_new = true;
            }
        }
        Ok(has_new)
    }

    /// Takes note of what happened.
    pub(crate) fn take(&mut self, now: Instant) {
        let has_changed = self.watches.iter_mut().fold(false, |changed, (_, watch)| watch.take() || changed);
        if has_changed {
            self.pace.note(now);
        }
    }

    /// When a look is due.
    pub(crate) fn deadline(&self) -> Deadline {
        self.pace.deadline()
    }

    /// Lets everything be watched anew if a look is due: what an issue is made of may have changed, too.
    pub(crate) fn look(&mut self, now: Instant) {
        if self.pace.take(now) {
            self.watches.clear(); // closed, so no longer waited for
        }
    }
}
