//! The private door itself: who may stand in its place, and who gets through.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;

use tokio::sync::mpsc;

use super::super::listening::DoorError;
use super::super::private_door::{Lanes, PrivateDoor};
use super::house::{ALICE, House, as_user, call, run};

async fn open(path: &Path) -> Result<PrivateDoor, DoorError> {
    PrivateDoor::open(path, Lanes { root: mpsc::channel(1).0, users: mpsc::channel(1).0 })
}

#[tokio::test]
async fn a_dead_logind_s_socket_is_taken_over_and_a_living_one_s_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run/login1");
    let door = open(&path).await.expect("a door");
    assert!(matches!(open(&path).await, Err(DoorError::Taken(_))));
    drop(door);
    assert!(path.exists(), "what a killed logind leaves behind");
    let old = fs::metadata(&path).expect("a socket").ino();
    let _door = open(&path).await.expect("a door");
    let new = fs::metadata(&path).expect("a socket");
    assert_ne!(old, new.ino());
    assert_eq!(new.permissions().mode() & 0o7777, 0o666);
}

#[tokio::test]
async fn a_folder_that_others_may_write_to_is_no_place_for_a_door() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = folder.path().join("run");
    fs::create_dir(&run).expect("a folder");
    fs::set_permissions(&run, fs::Permissions::from_mode(0o777)).expect("open to all");
    assert!(matches!(open(&run.join("login1")).await, Err(DoorError::Folder(..))));
    std::os::unix::fs::symlink(folder.path(), folder.path().join("link")).expect("a link");
    assert!(matches!(open(&folder.path().join("link/login1")).await, Err(DoorError::Folder(..))));
}

#[tokio::test]
async fn half_a_takeover_is_no_hindrance() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run/login1");
    fs::create_dir(folder.path().join("run")).expect("a folder");
    drop(UnixListener::bind(path.with_extension("new")).expect("killed before it renamed"));
    assert!(open(&path).await.is_ok());
}

#[test]
fn anybody_may_look() {
    let house = House::open();
    let seats = run(&mut as_user(call(&house.address(), "ListSeats", &[]), ALICE));
    assert_eq!(seats.as_deref(), Ok("a(so) 1 \"seat0\" \"/org/freedesktop/login1/seat/seat0\""));
}
