//! The machine: a real kernel, a real init and a keyboard, under QEMU; and what is to be seen there, scenario by scenario.

mod image;
mod limit;
mod machine;
mod options;
mod paths;
mod play;
mod programs;
mod runner;
mod scenario;
mod scenarios;
mod table;

use std::process::ExitCode;

use options::{HELP, Request};
use scenario::USUAL_INIT;
use tests::outcome::{Failure, Outcome};
use tests::skips;

fn main() -> ExitCode {
    let request = match Request::parse(std::env::args_os().skip(1)) {
        Ok(request) => request,
        Err(error) => {
            eprintln!("vm: {error} (see vm --help)");
            return ExitCode::from(2);
        }
    };
    match carry_out(request) {
        Ok(status) => status,
        Err(Failure::Failed(why) | Failure::Skipped(why)) => {
            eprintln!("vm: {why}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(request: Request) -> Outcome<ExitCode> {
    match request {
        Request::Help => print!("{HELP}"),
        Request::List => table::all().for_each(|scenario| println!("{}", scenario.name)),
        Request::Play { init, without } => {
            return play::play(table::init(init.as_deref().unwrap_or(USUAL_INIT))?, &without);
        }
        Request::Keys(keys) => play::press(&keys)?,
        Request::Type(text) => play::type_text(&text)?,
        Request::Screen(vt) => play::show(&vt)?,
        Request::Script(script) => print!("{}", machine::ask_another(&script)?),
        Request::Run { names, init, goes_on, within } => {
            let _limit = within.map(limit::exit_after);
            let init = init.as_deref().map(table::init).transpose()?;
            let counts = runner::run(&table::select(&names, init)?, goes_on)?;
            let is_well = skips::are_expected(&counts)? && counts.failed == 0;
            println!("{counts}");
            return Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}
