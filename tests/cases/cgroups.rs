//! The sandbox's cgroup tree looks like a machine's.

use std::fs;
use std::path::Path;

use tests::outcome::Outcome;
use tests::{ensure, ensure_eq, process};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(the_unified_tree_is_its_own, "--bare"),
    inside!(the_hybrid_tree_is_its_own_beside_the_others, "--bare", "--hybrid"),
];

fn the_unified_tree_is_its_own() -> Outcome {
    tree_is_its_own(Path::new("/sys/fs/cgroup"))
}

fn the_hybrid_tree_is_its_own_beside_the_others() -> Outcome {
    ensure!(!Path::new("/sys/fs/cgroup/cgroup.procs").exists(), "/sys/fs/cgroup is a cgroup tree itself");
    tree_is_its_own(Path::new("/sys/fs/cgroup/unified"))
}

fn tree_is_its_own(root: &Path) -> Outcome {
    ensure_eq!(fs::read_to_string(root.join("cgroup.procs"))?, "");
    ensure_eq!(process::cgroup(1)?, "/init.scope");
    ensure_eq!(process::cgroup(std::process::id())?, "/init.scope");
    // Groups can be made, entered and announce that they are empty.
    let scope = root.join("user.slice/probe.scope");
    fs::create_dir_all(&scope)?;
    fs::write(scope.join("cgroup.procs"), "0")?;
    ensure_eq!(process::cgroup(std::process::id())?, "/user.slice/probe.scope");
    fs::write(root.join("init.scope/cgroup.procs"), "0")?;
    ensure!(fs::read_to_string(scope.join("cgroup.events"))?.contains("populated 0"), "an empty group is populated");
    fs::remove_dir(&scope)?;
    // No process but the kernel's view of ours is in it: the host's other groups are not to be seen.
    let groups: Vec<_> = fs::read_dir(root)?.flatten().filter(|entry| entry.path().is_dir()).collect();
    let mut names: Vec<_> = groups.iter().map(fs::DirEntry::file_name).collect();
    names.sort();
    ensure_eq!(names, ["init.scope", "user.slice"]);
    Ok(())
}
