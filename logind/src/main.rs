//! logind: the session registry, org.freedesktop.login1. This shows the order of acts.

mod bus;
mod clock;
mod config;
mod daemon;
mod effects;
mod options;
mod paths;
mod processes;
mod readiness;
mod sources;
mod start;
mod state;
mod sys;

use std::error::Error as _;
use std::path::Path;
use std::process::ExitCode;

use logind_core::Core;
use rustix::process::Rlimit;

use bus::Bus;
use config::Config;
use daemon::{Daemon, Hands};
use effects::cgroup::Cgroups;
use effects::runtime_directory::RuntimeDirectories;
use options::{Options, Request};
use processes::Base;
use readiness::Readiness;
use sources::Sources;
use sources::foreground::Foreground;
use sources::signals::Signals;
use start::StartError;

fn main() -> ExitCode {
    let options = match options::parse(std::env::args_os()) {
        Ok(Request::Run(options)) => options,
        Ok(Request::Help) => return start::print(options::HELP),
        Ok(Request::Version) => {
            return start::print(concat!("logind from session-rs ", env!("CARGO_PKG_VERSION"), "\n"));
        }
        Err(error) => {
            eprintln!("logind: {error}\nTry 'logind --help'.");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            eprintln!("logind: {error}{source}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), StartError> {
    let ready = start::who_waits(options); // before any descriptor is opened
    start::log(options);
    start::refuse_under_systemd()?;
    let descriptors = start::make_room();
    let _lock = start::be_the_only_one()?;
    let config = start::configuration(options)?;
    let runtime = start::runtime()?;
    let outcome = runtime.block_on(serve(options, &config, ready, descriptors));
    runtime.shutdown_background(); // a user database that hangs must not hold us up
    outcome
}

async fn serve(options: &Options, config: &Config, ready: Readiness, descriptors: Rlimit) -> Result<(), StartError> {
    let signals = Signals::listen().map_err(StartError::Kernel)?;
    let foreground = Foreground::open(Path::new(paths::FOREGROUND), Path::new(paths::VIRTUAL_TERMINALS));
    let front = foreground.as_ref().and_then(Foreground::current);
    let core = Core::new(config.policy.clone(), foreground.is_some());
    let base = Base::find();
    let hands = Hands {
        records: start::records()?,
        cgroups: Cgroups::find(config.manage_cgroups, &base),
        base: base.clone(),
        directories: RuntimeDirectories::below(Path::new(logind_api::USER_RUNTIME_BASE)),
        limits: config.runtime_directory_limits(),
        gettys: start::gettys(config, descriptors)?,
    };
    let mut sources = Sources::open(foreground).map_err(StartError::Kernel)?;
    start::watch_graphics(&mut sources);
    let bus = Bus::open(start::doors(), start::world(base), daemon::configured(hands.limits))?;
    let mut daemon = Daemon::new(core, bus, sources, hands);
    daemon.restore(front).await;
    daemon.serve(signals, ready, Path::new(paths::SYSTEM_BUS).exists(), || start::read_again(options)).await;
    tracing::info!("asked to end; every session goes on");
    Ok(())
}
