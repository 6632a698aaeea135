//! Virtual terminals: which is shown, which are in use, which go.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use logind_core::names::VtNumber;
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::paths;
use crate::sys;

/// How often a terminal is opened that somebody is just closing (`EIO`).
const TRIES: usize = 8;

/// Asks the kernel to show `vt`. It is not waited for: whoever has the terminal in front may take as long as they like.
///
/// # Errors
/// What the kernel says; `ENXIO` if there is no such terminal.
pub(crate) fn activate(vt: VtNumber) -> io::Result<()> {
    sys::activate_vt(open(Path::new(paths::VIRTUAL_TERMINALS))?.as_fd(), vt)
}

/// Opens a virtual terminal without becoming its session's, and without waiting for anything.
fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW).bits().cast_signed();
    let mut outcome = Err(Errno::IO.into());
    for _ in 0..TRIES {
        outcome = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path);
        match &outcome {
            Err(error) if error.raw_os_error() == Some(libc::EIO) => {}
            _ => break,
        }
    }
    outcome
}
