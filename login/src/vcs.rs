//! The screen of a virtual terminal as a file (`vcs(4)`), which is never its user's.

use std::io;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Uid, chownat, fstat, major, minor, open};
use rustix::io::Errno;
use tracing::warn;

use crate::line::LineName;
use crate::paths;

/// The device numbers of `vcs(4)`: `MAJOR`, and the terminal's number plus that of the kind (linux/vt_kern.h).
const MAJOR: u32 = 7;
const KINDS: [(&str, u32); 3] = [("vcs", 0), ("vcsu", 64), ("vcsa", 128)];

/// Makes the files of `line`'s screen root's, if another login has made them a user's. Ours does not: who opened one may
/// read the screen of everybody who comes later, for nothing hangs these files up.
pub(crate) fn take_from_users(line: &LineName) {
    let Some(terminal) = virtual_terminal(line.as_str()) else { return };
    for (kind, offset) in KINDS {
        let file = format!("{}{kind}{terminal}", paths::DEV);
        if let Err(error) = make_roots(Path::new(&file), offset + u32::from(terminal)) {
            warn!(file, %error, "cannot take a screen from its last user");
        }
    }
}

/// Makes the device `number` at `path` root's, without opening it or following a link. One that is not there is nobody's.
fn make_roots(path: &Path, number: u32) -> io::Result<()> {
    let file = match open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(()),
        file => file?,
    };
    let stat = fstat(&file)?;
    let is_screen = FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice
        && (major(stat.st_rdev), minor(stat.st_rdev)) == (MAJOR, number);
    if is_screen && stat.st_uid != 0 {
        chownat(&file, c"", Some(Uid::ROOT), None, AtFlags::EMPTY_PATH)?;
    }
    Ok(())
}

/// The number of the virtual terminal that a line is, 1 to 63 (`MAX_NR_CONSOLES` in linux/vt.h).
fn virtual_terminal(line: &str) -> Option<u8> {
    let digits = line.strip_prefix("tty").filter(|digits| !digits.starts_with(['0', '+']))?;
    digits.parse().ok().filter(|number| (1..=63).contains(number))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, chown, symlink};

    use rustix::fs::{CWD, makedev, mknodat};

    use super::*;

    #[test]
    fn only_a_virtual_terminal_has_a_screen() {
        assert_eq!(virtual_terminal("tty1"), Some(1));
        assert_eq!(virtual_terminal("tty63"), Some(63));
        for line in ["tty0", "tty64", "tty+1", "tty01", "ttyS0", "pts/1", "tty", "tty300"] {
            assert_eq!(virtual_terminal(line), None, "{line}");
        }
    }

    #[test]
    fn a_screen_is_taken_from_its_last_user_and_nothing_else_is_touched() {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root can make a device");
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let owner = |name: &str| fs::metadata(folder.path().join(name)).expect("it is there").uid();
        let device = |name: &str, number| {
            let path = folder.path().join(name);
            let made = mknodat(CWD, &path, FileType::CharacterDevice, 0o600.into(), makedev(MAJOR, number));
            chown(&path, Some(1000), None).expect("it is a user's");
            made.map(|()| path)
        };
        let (Ok(screen), Ok(other)) = (device("vcsa1", 129), device("vcsa2", 130)) else {
            println!("skipped: no device can be made here");
            return;
        };
        make_roots(&screen, 129).expect("it is taken");
        assert_eq!(owner("vcsa1"), 0);
        let link = folder.path().join("link");
        symlink(&other, &link).expect("a link");
        make_roots(&link, 130).expect("it is passed over");
        make_roots(&other, 129).expect("it is passed over");
        assert_eq!(owner("vcsa2"), 1000);
        make_roots(&folder.path().join("none"), 129).expect("it is nobody's");
    }
}
