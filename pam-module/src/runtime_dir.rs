//! The user's runtime directory: looked at before it is named to anybody, and made plainly where nobody else did.
//!
//! Everything is done through file descriptors of folders that only root can change, so that no name can be made to mean
//! something else between a look and a deed.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, RenameFlags, Stat, Uid, fchmod, fchown, fstat, mkdirat, open, openat,
    renameat_with, statat, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;
use rustix::thread::gettid;

use crate::sys::pam::Account;

/// The permission and special bits that [`Mode`] holds.
const MODE_BITS: u32 = 0o7777;
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// A runtime directory that has been looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuntimeDir {
    pub(crate) path: String,
    /// Whether the user's message bus has its socket there.
    pub(crate) has_bus: bool,
}

/// Why a directory is no runtime directory of the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("its path is not an absolute one of plain names")]
    Path,
    #[error("it cannot be opened as a directory: {0}")]
    Open(Errno),
    #[error("it is not the user's own, with mode 0700")]
    Owner,
    #[error("others can write to the folder above it")]
    Above,
    #[error("it cannot be made: {0}")]
    Make(Errno),
}

/// Takes a directory that logind named, if it is what it should be: a real one, the user's, closed to others.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn existing(path: &str, uid: u32) -> Result<RuntimeDir, Unfit> {
    if !is_plain(path) {
        return Err(Unfit::Path);
    }
    let directory = open(path, LOOK, Mode::empty()).map_err(Unfit::Open)?;
    fit(&directory, path, uid)
}

/// Takes the user's directory below `base` without logind's word, and makes a plain one if there is none. Mounts nothing;
/// a logind that comes later adopts the directory.
///
/// # Errors
/// What is wrong with it, or why it could not be made.
pub(crate) fn find_or_make(base: &str, account: Account) -> Result<RuntimeDir, Unfit> {
    let base_fd = base_folder(Path::new(base))?;
    let name = account.uid.to_string();
    let path = format!("{base}/{name}");
    let directory = match openat(&base_fd, &*name, LOOK, Mode::empty()) {
        Err(Errno::NOENT) => {
            make(&base_fd, &name, account).map_err(Unfit::Make)?;
            openat(&base_fd, &*name, LOOK, Mode::empty())
        }
        found => found,
    };
    fit(&directory.map_err(Unfit::Open)?, &path, account.uid)
}

/// Opens a folder only to look at it and below it: no symbolic link, no device that would act on being opened.
const LOOK: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn fit(directory: &OwnedFd, path: &str, uid: u32) -> Result<RuntimeDir, Unfit> {
    let stat = fstat(directory).map_err(Unfit::Open)?;
    if stat.st_uid != uid || stat.st_mode & MODE_BITS != 0o700 {
        return Err(Unfit::Owner);
    }
    let bus = statat(directory, "bus", AtFlags::SYMLINK_NOFOLLOW);
    let has_bus = bus.is_ok_and(|bus| FileType::from_raw_mode(bus.st_mode) == FileType::Socket);
    Ok(RuntimeDir { path: path.to_owned(), has_bus })
}

/// Whether a path is absolute and of names that need no quoting anywhere and lead nowhere else.
fn is_plain(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let is_name = |name: &str| !name.is_empty() && name != "." && name != ".." && name.bytes().all(plain);
    path.len() < 1024 && path.strip_prefix('/').is_some_and(|names| names.split('/').all(is_name))
}

/// The folder of runtime directories, made if it is not there, with root in sole charge of it.
fn base_folder(base: &Path) -> Result<OwnedFd, Unfit> {
    let folder = match openat(CWD, base, LOOK, Mode::empty()) {
        Err(Errno::NOENT) => make_base(base).map_err(Unfit::Make)?,
        found => found.map_err(Unfit::Open)?,
    };
    if is_roots_own(&fstat(&folder).map_err(Unfit::Open)?) { Ok(folder) } else { Err(Unfit::Above) }
}

fn make_base(base: &Path) -> Result<OwnedFd, Errno> {
    let (Some(above), Some(name)) = (base.parent(), base.file_name()) else { return Err(Errno::INVAL) };
    let above = open(above, LOOK, Mode::empty())?;
    if !is_roots_own(&fstat(&above)?) {
        return Err(Errno::PERM);
    }
    publish(&above, name.as_encoded_bytes(), Uid::ROOT, Gid::ROOT, Mode::from_raw_mode(0o755))?;
    openat(&above, name, LOOK, Mode::empty())
}

fn is_roots_own(stat: &Stat) -> bool {
    stat.st_uid == 0 && stat.st_mode & WRITABLE_BY_OTHERS == 0
}

fn make(base: &OwnedFd, name: &str, account: Account) -> Result<(), Errno> {
    if account.uid == u32::MAX || account.gid == u32::MAX {
        return Err(Errno::INVAL); // fchown(2) would leave root the owner
    }
    publish(base, name.as_bytes(), Uid::from_raw(account.uid), Gid::from_raw(account.gid), Mode::RWXU)
}

/// Makes a directory that is complete from the moment it has its name. Another that is there by then is left alone.
fn publish(folder: &OwnedFd, name: &[u8], uid: Uid, gid: Gid, mode: Mode) -> Result<(), Errno> {
    if !geteuid().is_root() {
        return Err(Errno::PERM);
    }
    let draft = format!(".{}.{}", String::from_utf8_lossy(name), gettid().as_raw_nonzero());
    mkdirat(folder, &*draft, Mode::RWXU)?;
    let finished = finish(folder, &draft, uid, gid, mode)
        .and_then(|()| renameat_with(folder, &*draft, folder, name, RenameFlags::NOREPLACE));
    match finished {
        Ok(()) => Ok(()),
        Err(e) => {
            // The draft is empty and only root can reach it; what is told is why it is not wanted.
            let _ = unlinkat(folder, &*draft, AtFlags::REMOVEDIR);
            if e == Errno::EXIST { Ok(()) } else { Err(e) }
        }
    }
}

fn finish(folder: &OwnedFd, draft: &str, uid: Uid, gid: Gid, mode: Mode) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = openat(folder, draft, flags, Mode::empty())?;
    fchown(directory.as_fd(), Some(uid), Some(gid))?;
    fchmod(directory.as_fd(), mode) // the host's umask was in the mode it was made with
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, symlink};
    use std::os::unix::net::UnixListener;

    use tempfile::TempDir;

    use super::*;

    const ALICE: Account = Account { uid: 4711, gid: 4712 };

    /// A folder as /run/user is, and its path; none where the test does not run as root.
    fn base() -> Option<(TempDir, String)> {
        if !geteuid().is_root() {
            println!("skipped: needs root to give directories away");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("our own folder");
        let path = folder.path().to_str().expect("a path of ours").to_owned();
        Some((folder, path))
    }

    fn entries(folder: &TempDir) -> usize {
        fs::read_dir(folder.path()).expect("our own folder").count()
    }

    #[test]
    fn a_missing_directory_is_made_and_is_the_users_alone() {
        let Some((folder, base)) = base() else { return };
        let made = find_or_make(&base, ALICE).expect("a directory");
        assert_eq!(made, RuntimeDir { path: format!("{base}/4711"), has_bus: false });
        let stat = fs::symlink_metadata(&made.path).expect("the directory");
        assert_eq!((stat.uid(), stat.gid(), stat.mode() & 0o7777), (4711, 4712, 0o700));
        assert_eq!(find_or_make(&base, ALICE), Ok(made), "found again");
        assert_eq!(entries(&folder), 1, "no draft is left");
    }

    #[test]
    fn the_folder_above_is_made_as_well() {
        let Some((folder, base)) = base() else { return };
        find_or_make(&format!("{base}/user"), ALICE).expect("a directory");
        let above = fs::symlink_metadata(folder.path().join("user")).expect("the folder");
        assert_eq!((above.uid(), above.mode() & 0o7777), (0, 0o755));
    }

    #[test]
    fn logins_at_the_same_time_make_one_directory() {
        let Some((folder, base)) = base() else { return };
        let logins: Vec<_> = (0..8)
            .map(|_| {
                let base = base.clone();
                std::thread::spawn(move || find_or_make(&base, ALICE))
            })
            .collect();
        for login in logins {
            login.join().expect("no panic").expect("a directory");
        }
        assert_eq!(entries(&folder), 1);
    }

    #[test]
    fn a_users_bus_is_seen() {
        let Some((_folder, base)) = base() else { return };
        let made = find_or_make(&base, ALICE).expect("a directory");
        let _listener = UnixListener::bind(format!("{}/bus", made.path)).expect("a socket");
        assert!(existing(&made.path, ALICE.uid).expect("the directory").has_bus);
    }

    #[test]
    fn a_link_to_a_bus_is_none() {
        let Some((_folder, base)) = base() else { return };
        let made = find_or_make(&base, ALICE).expect("a directory");
        let _listener = UnixListener::bind(format!("{base}/elsewhere")).expect("a socket");
        symlink(format!("{base}/elsewhere"), format!("{}/bus", made.path)).expect("a link");
        assert!(!existing(&made.path, ALICE.uid).expect("the directory").has_bus);
    }

    #[test]
    fn a_link_in_the_directorys_place_is_neither_followed_nor_changed() {
        let Some((_folder, base)) = base() else { return };
        let target = format!("{base}/shadow");
        fs::DirBuilder::new().mode(0o700).create(&target).expect("a target");
        symlink(&target, format!("{base}/4711")).expect("a link");
        assert!(matches!(find_or_make(&base, ALICE), Err(Unfit::Open(_))));
        assert_eq!(fs::metadata(&target).expect("the target").uid(), 0);
    }

    #[test]
    fn a_directory_of_anothers_or_open_to_others_is_not_taken_and_not_changed() {
        let Some((_folder, base)) = base() else { return };
        let path = format!("{base}/4711");
        for (uid, mode) in [(0, 0o700), (4712, 0o700), (4711, 0o750), (4711, 0o1700), (4711, 0o777)] {
            fs::create_dir(&path).expect("a directory");
            chown(&path, Some(uid), None).expect("given away");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("opened");
            assert_eq!(find_or_make(&base, ALICE), Err(Unfit::Owner), "{uid} {mode:o}");
            assert_eq!(existing(&path, ALICE.uid), Err(Unfit::Owner), "{uid} {mode:o}");
            let stat = fs::symlink_metadata(&path).expect("the directory");
            assert_eq!((stat.uid(), stat.mode() & 0o7777), (uid, mode));
            fs::remove_dir(&path).expect("the directory");
        }
    }

    #[test]
    fn a_file_is_no_directory() {
        let Some((_folder, base)) = base() else { return };
        fs::write(format!("{base}/4711"), "").expect("a file");
        assert!(matches!(find_or_make(&base, ALICE), Err(Unfit::Open(_))));
    }

    #[test]
    fn nothing_is_made_where_others_could_exchange_it() {
        let Some((folder, base)) = base() else { return };
        for mode in [0o775, 0o757, 0o1777] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).expect("our own folder");
            assert_eq!(find_or_make(&base, ALICE), Err(Unfit::Above), "{mode:o}");
            assert!(find_or_make(&format!("{base}/user"), ALICE).is_err(), "{mode:o}");
        }
        assert_eq!(entries(&folder), 0);
    }

    #[test]
    fn nothing_is_made_for_a_uid_that_is_none() {
        let Some((folder, base)) = base() else { return };
        assert!(find_or_make(&base, Account { uid: u32::MAX, gid: 0 }).is_err());
        assert!(find_or_make(&base, Account { uid: 5, gid: u32::MAX }).is_err());
        assert_eq!(entries(&folder), 0);
    }

    #[test]
    fn only_an_absolute_path_of_plain_names_is_looked_at() {
        for path in [
            "",
            "/",
            "run/user/1",
            "/run/../etc",
            "/run/./user",
            "/run//user",
            "/run/user/1/",
            "/run/a b",
            "/run/a;b",
            "/run/a\nb",
        ] {
            assert_eq!(existing(path, 0), Err(Unfit::Path), "{path:?}");
        }
        assert!(is_plain("/run/user/1000"));
    }
}
