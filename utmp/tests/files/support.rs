//! A root of our own for the files, and the programs of others that judge them.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use tempfile::TempDir;
use utmp::{Files, Time};

/// 2026-03-04 05:06:07 UTC.
pub(crate) const NOW: Time = Time { seconds: 1_772_600_767, microseconds: 89 };

/// Longer than any writer waits for all of its locks, shorter than glibc waits for one.
const HANGS: Timespec = Timespec { tv_sec: 9, tv_nsec: 0 };

/// An empty system: folders, a group file, and no record files.
pub(crate) struct Root {
    pub(crate) dir: TempDir,
    pub(crate) files: Files,
}

impl Root {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path());
        Self { files: Files::under(dir.path()), dir }
    }

    /// With wtmp, btmp and lastlog there and empty.
    pub(crate) fn with_logs() -> Self {
        let root = Self::new();
        for log in [&root.files.wtmp, &root.files.btmp, &root.files.lastlog] {
            fs::write(log, "").unwrap();
        }
        root
    }
}

/// Makes the folders of an empty system under `root`.
pub(crate) fn prepare(root: &Path) {
    for folder in ["run", "var/log", "etc"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("etc/group"), "root:x:0:\nutmp:x:4321:\n").unwrap();
}

/// What `program` prints about a file, in UTC and in no language.
pub(crate) fn judge(program: &str, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .arg(file)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TZ", "UTC")
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether `program` is installed; says that the test is skipped if not.
pub(crate) fn present(program: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()));
    found || skipped(&format!("{program} is not installed"))
}

/// Whether this is root, to whom the kernel gives mounts and files of another group; says so if not.
pub(crate) fn root() -> bool {
    rustix::process::geteuid().is_root() || skipped("not root")
}

/// Says why, past the test harness, which keeps to itself what a passing test prints.
fn skipped(why: &str) -> bool {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    writeln!(io::stderr(), "skipped: {test}: {why}").unwrap();
    false
}

/// `utmp-record` for the system under `root`.
pub(crate) fn utmp_record(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_utmp-record"));
    command.arg("--root").arg(root).args(arguments).stdin(Stdio::null());
    command
}

/// Compiles `golden/NAME.c` into `folder`.
pub(crate) fn compiled(name: &str, folder: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("c");
    let program = folder.join(name);
    assert!(Command::new("cc").arg("-o").arg(&program).arg(source).status().unwrap().success());
    program
}

/// Waits for `child` to end by itself; one that hangs is ended and fails the test.
pub(crate) fn ended(mut child: Child) -> ExitStatus {
    let pidfd = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).unwrap();
    let ended = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&HANGS)).unwrap();
    if ended == 0 {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(ended, 1, "it hangs");
    child.wait().unwrap()
}

/// Waits until something is so of which the kernel gives no notice; whether it became so.
pub(crate) fn within_reason(is_so: impl Fn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(9);
    while !is_so() {
        if Instant::now() > end {
            return false;
        }
        std::thread::yield_now();
    }
    true
}
