//! What an administrator sets, changed from inside a case.

use std::fs::OpenOptions;
use std::io::Write;

use crate::outcome::{Failure, Outcome};

const LOGIN_DEFS: &str = "/etc/login.defs";

/// Sets a key of login.defs(5); the last line with a key counts.
///
/// # Errors
/// That the file cannot be written.
pub fn login_defs(key: &str, value: &str) -> Outcome {
    let file = OpenOptions::new().append(true).open(LOGIN_DEFS);
    let mut file = file.map_err(|e| Failure::from(e).during(LOGIN_DEFS))?;
    Ok(file.write_all(format!("{key} {value}\n").as_bytes())?)
}
