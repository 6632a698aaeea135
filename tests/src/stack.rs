//! PAM stacks that a case writes or changes, where the sandbox's own do not say what it needs.

use std::fs;
use std::path::Path;

use crate::outcome::{Failure, Outcome};
use crate::paths;

/// login's stack (`pam.d(5)`).
pub const LOGIN: &str = "/etc/pam.d/login";

/// The argument by which the sandbox's stacks have our module wait longer for logind than it does by itself.
pub const PATIENT: &str = "timeout=10";

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
    let ours = format!("{} {PATIENT}", ours()?);
    fs::write(path(service), text.replace(&ours, &module.display().to_string()))?;
    Ok(())
}

/// Has our module wait for logind in login's stack as long as it does by itself.
///
/// # Errors
/// That the stack cannot be written.
pub fn be_impatient() -> Outcome {
    let text = fs::read_to_string(LOGIN)?;
    Ok(fs::write(LOGIN, text.replace(PATIENT, ""))?)
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

/// Puts a line before all others of login's stack. `JUDGE` in it stands for our judge among modules.
///
/// # Errors
/// A skip, if the judge could not be built.
pub fn begin_with(line: &str) -> Outcome {
    let stack = fs::read_to_string(LOGIN)?;
    Ok(fs::write(LOGIN, format!("{}\n{stack}", with_judge(line)?))?)
}

/// Puts a line behind all others of login's stack, as [`begin_with`].
///
/// # Errors
/// A skip, if the judge could not be built.
pub fn end_with(line: &str) -> Outcome {
    let stack = fs::read_to_string(LOGIN)?;
    Ok(fs::write(LOGIN, format!("{stack}{}\n", with_judge(line)?))?)
}

fn with_judge(line: &str) -> Outcome<String> {
    let judge = Path::new(paths::PROGRAMS).join("judges/judge_module.so");
    if line.contains("JUDGE") && !judge.exists() {
        return Err(Failure::Skipped("the judge judge_module was not built: is libpam0g-dev there?".to_owned()));
    }
    Ok(line.replace("JUDGE", &judge.to_string_lossy()))
}

fn path(service: &str) -> String {
    format!("/etc/pam.d/{service}")
}
