//! Waiting for devices that are not there: a line whose hardware comes late has its prompt as soon as it is there.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use crate::line::LineName;

/// The folders that are watched, and for which lines.
#[derive(Debug)]
pub(crate) struct Devices {
    inotify: OwnedFd,
    lines: Vec<LineName>,
}

/// What became known.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum News {
    /// The devices of these lines appeared, or changed.
    Of(Vec<LineName>),
    /// Something was missed: any may have.
    Lost,
}

impl Devices {
    /// Watches for the devices of `lines`.
    ///
    /// # Errors
    /// If the system refuses. A folder that is not there is no error: only the clock helps then.
    pub(crate) fn watch(lines: Vec<LineName>) -> Result<Self, Errno> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let events = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ATTRIB | WatchFlags::ONLYDIR;
        let mut folders: Vec<PathBuf> =
            lines.iter().filter_map(|line| line.path().parent().map(Path::to_owned)).collect();
        folders.sort();
        folders.dedup();
        for folder in folders {
            match inotify::add_watch(&inotify, &folder, events) {
                Ok(_) | Err(Errno::NOENT | Errno::NOTDIR) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(Self { inotify, lines })
    }

    /// For which lines.
    pub(crate) fn lines(&self) -> &[LineName] {
        &self.lines
    }

    /// What happened since the last time.
    pub(crate) fn news(&self) -> News {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(&self.inotify, &mut buffer);
        let mut found = Vec::new();
        while let Ok(event) = events.next() {
            if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                return News::Lost;
            }
            let Some(name) = event.file_name() else { continue };
            let is_meant = |line: &&LineName| line.components().1.as_bytes() == name.to_bytes();
            for line in self.lines.iter().filter(is_meant) {
                if !found.contains(line) {
                    found.push(line.clone());
                }
            }
        }
        News::Of(found)
    }
}

/// Readable when there is news.
impl AsFd for Devices {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}
