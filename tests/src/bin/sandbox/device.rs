//! The inside's /dev: what every program expects, and neither virtual terminals nor input nor graphics.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use rustix::mount::{MountFlags, mount};

use crate::error::{Error, Tried};

// Name, major and minor number (the kernel's admin-guide/devices.txt).
const NODES: [(&str, u32, u32); 6] =
    [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)];

const LINKS: [(&str, &str); 5] = [
    ("ptmx", "pts/ptmx"),
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

/// Makes `dev` a folder of its own with these nodes in it.
pub(crate) fn fill(dev: &Path) -> Result<(), Error> {
    mount("tmpfs", dev, "tmpfs", MountFlags::NOSUID | MountFlags::NOEXEC, Some(c"mode=755")).tried("mount", dev)?;
    for (name, major, minor) in NODES {
        let node = dev.join(name);
        mknodat(CWD, &node, FileType::CharacterDevice, Mode::from_raw_mode(0o666), makedev(major, minor))
            .tried("make", &node)?;
        fs::set_permissions(&node, Permissions::from_mode(0o666)).tried("open to all", &node)?;
    }
    for (name, target) in LINKS {
        let link = dev.join(name);
        symlink(target, &link).tried("make", &link)?;
    }
    let (pts, shm) = (dev.join("pts"), dev.join("shm"));
    let safe = MountFlags::NOSUID | MountFlags::NOEXEC;
    fs::create_dir(&pts).tried("make", &pts)?;
    mount("devpts", &pts, "devpts", safe, Some(c"newinstance,gid=5,mode=620,ptmxmode=666")).tried("mount", &pts)?;
    fs::create_dir(&shm).tried("make", &shm)?;
    mount("tmpfs", &shm, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, Some(c"mode=1777")).tried("mount", &shm)
}
