//! The small files: names, name service, environment; and our login at /bin/login.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::error::{Error, Tried};
use crate::options::Options;
use crate::paths;

/// The machine's name inside.
pub(crate) const HOSTNAME: &str = "sandbox";

const FILES: [(&str, &str); 6] = [
    ("/etc/hostname", "sandbox\n"),
    ("/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n"),
    ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"),
    ("/etc/environment", ""),
    ("/etc/security/limits.conf", ""),
    ("/etc/security/pam_env.conf", ""),
];

/// Removes what the host remembers of its own logins.
pub(crate) fn forget_the_host() -> Result<(), Error> {
    for path in paths::FORGOTTEN {
        let removed = if Path::new(path).is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        removed.or_else(absent).tried("remove", path)?;
    }
    Ok(())
}

/// Writes the small files, and puts our login where every getty looks for one.
pub(crate) fn write(options: &Options) -> Result<(), Error> {
    for (path, text) in FILES {
        write_file(path, text)?;
    }
    let identity = fs::read_to_string("/proc/sys/kernel/random/uuid").tried("read", "/proc/sys/kernel/random/uuid")?;
    fs::remove_file("/etc/machine-id").or_else(absent).tried("remove", "/etc/machine-id")?;
    write_file("/etc/machine-id", &identity.replace('-', ""))?;
    if !options.bare {
        fs::remove_file(paths::LOGIN).or_else(absent).tried("remove", paths::LOGIN)?;
        symlink(Path::new(tests::paths::PROGRAMS).join("login"), paths::LOGIN).tried("make", paths::LOGIN)?;
    }
    Ok(())
}

/// Writes a file and the folders above it.
pub(super) fn write_file(path: impl AsRef<Path>, text: &str) -> Result<(), Error> {
    let path = path.as_ref();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).tried("make", folder)?;
    }
    fs::write(path, text).tried("write", path)
}

/// Takes what is not there for removed.
pub(super) fn absent(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
