//! Every path of the host that the machine needs.

use std::path::PathBuf;

use tests::outcome::{Failure, Outcome};

/// What an image is made from.
pub(crate) const IMAGE_SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vm/image");
/// In [`IMAGE_SOURCES`]: a folder for each init.
pub(crate) const INITS: &str = "inits";
/// What installs the second disk's programs.
pub(crate) const INSTALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vm/programs/install");
/// What else is to be done there, in a file for each init.
pub(crate) const INSTALL_INITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vm/programs/inits");
/// What else the scenarios want on the second disk: `root` with the files in their places.
pub(crate) const EXTRAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vm/programs/root");
/// The project.
pub(crate) const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// What the system calls itself (`os-release(5)`).
pub(crate) const OS_RELEASE: &str = "/etc/os-release";
/// Locked while a machine is up, whoever runs it from wherever.
pub(crate) const LOCK: &str = "/tmp/session-rs-vm.lock";

/// In [`folder`]: the disk of the machine that is up, which is a copy of an image.
pub(crate) const DISK: &str = "disk.img";
/// In [`folder`]: what came over the serial line.
pub(crate) const CONSOLE_LOG: &str = "console.log";
/// In [`folder`]: the sockets of QEMU's monitor, of the machine's agent and of its serial line.
pub(crate) const MONITOR: &str = "monitor";
pub(crate) const AGENT: &str = "agent";
pub(crate) const CONSOLE: &str = "console";
/// In [`folder`]: the socket that joins the machine's other two serial ports.
pub(crate) const WIRE: &str = "wire";

/// In [`folder`]: the second disk of a machine with the init.
pub(crate) fn programs_disk(init: &str) -> String {
    format!("programs-{init}.img")
}

/// The folder of our programs: this one lies among them.
pub(crate) fn programs() -> Outcome<PathBuf> {
    let program = std::env::current_exe()?;
    program.parent().map(PathBuf::from).ok_or_else(|| Failure::new("this program lies nowhere"))
}

/// The folder of all that machines need: `target/vm`.
pub(crate) fn folder() -> Outcome<PathBuf> {
    Ok(programs()?.with_file_name("vm"))
}
