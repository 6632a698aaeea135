//! One conversation on a line: from the terminal's set-up to a call of login.

use std::ffi::OsString;
use std::io;
use std::time::{Duration, Instant};

use prompt::LoginName;
use tracing::warn;
use utmp::Files;

use crate::arguments::{Arguments, Options};
use crate::ask::{Answer, Desk, Reading};
use crate::deadline::Deadline;
use crate::end::End;
use crate::greeting::Greeting;
use crate::login::{Call, Origin};
use crate::modes::{self, Habits, LocalLine, TerminalKind};
use crate::speed::{self, Speeds};
use crate::terminal::Terminal;
use crate::{autologin, vt};

/// Sets the terminal up, finds out who is there, and hands the terminal over in the state login expects.
///
/// # Errors
/// [`End`] says what happened instead.
pub(crate) fn hold(arguments: &Arguments, terminal: &Terminal, files: &Files) -> Result<Call, End> {
    let options = &arguments.options;
    let kind = TerminalKind::of(terminal);
    let mut speeds = set_up(arguments, terminal, kind).map_err(|e| terminal.modes_failed(e))?;
    connect(options, terminal)?;
    let deadline = options.timeout.map_or(Deadline::NEVER, |timeout| Deadline::after(Instant::now(), timeout));
    if let TerminalKind::Virtual { utf8 } = kind {
        terminal.write(&vt::plain_screen(utf8), deadline)?;
    }
    let clear = if kind.is_virtual() && !options.keep_screen { vt::CLEAR } else { b"" };
    terminal.write(clear, deadline)?;
    let fresh_screen = if clear.is_empty() { b"\n" } else { clear };
    let desk = Desk::new(terminal, files, Greeting::of(options), deadline);
    let mut desk = desk.reading(reading(options, terminal, kind), fresh_screen);
    if options.await_enter {
        desk.await_enter()?;
    }
    let autologin = autologin::of(options);
    let answer = answer(&mut desk, options, autologin.as_ref(), &mut speeds)?;
    let habits = answer.as_ref().map(|answer| answer.habits).unwrap_or_default();
    modes::make_sane(terminal, kind, habits).map_err(|e| terminal.modes_failed(e))?;
    terminal.block()?;
    Ok(Call {
        program: options.login_program.clone(),
        term: arguments.term.clone().unwrap_or_else(|| default_term(kind)),
        name: answer.map(|answer| answer.name),
        trusted: autologin.is_some(),
        origin: origin(options),
        place: options.place.clone(),
        options: options.login_options.clone(),
    })
}

/// Brings the terminal back from what a program left behind that was killed on it: locked modes, and on a VT graphics, a
/// raw keyboard, switching that waits for the dead.
///
/// What cannot be brought back is told to the log; a name is asked for all the same.
pub(crate) fn bring_back(terminal: &Terminal) {
    for done in [modes::unlock(terminal), vt::reset(terminal)] {
        if let Err(e) = done {
            warn!(line = terminal.line().as_str(), error = %e, "the terminal may be as a killed program left it");
        }
    }
}

/// Who is there: the name to log in without asking, the one that is given, or none if login shall ask.
fn answer(
    desk: &mut Desk<'_>,
    options: &Options,
    autologin: Option<&LoginName>,
    speeds: &mut Speeds,
) -> Result<Option<Answer>, End> {
    match autologin {
        Some(name) => {
            desk.announce(name, options.pause)?;
            Ok(Some(Answer { name: name.clone(), habits: Habits::default() }))
        }
        None if options.login_asks => desk.greet().map(|()| None),
        None => desk.name(speeds, options.pause).map(Some),
    }
}

/// A terminal whose modes say that it is UTF-8 has eight bits, and so has a VT: there is no parity to guess.
fn reading(options: &Options, terminal: &Terminal, kind: TerminalKind) -> Reading {
    Reading {
        extra_keys: options.extra_keys.clone(),
        guesses_parity: !options.is_eight_bits && !kind.is_virtual() && !modes::is_utf8(terminal),
        detects_capitals: options.detects_capitals,
    }
}

fn origin(options: &Options) -> Origin {
    match &options.host {
        Some(host) if options.tells_host => Origin::Host(host.clone()),
        None if options.tells_host && options.no_host => Origin::Unnamed,
        _ => Origin::Untold,
    }
}

/// Brings a modem's connection about: its init string, its carrier, the speed that it tells.
fn connect(options: &Options, terminal: &Terminal) -> Result<(), End> {
    terminal.write(&options.init_string, Deadline::NEVER)?;
    if options.hardware.local == LocalLine::Never {
        terminal.await_carrier()?;
    }
    if options.extracts_speed {
        let message = terminal.read_until_silence(MODEM_SILENCE, Deadline::NEVER)?;
        if let Some(told) = speed::told_by_modem(&message)
            && let Err(e) = speed::set(terminal, told)
        {
            warn!(line = terminal.line().as_str(), speed = told, error = %e, "the modem's speed cannot be set");
        }
    }
    Ok(())
}

/// How long a modem may take to tell its speed, and to go on telling.
const MODEM_SILENCE: Duration = Duration::from_secs(1);

/// Sets speed, modes and size; returns the speeds that a BREAK goes round. A VT has none.
fn set_up(arguments: &Arguments, terminal: &Terminal, kind: TerminalKind) -> io::Result<Speeds> {
    let speeds = if kind.is_virtual() { Speeds::default() } else { speeds(arguments, terminal)? };
    modes::make_raw(terminal, kind, arguments.options.hardware)?;
    if let Err(e) = modes::ensure_size(terminal) {
        warn!(line = terminal.line().as_str(), error = %e, "the line has no size");
    }
    Ok(speeds)
}

fn speeds(arguments: &Arguments, terminal: &Terminal) -> io::Result<Speeds> {
    if arguments.options.keep_speed {
        return Ok(arguments.speeds.clone().keeping(speed::of(terminal)?));
    }
    if let Some(first) = arguments.speeds.first() {
        speed::set(terminal, first)?;
    }
    Ok(arguments.speeds.clone())
}

/// agetty's: the terminal types that every terminfo(5) has.
fn default_term(kind: TerminalKind) -> OsString {
    if kind.is_virtual() { "linux".into() } else { "vt102".into() }
}
