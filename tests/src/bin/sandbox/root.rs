//! The inside's root: one overlay over the host's, with a tmpfs on top, and fresh mounts where the host has its own.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::CWD;
use rustix::mount::{
    MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, mount, mount_bind,
    mount_bind_recursive, mount_change, mount_remount, move_mount, open_tree, unmount,
};

use crate::error::{Error, Tried};
use crate::host::Host;
use crate::{device, mountinfo, paths};

/// The folder the sandbox was started in, cut loose from the host's tree and still to be put in its place.
#[derive(Debug)]
pub(crate) struct StartFolder {
    tree: OwnedFd,
    path: PathBuf,
}

impl StartFolder {
    /// Puts the folder where it lies on the host. What is written below it from now on is written on the host, so this
    /// comes after everything that the sandbox itself writes or removes.
    pub(crate) fn attach(self) -> Result<(), Error> {
        attach(&self.tree, &self.path)?;
        std::env::set_current_dir(&self.path).tried("enter", &self.path)
    }
}

/// Builds the root in this mount namespace and makes it the root; nothing of the host's tree can be reached afterwards
/// but what is bound in.
pub(crate) fn enter(host: &Host, hybrid: bool) -> Result<StartFolder, Error> {
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).tried("keep to itself", "/")?;
    let start = StartFolder { tree: cut(&host.start, true)?, path: host.start.clone() };
    let programs = cut(&host.programs, false)?;
    let peers = host.peers.as_deref().map(|peers| cut(peers, false)).transpose()?;
    let logs = host.logs.as_deref().map(|logs| cut(logs, false)).transpose()?;

    let root = overlays()?;
    fresh(&root)?;
    device::fill(&root.join("dev"))?;
    kernel(&root)?;
    attach_read_only(&programs, &below(&root, tests::paths::PROGRAMS))?;
    if let Some(peers) = &peers {
        attach_read_only(peers, &below(&root, tests::paths::PEERS))?;
    }
    let log_folder = below(&root, tests::paths::LOGS);
    match &logs {
        Some(logs) => attach(logs, &log_folder)?,
        None => tmpfs(&log_folder, "mode=755")?,
    }
    pivot(&root)?;
    cgroups(hybrid)?;
    Ok(start)
}

// The stage is a tmpfs with, for each file system of the host, what the inside writes over it.
fn overlays() -> Result<PathBuf, Error> {
    let table = fs::read(paths::MOUNTINFO).tried("read", paths::MOUNTINFO)?;
    let stage = Path::new(paths::STAGE);
    tmpfs(stage, "mode=755")?;
    let root = stage.join("root");
    fs::create_dir(&root).tried("make", &root)?;
    overlay(Path::new("/"), &root, &stage.join("0"))?;
    for (number, point) in other_file_systems(&table).into_iter().enumerate() {
        let target = below(&root, &point);
        if !target.is_dir() {
            continue; // a file that was bound over, as containers do: the inside sees the one beneath
        }
        // Some file systems cannot be the lower side of an overlay; those can be read. What cannot even be bound, as
        // somebody's FUSE mount, is not there inside.
        if overlay(&point, &target, &stage.join((number + 1).to_string())).is_err()
            && mount_bind_recursive(&point, &target).is_ok()
        {
            make_read_only(&target)?;
        }
    }
    Ok(root)
}

// The mount points of the host's other file systems, an outer one before those in it.
fn other_file_systems(table: &[u8]) -> Vec<PathBuf> {
    let fresh = ["/proc", "/sys", "/dev", "/run", "/var/log", paths::STAGE];
    let mut points: Vec<PathBuf> = mountinfo::parse(table).into_iter().map(|mount| mount.point).collect();
    points.retain(|point| point != Path::new("/") && !fresh.iter().any(|fresh| point.starts_with(fresh)));
    points.sort();
    points.dedup();
    points
}

fn overlay(lower: &Path, target: &Path, store: &Path) -> Result<(), Error> {
    let (upper, work) = (store.join("upper"), store.join("work"));
    fs::create_dir_all(&upper).tried("make", &upper)?;
    fs::create_dir(&work).tried("make", &work)?;
    let mode = fs::metadata(lower).tried("look at", lower)?.permissions();
    fs::set_permissions(&upper, mode).tried("make", &upper)?;
    let escaped = lower.display().to_string().replace('\\', "\\\\").replace(',', "\\,").replace(':', "\\:");
    let options = format!("lowerdir={escaped},upperdir={},workdir={}", upper.display(), work.display());
    let options = CString::new(options).map_err(io::Error::from).tried("mount an overlay over", lower)?;
    mount("overlay", target, "overlay", MountFlags::empty(), Some(options.as_c_str()))
        .tried("mount an overlay over", lower)
}

fn fresh(root: &Path) -> Result<(), Error> {
    tmpfs(&root.join("run"), "mode=755")?;
    tmpfs(&root.join("tmp"), "mode=1777")?;
    let var_run = root.join("var/run");
    if fs::read_link(&var_run).is_err() {
        fs::remove_dir_all(&var_run).or_else(absent).tried("remove", &var_run)?;
        std::os::unix::fs::symlink("/run", &var_run).tried("make", &var_run)?;
    }
    Ok(())
}

fn kernel(root: &Path) -> Result<(), Error> {
    let safe = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let (proc, sys) = (root.join("proc"), root.join("sys"));
    mount("proc", &proc, "proc", safe, None).tried("mount", &proc)?;
    mount("sysfs", &sys, "sysfs", safe | MountFlags::RDONLY, None).tried("mount", &sys)?;
    // A kernel without the key has no trigger for it.
    for file in ["sys", "sysrq-trigger"].map(|file| proc.join(file)).into_iter().filter(|file| file.exists()) {
        mount_bind(&file, &file).tried("bind", &file)?;
        mount_remount(&file, MountFlags::BIND | MountFlags::RDONLY | safe, "").tried("protect", &file)?;
    }
    Ok(())
}

fn cgroups(hybrid: bool) -> Result<(), Error> {
    let mut point = Path::new(paths::CGROUP);
    if hybrid {
        tmpfs(point, "mode=755")?;
        point = Path::new(paths::CGROUP_HYBRID);
        fs::create_dir(point).tried("make", point)?;
    }
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("cgroup2", point, "cgroup2", flags, None).tried("mount", point)?;
    let scope = point.join(paths::INIT_SCOPE);
    fs::create_dir(&scope).tried("make", &scope)?;
    fs::write(scope.join("cgroup.procs"), "0").tried("enter", &scope)
}

fn pivot(root: &Path) -> Result<(), Error> {
    std::env::set_current_dir(root).tried("enter", root)?;
    rustix::process::pivot_root(".", ".").tried("change the root to", root)?;
    unmount(".", UnmountFlags::DETACH).tried("leave", "the host's root")?;
    std::env::set_current_dir("/").tried("enter", "/")
}

fn cut(path: &Path, with_mounts_below: bool) -> Result<OwnedFd, Error> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    flags.set(OpenTreeFlags::AT_RECURSIVE, with_mounts_below);
    open_tree(CWD, path, flags).tried("bind", path)
}

fn attach(tree: &OwnedFd, target: &Path) -> Result<(), Error> {
    fs::create_dir_all(target).tried("make", target)?;
    move_mount(tree, "", CWD, target, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH).tried("bind", target)
}

fn attach_read_only(tree: &OwnedFd, target: &Path) -> Result<(), Error> {
    attach(tree, target)?;
    make_read_only(target)
}

fn make_read_only(path: &Path) -> Result<(), Error> {
    mount_remount(path, MountFlags::BIND | MountFlags::RDONLY, "").tried("protect", path)
}

fn tmpfs(at: &Path, options: &str) -> Result<(), Error> {
    fs::create_dir_all(at).tried("make", at)?;
    let options = CString::new(options).map_err(io::Error::from).tried("mount a tmpfs at", at)?;
    mount("tmpfs", at, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, Some(options.as_c_str()))
        .tried("mount a tmpfs at", at)
}

fn below(root: &Path, path: impl AsRef<Path>) -> PathBuf {
    root.join(path.as_ref().strip_prefix("/").unwrap_or(path.as_ref()))
}

fn absent(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
