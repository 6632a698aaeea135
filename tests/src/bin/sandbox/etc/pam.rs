//! The inside's PAM stacks: complete, the same on every machine, nothing of the host's.

use std::fs;
use std::path::Path;

use ::tests::stack::PATIENT;

use super::files::{absent, write_file};
use crate::error::{Error, Tried};

const FOLDER: &str = "/etc/pam.d";
const SERVICES: [&str; 9] = ["login", "remote", "sshd", "cron", "su", "su-l", "sudo", "sudo-i", "other"];

/// Writes a stack for each service; the module's line is left out if there is none.
pub(super) fn write(module: Option<&str>) -> Result<(), Error> {
    fs::remove_dir_all(FOLDER).or_else(absent).tried("remove", FOLDER)?;
    for service in SERVICES {
        write_file(Path::new(FOLDER).join(service), &stack(service, module))?;
    }
    Ok(())
}

// nodelay: a wrong password costs what login makes it cost, and not two seconds more in each test.
fn stack(service: &str, module: Option<&str>) -> String {
    let is_su = service.starts_with("su");
    let mut lines = Vec::new();
    if is_su {
        lines.push("auth sufficient pam_rootok.so".to_owned());
    }
    lines.push("auth required pam_unix.so nodelay".to_owned());
    lines.push("account required pam_unix.so".to_owned());
    lines.push("password required pam_unix.so sha512".to_owned());
    if !is_su {
        // su changes who acts, not who logged in.
        lines.push("session optional pam_loginuid.so".to_owned());
    }
    lines.extend(["unix", "env", "limits"].map(|name| format!("session required pam_{name}.so")));
    // A busy machine may take longer than the two seconds that a person would be kept waiting.
    lines.extend(module.map(|module| format!("session optional {}/{module} {PATIENT}", ::tests::paths::PROGRAMS)));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn su_and_sudo_leave_the_login_uid_alone() {
        assert!(stack("login", None).contains("pam_loginuid"));
        assert!(!stack("su-l", None).contains("pam_loginuid"));
        assert!(!stack("sudo", None).contains("pam_loginuid"));
    }

    #[test]
    fn our_module_is_the_last_and_optional() {
        let last = format!("session optional /usr/libexec/session-rs/pam_session_rs.so {PATIENT}\n");
        assert!(stack("login", Some("pam_session_rs.so")).ends_with(&last));
        assert!(!stack("login", None).contains("session_rs"));
    }
}
