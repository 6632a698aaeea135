//! State files that could not be written, for want of room most often: tried again after a while.

use std::collections::BTreeSet;
use std::time::Duration;

use logind_core::names::{SeatId, SessionId, Uid};
use tokio::time::{Instant, sleep_until};

/// How long after a failure they are tried again, all together.
const PAUSE: Duration = Duration::from_secs(5);

/// Whose file it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum File {
    /// A session's.
    Session(SessionId),
    /// A user's.
    User(Uid),
    /// A seat's.
    Seat(SeatId),
}

/// The files that do not say how things are.
#[derive(Debug, Default)]
pub(crate) struct Unwritten {
    files: BTreeSet<File>,
    again: Option<Instant>,
}

impl Unwritten {
    /// A file could not be written.
    pub(crate) fn note(&mut self, file: File) {
        self.files.insert(file);
        self.again.get_or_insert_with(|| Instant::now() + PAUSE);
    }

    /// Returns once it is time to try again; never while all is written.
    pub(crate) async fn due(&self) {
        match self.again {
            Some(again) => sleep_until(again).await,
            None => std::future::pending().await,
        }
    }

    /// What is to be tried again now.
    pub(crate) fn take(&mut self) -> BTreeSet<File> {
        self.again = None;
        std::mem::take(&mut self.files)
    }
}
