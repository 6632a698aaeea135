//! Where cgroup2 is, which part of it is ours, and what it can limit.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::FsWord;
use rustix::io::Errno;
use rustix::mount::MountFlags;

use crate::paths;
use crate::processes::Base;

/// `CGROUP2_SUPER_MAGIC` and `SYSFS_MAGIC` of linux/magic.h.
const CGROUP2_SUPER_MAGIC: FsWord = 0x6367_7270;
const SYSFS_MAGIC: FsWord = 0x6265_6572;

/// The controllers that slices of users are for.
const CONTROLLERS: [&str; 3] = ["pids", "memory", "cpu"];

/// The leaf that takes the processes found in a delegated subtree's root.
const LEAF: &str = "init.scope";

/// The leaf that takes logind if it was started from a session.
const OWN: &str = "logind.scope";

/// How often the processes of a cgroup are moved before those that still come are left: each round takes all it sees.
const ROUNDS: usize = 16;

/// Why there are no cgroups to work with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// Nothing is mounted, and nothing may be.
    #[error("nothing is mounted at /sys/fs/cgroup, and ManageCgroups=no")]
    NotMounted,
    /// Nothing is mounted, and the kernel refuses.
    #[error("cannot mount cgroup2")]
    Mount(#[source] io::Error),
    /// Only the hierarchies of cgroup v1 are mounted, or none.
    #[error("there is no cgroup2 at /sys/fs/cgroup or /sys/fs/cgroup/unified")]
    NoUnified,
    /// The cgroup of PID 1 is not told.
    #[error("nobody tells which cgroup PID 1 is in: the kernel has none, or /proc is mounted with hidepid=")]
    Untold,
    /// PID 1 lives where the mount does not reach.
    #[error("the cgroup of PID 1 is not below what is mounted")]
    OutOfReach,
    /// The kernel does not say.
    #[error("cannot read where the cgroups are")]
    Unreadable(#[source] io::Error),
    /// No cgroup can be made.
    #[error("cannot make user.slice")]
    ReadOnly(#[source] io::Error),
}

/// Finds the cgroup below which `user.slice` belongs, and makes that. With `manage` cgroup2 is mounted where nothing
/// is, and controllers are enabled for the slices of users; what cannot be enabled is logged and done without.
///
/// # Errors
/// The reason why there are no cgroups to work with.
pub(super) fn find(manage: bool, base: &Base) -> Result<PathBuf, Unusable> {
    let inside = base.path().ok_or(Unusable::Untold)?;
    let point = mount_point(manage)?;
    let at = base_directory(&point, inside)?;
    if manage {
        enable_controllers(&at);
    }
    let slice = at.join("user.slice");
    make_cgroup(&slice).map_err(Unusable::ReadOnly)?;
    if manage && let Err(error) = enable_present(&slice) {
        tracing::warn!(cgroup = %slice.display(), error = %error, "cannot enable controllers");
    }
    if let Err(error) = leave_session(&at, base) {
        tracing::warn!(error = %error, "cannot leave the session that this was started from");
    }
    Ok(at)
}

/// An administrator who starts logind from a shell must not have it in the session's scope: the session would not end
/// while logind runs, and ending the session would end logind.
fn leave_session(at: &Path, base: &Base) -> io::Result<()> {
    let own = std::process::id();
    if base.place_of(own)?.session.is_none() {
        return Ok(());
    }
    let leaf = at.join(OWN);
    make_cgroup(&leaf)?;
    move_into(&leaf, own)
}

/// Makes a cgroup, if it is not there.
pub(super) fn make_cgroup(directory: &Path) -> io::Result<()> {
    match fs::create_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome,
    }
}

/// The processes directly in a cgroup. Those that our PID namespace does not see have no number, and are not among them.
pub(super) fn processes_in(cgroup: &Path) -> io::Result<Vec<u32>> {
    let text = fs::read_to_string(cgroup.join("cgroup.procs"))?;
    Ok(text.lines().filter_map(|line| line.parse().ok()).filter(|&pid| pid != 0).collect())
}

/// Moves process `pid` into a cgroup.
pub(super) fn move_into(cgroup: &Path, pid: u32) -> io::Result<()> {
    write_file(&cgroup.join("cgroup.procs"), &pid.to_string())
}

/// Moves all processes of cgroup `from` into cgroup `to`. Those that come while this runs are moved too, unless they
/// keep coming.
pub(super) fn move_all(from: &Path, to: &Path) -> io::Result<()> {
    for _ in 0..ROUNDS {
        let pids = processes_in(from)?;
        if pids.is_empty() {
            return Ok(());
        }
        for pid in pids {
            match move_into(to, pid) {
                Err(error) if error.raw_os_error() != Some(libc::ESRCH) => return Err(error),
                _ => {} // moved, or gone meanwhile
            }
        }
    }
    Err(Errno::BUSY.into())
}

/// Writes `text` to a file of the kernel, in one call.
pub(super) fn write_file(file: &Path, text: &str) -> io::Result<()> {
    use std::io::Write as _;
    fs::OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes())
}

fn mount_point(manage: bool) -> Result<PathBuf, Unusable> {
    let kind = |path: &str| rustix::fs::statfs(path).map(|stat| stat.f_type);
    match kind(paths::CGROUP) {
        Ok(CGROUP2_SUPER_MAGIC) => Ok(paths::CGROUP.into()),
        Ok(SYSFS_MAGIC) if manage => mount().map_err(|errno| Unusable::Mount(errno.into())),
        Ok(SYSFS_MAGIC) => Err(Unusable::NotMounted),
        _ if kind(paths::CGROUP_HYBRID) == Ok(CGROUP2_SUPER_MAGIC) => Ok(paths::CGROUP_HYBRID.into()),
        _ => Err(Unusable::NoUnified),
    }
}

fn mount() -> rustix::io::Result<PathBuf> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    rustix::mount::mount(c"cgroup2", paths::CGROUP, c"cgroup2", flags, c"nsdelegate")?;
    tracing::info!("mounted cgroup2 at {}", paths::CGROUP);
    Ok(paths::CGROUP.into())
}

/// The directory of our base cgroup: what is mounted at `point` may be all, or the part that a container is given.
fn base_directory(point: &Path, base: &str) -> Result<PathBuf, Unusable> {
    let mounts = fs::read_to_string(paths::MOUNTS).map_err(Unusable::Unreadable)?;
    let root = root_of_mount(&mounts, point).ok_or(Unusable::OutOfReach)?;
    match below(base, root).ok_or(Unusable::OutOfReach)? {
        "" => Ok(point.to_owned()),
        inside => Ok(point.join(inside)),
    }
}

/// What part of its file system the cgroup2 mounted last at `point` shows (proc_pid_mountinfo(5)).
fn root_of_mount<'a>(mounts: &'a str, point: &Path) -> Option<&'a str> {
    let root = |line: &'a str| {
        let (mount, source) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (root, at) = (fields.next()?, fields.next()?);
        (source.starts_with("cgroup2 ") && Path::new(at) == point).then_some(root)
    };
    mounts.lines().rev().find_map(root)
}

/// Where cgroup `base` lies below cgroup `root`, without a slash in front.
fn below<'a>(base: &'a str, root: &str) -> Option<&'a str> {
    let inside = base.strip_prefix(root.trim_end_matches('/'))?;
    if inside.is_empty() { Some("") } else { inside.strip_prefix('/') }
}

/// Enables our controllers for the children of `base`.
///
/// No cgroup but the root of all can have both processes and controllers for its children (cgroups(7), "no internal
/// processes"): the processes that a container has in its own root go to a leaf first.
fn enable_controllers(base: &Path) {
    let mut outcome = enable_present(base);
    let is_occupied = |error: &io::Error| error.raw_os_error() == Some(libc::EBUSY);
    if outcome.as_ref().is_err_and(is_occupied) {
        let leaf = base.join(LEAF);
        outcome = make_cgroup(&leaf).and_then(|()| move_all(base, &leaf)).and_then(|()| enable_present(base));
    }
    if let Err(error) = outcome {
        tracing::warn!(cgroup = %base.display(), error = %error, "cannot enable controllers");
    }
}

/// Enables for the children of `cgroup` each of our controllers that it has; the last that fails is told.
fn enable_present(cgroup: &Path) -> io::Result<()> {
    let present = fs::read_to_string(cgroup.join("cgroup.controllers"))?;
    let enabled = fs::read_to_string(cgroup.join("cgroup.subtree_control"))?;
    let mut outcome = Ok(());
    for controller in CONTROLLERS {
        let has = |list: &str| list.split_ascii_whitespace().any(|name| name == controller);
        if has(&present) && !has(&enabled) {
            outcome = write_file(&cgroup.join("cgroup.subtree_control"), &format!("+{controller}")).and(outcome);
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_made_last_at_a_point_is_the_one_seen() {
        let mounts = "30 25 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
                      31 30 0:27 /a /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n\
                      32 31 0:27 /docker/b /sys/fs/cgroup ro - cgroup2 cgroup rw\n\
                      33 31 0:27 / /elsewhere ro - cgroup2 cgroup rw\n";
        assert_eq!(root_of_mount(mounts, Path::new("/sys/fs/cgroup")), Some("/docker/b"));
        assert_eq!(root_of_mount(mounts, Path::new("/sys")), None);
    }

    #[test]
    fn of_our_controllers_those_are_enabled_that_are_there_and_are_not_yet() {
        let cgroup = tempfile::tempdir().expect("a directory");
        let file = |name: &str| cgroup.path().join(name);
        fs::write(file("cgroup.controllers"), "cpuset cpu memory\n").expect("a file");
        fs::write(file("cgroup.subtree_control"), "cpu\n").expect("a file");
        enable_present(cgroup.path()).expect("a file that takes it");
        assert_eq!(fs::read_to_string(file("cgroup.subtree_control")).expect("a file"), "+memory");
        fs::remove_file(file("cgroup.subtree_control")).expect("a file");
        assert!(enable_present(cgroup.path()).is_err());
    }

    #[test]
    fn the_base_is_found_below_what_is_mounted_or_not_at_all() {
        assert_eq!(below("", "/"), Some(""));
        assert_eq!(below("/docker/b", "/"), Some("docker/b"));
        assert_eq!(below("/docker/b", "/docker/b"), Some(""));
        assert_eq!(below("/docker/b/c", "/docker/b"), Some("c"));
        assert_eq!(below("/docker/bc", "/docker/b"), None);
        assert_eq!(below("", "/docker/b"), None);
    }
}
