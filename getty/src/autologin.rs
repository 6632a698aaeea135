//! Who is let in without being asked: whom the command line names, or a credential of the service manager.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::unistd::getppid;
use prompt::LoginName;
use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::io::Errno;
use tracing::warn;

use crate::arguments::Options;
use crate::paths;

/// Whose turn it is without a question, if anybody's.
///
/// Nobody's where a host is named, by `--host` or by `--remote`: who comes from elsewhere is asked.
pub(crate) fn of(options: &Options) -> Option<LoginName> {
    let is_remote = options.host.is_some() || options.tells_host;
    let named = match &options.autologin {
        Some(name) => Some(name.clone()),
        None if is_remote || options.login_asks => None, // nothing else is looked at
        None => credential(),
    };
    if is_remote && named.is_some() {
        warn!("an automatic login was asked for together with a host: the name is asked for");
        return None;
    }
    named
}

/// Whether `CREDENTIALS_DIRECTORY` is what the service manager, which is process 1, gave this very process.
///
/// A network daemon that passes on its peer's environment is no process 1, and its peer cannot write below
/// /run/credentials (CVE-2026-28372).
pub(crate) fn has_credentials() -> bool {
    let folder = std::env::var_os(paths::CREDENTIALS_VARIABLE).unwrap_or_default();
    unit(&folder).is_some() && getppid().as_raw() == 1
}

fn credential() -> Option<LoginName> {
    let folder = std::env::var_os(paths::CREDENTIALS_VARIABLE)?;
    if !has_credentials() {
        warn!("the environment names a folder of credentials that process 1 did not give: it is ignored");
        return None;
    }
    let bytes = match read(&folder) {
        Ok(bytes) => bytes?,
        Err(e) => {
            warn!(error = %e, "cannot read the credential of an automatic login");
            return None;
        }
    };
    let name = LoginName::parse(bytes.trim_ascii());
    if let Err(e) = &name {
        warn!(error = %e, "the credential of an automatic login names nobody");
    }
    name.ok()
}

/// The name of the unit whose credentials lie in `folder`: the one component below /run/credentials.
fn unit(folder: &OsString) -> Option<&str> {
    let unit = Path::new(folder).strip_prefix(paths::CREDENTIALS).ok()?.to_str()?;
    let exact = format!("{}/{unit}", paths::CREDENTIALS);
    let is_one = !unit.is_empty() && !matches!(unit, "." | "..") && !unit.contains('/');
    (is_one && folder.as_bytes() == exact.as_bytes()).then_some(unit)
}

/// The credential's bytes, if there is one. Every folder on the way and the file are root's and nobody else can write to
/// them; no link is followed.
fn read(folder: &OsString) -> Result<Option<Vec<u8>>, Errno> {
    const MOST: u64 = 1024;
    let folder_flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let unit = unit(folder).ok_or(Errno::INVAL)?;
    let root = openat(CWD, paths::CREDENTIALS, folder_flags, Mode::empty())?;
    let folder = openat(&root, unit, folder_flags, Mode::empty())?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match openat(&folder, paths::AUTOLOGIN_CREDENTIAL, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(e) => return Err(e),
    };
    for opened in [&root, &folder, &file] {
        if !is_roots(&fstat(opened)?) {
            return Err(Errno::PERM);
        }
    }
    if FileType::from_raw_mode(fstat(&file)?.st_mode) != FileType::RegularFile {
        return Err(Errno::INVAL);
    }
    let mut bytes = Vec::new();
    match std::fs::File::from(file).take(MOST).read_to_end(&mut bytes) {
        Ok(_) => Ok(Some(bytes)),
        Err(e) => Err(Errno::from_io_error(&e).unwrap_or(Errno::IO)),
    }
}

fn is_roots(found: &Stat) -> bool {
    found.st_uid == 0 && found.st_mode & 0o022 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_folder_of_one_unit_below_run_credentials_counts_cve_2026_28372() {
        assert_eq!(unit(&"/run/credentials/getty@tty1.service".into()), Some("getty@tty1.service"));
        for folder in [
            "",
            "/tmp/x",
            "/run/credentials",
            "/run/credentials/",
            "/run/credentials/.",
            "/run/credentials/..",
            "/run/credentials/../../tmp/x",
            "/run/credentials/a/b",
            "/run/credentials/a/",
            "/run//credentials/a",
            "/run/credentialsx/a",
            "run/credentials/a",
            "/tmp/run/credentials/a",
        ] {
            assert_eq!(unit(&folder.into()), None, "{folder}");
        }
    }

    #[test]
    fn no_automatic_login_together_with_a_host() {
        let name = || Some(LoginName::parse(b"alice").unwrap());
        assert!(of(&Options { autologin: name(), ..Options::default() }).is_some());
        assert!(of(&Options { autologin: name(), tells_host: true, ..Options::default() }).is_none());
        let words = ["-a", "alice", "-H", "box", "tty1"].map(OsString::from);
        let Ok(crate::arguments::Request::Run(arguments)) = crate::arguments::Request::parse(words) else {
            panic!("no command line");
        };
        assert!(of(&arguments.options).is_none());
    }
}
