//! `/run/user/UID`: made the user's own, and removed with all that the user put there.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use linux_raw_sys::general::{STATX_MNT_ID_UNIQUE, TMPFS_MAGIC};
use logind_core::names::Uid;
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, StatxFlags, fchmod, fchown, fstat, mkdirat, openat, statx, unlinkat,
};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::tree;
use crate::{paths, sys};

/// How many file systems may be mounted over each other on one runtime directory.
const LAYERS: usize = 16;

/// How much a runtime directory may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// In bytes.
    pub(crate) size: u64,
    /// In files.
    pub(crate) inodes: u64,
}

/// The directory of runtime directories, which only root can write to.
#[derive(Clone, Debug)]
pub(crate) struct RuntimeDirectories {
    base: PathBuf,
}

impl RuntimeDirectories {
    /// Those below `base`: `/run/user`.
    pub(crate) fn below(base: &Path) -> Self {
        Self { base: base.to_owned() }
    }

    /// Whether the runtime directory of `uid` is there as [`Self::make`] would leave it. Asks the kernel alone, so it
    /// cannot take long.
    pub(crate) fn is_made(&self, uid: Uid) -> bool {
        let is_own = |directory: &OwnedFd| {
            fstat(directory).is_ok_and(|stat| stat.st_uid == uid.get() && stat.st_mode & 0o7777 == 0o700)
        };
        let found = self.open_base_that_is_there().and_then(|base| find(base.as_fd(), &uid.to_string()));
        matches!(&found, Ok(Found::Directory(directory)) if is_own(directory))
    }

    /// Makes the runtime directory of `uid`: a tmpfs of its own, or a plain directory where mounting is refused. One
    /// that is there already and the user's is kept with all that is in it; one that the user has covered too, for that
    /// must keep no session of theirs from being known. Can take long.
    ///
    /// # Errors
    /// `ENOTDIR` or `EPERM` if something is there that is no directory or somebody else's; what the kernel says.
    pub(crate) fn make(&self, uid: Uid, gid: u32, limits: Limits) -> io::Result<()> {
        let base = self.open_base()?;
        let name = uid.to_string();
        match find(base.as_fd(), &name)? {
            Found::Nothing => {}
            Found::Covered => {
                tracing::warn!(uid = uid.get(), "the user has covered the runtime directory");
                return Ok(());
            }
            Found::Directory(directory) => match fstat(&directory)?.st_uid {
                owner if owner == uid.get() => return adopt(directory.as_fd()),
                // A removal or a making that was cut short: what is there was made root's.
                0 => self.remove(uid)?,
                _ => return Err(Errno::PERM.into()),
            },
        }
        mkdirat(&base, &name, Mode::RWXU)?;
        let path = self.base.join(&name);
        match mount_tmpfs(&path, uid, gid, limits) {
            Ok(()) => Ok(()),
            Err(Errno::PERM | Errno::ACCESS | Errno::NOSYS) => {
                tracing::info!(directory = %path.display(), "may not mount, so it is a plain directory");
                Ok(make_own(base.as_fd(), &name, uid, gid)?)
            }
            Err(errno) => {
                if let Err(error) = unlinkat(&base, &name, AtFlags::REMOVEDIR) {
                    tracing::warn!(directory = %path.display(), error = %error, "cannot remove it again");
                }
                Err(errno.into())
            }
        }
    }

    /// Removes the runtime directory of `uid`: what is mounted there is unmounted, what is left is removed without
    /// following a link. Can take long.
    ///
    /// # Errors
    /// `ENOTDIR` or `EPERM` if something is there that is no directory or neither the user's nor root's; what the kernel
    /// says if something cannot be removed.
    pub(crate) fn remove(&self, uid: Uid) -> io::Result<()> {
        let base = self.open_base()?;
        let name = CString::new(uid.to_string()).unwrap_or_default();
        let path = self.base.join(uid.to_string());
        unmount_all(base.as_fd(), &name, &path)?;
        let directory = match tree::open_directory(base.as_fd(), &name) {
            Err(Errno::NOENT) => return Ok(()),
            Err(Errno::LOOP) => return Err(Errno::NOTDIR.into()),
            outcome => outcome?,
        };
        if ![uid.get(), 0].contains(&fstat(&directory)?.st_uid) {
            return Err(Errno::PERM.into());
        }
        if tree::empty(directory.as_fd()).is_err() {
            // A file system that the user mounted (fuse(4)), which a directory of its own tmpfs would take along.
            unmount_children(&path);
            tree::empty(directory.as_fd())?;
        }
        Ok(unlinkat(&base, &name, AtFlags::REMOVEDIR)?)
    }

    /// The users that have a directory of their own here, with its group, or their number where that cannot be seen. What
    /// else is here is logged and left alone. No file system that a user mounted is asked anything: the kernel tells what
    /// it knows of it already (statx(2), `AT_STATX_DONT_SYNC`).
    ///
    /// # Errors
    /// What listing them says.
    pub(crate) fn owners(&self) -> io::Result<Vec<(Uid, u32)>> {
        let base = self.open_base()?;
        let mut owners = Vec::new();
        for entry in rustix::fs::Dir::read_from(&base)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let uid = name.to_str().ok().and_then(crate::processes::parse_uid);
            let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::STATX_DONT_SYNC;
            match (uid, statx(&base, name, flags, StatxFlags::BASIC_STATS)) {
                (_, Err(Errno::NOENT)) => {}
                (Some(uid), Err(errno)) if is_users_word(errno) => owners.push((uid, uid.get())),
                (_, Err(errno)) => return Err(errno.into()),
                (Some(uid), Ok(stat))
                    if is_directory(stat.stx_mode.into()) && [uid.get(), 0].contains(&stat.stx_uid) =>
                {
                    owners.push((uid, stat.stx_gid));
                }
                _ => tracing::warn!(name = %name.to_string_lossy(), "not a runtime directory, left alone"),
            }
        }
        Ok(owners)
    }

    fn open_base(&self) -> io::Result<OwnedFd> {
        match rustix::fs::mkdir(&self.base, Mode::from_raw_mode(0o755)) {
            Err(errno) if errno != Errno::EXIST => return Err(errno.into()),
            _ => {}
        }
        self.open_base_that_is_there()
    }

    fn open_base_that_is_there(&self) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let base = rustix::fs::open(&self.base, flags, Mode::empty())?;
        let stat = fstat(&base)?;
        // All that follows trusts that nobody else renames what is in it.
        if stat.st_uid != 0 || stat.st_mode & 0o022 != 0 {
            return Err(Errno::PERM.into());
        }
        Ok(base)
    }
}

/// Whether it is a file system of the user's that says this: of fuse(4), which lets nobody else in, root neither, or
/// whose daemon is gone.
fn is_users_word(errno: Errno) -> bool {
    matches!(errno, Errno::ACCESS | Errno::NOTCONN)
}

fn is_directory(mode: u32) -> bool {
    FileType::from_raw_mode(mode) == FileType::Directory
}

/// What is at the place of a runtime directory.
enum Found {
    Nothing,
    /// A file system of the user's. It is never asked anything: one that does not answer holds a thread for ever, which
    /// not even SIGKILL ends, and which would outlive us with our lock.
    Covered,
    /// The directory itself, or a tmpfs on it: opened as a place only (`O_PATH`, open(2)).
    Directory(OwnedFd),
}

/// Finds out what is there, without asking what is mounted there.
fn find(base: BorrowedFd<'_>, name: &str) -> io::Result<Found> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = match openat(base, name, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(Found::Nothing),
        outcome => outcome?,
    };
    let system = match FileSystem::of(directory.as_fd()) {
        Err(errno) if is_users_word(errno) => return Ok(Found::Covered),
        outcome => outcome?,
    };
    let is_own = system.device == FileSystem::of(base)?.device || system.is_tmpfs()?;
    Ok(if is_own { Found::Directory(directory) } else { Found::Covered })
}

/// What the kernel itself knows of a file system.
struct FileSystem {
    /// Its number.
    device: (u32, u32),
    /// The mount through which it is seen here, by a number that no other mount ever has; none before Linux 6.8.
    mount: Option<u64>,
}

impl FileSystem {
    fn of(directory: BorrowedFd<'_>) -> rustix::io::Result<Self> {
        let mount = StatxFlags::from_bits_retain(STATX_MNT_ID_UNIQUE);
        let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
        let stat = statx(directory, c"", flags, StatxFlags::BASIC_STATS | mount)?;
        let has_mount = stat.stx_mask & STATX_MNT_ID_UNIQUE != 0;
        Ok(Self { device: (stat.stx_dev_major, stat.stx_dev_minor), mount: has_mount.then_some(stat.stx_mnt_id) })
    }

    /// Whether it is a tmpfs, which only root can mount here. A kernel that cannot tell of one mount tells of all
    /// (proc_pid_mountinfo(5)), which takes as long as there are many.
    fn is_tmpfs(&self) -> io::Result<bool> {
        if let Some(magic) = self.mount.and_then(|mount| sys::magic_of_mount(mount).ok()) {
            return Ok(magic == u64::from(TMPFS_MAGIC));
        }
        let mounts = std::fs::read(paths::MOUNTS)?;
        Ok(is_tmpfs_in(&String::from_utf8_lossy(&mounts), self.device))
    }
}

fn is_tmpfs_in(mounts: &str, (major, minor): (u32, u32)) -> bool {
    let device = format!("{major}:{minor}");
    let kind = |line: &str| line.split_once(" - ").is_some_and(|(_, source)| source.starts_with("tmpfs "));
    mounts.lines().any(|line| line.split(' ').nth(2) == Some(&device) && kind(line))
}

/// Keeps a directory that is the user's, and sees that it is nobody else's.
fn adopt(directory: BorrowedFd<'_>) -> io::Result<()> {
    if fstat(directory)?.st_mode & 0o7777 != 0o700 {
        fchmod(open_own(directory, ".")?, Mode::RWXU)?;
    }
    Ok(())
}

fn make_own(base: BorrowedFd<'_>, name: &str, uid: Uid, gid: u32) -> rustix::io::Result<()> {
    let directory = open_own(base, name)?;
    fchmod(&directory, Mode::RWXU)?; // before it is the user's, and whatever our umask is
    fchown(&directory, Some(rustix::fs::Uid::from_raw(uid.get())), Some(Gid::from_raw(gid)))
}

/// Opens a runtime directory for work.
fn open_own(base: BorrowedFd<'_>, name: &str) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(base, name, flags, Mode::empty())
}

fn mount_tmpfs(path: &Path, uid: Uid, gid: u32, limits: Limits) -> rustix::io::Result<()> {
    let Limits { size, inodes } = limits;
    let data = format!("mode=0700,uid={uid},gid={gid},size={size},nr_inodes={inodes}");
    let data = CString::new(data).unwrap_or_default();
    mount(c"tmpfs", path, c"tmpfs", MountFlags::NOSUID | MountFlags::NODEV, data.as_c_str())
}

/// Unmounts all that is mounted on the directory itself. What processes still use is emptied, then detached.
fn unmount_all(base: BorrowedFd<'_>, name: &std::ffi::CStr, path: &Path) -> io::Result<()> {
    for _ in 0..LAYERS {
        match unmount(path, UnmountFlags::NOFOLLOW) {
            Ok(()) => {}
            // Nothing is mounted, or we may neither mount nor unmount.
            Err(Errno::INVAL | Errno::NOENT | Errno::PERM) => return Ok(()),
            Err(Errno::BUSY) => {
                let name = name.to_str().map_err(|_| Errno::INVAL)?;
                if let Found::Directory(directory) = find(base, name)?
                    && let Err(errno) = open_own(directory.as_fd(), ".").and_then(|top| tree::empty(top.as_fd()))
                {
                    tracing::debug!(directory = %path.display(), error = %errno, "not all could be removed");
                }
                unmount(path, UnmountFlags::NOFOLLOW | UnmountFlags::DETACH)?;
            }
            Err(errno) => return Err(errno.into()),
        }
    }
    Err(Errno::BUSY.into())
}

/// Detaches what is mounted on the entries of a directory that nobody but root can change (any more).
fn unmount_children(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        // It fails where nothing is mounted.
        if unmount(entry.path(), UnmountFlags::NOFOLLOW | UnmountFlags::DETACH).is_ok() {
            tracing::debug!(path = %entry.path().display(), "detached");
        }
    }
}

#[cfg(test)]
mod tests;
