//! Who was let onto which line, for the keeper that comes after this one: a small file for each line, in a folder of
//! root's. It is written before the process may touch the line, so no moment exists at which a killed keeper forgets it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, fstat, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;

use crate::line::LineName;
use crate::paths;

/// The folder, open.
#[derive(Debug)]
pub(crate) struct Register {
    folder: OwnedFd,
    boot: String,
}

/// A process, so that no other can be taken for it in this boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Identity {
    /// Its number.
    pub(crate) pid: i32,
    /// When it started, in clock ticks since the boot (`proc_pid_stat(5)`).
    pub(crate) start: u64,
}

impl Register {
    /// The register below `folder`, whose parent is made too.
    ///
    /// # Errors
    /// If it cannot be made, or is not root's alone.
    pub(crate) fn open(folder: &Path) -> Result<Self, Errno> {
        if let Some(parent) = folder.parent() {
            make(parent, 0o755)?;
        }
        make(folder, 0o700)?;
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = openat(CWD, folder, flags, Mode::empty())?;
        let stat = fstat(&folder)?;
        if stat.st_uid != rustix::process::geteuid().as_raw() || stat.st_mode & 0o077 != 0 {
            return Err(Errno::PERM); // whoever else may write here would keep a line from ever having a prompt
        }
        let boot = std::fs::read_to_string(paths::BOOT_ID).unwrap_or_default().trim().to_owned();
        Ok(Self { folder, boot })
    }

    /// Notes that `who` was let onto `line`.
    ///
    /// # Errors
    /// If it cannot be written; whoever was noted before is then noted still.
    pub(crate) fn note(&self, line: &LineName, who: Identity) -> Result<(), Errno> {
        let (name, new) = (file_name(line), format!(".{}", file_name(line)));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.folder, &new, flags, Mode::from_raw_mode(0o600))?);
        let text = format!("{} {} {}\n", who.pid, who.start, self.boot);
        file.write_all(text.as_bytes()).map_err(|e| Errno::from_io_error(&e).unwrap_or(Errno::IO))?;
        renameat(&self.folder, &new, &self.folder, &name)
    }

    /// Who was let onto `line` in this boot, as far as was noted.
    pub(crate) fn on(&self, line: &LineName) -> Option<Identity> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&self.folder, file_name(line), flags, Mode::empty()).ok()?;
        let mut text = String::new();
        File::from(file).take(256).read_to_string(&mut text).ok()?;
        let mut words = text.split_ascii_whitespace();
        let pid = words.next()?.parse().ok().filter(|&pid| pid > 0)?;
        let start = words.next()?.parse().ok()?;
        (words.next().unwrap_or_default() == self.boot).then_some(Identity { pid, start })
    }

    /// Notes that nobody is on `line`.
    ///
    /// # Errors
    /// If the file is there and cannot be removed.
    pub(crate) fn clear(&self, line: &LineName) -> Result<(), Errno> {
        match unlinkat(&self.folder, file_name(line), AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            other => other,
        }
    }
}

fn make(folder: &Path, mode: u32) -> Result<(), Errno> {
    match mkdirat(CWD, folder, Mode::from_raw_mode(mode)) {
        Err(Errno::EXIST) => Ok(()),
        other => other,
    }
}

/// A line's name without the slashes that it may have: `pts%2F3`.
fn file_name(line: &LineName) -> String {
    line.as_str().replace('%', "%25").replace('/', "%2F")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const LOGIN: Identity = Identity { pid: 4711, start: 99 };

    fn line(name: &str) -> LineName {
        LineName::parse(OsStr::new(name)).unwrap()
    }

    fn register() -> (tempfile::TempDir, Register) {
        let root = tempfile::tempdir().unwrap();
        let register = Register::open(&root.path().join("session-rs/getty")).unwrap();
        (root, register)
    }

    #[test]
    fn who_was_noted_is_found_until_the_line_is_cleared() {
        let (_root, register) = register();
        assert_eq!(register.on(&line("pts/3")), None);
        register.note(&line("pts/3"), Identity { pid: 1, start: 2 }).unwrap();
        register.note(&line("pts/3"), LOGIN).unwrap();
        assert_eq!(register.on(&line("pts/3")), Some(LOGIN));
        for other in ["pts%2F3", "pts/33", "pts3"] {
            assert_eq!(register.on(&line(other)), None, "{other}");
        }
        register.clear(&line("pts/3")).unwrap();
        register.clear(&line("pts/3")).unwrap();
        assert_eq!(register.on(&line("pts/3")), None);
    }

    #[test]
    fn another_boot_has_other_processes() {
        let (root, mut register) = register();
        register.note(&line("tty1"), LOGIN).unwrap();
        register.boot = "another".to_owned();
        assert_eq!(register.on(&line("tty1")), None);
        drop(root);
    }

    #[test]
    fn a_file_that_says_nothing_sensible_says_nothing() {
        let (root, register) = register();
        let path = root.path().join("session-rs/getty/tty1");
        for text in ["", "x", "4711", "-1 5 BOOT", "0 5 BOOT", "4711 -5 BOOT", "99999999999 5 BOOT", "4711 5 not"] {
            fs::write(&path, text.replace("BOOT", &register.boot)).unwrap();
            assert_eq!(register.on(&line("tty1")), None, "{text:?}");
        }
        fs::write(&path, [0xff; 4000]).unwrap();
        assert_eq!(register.on(&line("tty1")), None);
    }

    #[test]
    fn a_folder_that_others_may_enter_or_that_is_a_link_is_not_used() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/getty");
        drop(Register::open(&folder).unwrap());
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o770)).unwrap();
        assert!(Register::open(&folder).is_err());
        symlink("a", root.path().join("b")).unwrap();
        symlink("a/getty", root.path().join("getty")).unwrap();
        assert!(Register::open(&root.path().join("getty")).is_err());
    }
}
