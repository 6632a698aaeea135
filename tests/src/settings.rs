//! What an administrator sets, changed from inside a case.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use rustix::process::Signal;

use crate::outcome::{Failure, Outcome};
use crate::process::Process;
use crate::{init, paths};

/// PAM's stack for login (`pam.d(5)`).
pub const STACK: &str = "/etc/pam.d/login";

/// Sets a key of login.defs(5); the last line with a key counts.
///
/// # Errors
/// That the file cannot be written.
pub fn login_defs(key: &str, value: &str) -> Outcome {
    append("/etc/login.defs", &format!("{key} {value}\n"))
}

/// Puts a line before all others of PAM's stack for login. `JUDGE` in it stands for our judge among modules.
///
/// # Errors
/// That the file cannot be written.
pub fn stack_begins_with(line: &str) -> Outcome {
    let stack = fs::read_to_string(STACK)?;
    Ok(fs::write(STACK, format!("{}\n{stack}", with_judge(line)?))?)
}

/// Puts a line behind all others of PAM's stack for login, as [`stack_begins_with`].
///
/// # Errors
/// That the file cannot be written.
pub fn stack_ends_with(line: &str) -> Outcome {
    append(STACK, &format!("{}\n", with_judge(line)?))
}

/// Has logind stop what is a user's as soon as the last session is gone.
///
/// # Errors
/// That logind cannot be told.
pub fn users_stop_at_once() -> Outcome {
    fs::create_dir_all("/etc/systemd")?;
    fs::write("/etc/systemd/logind.conf", "[Login]\nUserStopDelaySec=0\n")?;
    Process::find(init::pid("logind")?)?.signal(Signal::HUP)
}

fn append(path: &str, text: &str) -> Outcome {
    let mut file = OpenOptions::new().append(true).open(path).map_err(|e| Failure::from(e).during(path))?;
    Ok(file.write_all(text.as_bytes())?)
}

fn with_judge(line: &str) -> Outcome<String> {
    let judge = Path::new(paths::PROGRAMS).join("judges/pam_judge.so");
    if line.contains("JUDGE") && !judge.exists() {
        return Err(Failure::Skipped("the judge pam_judge was not built: is libpam0g-dev there?".to_owned()));
    }
    Ok(line.replace("JUDGE", &judge.to_string_lossy()))
}
