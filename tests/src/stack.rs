//! PAM stacks that a case writes or changes, where the sandbox's own do not say what it needs.

use std::fs;
use std::path::Path;

use crate::outcome::{Failure, Outcome};

/// The path of our module, as the sandbox's stacks name it.
///
/// # Errors
/// That this sandbox has none.
pub fn ours() -> Outcome<String> {
    let text = fs::read_to_string(path("other"))?;
    let module = text.split_whitespace().find(|word| word.ends_with("pam_session_rs.so"));
    module.map(str::to_owned).ok_or_else(|| Failure::new("the sandbox's stacks are without our module"))
}

/// Puts another module where `service` has ours.
///
/// # Errors
/// That it has not.
pub fn put_in_our_place(service: &str, module: &Path) -> Outcome {
    let text = fs::read_to_string(path(service))?;
    fs::write(path(service), text.replace(&ours()?, &module.display().to_string()))?;
    Ok(())
}

/// A stack that lets everybody in; `sessions` are its session lines, each without its first word.
///
/// # Errors
/// That it cannot be written.
pub fn write(service: &str, sessions: &[&str]) -> Outcome {
    let mut text = String::from("auth required pam_permit.so\naccount required pam_permit.so\n");
    for line in sessions {
        text += &format!("session {line}\n");
    }
    fs::write(path(service), text)?;
    Ok(())
}

fn path(service: &str) -> String {
    format!("/etc/pam.d/{service}")
}
