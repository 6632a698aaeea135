//! The cases: what the project promises, tried with the real programs, each case in a sandbox of its own.

mod account;
mod accounts;
mod asked_alike;
mod beside;
mod beside_elogind;
mod beside_login;
mod bus;
mod case;
mod cgroups;
mod chain;
mod demo;
mod embedding;
mod everything;
mod faults;
mod fetch;
mod foreign;
mod hosts;
mod intruders;
mod isolation;
mod judges;
mod last_logins;
mod lifetime;
mod line;
mod lines;
mod nested;
mod options;
mod outer;
mod peers;
mod polkit;
mod process;
mod prompt;
mod records;
mod records_under_fire;
mod registry;
mod runner;
mod shortage;
mod sshd;
mod su;
mod sweep;
mod table;
mod terminals;
mod three_logins;
mod watched;

use std::process::ExitCode;

use options::{HELP, Request};
use tests::outcome::{Failure, Outcome};
use tests::report::Counts;
use tests::skips;

fn main() -> ExitCode {
    let request = match Request::parse(std::env::args_os().skip(1)) {
        Ok(request) => request,
        Err(error) => {
            eprintln!("cases: {error} (see cases --help)");
            return ExitCode::from(2);
        }
    };
    match carry_out(request) {
        Ok(status) => status,
        Err(Failure::Failed(why) | Failure::Skipped(why)) => {
            eprintln!("cases: {why}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(request: Request) -> Outcome<ExitCode> {
    match request {
        Request::Help => print!("{HELP}"),
        Request::List => table::all().for_each(|case| println!("{}", case.name)),
        Request::Peers => fetch::fetch(fetch::Freshness::Newest)?,
        Request::Inside(name) => return Ok(runner::run_here(table::find(&name)?)),
        Request::Run { names, jobs } => {
            fetch::fetch(fetch::Freshness::Any)?;
            return conclude(&runner::run(&table::select(&names)?, jobs)?);
        }
        Request::All { jobs } => {
            fetch::fetch(fetch::Freshness::Newest)?;
            let mut counts = everything::cargo_test()?;
            let fuzz = everything::Fuzz::start()?;
            counts.add(&runner::run(&table::select(&[])?, jobs)?);
            counts.add(&fuzz.finish()?);
            return conclude(&counts);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn conclude(counts: &Counts) -> Outcome<ExitCode> {
    let is_well = skips::judge(counts)?;
    println!("{counts}");
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
