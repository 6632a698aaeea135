//! lastb(1).

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    utmp::last::run(true, std::env::args_os().skip(1))
}
