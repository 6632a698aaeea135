//! utmpdump(1).

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    utmp::dump::run(std::env::args_os().skip(1))
}
