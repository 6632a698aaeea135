//! One conversation on a line: from the terminal's set-up to a call of login.

use std::ffi::OsString;
use std::io;
use std::time::{Duration, Instant};

use tracing::warn;
use utmp::Files;

use crate::arguments::{Arguments, Options};
use crate::ask::{Answer, DEFAULT_ERASE, Desk};
use crate::deadline::Deadline;
use crate::end::End;
use crate::greeting::Greeting;
use crate::login::Call;
use crate::modes::{self, LocalLine, TerminalKind};
use crate::speed::{self, Speeds};
use crate::terminal::Terminal;

/// A terminal that was set up.
#[derive(Debug)]
pub(crate) struct Scene {
    kind: TerminalKind,
    /// The speeds that a BREAK goes round. A VT has none.
    speeds: Speeds,
}

/// Sets the terminal up, finds out who is there, and hands the terminal over in the state login expects.
///
/// # Errors
/// [`End`] says what happened instead.
pub(crate) fn hold(arguments: &Arguments, terminal: &Terminal, files: &Files) -> Result<Call, End> {
    let options = &arguments.options;
    let mut scene = set_up(arguments, terminal)?;
    let deadline = options.timeout.map_or(Deadline::NEVER, |timeout| Deadline::after(Instant::now(), timeout));
    let desk = Desk { terminal, greeting: &Greeting::of(options), files, deadline };
    if scene.is_to_clear(options) {
        terminal.write(CLEAR, deadline)?;
    }
    if options.await_enter {
        desk.await_enter()?;
    }
    let answer = answer(&desk, options, &mut scene.speeds)?;
    hand_over(arguments, terminal, &scene, answer)
}

/// What a terminal shows until somebody types; none if its conversation begins with something else than the prompt.
pub(crate) fn opening(arguments: &Arguments, terminal: &Terminal, scene: &Scene, files: &Files) -> Option<Vec<u8>> {
    let options = &arguments.options;
    let has_more = options.autologin.is_some() || options.login_asks || options.await_enter;
    if has_more || options.hardware.local == LocalLine::Never {
        return None;
    }
    let mut text = if scene.is_to_clear(options) { CLEAR.to_vec() } else { Vec::new() };
    text.extend(Greeting::of(options).opening(terminal, files));
    Some(text)
}

/// [`hold`] from the first key on: the terminal was set up and shows its [`opening`] but for the `rest` of it. It is given
/// up after `patience`, unless a timeout was asked for.
///
/// # Errors
/// As [`hold`].
pub(crate) fn take_up(
    arguments: &Arguments,
    terminal: &Terminal,
    files: &Files,
    mut scene: Scene,
    rest: &[u8],
    patience: Duration,
) -> Result<Call, End> {
    let options = &arguments.options;
    let deadline = Deadline::after(Instant::now(), options.timeout.unwrap_or(patience));
    let desk = Desk { terminal, greeting: &Greeting::of(options), files, deadline };
    terminal.write(rest, deadline)?;
    let answer = desk.name_at_the_prompt(&mut scene.speeds)?;
    hand_over(arguments, terminal, &scene, Some(answer))
}

/// Gives the terminal the state that login expects.
fn hand_over(arguments: &Arguments, terminal: &Terminal, scene: &Scene, answer: Option<Answer>) -> Result<Call, End> {
    let (options, kind) = (&arguments.options, scene.kind);
    let erase = answer.as_ref().map_or(DEFAULT_ERASE, |answer| answer.erase);
    modes::make_sane(terminal, kind, erase).map_err(|e| terminal.modes_failed(e))?;
    terminal.block()?;
    Ok(Call {
        program: options.login_program.clone(),
        term: arguments.term.clone().unwrap_or_else(|| default_term(kind)),
        name: answer.map(|answer| answer.name),
        trusted: options.autologin.is_some(),
        options: options.login_options.clone(),
    })
}

/// Who is there: the name to log in without asking, the one that is given, or none if login shall ask.
fn answer(desk: &Desk<'_>, options: &Options, speeds: &mut Speeds) -> Result<Option<Answer>, End> {
    match &options.autologin {
        Some(name) => {
            desk.announce(name, options.pause)?;
            Ok(Some(Answer { name: name.clone(), erase: DEFAULT_ERASE }))
        }
        None if options.login_asks => desk.greet().map(|()| None),
        None => desk.name(speeds).map(Some),
    }
}

impl Scene {
    fn is_to_clear(&self, options: &Options) -> bool {
        self.kind.is_virtual() && !options.keep_screen
    }
}

/// Sets speed, modes and size.
///
/// # Errors
/// If the terminal has lost its line, or takes no modes.
pub(crate) fn set_up(arguments: &Arguments, terminal: &Terminal) -> Result<Scene, End> {
    let kind = TerminalKind::of(terminal);
    let speeds = if kind.is_virtual() { Ok(Speeds::default()) } else { speeds(arguments, terminal) };
    let speeds = speeds.map_err(|e| terminal.modes_failed(e))?;
    modes::make_raw(terminal, kind, arguments.options.hardware).map_err(|e| terminal.modes_failed(e))?;
    if let Err(e) = modes::ensure_size(terminal) {
        warn!(line = terminal.line().as_str(), error = %e, "the line has no size");
    }
    Ok(Scene { kind, speeds })
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

/// The whole screen scrolls; the cursor goes home; everything below it is erased. Not a reset, which would leave
/// UTF-8 (`console_codes(4)`).
const CLEAR: &[u8] = b"\x1b[r\x1b[H\x1b[J";
