//! A root of our own for the files, and the programs of others that judge them.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use utmp::{Files, Time};

/// 2026-03-04 05:06:07 UTC.
pub(crate) const NOW: Time = Time { seconds: 1_772_600_767, microseconds: 89 };

/// An empty system: folders, a group file, and no record files.
pub(crate) struct Root {
    _dir: TempDir,
    pub(crate) files: Files,
}

impl Root {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path());
        Self { files: Files::under(dir.path()), _dir: dir }
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
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}
