//! A directory of state files, each replaced as a whole, so that a reader sees the old one or the new one.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use super::text::MAX;

/// What a file's name begins with while it is written; readers skip hidden files.
const UNFINISHED: &str = ".#";

/// One of the directories that libsystemd reads. It is held open, so that each of its files is one step away for the
/// kernel, and not four.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    directory: OwnedFd,
}

impl Folder {
    /// The directory `path`, made if it is not there.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn make(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self { path: path.to_owned(), directory: File::open(path)?.into() })
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The directory itself.
    pub(crate) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// Replaces the file `name` (rename(2)): readers wait for `IN_MOVED_TO`. A file that says the same already is left,
    /// so that nobody is woken for nothing. One that cannot be replaced stays as it was, with nothing beside it.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn write(&self, name: &str, text: &[u8]) -> io::Result<()> {
        if self.says(name, text) {
            return Ok(());
        }
        let unfinished = format!("{UNFINISHED}{name}");
        let renamed = || Ok(renameat(&self.directory, &unfinished, &self.directory, name)?);
        let written = self.write_new(&unfinished, text).and_then(|()| renamed());
        if written.is_err() {
            self.remove(&unfinished)?;
        }
        written
    }

    /// Removes the file `name`, if it is there.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(&self.directory, name, AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            outcome => Ok(outcome?),
        }
    }

    /// The bytes of the regular file `name`, as far as they are read at all.
    ///
    /// # Errors
    /// What the kernel says; `InvalidInput` for what is no regular file.
    pub(crate) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(openat(&self.directory, name, flags, Mode::empty())?);
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut bytes = Vec::new();
        let limit = u64::try_from(MAX).unwrap_or(u64::MAX).saturating_add(1);
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The names in it, in order, without those of unfinished files, which are removed.
    ///
    /// # Errors
    /// What the kernel says.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.starts_with(UNFINISHED) {
                self.remove(&name)?;
            } else {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Whether the file says `text` already; most that do not are of another length, and are not read for that.
    fn says(&self, name: &str, text: &[u8]) -> bool {
        let Ok(stat) = statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) else { return false };
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        let is_as_long = usize::try_from(stat.st_size) == Ok(text.len());
        is_file && is_as_long && self.read(name).is_ok_and(|bytes| bytes == text)
    }

    fn write_new(&self, name: &str, text: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let create = || openat(&self.directory, name, flags, Mode::from_raw_mode(0o644));
        let file = match create() {
            Err(Errno::EXIST) => {
                self.remove(name)?; // left by a logind that was killed
                create()
            }
            outcome => outcome,
        }?;
        File::from(file).write_all(text)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, symlink};

    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().expect("a directory");
        let folder = Folder::make(&place.path().join("a/b")).expect("a directory");
        (place, folder)
    }

    #[test]
    fn a_file_is_replaced_by_another_and_kept_if_it_says_the_same() {
        let (_place, folder) = folder();
        let inode = || fs::metadata(folder.path().join("c1")).map(|seen| (seen.ino(), seen.mode() & 0o777));
        folder.write("c1", b"A=1\n").expect("written");
        let first = inode().expect("it is there");
        assert_eq!(first.1, 0o644);
        folder.write("c1", b"A=1\n").expect("the same");
        assert_eq!(inode().expect("it is there"), first);
        let held = File::open(folder.path().join("c1")).expect("a reader");
        folder.write("c1", b"A=2\n").expect("written");
        assert_eq!(io::read_to_string(held).expect("its text"), "A=1\n");
        assert_eq!(folder.read("c1").expect("its bytes"), b"A=2\n");
        folder.remove("c1").expect("removed");
        folder.remove("c1").expect("gone");
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing_half_done() {
        let (_place, folder) = folder();
        fs::create_dir_all(folder.path().join("c1/in-the-way")).expect("directories");
        folder.write("c1", b"A=1\n").expect_err("a directory is there");
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 1);
    }

    #[test]
    fn an_unfinished_file_is_no_file() {
        let (_place, folder) = folder();
        fs::write(folder.path().join(".#c1"), "half").expect("a file");
        assert!(folder.names().expect("a list").is_empty());
        assert!(!folder.path().join(".#c1").exists());
    }

    #[test]
    fn a_link_or_a_directory_is_not_read() {
        let (place, folder) = folder();
        fs::write(place.path().join("secret"), "A=1\n").expect("a file");
        symlink(place.path().join("secret"), folder.path().join("c1")).expect("a link");
        fs::create_dir(folder.path().join("c2")).expect("a directory");
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join("c3"), Mode::RUSR).expect("a FIFO");
        for name in ["c1", "c2", "c3"] {
            assert!(folder.read(name).is_err(), "{name}");
        }
        // A link in the way of a file being written is removed, never written through.
        symlink(place.path().join("secret"), folder.path().join(".#c4")).expect("a link");
        folder.write("c4", b"A=2\n").expect("written");
        assert_eq!(fs::read(place.path().join("secret")).expect("it is there"), b"A=1\n");
    }
}
