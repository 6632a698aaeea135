//! A PAM service for pamtester that keeps a copy of what a module made of the session while it was open.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use tests::outcome::Outcome;
use tests::run;

const SERVICE: &str = "watched";
const ENVIRONMENT: &str = "/tmp/watched.env";
/// The state file as it was while the session was open.
pub(crate) const STATE: &str = "/tmp/watched.state";
const LOOK: &str = "#!/bin/sh
env >/tmp/watched.env
cp \"/run/systemd/sessions/$XDG_SESSION_ID\" /tmp/watched.state
";

/// Writes the service's stack, in which `module` registers the session.
pub(crate) fn stack(module: &str) -> Outcome {
    fs::write("/tmp/look", LOOK)?;
    fs::set_permissions("/tmp/look", Permissions::from_mode(0o755))?;
    let module = format!("required {module}");
    tests::stack::write(SERVICE, &[&module, "required pam_exec.so type=open_session /tmp/look"])
}

/// Opens and closes a session of alice's with these options of pamtester's.
pub(crate) fn run(options: &[&str]) -> Outcome {
    for copy in [ENVIRONMENT, STATE] {
        match fs::remove_file(copy) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let acts = [SERVICE, "alice", "open_session", "close_session"];
    run::output(Command::new("pamtester").args(options).args(acts))?.well()?;
    Ok(())
}

/// The PAM environment as it was while the session was open.
pub(crate) fn environment() -> Outcome<String> {
    Ok(fs::read_to_string(ENVIRONMENT)?)
}
