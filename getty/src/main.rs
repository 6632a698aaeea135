//! getty: opens a line, asks for a name, becomes login. This file is the order of acts.

mod arguments;
mod ask;
mod autologin;
mod conversation;
mod deadline;
mod end;
mod greeting;
mod guard;
mod help;
mod issue;
mod line;
mod lines;
mod login;
mod modes;
mod parity;
mod paths;
mod presence;
mod process;
mod records;
mod reload;
mod speed;
mod sys;
mod terminal;
mod vt;

use std::convert::Infallible;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use syslog::Facility;
use tracing::{Level, error, warn};
use utmp::Files;

use arguments::{Arguments, Keeping, Options, Request};
use deadline::Deadline;
use end::End;
use line::LineName;
use lines::Over;
use modes::SavedModes;
use records::Predecessor;
use terminal::Terminal;

fn main() -> ExitCode {
    match Request::parse(std::env::args_os().skip(1)) {
        Ok(Request::Run(arguments)) => run(&arguments),
        Ok(Request::Keep(keeping)) => keep(&keeping),
        Ok(Request::ShowIssue(issue, line)) => print(&greeting::shown_without_asking(&issue, line)),
        Ok(Request::Reload) => reload::ask().map_or_else(|e| fail(&e.to_string()), |()| ExitCode::SUCCESS),
        Ok(Request::ListSpeeds) => print(speed::list().as_bytes()),
        Ok(Request::Help) => print(help::HELP.as_bytes()),
        Ok(Request::Version) => print(concat!("getty from session-rs ", env!("CARGO_PKG_VERSION"), "\n").as_bytes()),
        Err(e) => fail(&format!("{e}\nTry `getty --help`.")),
    }
}

/// Waits for a name and becomes login; comes back only if that came to nothing.
fn run(arguments: &Arguments) -> ExitCode {
    if let Err(e) = syslog::install_off_terminals("getty", Facility::AuthPriv, Level::INFO) {
        complain(&format!("cannot log: {e}"));
    }
    if arguments.surplus > 0 {
        warn!(count = arguments.surplus, "the arguments after the terminal type are ignored");
    }
    let started = Instant::now();
    let line = arguments.line.name(); // now: of standard input, nobody knows it any more after a hang-up
    let known = line.clone().ok();
    let Err(end) = line.map_err(End::from).and_then(|line| become_login(line, arguments));
    guard::space_out(&end, known.as_ref(), started);
    conclude(&end, known.as_ref())
}

/// Keeps many lines; comes back when that is over, and in each child whose login came to nothing.
fn keep(keeping: &Keeping) -> ExitCode {
    if let Err(e) = syslog::install_off_terminals("getty", Facility::AuthPriv, Level::INFO) {
        complain(&format!("cannot log: {e}"));
    }
    match lines::keep(keeping) {
        Ok(Over::Asked) => ExitCode::SUCCESS,
        Ok(Over::Child(visit)) => {
            let line = visit.line().name().ok();
            let Err(end) = visit.become_login();
            conclude(&end, line.as_ref())
        }
        Err(e) => {
            error!("{e}");
            fail(&e.to_string())
        }
    }
}

/// Tells of `end`, the end of a getty on `line`, as far as the line is known.
fn conclude(end: &End, line: Option<&LineName>) -> ExitCode {
    if end.is_ordinary() {
        return ExitCode::SUCCESS;
    }
    error!("{end}");
    complain(&end.to_string());
    guard::hold_off(end, line);
    ExitCode::FAILURE
}

fn become_login(line: LineName, arguments: &Arguments) -> Result<Infallible, End> {
    login::shield()?;
    let files = Files::system();
    let options = &arguments.options;
    await_turn(&line, options);
    let terminal = Terminal::open(line)?;
    let predecessor = Predecessor::on(terminal.line(), &files);
    let terminal = predecessor.succeed(terminal, options.hang_up, &files)?;
    terminal.take_control()?;
    records::announce(terminal.line(), options.host.as_ref(), &files);
    if predecessor.is_gone() {
        conversation::bring_back(&terminal);
    }
    let saved = SavedModes::of(&terminal).map_err(|e| terminal.modes_failed(e))?;
    let call = conversation::hold(arguments, &terminal, &files).inspect_err(|_| give_back(&saved, &terminal))?;
    login::exec(&call)
}

/// Waits until the line is there and wanted, as far as `options` make that a condition, and then as long as they say.
fn await_turn(line: &LineName, options: &Options) {
    if options.only_if_console {
        presence::await_console(line);
    }
    if options.only_if_exists {
        presence::await_existence(line);
    }
    if let Some(delay) = options.delay {
        Deadline::after(Instant::now(), delay).pass();
    }
}

/// A getty that ends without a login leaves the terminal as it found it: it may have been started by hand.
fn give_back(saved: &SavedModes, terminal: &Terminal) {
    if let Err(e) = saved.restore(terminal) {
        warn!(line = terminal.line().as_str(), error = %e, "the line keeps the modes of the prompt");
    }
}

fn print(bytes: &[u8]) -> ExitCode {
    match io::stdout().write_all(bytes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => fail(&format!("cannot write to standard output: {e}")),
    }
}

fn fail(why: &str) -> ExitCode {
    complain(why);
    ExitCode::FAILURE
}

fn complain(what: &str) {
    if writeln!(io::stderr(), "getty: {what}").is_err() {
        // Nobody is left to be told: what matters is in the log.
    }
}
