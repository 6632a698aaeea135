//! The issue: what stands on the terminal before a name is asked for (`issue(5)`, agetty(8)).
//!
//! Files are found, a template is parsed from them, and facts about the system fill it in when it is shown.

mod facts;
mod files;
mod network;
mod os_release;
mod template;
mod version;
mod watch;

pub(crate) use facts::{Facts, long_host, short_host};
pub(crate) use files::{default_template, template_of};
pub(crate) use template::{Fact, Template};
pub(crate) use watch::Watch;

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The bytes of the regular file at `path`; none if there is no such file, or nothing but a device or a pipe.
///
/// At most 64 KiB: more would be no greeting.
pub(crate) fn read_small(path: &Path) -> Option<Vec<u8>> {
    const MOST: u64 = 64 * 1024;
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = File::options().read(true).custom_flags(flags).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
