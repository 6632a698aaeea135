//! The measurements: each in sandboxes of its own, ours and the peer's in turn, with ratios from one run.

mod accounts;
mod crowd;
mod daemon;
mod dbus;
mod endurance;
mod figure;
mod kernel;
mod lines;
mod login;
mod module;
mod options;
mod rest;
mod scale;
mod sessions;
mod table;
mod tournament;

use std::process::ExitCode;

use options::{HELP, Request};
use tests::outcome::{Failure, Outcome};

fn main() -> ExitCode {
    let request = match Request::parse(std::env::args_os().skip(1)) {
        Ok(request) => request,
        Err(error) => {
            eprintln!("bench: {error} (see bench --help)");
            return ExitCode::from(2);
        }
    };
    match carry_out(request) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(why) | Failure::Skipped(why)) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(request: Request) -> Outcome {
    match request {
        Request::Help => print!("{HELP}"),
        Request::List => tournament::MATCHES.iter().for_each(|game| println!("{}", game.name)),
        Request::Inside { game, contestant } => tournament::find(&game)?.play(&contestant)?,
        Request::Run { names, rounds } => {
            for game in tournament::select(&names)? {
                print!("{}", game.hold(rounds)?);
            }
        }
    }
    Ok(())
}
