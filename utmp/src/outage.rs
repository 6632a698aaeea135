//! What is to be told of a record that is not in its file.
//!
//! That there is no such file, or that its disk is read-only, is how the machine is: every getty and every login meets it, and
//! a log that has it from each of them hides all else. Whoever meets it first leaves a note beside the locks, and tells;
//! whoever next gets a record into the file takes the note away.

use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open, unlink};
use rustix::io::Errno;

use crate::files::{Appended, Files};
use crate::open::WriteError;
use crate::{lock, paths};

/// Why a record is not in its file, where that is to be told.
#[derive(Debug)]
pub enum Unrecorded {
    /// There is no such file, and will be none until somebody makes it.
    Absent,
    /// The file's disk is read-only.
    ReadOnly(WriteError),
    /// This record could not be written.
    Failed(WriteError),
}

impl Files {
    /// What is to be told of a record for `file`, of which `outcome` came; nothing if it is there. An absent file and a
    /// read-only disk are told of by whoever asks first, and then not until a record is in the file again. Where that cannot
    /// be noted, everybody tells.
    pub fn to_tell(&self, file: &Path, outcome: Result<Appended, WriteError>) -> Option<Unrecorded> {
        let lasting = match outcome {
            Ok(Appended::Written) => {
                self.is_recorded_again(file);
                return None;
            }
            Ok(Appended::Absent) => Unrecorded::Absent,
            Err(error) if error.is_of_a_read_only_disk() => Unrecorded::ReadOnly(error),
            Err(error) => return Some(Unrecorded::Failed(error)),
        };
        self.is_first_to_tell(file).then_some(lasting)
    }

    fn is_first_to_tell(&self, file: &Path) -> bool {
        let note = self.note_on(file);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let noted = lock::in_directory(&self.lock_dir, || open(&note, flags, Mode::RUSR | Mode::WUSR));
        !matches!(noted, Err(Errno::EXIST))
    }

    /// A note that stays costs the next outage its line; there is nobody here to tell of that.
    fn is_recorded_again(&self, file: &Path) {
        let _absent_as_a_rule = unlink(self.note_on(file));
    }

    fn note_on(&self, file: &Path) -> PathBuf {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(paths::TOLD);
        self.lock_dir.join(name)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;

    use super::*;

    fn files() -> (tempfile::TempDir, Files) {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir(root.path().join("run")).expect("a folder");
        let files = Files::under(root.path());
        (root, files)
    }

    fn failing(files: &Files, errno: Errno) -> Result<Appended, WriteError> {
        Err(WriteError::Open { path: files.wtmp.clone(), source: io::Error::from(errno) })
    }

    #[test]
    fn what_lasts_is_told_once() {
        let (_root, files) = files();
        assert!(matches!(files.to_tell(&files.wtmp, Ok(Appended::Absent)), Some(Unrecorded::Absent)));
        assert!(files.to_tell(&files.wtmp, Ok(Appended::Absent)).is_none());
        assert!(matches!(files.to_tell(&files.btmp, failing(&files, Errno::ROFS)), Some(Unrecorded::ReadOnly(_))));
        assert!(files.to_tell(&files.btmp, failing(&files, Errno::ROFS)).is_none());
    }

    #[test]
    fn what_lasts_is_told_again_once_there_was_a_record_in_between() {
        let (_root, files) = files();
        for _ in 0..3 {
            assert!(files.to_tell(&files.wtmp, failing(&files, Errno::ROFS)).is_some());
            assert!(files.to_tell(&files.wtmp, failing(&files, Errno::ROFS)).is_none());
            assert!(files.to_tell(&files.wtmp, Ok(Appended::Written)).is_none());
        }
    }

    #[test]
    fn what_happened_to_one_record_is_told_each_time() {
        let (_root, files) = files();
        for errno in [Errno::ACCESS, Errno::NOSPC, Errno::IO, Errno::NOSPC] {
            let told = files.to_tell(&files.wtmp, failing(&files, errno));
            assert!(matches!(told, Some(Unrecorded::Failed(_))), "{errno}");
        }
    }

    #[test]
    fn where_it_cannot_be_noted_everybody_tells() {
        let (root, files) = files();
        fs::remove_dir(root.path().join("run")).expect("it was there");
        for _ in 0..2 {
            assert!(files.to_tell(&files.wtmp, Ok(Appended::Absent)).is_some());
        }
    }

    #[test]
    fn a_note_leads_nowhere_else() {
        let (root, files) = files();
        fs::create_dir(&files.lock_dir).expect("a folder");
        let elsewhere = root.path().join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, files.note_on(&files.wtmp)).expect("a link");
        assert!(files.to_tell(&files.wtmp, Ok(Appended::Absent)).is_none());
        assert!(!elsewhere.exists());
    }
}
