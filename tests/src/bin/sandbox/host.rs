//! What the sandbox takes from the host: the folder it was started in, the programs beside it, the peers, a log folder.

use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Tried};
use crate::options::{Daemon, Options};
use crate::paths;

/// The host's folders that are bound into the sandbox, and where its programs lie.
#[derive(Debug)]
pub(crate) struct Host {
    /// The folder the sandbox was started in.
    pub(crate) start: PathBuf,
    /// The folder the running `sandbox` lies in.
    pub(crate) programs: PathBuf,
    /// `target/peers`, if there is one.
    pub(crate) peers: Option<PathBuf>,
    /// Where the inside's logs are to be kept.
    pub(crate) logs: Option<PathBuf>,
    /// The PAM module's file name.
    pub(crate) module: &'static str,
    /// The terminal's kind, for who logs in.
    pub(crate) term: OsString,
}

impl Host {
    /// Looks around, and sees that everything the options ask for is there.
    pub(crate) fn look(options: &Options) -> Result<Self, Error> {
        if !rustix::process::geteuid().is_root() {
            return Err(Error::NotRoot);
        }
        let start = std::env::current_dir().tried("find", "the current folder")?;
        if !may_be_bound(&start) {
            return Err(Error::StartFolder(start));
        }
        let executable = std::env::current_exe().tried("find", "the sandbox's own program")?;
        let programs = executable.parent().unwrap_or(Path::new("/")).to_owned();
        let peers = programs.parent().map(|target| target.join("peers")).filter(|peers| peers.is_dir());
        let logs = options.logs.as_deref().map(log_folder).transpose()?;
        let term = std::env::var_os("TERM").unwrap_or_else(|| "linux".into());
        let module = module(&programs);
        let host = Self { start, programs, peers, logs, module, term };
        host.see_programs(options)?;
        Ok(host)
    }

    fn see_programs(&self, options: &Options) -> Result<(), Error> {
        let mut needed = Vec::new();
        if !options.bare {
            needed.extend(["login", "utmp-record", self.module]);
        }
        if options.daemon == Daemon::Ours {
            needed.push("logind");
        }
        if options.command.is_empty() {
            needed.push("getty");
        }
        if let Some(missing) = needed.into_iter().map(|name| self.programs.join(name)).find(|path| !path.is_file()) {
            return Err(Error::NotBuilt(missing));
        }
        let elogind = self.programs.with_file_name("peers").join("elogind");
        if options.daemon == Daemon::Elogind && !elogind.is_dir() {
            return Err(Error::NotFetched(elogind));
        }
        Ok(())
    }
}

// The name that is installed, as `make build` leaves it; a bare `cargo build` leaves only its own.
fn module(programs: &Path) -> &'static str {
    if programs.join("pam_session_rs.so").is_file() { "pam_session_rs.so" } else { "libpam_session_rs.so" }
}

fn log_folder(folder: &Path) -> Result<PathBuf, Error> {
    std::fs::create_dir_all(folder).tried("make", folder)?;
    if std::fs::read_dir(folder).tried("read", folder)?.next().is_some() {
        return Err(Error::NotEmpty(folder.to_owned())); // its files would be taken for the inside's, and emptied
    }
    // The inside's people look into it, whatever the caller's umask(2).
    std::fs::set_permissions(folder, Permissions::from_mode(0o755)).tried("open to all", folder)?;
    folder.canonicalize().tried("find", folder)
}

// A folder that is bound in can be written; none may hold, or lie among, the files that the sandbox writes itself.
fn may_be_bound(folder: &Path) -> bool {
    let holds = |own: &&str| Path::new(own).starts_with(folder);
    let lies_in = |own: &&str| folder.starts_with(own);
    !paths::OWN.iter().any(holds) && !paths::CLOSED.iter().any(|own| holds(own) || lies_in(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_folder_is_bound_that_the_sandbox_writes_to() {
        for folder in
            ["/", "/etc", "/etc/pam.d", "/usr", "/usr/bin", "/tmp", "/home", "/home/bob", "/var", "/proc/self"]
        {
            assert!(!may_be_bound(Path::new(folder)), "{folder}");
        }
        for folder in ["/tmp/x", "/home/carol", "/home/bob/src", "/usr/src/x", "/var/lib/ci", "/work", "/root/x"] {
            assert!(may_be_bound(Path::new(folder)), "{folder}");
        }
    }
}
