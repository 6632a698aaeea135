//! The sandbox's system bus.

use std::path::Path;

use rustix::process::Signal;
use tests::outcome::Outcome;
use tests::process::Process;
use tests::{ensure, ensure_eq, init, paths, run};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(the_bus_answers_everybody, "--bare"),
    inside!(only_root_may_have_login1s_name, "--bare"),
    inside!(nothing_can_be_activated, "--bare"),
    inside!(a_killed_bus_comes_back, "--bare"),
    inside!(a_stopped_bus_stays_down_until_it_is_started, "--bare"),
    inside!(without_a_bus_there_is_none, "--bare", "--no-bus"),
];

const BUS: [&str; 4] = ["--system", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];

fn call(method: &[&str]) -> Outcome<run::Ran> {
    run::run("dbus-send", &[&BUS[..], method].concat())
}

fn the_bus_answers_everybody() -> Outcome {
    call(&["org.freedesktop.DBus.ListNames"])?.well()?.saying("\"org.freedesktop.DBus\"")?;
    let command = format!("dbus-send {} org.freedesktop.DBus.GetId", BUS.join(" "));
    run::run("su", &["alice", "-c", &command])?.well()?;
    Ok(())
}

fn only_root_may_have_login1s_name() -> Outcome {
    let request = ["org.freedesktop.DBus.RequestName", "string:org.freedesktop.login1", "uint32:0"];
    call(&request)?.well()?.saying("uint32 1")?;
    let command = format!("dbus-send {} {}", BUS.join(" "), request.join(" "));
    run::run("su", &["alice", "-c", &command])?.refused()?;
    Ok(())
}

fn nothing_can_be_activated() -> Outcome {
    let names = call(&["org.freedesktop.DBus.ListActivatableNames"])?.well()?;
    ensure_eq!(names.stdout.matches("string").count(), 1);
    names.saying("\"org.freedesktop.DBus\"")?;
    Ok(())
}

fn a_killed_bus_comes_back() -> Outcome {
    let pid = init::pid("bus")?;
    let bus = Process::find(pid)?;
    bus.signal(Signal::KILL)?;
    bus.ended()?;
    init::ready("bus")?;
    ensure!(init::pid("bus")? != pid, "the bus has the number of the killed one");
    call(&["org.freedesktop.DBus.GetId"])?.well()?;
    Ok(())
}

fn a_stopped_bus_stays_down_until_it_is_started() -> Outcome {
    init::stop("bus")?;
    call(&["org.freedesktop.DBus.GetId"])?.refused()?;
    init::start("bus")?;
    call(&["org.freedesktop.DBus.GetId"])?.well()?;
    Ok(())
}

fn without_a_bus_there_is_none() -> Outcome {
    ensure!(!Path::new(paths::BUS).exists(), "{} is there", paths::BUS);
    Ok(())
}
