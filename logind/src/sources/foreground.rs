//! The virtual terminal in front.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt as _, FileTypeExt as _};
use std::path::Path;

use logind_core::Event;
use logind_core::names::VtNumber;

/// The kernel's word on which virtual terminal is in front (`/sys/class/tty/tty0/active`).
#[derive(Debug)]
pub(crate) struct Foreground {
    active: File,
    last: Option<VtNumber>,
}

impl Foreground {
    /// Opens `active`; none where there are no virtual terminals. The device is looked for too, as a container sees its
    /// host's /sys.
    pub(crate) fn open(active: &Path, device: &Path) -> Option<Self> {
        if !std::fs::metadata(device).is_ok_and(|seen| seen.file_type().is_char_device()) {
            return None;
        }
        match File::open(active).and_then(|active| Ok(Self { last: read(&active)?, active })) {
            Ok(foreground) => Some(foreground),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(error = %error, "cannot see which virtual terminal is in front");
                None
            }
        }
    }

    /// The virtual terminal in front, when it was read last.
    pub(crate) fn current(&self) -> Option<VtNumber> {
        self.last
    }

    /// Reads it again, which also arms the next notification.
    ///
    /// # Errors
    /// What the kernel says; there will be no further notification.
    pub(super) fn changed(&mut self) -> io::Result<Option<Event>> {
        let now = read(&self.active)?;
        let is_new = now != self.last;
        self.last = now;
        Ok(is_new.then_some(Event::Foreground(now)))
    }
}

fn read(active: &File) -> io::Result<Option<VtNumber>> {
    let mut buffer = [0; 32];
    let length = active.read_at(&mut buffer, 0)?;
    let line = buffer.get(..length).and_then(|line| std::str::from_utf8(line).ok());
    Ok(line.and_then(|line| VtNumber::from_line(line.trim())))
}

impl AsFd for Foreground {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.active.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_virtual_terminals_has_none_in_front() {
        let place = tempfile::tempdir().expect("a directory");
        let active = place.path().join("active");
        assert!(Foreground::open(&active, Path::new("/dev/null")).is_none());
        std::fs::write(&active, "tty3\n").expect("a file");
        assert!(Foreground::open(&active, &place.path().join("tty0")).is_none());
        assert!(Foreground::open(&active, &active).is_none());
    }

    #[test]
    fn a_change_is_told_once() {
        let place = tempfile::tempdir().expect("a directory");
        let active = place.path().join("active");
        std::fs::write(&active, "tty3\n").expect("a file");
        let mut foreground = Foreground::open(&active, Path::new("/dev/null")).expect("a terminal");
        assert_eq!(foreground.current(), VtNumber::new(3));
        let mut changed = || foreground.changed().expect("it can be read");
        assert_eq!(changed(), None);
        std::fs::write(&active, "tty5\n").expect("a file");
        assert_eq!(changed(), Some(Event::Foreground(VtNumber::new(5))));
        std::fs::write(&active, "ttyS0\n").expect("a file");
        assert_eq!(changed(), Some(Event::Foreground(None)));
    }
}
