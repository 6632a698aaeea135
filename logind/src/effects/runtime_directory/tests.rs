//! Runtime directories on real file systems, each test in a mount namespace of its own.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use rustix::fs::{CWD, chownat};
use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use super::*;

const LIMITS: Limits = Limits { size: 1 << 20, inodes: 64 };
const GROUP: u32 = 4712;

fn user() -> Uid {
    Uid::new(4711).expect("a user")
}

/// A directory of runtime directories in a mount namespace of this thread's own.
fn directories() -> (tempfile::TempDir, RuntimeDirectories) {
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS).expect("root");
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).expect("private mounts");
    let place = tempfile::tempdir().expect("a directory");
    let directories = RuntimeDirectories::below(&place.path().join("user"));
    (place, directories)
}

fn plain(path: &Path, owner: u32) {
    fs::create_dir_all(path).expect("a directory");
    chown(path, owner);
}

fn chown(path: &Path, owner: u32) {
    let owner = rustix::fs::Uid::from_raw(owner);
    chownat(CWD, path, Some(owner), None, AtFlags::SYMLINK_NOFOLLOW).expect("root");
}

fn is_mounted(path: &Path) -> bool {
    let dev = |path: &Path| fs::metadata(path).expect("it is there").dev();
    dev(path) != dev(path.parent().expect("a parent"))
}

#[test]
fn a_runtime_directory_is_a_bounded_tmpfs_of_the_users_own() {
    let (place, directories) = directories();
    let path = place.path().join("user/4711");
    assert!(!directories.is_made(user()));
    directories.make(user(), GROUP, LIMITS).expect("it is made");
    assert!(directories.is_made(user()));
    let seen = fs::metadata(&path).expect("it is there");
    assert_eq!((seen.uid(), seen.gid(), seen.mode() & 0o7777), (4711, GROUP, 0o700));
    assert!(is_mounted(&path));
    let limits = rustix::fs::statfs(&path).expect("statfs");
    assert_eq!((limits.f_blocks * 4096, limits.f_files), (1 << 20, 64));

    fs::write(path.join("kept"), "").expect("room");
    directories.make(user(), GROUP, LIMITS).expect("it is kept");
    assert!(path.join("kept").exists());
    assert_eq!(directories.owners().expect("a list"), [(user(), GROUP)]);
    directories.remove(user()).expect("it is removed");
    directories.remove(user()).expect("it is gone");
    assert!(!path.exists() && !directories.is_made(user()));
}

#[test]
fn where_nothing_may_be_mounted_it_is_a_plain_directory_of_the_users_own() {
    let (place, directories) = directories();
    let path = place.path().join("user/4711");
    let mut rights = capabilities(None).expect("this thread's");
    rights.effective.remove(CapabilitySet::SYS_ADMIN);
    set_capabilities(None, rights).expect("fewer");
    directories.make(user(), GROUP, LIMITS).expect("it is made");
    let seen = fs::metadata(&path).expect("it is there");
    assert_eq!((seen.uid(), seen.gid(), seen.mode() & 0o7777), (4711, GROUP, 0o700));
    assert!(!is_mounted(&path));
    fs::write(path.join("file"), "").expect("room");
    directories.remove(user()).expect("it is removed");
    assert!(!path.exists());
}

#[test]
fn a_plain_directory_of_the_user_is_adopted_and_removed_without_following_links() {
    // CVE-2012-1174
    let (place, directories) = directories();
    let (path, victim) = (place.path().join("user/4711"), place.path().join("victim"));
    plain(&victim, 0);
    fs::write(victim.join("kept"), "").expect("a file");
    plain(&path, 4711);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("ours");
    symlink(&victim, path.join("link")).expect("a link");
    assert!(!directories.is_made(user()));
    directories.make(user(), GROUP, LIMITS).expect("it is kept");
    assert_eq!(fs::metadata(&path).expect("it is there").mode() & 0o7777, 0o700);
    assert!(!is_mounted(&path) && path.join("link").exists());
    directories.remove(user()).expect("it is removed");
    assert!(!path.exists() && victim.join("kept").exists());
}

#[test]
fn what_is_somebody_elses_or_no_directory_is_neither_taken_nor_removed() {
    let (place, directories) = directories();
    let (path, victim) = (place.path().join("user/4711"), place.path().join("victim"));
    plain(&victim, 4711);
    fs::write(victim.join("kept"), "").expect("a file");
    fs::create_dir(place.path().join("user")).expect("a directory");
    let refused = |errno: i32| {
        assert!(!directories.is_made(user()));
        let made = directories.make(user(), GROUP, LIMITS).expect_err("refused");
        let removed = directories.remove(user()).expect_err("refused");
        assert_eq!((made.raw_os_error(), removed.raw_os_error()), (Some(errno), Some(errno)));
    };
    symlink(&victim, &path).expect("a link");
    refused(libc::ENOTDIR);
    fs::remove_file(&path).expect("ours");
    fs::write(&path, "").expect("a file");
    refused(libc::ENOTDIR);
    fs::remove_file(&path).expect("ours");
    plain(&path, 4713);
    refused(libc::EPERM);
    assert_eq!(directories.owners().expect("a list"), []);
    assert!(victim.join("kept").exists());
}

#[test]
fn a_directory_of_runtime_directories_that_others_can_write_to_is_refused() {
    let (place, directories) = directories();
    plain(&place.path().join("user"), 4711);
    let refused = directories.make(user(), GROUP, LIMITS).expect_err("refused");
    assert_eq!(refused.raw_os_error(), Some(libc::EPERM));
}

#[test]
fn a_removal_that_was_cut_short_is_finished_before_the_directory_is_made_anew() {
    let (place, directories) = directories();
    let path = place.path().join("user/4711");
    plain(&path, 0);
    fs::create_dir(path.join(".removed-1")).expect("a directory");
    directories.make(user(), GROUP, LIMITS).expect("it is made");
    assert!(is_mounted(&path) && fs::read_dir(&path).expect("it is there").next().is_none());
    directories.remove(user()).expect("it is removed");
}

#[test]
fn a_busy_tmpfs_is_emptied_and_detached_with_what_is_mounted_in_it() {
    let (place, directories) = directories();
    let path = place.path().join("user/4711");
    directories.make(user(), GROUP, LIMITS).expect("it is made");
    for inner in ["doc", "plain"] {
        fs::create_dir(path.join(inner)).expect("a directory");
    }
    mount(c"tmpfs", path.join("doc"), c"tmpfs", MountFlags::empty(), None).expect("a mount");
    let held = fs::File::create(path.join("held")).expect("a file");
    directories.remove(user()).expect("it is removed");
    assert!(!path.exists());
    assert_eq!(held.metadata().expect("it is open").nlink(), 0);
}

#[test]
fn what_the_user_mounted_in_a_plain_directory_is_detached_not_emptied() {
    let (place, directories) = directories();
    let (path, other) = (place.path().join("user/4711"), place.path().join("other"));
    plain(&path, 4711);
    plain(&path.join("doc"), 4711);
    plain(&other, 0);
    fs::write(other.join("kept"), "").expect("a file");
    rustix::mount::mount_bind(&other, path.join("doc")).expect("a mount");
    directories.remove(user()).expect("it is removed");
    assert!(!path.exists() && other.join("kept").exists());
}

/// Mounts on `path` what a user may mount there (fusermount3(1)): a file system of theirs, whose `daemon` never answers,
/// with `options` of theirs.
fn cover(path: &Path, owner: u32, daemon: &fs::File, options: &str) {
    let data = format!("fd={},rootmode=40000,user_id={owner},group_id={owner}{options}", daemon.as_raw_fd());
    let data = CString::new(data).expect("text");
    mount(c"fuse", path, c"fuse", MountFlags::NOSUID | MountFlags::NODEV, data.as_c_str()).expect("a mount");
}

#[test]
fn a_user_who_covers_the_directory_escapes_no_session_and_hides_nobody_elses() {
    let Ok(daemon) = fs::File::options().read(true).write(true).open("/dev/fuse") else {
        println!("skipped: no /dev/fuse to be had");
        return;
    };
    let (place, directories) = directories();
    let path = place.path().join("user/4711");
    directories.make(user(), GROUP, LIMITS).expect("it is made");
    directories.make(Uid::new(4713).expect("a user"), 4713, LIMITS).expect("another");
    cover(&path, 4711, &daemon, "");
    assert!(!directories.is_made(user()));
    let all = BTreeSet::from([4711, 4713]);
    let owners =
        || -> BTreeSet<u32> { directories.owners().expect("a list").iter().map(|(uid, _)| uid.get()).collect() };
    directories.make(user(), GROUP, LIMITS).expect("the session opens");
    assert_eq!(owners(), all);
    drop(daemon); // what is mounted is dead now
    directories.make(user(), GROUP, LIMITS).expect("the session opens");
    assert_eq!(owners(), all);
    directories.remove(user()).expect("it is removed");
    assert!(!path.exists());
}

#[test]
fn a_file_system_of_the_users_that_never_answers_is_never_asked() {
    let Ok(daemon) = fs::File::options().read(true).write(true).open("/dev/fuse") else {
        println!("skipped: no /dev/fuse to be had");
        return;
    };
    let (place, directories) = directories();
    let path = place.path().join("user/4711");
    directories.make(user(), GROUP, LIMITS).expect("it is made");
    cover(&path, 4711, &daemon, ",allow_other");
    assert!(!directories.is_made(user()));
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let held = rustix::fs::open(&path, flags, Mode::empty()).expect("a place"); // which keeps it from being unmounted
    directories.make(user(), GROUP, LIMITS).expect("the session opens");
    assert_eq!(directories.owners().expect("a list").len(), 1);
    directories.remove(user()).expect("it is removed");
    assert!(!path.exists());
    drop(held);
}

#[test]
fn a_tmpfs_is_known_for_one_by_the_mount_and_by_the_list_of_all_mounts() {
    let (place, directories) = directories();
    directories.make(user(), GROUP, LIMITS).expect("made");
    let there = place.path().join("user/4711");
    for (path, expected) in [(there.as_path(), true), (Path::new("/proc"), false)] {
        let directory = fs::File::open(path).expect("a directory");
        let system = FileSystem::of(directory.as_fd()).expect("the kernel knows it");
        assert_eq!(system.is_tmpfs().expect("told"), expected, "{}", path.display());
        let before = FileSystem { mount: None, ..system }; // as before Linux 6.8
        assert_eq!(before.is_tmpfs().expect("told"), expected, "{}", path.display());
    }
    directories.remove(user()).expect("removed");
}
