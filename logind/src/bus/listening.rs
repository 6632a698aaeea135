//! Making the private door's socket: in the place of a dead logind's, never of a living one's.

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::sys;

/// The socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DoorError {
    /// Another logind answers at it.
    #[error("another logind answers at {}", .0.display())]
    Taken(PathBuf),
    /// Its folder cannot be made, or is not root's alone.
    #[error("cannot keep a socket in {}", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    /// The socket cannot be made.
    #[error("cannot listen at {}", .0.display())]
    Listen(PathBuf, #[source] io::Error),
}

/// Listens at `path`, mode 0666. The new socket takes the place of a dead one in one step, so that nobody finds none.
///
/// # Errors
/// If another logind answers there, or the socket cannot be made.
pub(super) fn listen(path: &Path) -> Result<AsyncFd<OwnedFd>, DoorError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    keep_folder(folder).map_err(|error| DoorError::Folder(folder.into(), error))?;
    if is_answered(path).map_err(|error| DoorError::Listen(path.into(), error))? {
        return Err(DoorError::Taken(path.into()));
    }
    let new = path.with_extension("new");
    let made = || -> io::Result<AsyncFd<OwnedFd>> {
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&new)?;
        listener.set_nonblocking(true)?;
        fs::set_permissions(&new, Permissions::from_mode(0o666))?;
        fs::rename(&new, path)?;
        sys::watched(listener.into(), Interest::READABLE)
    };
    made().map_err(|error| DoorError::Listen(path.into(), error))
}

/// Whether somebody listens at `path`, be it without accepting.
fn is_answered(path: &Path) -> io::Result<bool> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    Ok(matches!(connect(socket, &SocketAddrUnix::new(path)?), Ok(()) | Err(Errno::AGAIN)))
}

/// Makes the socket's folder; one that is there must be our own, and nobody else's to write to, for who can write to it
/// can be logind to the others.
fn keep_folder(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Ok(()) => fs::set_permissions(folder, Permissions::from_mode(0o755))?, // whatever the umask is
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let found = fs::symlink_metadata(folder)?;
    let own = found.is_dir() && found.uid() == nix::unistd::geteuid().as_raw() && found.mode() & 0o022 == 0;
    if own { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EPERM)) }
}
