//! lastlog(8).

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    utmp::last_logins::run(std::env::args_os().skip(1))
}
