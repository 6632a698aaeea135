//! The user's runtime directory: looked at before it is named to anybody, and made plainly where nobody else did.
//!
//! Everything is done through file descriptors of folders that only root can change, so that no name can be made to mean
//! something else between a look and a deed. A file system that the user mounted there (fuse(4)) is never asked
//! anything, for one that does not answer would hold up the login for ever: what the kernel knows of it already is
//! enough to tell (statx(2), `AT_STATX_DONT_SYNC`).

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, RenameFlags, Stat, Statx, StatxFlags, Uid, fchmod, fchown, fstat,
    mkdirat, open, openat, renameat_with, statx, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;
use rustix::thread::gettid;

use crate::paths;
use crate::proc;
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
    #[error("something is mounted there that is no tmpfs")]
    Covered,
    #[error("what is mounted there cannot be seen: {0}")]
    Mounts(Errno),
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
    let (above, name) = parted(path).ok_or(Unfit::Path)?;
    let above = open(above, LOOK, Mode::empty()).map_err(Unfit::Open)?;
    let directory = openat(&above, name, LOOK, Mode::empty()).map_err(Unfit::Open)?;
    fit(&above, &directory, path, uid)
}

/// Takes the user's directory below `base` without logind's word, and makes a plain one if there is none. Mounts nothing;
/// a logind that comes later adopts the directory.
///
/// # Errors
/// What is wrong with it, or why it could not be made.
pub(crate) fn find_or_make(base: &str, account: Account) -> Result<RuntimeDir, Unfit> {
    let base_fd = base_folder(base)?;
    let name = account.uid.to_string();
    let path = format!("{base}/{name}");
    let directory = match openat(&base_fd, &*name, LOOK, Mode::empty()) {
        Err(Errno::NOENT) => {
            make(&base_fd, &name, account).map_err(Unfit::Make)?;
            openat(&base_fd, &*name, LOOK, Mode::empty())
        }
        found => found,
    };
    fit(&base_fd, &directory.map_err(Unfit::Open)?, &path, account.uid)
}

/// Opens a folder only to look at it and below it: no symbolic link, no device that would act on being opened.
const LOOK: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn fit(above: &OwnedFd, directory: &OwnedFd, path: &str, uid: u32) -> Result<RuntimeDir, Unfit> {
    let seen = match look(directory, "", AtFlags::EMPTY_PATH) {
        // Of fuse: it lets nobody else in, root neither, or its daemon is gone.
        Err(Errno::ACCESS | Errno::NOTCONN) => return Err(Unfit::Covered),
        seen => seen.map_err(Unfit::Open)?,
    };
    let around = look(above, "", AtFlags::EMPTY_PATH).map_err(Unfit::Open)?;
    if device(&seen) != device(&around) && !is_tmpfs(&device(&seen)).map_err(Unfit::Mounts)? {
        return Err(Unfit::Covered);
    }
    if seen.stx_uid != uid || u32::from(seen.stx_mode) & MODE_BITS != 0o700 {
        return Err(Unfit::Owner);
    }
    let bus = look(directory, "bus", AtFlags::SYMLINK_NOFOLLOW);
    let has_bus = bus.is_ok_and(|bus| FileType::from_raw_mode(bus.stx_mode.into()) == FileType::Socket);
    Ok(RuntimeDir { path: path.to_owned(), has_bus })
}

/// What the kernel knows of a file.
fn look(folder: &OwnedFd, name: &str, flags: AtFlags) -> Result<Statx, Errno> {
    let flags = flags | AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
    statx(folder, name, flags, StatxFlags::BASIC_STATS)
}

/// The number of the file system, as mountinfo has it.
fn device(seen: &Statx) -> String {
    format!("{}:{}", seen.stx_dev_major, seen.stx_dev_minor)
}

/// Whether the file system of this number is a tmpfs, which only root can mount here (proc_pid_mountinfo(5)).
fn is_tmpfs(device: &str) -> Result<bool, Errno> {
    let mounts = proc::read(paths::MOUNTS)?;
    let mounts = String::from_utf8_lossy(&mounts);
    let kind = |line: &str| line.split_once(" - ").is_some_and(|(_, source)| source.starts_with("tmpfs "));
    Ok(mounts.lines().any(|line| line.split(' ').nth(2) == Some(device) && kind(line)))
}

/// The folder a path leads to, and the name in there.
fn parted(path: &str) -> Option<(&str, &str)> {
    let (above, name) = path.rsplit_once('/')?;
    Some((if above.is_empty() { "/" } else { above }, name))
}

/// Whether a path is absolute and of names that need no quoting anywhere and lead nowhere else.
fn is_plain(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let is_name = |name: &str| !name.is_empty() && name != "." && name != ".." && name.bytes().all(plain);
    path.len() < 1024 && path.strip_prefix('/').is_some_and(|names| names.split('/').all(is_name))
}

/// The folder of runtime directories, made if it is not there, with root in sole charge of it.
fn base_folder(base: &str) -> Result<OwnedFd, Unfit> {
    let folder = match openat(CWD, base, LOOK, Mode::empty()) {
        Err(Errno::NOENT) => make_base(base).map_err(Unfit::Make)?,
        found => found.map_err(Unfit::Open)?,
    };
    if is_roots_own(&fstat(&folder).map_err(Unfit::Open)?) { Ok(folder) } else { Err(Unfit::Above) }
}

fn make_base(base: &str) -> Result<OwnedFd, Errno> {
    let (above, name) = parted(base).ok_or(Errno::INVAL)?;
    let above = open(above, LOOK, Mode::empty())?;
    if !is_roots_own(&fstat(&above)?) {
        return Err(Errno::PERM);
    }
    publish(&above, name, Uid::ROOT, Gid::ROOT, Mode::from_raw_mode(0o755))?;
    openat(&above, name, LOOK, Mode::empty())
}

fn is_roots_own(stat: &Stat) -> bool {
    stat.st_uid == 0 && stat.st_mode & WRITABLE_BY_OTHERS == 0
}

fn make(base: &OwnedFd, name: &str, account: Account) -> Result<(), Errno> {
    if account.uid == u32::MAX || account.gid == u32::MAX {
        return Err(Errno::INVAL); // fchown(2) would leave root the owner
    }
    publish(base, name, Uid::from_raw(account.uid), Gid::from_raw(account.gid), Mode::RWXU)
}

/// Makes a directory that is complete from the moment it has its name. Another that is there by then is left alone.
fn publish(folder: &OwnedFd, name: &str, uid: Uid, gid: Gid, mode: Mode) -> Result<(), Errno> {
    if !geteuid().is_root() {
        return Err(Errno::PERM);
    }
    let draft = format!(".{name}.{}", gettid().as_raw_nonzero());
    begin(folder, &draft)?;
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

/// Makes the draft, in the place of one that was left by somebody who was killed here. That may have been the user's
/// already, so nothing is done with it.
fn begin(folder: &OwnedFd, draft: &str) -> Result<(), Errno> {
    match mkdirat(folder, draft, Mode::RWXU) {
        Err(Errno::EXIST) => {
            unlinkat(folder, draft, AtFlags::REMOVEDIR)?;
            mkdirat(folder, draft, Mode::RWXU)
        }
        made => made,
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
    use std::ffi::{CStr, CString};
    use std::fs;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, symlink};
    use std::os::unix::net::UnixListener;

    use nix::sched::{CloneFlags, unshare};
    use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
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
    fn a_draft_that_a_killed_login_left_is_in_nobodys_way() {
        let Some((folder, base)) = base() else { return };
        for owner in [0, ALICE.uid] {
            let draft = format!("{base}/.4711.{}", gettid().as_raw_nonzero());
            fs::DirBuilder::new().mode(0o700).create(&draft).expect("a draft");
            chown(&draft, Some(owner), None).expect("given away");
            let made = find_or_make(&base, ALICE).expect("a directory");
            let stat = fs::symlink_metadata(&made.path).expect("the directory");
            assert_eq!((stat.uid(), stat.gid(), stat.mode() & 0o7777), (4711, 4712, 0o700));
            assert_eq!(entries(&folder), 1);
            fs::remove_dir(&made.path).expect("the directory");
        }
    }

    #[test]
    fn a_users_bus_is_seen() {
        let Some((_folder, base)) = base() else { return };
        let made = find_or_make(&base, ALICE).expect("a directory");
        let _listener = UnixListener::bind(format!("{}/bus", made.path)).expect("a socket");
        assert!(existing(&made.path, ALICE.uid).expect("the directory").has_bus);
    }

    /// Mounts something in a mount namespace of this thread's own.
    fn mount_there(kind: &CStr, path: &str, data: &str) {
        unshare(CloneFlags::CLONE_NEWNS).expect("root");
        mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).expect("private mounts");
        let data = CString::new(data).expect("text");
        mount(kind, path, kind, MountFlags::NOSUID | MountFlags::NODEV, data.as_c_str()).expect("a mount");
    }

    #[test]
    fn a_tmpfs_of_the_users_is_taken() {
        let Some((_folder, base)) = base() else { return };
        let path = format!("{base}/4711");
        fs::create_dir(&path).expect("a directory");
        mount_there(c"tmpfs", &path, "mode=0700,uid=4711,gid=4712");
        let _listener = UnixListener::bind(format!("{path}/bus")).expect("a socket");
        assert_eq!(existing(&path, ALICE.uid), Ok(RuntimeDir { path: path.clone(), has_bus: true }));
        assert_eq!(find_or_make(&base, ALICE).map(|directory| directory.path), Ok(path));
    }

    /// Covers `path` with what a user may mount there (fusermount3(1)), whose daemon never answers; none where there is
    /// no fuse to be had.
    fn cover(path: &str, options: &str) -> Option<fs::File> {
        let Ok(daemon) = fs::File::options().read(true).write(true).open("/dev/fuse") else {
            println!("skipped: no /dev/fuse to be had");
            return None;
        };
        let owner = "rootmode=40700,user_id=4711,group_id=4712";
        mount_there(c"fuse", path, &format!("fd={},{owner}{options}", daemon.as_raw_fd()));
        Some(daemon)
    }

    #[test]
    fn a_file_system_of_the_users_that_never_answers_is_never_asked() {
        let Some((_folder, base)) = base() else { return };
        let path = find_or_make(&base, ALICE).expect("a directory").path;
        let Some(_daemon) = cover(&path, ",allow_other") else { return };
        assert_eq!(existing(&path, ALICE.uid), Err(Unfit::Covered));
        assert_eq!(find_or_make(&base, ALICE), Err(Unfit::Covered));
    }

    #[test]
    fn a_file_system_of_the_users_that_lets_nobody_in_or_is_dead_is_told_of_in_the_same_words() {
        let Some((_folder, base)) = base() else { return };
        let path = find_or_make(&base, ALICE).expect("a directory").path;
        let Some(daemon) = cover(&path, "") else { return };
        assert_eq!(existing(&path, ALICE.uid), Err(Unfit::Covered));
        drop(daemon);
        assert_eq!(existing(&path, ALICE.uid), Err(Unfit::Covered));
        assert_eq!(find_or_make(&base, ALICE), Err(Unfit::Covered));
    }

    #[test]
    fn a_bus_that_the_user_covered_is_not_asked_and_is_none() {
        let Some((_folder, base)) = base() else { return };
        let path = find_or_make(&base, ALICE).expect("a directory").path;
        fs::create_dir(format!("{path}/bus")).expect("a directory");
        let Some(_daemon) = cover(&format!("{path}/bus"), ",allow_other") else { return };
        assert_eq!(existing(&path, ALICE.uid), Ok(RuntimeDir { path, has_bus: false }));
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
