//! The life line: a FIFO whose writing end the login holds, so that the kernel tells when nobody does any more.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

use logind_core::names::SessionId;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, mkfifoat, openat, unlinkat};
use rustix::io::Errno;

/// How much is read of what a holder may have written, which means nothing.
const DRAIN: usize = 16;

/// Both ends of a life line.
#[derive(Debug)]
pub(crate) struct LifeLine {
    /// Ours.
    pub(crate) reader: OwnedFd,
    /// The login's; every process that holds it keeps the session.
    pub(crate) writer: OwnedFd,
}

/// The name of a session's life line, beside its state file.
pub(crate) fn name(id: &SessionId) -> String {
    format!("{id}.ref")
}

/// Makes the life line `name` in `folder`. One that is there is of a session that is gone, and is replaced.
///
/// # Errors
/// What the kernel says.
pub(crate) fn make(folder: BorrowedFd<'_>, name: impl AsRef<Path>) -> io::Result<LifeLine> {
    let (name, owner_only) = (name.as_ref(), Mode::RUSR | Mode::WUSR);
    match mkfifoat(folder, name, owner_only) {
        Err(Errno::EXIST) => {
            unlinkat(folder, name, AtFlags::empty())?;
            mkfifoat(folder, name, owner_only)?;
        }
        outcome => outcome?,
    }
    let reader = open_end(folder, name, OFlags::RDONLY)?;
    let writer = open_end(folder, name, OFlags::WRONLY)?;
    Ok(LifeLine { reader, writer })
}

/// Opens our end of the life line `name` in `folder` again, after a restart.
///
/// # Errors
/// `ENOENT` if there is none, `EBADF` if what is there is no FIFO.
pub(crate) fn reopen(folder: BorrowedFd<'_>, name: impl AsRef<Path>) -> io::Result<OwnedFd> {
    let reader = open_end(folder, name.as_ref(), OFlags::RDONLY)?;
    if FileType::from_raw_mode(fstat(&reader)?.st_mode) != FileType::Fifo {
        return Err(Errno::BADF.into());
    }
    Ok(reader)
}

/// Whether somebody holds the writing end. What was written to it is thrown away.
pub(crate) fn is_held(reader: BorrowedFd<'_>) -> bool {
    let mut buffer = [0; 4096];
    for _ in 0..DRAIN {
        match rustix::io::read(reader, &mut buffer) {
            Ok(0) => return false,
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return true, // EAGAIN: somebody does, and wrote nothing
        }
    }
    true
}

/// Without waiting for the other end (fifo(7)), and without a link that leads elsewhere.
fn open_end(folder: BorrowedFd<'_>, name: &Path, access: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = access | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    openat(folder, name, flags, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use rustix::fs::CWD;

    use super::*;

    #[test]
    fn a_life_line_is_held_until_the_last_copy_of_its_end_is_closed() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join(name(&SessionId::new("c1").expect("a name")));
        let LifeLine { reader, writer } = make(CWD, &path).expect("a life line");
        let copy = writer.try_clone().expect("a copy");
        rustix::io::write(&copy, b"noise").expect("room for it");
        drop(writer);
        assert!(is_held(reader.as_fd()));
        drop(reader); // we are killed and started again
        let reader = reopen(CWD, &path).expect("it is there");
        assert!(is_held(reader.as_fd()));
        drop(copy);
        assert!(!is_held(reader.as_fd()));
        drop(reader);
        assert!(!is_held(reopen(CWD, &path).expect("it is there").as_fd()));
    }

    #[test]
    fn what_is_no_fifo_is_no_life_line() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("c1.ref");
        std::fs::write(&path, "").expect("a file");
        assert_eq!(reopen(CWD, &path).expect_err("a file").raw_os_error(), Some(libc::EBADF));
        make(CWD, &path).expect("it is replaced");
        reopen(CWD, &path).expect("a life line now");
    }
}
