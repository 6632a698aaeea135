//! The sandbox's part of the host's cgroup tree: made, entered, emptied, removed.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::fs::{AtFlags, CWD, Dir, FileType, FsWord, Mode, OFlags, fstatfs, mkdirat, openat, unlinkat};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};

use crate::error::{Error, Tried};
use crate::mountinfo;
use crate::paths;

/// `CGROUP2_SUPER_MAGIC` (linux/magic.h).
const CGROUP2_MAGIC: FsWord = 0x6367_7270;

/// A cgroup of the unified hierarchy (`cgroups(7)`) that holds every process of one sandbox.
#[derive(Debug)]
pub(crate) struct Subtree {
    parent: OwnedFd,
    name: String,
    itself: OwnedFd,
    path: PathBuf,
}

impl Subtree {
    /// Makes the subtree of the sandbox whose outer process is `owner`.
    pub(crate) fn create(owner: u32) -> Result<Self, Error> {
        let (parent, path) = hierarchy()?;
        let name = format!("{}{owner}", paths::CGROUP_PREFIX);
        let path = path.join(&name);
        mkdirat(&parent, &name, Mode::from_raw_mode(0o755)).tried("make the cgroup", &path)?;
        let itself = open_folder(parent.as_fd(), &name).tried("open the cgroup", &path)?;
        Ok(Self { parent, name, itself, path })
    }

    /// Moves the calling process into it.
    pub(crate) fn enter(&self) -> Result<(), Error> {
        write(self.itself.as_fd(), "cgroup.procs", "0").tried("enter the cgroup", &self.path)
    }

    /// Kills whatever is left in it, waits until that is gone, and removes it from the tree.
    pub(crate) fn remove(&self) -> io::Result<()> {
        write(self.itself.as_fd(), "cgroup.kill", "1")?;
        self.await_empty()?;
        remove_below(self.itself.as_fd())?;
        Ok(unlinkat(&self.parent, &self.name, AtFlags::REMOVEDIR)?)
    }

    // The kernel announces each change of cgroup.events as an exceptional condition (POLLPRI).
    fn await_empty(&self) -> io::Result<()> {
        let events = openat(&self.itself, "cgroup.events", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        loop {
            let mut text = [0; 256];
            let count = rustix::io::pread(&events, &mut text, 0)?;
            if text[..count].split(|byte| *byte == b'\n').any(|line| line == b"populated 0") {
                return Ok(());
            }
            poll(&mut [PollFd::new(events.as_fd(), PollFlags::POLLPRI)], PollTimeout::NONE)?;
        }
    }
}

// Where cgroup2 is mounted. A host that has none gets it mounted where only we can see it; a host that has one keeps its
// mount options, which a second mount would reset.
fn hierarchy() -> Result<(OwnedFd, PathBuf), Error> {
    let table = std::fs::read(paths::MOUNTINFO).tried("read", paths::MOUNTINFO)?;
    let mounted = mountinfo::parse(&table).into_iter().filter(|mount| mount.kind == "cgroup2");
    for point in mounted.map(|mount| mount.point) {
        // Something else may have been mounted over it.
        let folder = open_folder(CWD, &point).ok();
        if let Some(folder) = folder.filter(|folder| fstatfs(folder).is_ok_and(|fs| fs.f_type == CGROUP2_MAGIC)) {
            return Ok((folder, point));
        }
    }
    let private = PathBuf::from("cgroup2:");
    let folder = mount_unseen().tried("mount cgroup2 for", "the sandbox")?;
    Ok((folder, private))
}

fn mount_unseen() -> io::Result<OwnedFd> {
    let context = fsopen("cgroup2", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(&context)?;
    Ok(fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())?)
}

fn open_folder(parent: BorrowedFd<'_>, name: impl AsRef<Path>) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(parent, name.as_ref(), flags, Mode::empty())?)
}

fn write(folder: BorrowedFd<'_>, file: &str, text: &str) -> io::Result<()> {
    let file = openat(folder, file, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    std::fs::File::from(file).write_all(text.as_bytes())
}

fn remove_below(folder: BorrowedFd<'_>) -> io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type() != FileType::Directory || matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        remove_below(openat(folder, name, flags, Mode::empty())?.as_fd())?;
        unlinkat(folder, name, AtFlags::REMOVEDIR)?;
    }
    Ok(())
}
