//! Opening a record file to write: what stands there, never what it points to, and only a regular file.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, fchmod, fchown, fstat, open};
use rustix::io::Errno;

use crate::group;

/// utmp's mode: 0664.
const SHARED: Mode = Mode::RUSR.union(Mode::WUSR).union(Mode::RGRP).union(Mode::WGRP).union(Mode::ROTH);

/// Why a record was not written. The file is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file could not be opened or made: no directory, a read-only file system, no right to it.
    #[error("cannot open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A symbolic link, a FIFO, a device … stands where the file belongs; nothing was written through it.
    #[error("{} is not a regular file", path.display())]
    NotRegular {
        /// What stands there.
        path: PathBuf,
    },
    /// Others may read btmp and it could not be closed to them: a refused name may be a password typed too early.
    #[error("cannot close {} to others", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The uid would make lastlog larger than anybody expects, and this was not asked for.
    #[error("{} would grow by the uid {uid}, which is above {}", path.display(), crate::HUGE_UID)]
    HugeUid {
        /// The file.
        path: PathBuf,
        /// The uid.
        uid: u32,
    },
    /// No room, or the device failed; nothing of the record was left in the file.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl WriteError {
    /// Whether nothing can be written there, whatever it is.
    pub(crate) fn is_of_a_read_only_disk(&self) -> bool {
        matches!(self, Self::Open { source, .. } if source.kind() == io::ErrorKind::ReadOnlyFilesystem)
    }
}

/// utmp, to read and write; made if absent: 0664, of group utmp if there is one, whatever the umask.
pub(crate) fn utmp(path: &Path, groups: &Path) -> Result<File, WriteError> {
    if let Some(file) = existing(path, OFlags::RDWR)? {
        return Ok(file);
    }
    match open(path, flags(OFlags::RDWR | OFlags::CREATE | OFlags::EXCL), SHARED) {
        Ok(made) => share(made.into(), groups).map_err(|source| failed(path, source)),
        // Another writer made it meanwhile.
        Err(Errno::EXIST) => existing(path, OFlags::RDWR)?.ok_or_else(|| failed(path, Errno::NOENT.into())),
        Err(e) => Err(failed(path, e.into())),
    }
}

/// The file if it exists, to read, to write or to append to as `access` says.
pub(crate) fn existing(path: &Path, access: OFlags) -> Result<Option<File>, WriteError> {
    let not_regular = || WriteError::NotRegular { path: path.to_owned() };
    let file = match open(path, flags(access), Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        // A link; a FIFO nobody reads, a socket or a device without driver; a directory.
        Err(Errno::LOOP | Errno::NXIO | Errno::NODEV | Errno::ISDIR) => return Err(not_regular()),
        Err(e) => return Err(failed(path, e.into())),
    };
    let stat = fstat(&file).map_err(|e| failed(path, e.into()))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(not_regular());
    }
    Ok(Some(file.into()))
}

/// Takes every right to `file` from everybody but its owner.
pub(crate) fn close_to_others(path: &Path, file: &File) -> Result<(), WriteError> {
    let owner_only = |file: &File| {
        let mode = Mode::from_raw_mode(fstat(file)?.st_mode);
        if mode.intersects(Mode::RWXG | Mode::RWXO) { fchmod(file, Mode::RUSR | Mode::WUSR) } else { Ok(()) }
    };
    owner_only(file).map_err(|e| WriteError::Exposed { path: path.to_owned(), source: e.into() })
}

/// Neither waits for a FIFO's reader nor takes a terminal on as its own.
fn flags(access: OFlags) -> OFlags {
    access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC
}

/// Where the group cannot be given, as in a container that does not have its number, the file is still of use.
fn share(made: File, groups: &Path) -> io::Result<File> {
    if let Some(utmp) = group::utmp(groups) {
        match fchown(&made, None, Some(utmp)) {
            Ok(()) | Err(Errno::PERM | Errno::INVAL) => {}
            Err(e) => return Err(e.into()),
        }
    }
    fchmod(&made, SHARED)?;
    Ok(made)
}

fn failed(path: &Path, source: io::Error) -> WriteError {
    WriteError::Open { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_btmp_that_cannot_be_closed_to_others_is_not_written() {
        let stat = Path::new("/proc/self/stat"); // a regular file all may read, whose mode nobody may change
        let file = existing(stat, OFlags::RDONLY).unwrap().unwrap();
        assert!(matches!(close_to_others(stat, &file), Err(WriteError::Exposed { .. })));
    }
}
