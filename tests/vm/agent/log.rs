//! The machine's log: what programs send to `/dev/log` (`syslog(3)`), kept in the order it came. Under systemd it is the
//! journal's.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;

use tests::outcome::Outcome;
use tests::paths::MACHINE_MESSAGES;

const LOG: &str = "/dev/log";

/// Begins to keep what is sent, unless that leads to another's log; it is kept until this process ends.
///
/// # Errors
/// That the socket or the file cannot be made.
pub(crate) fn keep() -> Outcome {
    if fs::symlink_metadata(LOG).is_ok_and(|it| it.is_symlink()) {
        return Ok(());
    }
    if let Err(error) = fs::remove_file(LOG) {
        // An agent that died has left it, or none was there.
        if error.kind() != std::io::ErrorKind::NotFound {
            return Err(error.into());
        }
    }
    let socket = UnixDatagram::bind(LOG)?;
    fs::set_permissions(LOG, Permissions::from_mode(0o666))?;
    let mut file = OpenOptions::new().append(true).create(true).open(MACHINE_MESSAGES)?;
    std::thread::spawn(move || {
        let mut message = vec![0; 65536];
        while let Ok(length) = socket.recv(&mut message) {
            let line = message[..length].trim_ascii_end();
            // A log that cannot be kept is missed by whoever looks for a line in it.
            if file.write_all(&[line, b"\n"].concat()).is_err() {
                return;
            }
        }
    });
    Ok(())
}
