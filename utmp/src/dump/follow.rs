//! Waiting for a file to grow.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// Tells when a file was written to.
pub(crate) struct Growth {
    inotify: Inotify,
    path: PathBuf,
}

impl Growth {
    /// That of the file at `path`.
    ///
    /// # Errors
    /// What the system says: no such file, no inotify instance left.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC)?;
        // A file that is open is not gone when it is deleted; its link count changes.
        inotify.add_watch(path, AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_ATTRIB | AddWatchFlags::IN_MOVE_SELF)?;
        Ok(Self { inotify, path: path.to_owned() })
    }

    /// Waits until something happens to `file`; whether it still stands where it stood.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn wait(&self, file: &File) -> io::Result<bool> {
        while let Err(e) = self.inotify.read_events() {
            if e != Errno::EINTR {
                return Err(e.into());
            }
        }
        let ours = file.metadata()?;
        Ok(fs::metadata(&self.path).is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())))
    }
}
