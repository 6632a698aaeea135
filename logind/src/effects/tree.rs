//! Removing a directory that belonged to a user, who may be at work in it, without following one link.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{
    AtFlags, Dir, Gid, Mode, OFlags, RenameFlags, ResolveFlags, Uid, fchmod, fchown, openat2, renameat_with, unlinkat,
};
use rustix::io::{Errno, Result};

/// How many directories are emptied before the removal gives up: somebody who makes them as fast as they go must not
/// keep it at work for ever.
const DIRECTORIES: u64 = 1 << 20;

/// Removes everything below `top`, an open directory.
///
/// Each directory is first made root's own, so that nobody can put anything into it any more. Then its files are
/// unlinked and its directories moved up into `top`, where their turn comes: two descriptors suffice for any depth, and
/// no path longer than one name is ever resolved (CVE-2012-1174).
///
/// # Errors
/// What the kernel says of what cannot be removed, after all else was: `EBUSY` or `EXDEV` for what is mounted there.
pub(super) fn empty(top: BorrowedFd<'_>) -> Result<()> {
    take(top)?;
    let mut moved = Moved::default();
    loop {
        let names = names_in(top)?;
        let (mut any_removed, mut outcome) = (names.is_empty(), Ok(()));
        for name in &names {
            match remove(top, name, &mut moved) {
                Ok(()) => any_removed = true,
                failed => outcome = failed,
            }
        }
        if names.is_empty() || !any_removed {
            return outcome;
        }
    }
}

/// Opens the directory `name` in `parent`, and nothing that a link or a mount point leads to.
///
/// # Errors
/// `ELOOP` for a symbolic link, `EXDEV` for a mount point, `ENOTDIR` for what else is no directory.
pub(super) fn open_directory(parent: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    openat2(parent, name, flags, Mode::empty(), resolve)
}

/// Counts the directories moved up, and names them.
#[derive(Default)]
struct Moved(u64);

impl Moved {
    fn next(&mut self) -> Result<String> {
        self.0 += 1;
        if self.0 > DIRECTORIES { Err(Errno::LOOP) } else { Ok(format!(".removed-{}", self.0)) }
    }
}

fn remove(top: BorrowedFd<'_>, name: &CStr, moved: &mut Moved) -> Result<()> {
    let directory = match open_directory(top, name) {
        Ok(directory) => directory,
        Err(Errno::NOENT) => return Ok(()),
        Err(Errno::NOTDIR | Errno::LOOP) => return unlinkat(top, name, AtFlags::empty()),
        Err(errno) => return Err(errno),
    };
    take(directory.as_fd())?;
    let mut outcome = Ok(());
    for child in names_in(directory.as_fd())? {
        outcome = match unlinkat(&directory, &child, AtFlags::empty()) {
            Err(Errno::ISDIR) => move_up(directory.as_fd(), &child, top, moved),
            unlinked => unlinked,
        }
        .and(outcome);
    }
    outcome.and_then(|()| unlinkat(top, name, AtFlags::REMOVEDIR))
}

/// Moves the directory `child` of `directory` to a free name in `top`.
fn move_up(directory: BorrowedFd<'_>, child: &CStr, top: BorrowedFd<'_>, moved: &mut Moved) -> Result<()> {
    loop {
        match renameat_with(directory, child, top, moved.next()?, RenameFlags::NOREPLACE) {
            Err(Errno::EXIST) => {} // a name that the user happened to choose
            outcome => return outcome,
        }
    }
}

/// Makes a directory root's own. The mode's group bits bound what any access list grants (acl(5)).
fn take(directory: BorrowedFd<'_>) -> Result<()> {
    fchown(directory, Some(Uid::ROOT), Some(Gid::ROOT))?;
    fchmod(directory, Mode::RWXU)
}

fn names_in(directory: BorrowedFd<'_>) -> Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_out_of_the_directory_is_unlinked_and_never_followed() {
        // CVE-2012-1174
        let place = tempfile::tempdir().expect("a directory");
        let (victim, top) = (place.path().join("victim"), place.path().join("top"));
        fs::create_dir_all(victim.join("inner")).expect("a directory");
        fs::write(victim.join("inner/kept"), "kept").expect("a file");
        fs::create_dir_all(top.join("a/b")).expect("directories");
        for link in ["link", "a/link", "a/b/link"] {
            symlink(&victim, top.join(link)).expect("a link");
        }
        fs::hard_link(victim.join("inner/kept"), top.join("a/hard")).expect("a link");
        empty(File::open(&top).expect("it opens").as_fd()).expect("it is emptied");
        assert_eq!(fs::read_dir(&top).expect("it is there").count(), 0);
        assert_eq!(fs::read_to_string(victim.join("inner/kept")).expect("it is there"), "kept");
    }

    #[test]
    fn a_directory_deeper_than_any_path_is_removed() {
        let place = tempfile::tempdir().expect("a directory");
        let top = File::open(place.path()).expect("it opens");
        let mut deepest: OwnedFd = top.try_clone().expect("a copy").into();
        for _ in 0..3000 {
            rustix::fs::mkdirat(&deepest, c"deeper", Mode::RWXU).expect("a directory");
            deepest = open_directory(deepest.as_fd(), c"deeper").expect("it opens");
        }
        fs::create_dir(place.path().join(".removed-1")).expect("a name in the way");
        empty(top.as_fd()).expect("it is emptied");
        assert_eq!(fs::read_dir(place.path()).expect("it is there").count(), 0);
    }
}
