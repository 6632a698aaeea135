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
    connect(options, terminal)?;
    let deadline = options.timeout.map_or(Deadline::NEVER, |timeout| Deadline::after(Instant::now(), timeout));
    terminal.write(&scene.fresh_screen(options), deadline)?;
    let mut desk = scene.desk(options, terminal, files, deadline);
    if options.await_enter {
        desk.await_enter()?;
    }
    let autologin = autologin::of(options);
    let answer = answer(&mut desk, options, autologin.as_ref(), &mut scene.speeds)?;
    hand_over(arguments, terminal, &scene, answer, autologin.is_some())
}

/// What a terminal shows until somebody types.
#[derive(Debug)]
pub(crate) struct Opening {
    /// All of it.
    pub(crate) text: Vec<u8>,
    /// What of it does not change by itself all the time.
    pub(crate) lasting: Vec<u8>,
}

impl Opening {
    fn of(greeting: &Greeting, screen: &[u8], terminal: &Terminal, files: &Files) -> Self {
        let text = [screen, &greeting.opening(terminal, files)].concat();
        Self { text, lasting: greeting.lasting_text(terminal, files) }
    }
}

/// What a terminal shows until somebody types; none if its conversation begins with something else than the prompt.
pub(crate) fn opening(arguments: &Arguments, terminal: &Terminal, scene: &Scene, files: &Files) -> Option<Opening> {
    let options = &arguments.options;
    let has_question = options.autologin.is_none() && !options.login_asks && !options.pause;
    let has_modem = options.extracts_speed || !options.init_string.is_empty();
    if !has_question || has_modem || options.await_enter || options.hardware.local == LocalLine::Never {
        return None;
    }
    Some(Opening::of(&Greeting::of(options), &scene.fresh_screen(options), terminal, files))
}

/// The [`opening`] as it is now, to be shown again; none if it still reads as `lasting`, the time of day apart.
pub(crate) fn changed_opening(
    arguments: &Arguments,
    terminal: &Terminal,
    scene: &Scene,
    files: &Files,
    lasting: &[u8],
) -> Option<Opening> {
    let greeting = Greeting::of(&arguments.options);
    let opening = Opening::of(&greeting, scene.screen_again(&arguments.options), terminal, files);
    (opening.lasting != lasting).then_some(opening)
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
    terminal.write(rest, deadline)?;
    let mut desk = scene.desk(options, terminal, files, deadline);
    let answer = desk.name_at_the_prompt(&mut scene.speeds)?;
    hand_over(arguments, terminal, &scene, Some(answer), false)
}

/// Gives the terminal the state that login expects, and says how to call it; `trusted` if it shall believe the name.
fn hand_over(
    arguments: &Arguments,
    terminal: &Terminal,
    scene: &Scene,
    answer: Option<Answer>,
    trusted: bool,
) -> Result<Call, End> {
    let (options, kind) = (&arguments.options, scene.kind);
    let habits = answer.as_ref().map(|answer| answer.habits).unwrap_or_default();
    modes::make_sane(terminal, kind, habits).map_err(|e| terminal.modes_failed(e))?;
    terminal.block()?;
    Ok(Call {
        program: options.login_program.clone(),
        term: arguments.term.clone().unwrap_or_else(|| default_term(kind)),
        name: answer.map(|answer| answer.name),
        trusted,
        origin: origin(options),
        place: options.place.clone(),
        options: options.login_options.clone(),
    })
}

/// Brings the terminal back from what a program left behind that was killed on it, or still runs: another discipline,
/// output that is stopped, locked modes, and on a VT graphics, a raw keyboard, switching that waits for the dead.
///
/// What cannot be brought back is told to the log; a name is asked for all the same.
pub(crate) fn bring_back(terminal: &Terminal) {
    for done in [modes::revive(terminal), modes::unlock(terminal), vt::reset(terminal)] {
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
        None if options.login_asks => desk.leave_the_question().map(|()| None),
        None => desk.name(speeds, options.pause).map(Some),
    }
}

impl Scene {
    fn desk<'a>(&self, options: &Options, terminal: &'a Terminal, files: &'a Files, deadline: Deadline) -> Desk<'a> {
        let desk = Desk::new(terminal, files, Greeting::of(options), deadline);
        desk.reading(self.reading(options, terminal), self.screen_again(options))
    }

    /// What is written before a greeting that is shown again.
    fn screen_again(&self, options: &Options) -> &'static [u8] {
        if self.is_to_clear(options) { vt::CLEAR } else { b"\n" }
    }

    /// A terminal whose modes say that it is UTF-8 has eight bits, and so has a VT: there is no parity to guess.
    fn reading(&self, options: &Options, terminal: &Terminal) -> Reading {
        Reading {
            extra_keys: options.extra_keys.clone(),
            guesses_parity: !options.is_eight_bits && !self.kind.is_virtual() && !modes::is_utf8(terminal),
            detects_capitals: options.detects_capitals,
        }
    }

    /// What is written before the greeting: on a VT what makes its screen plain, and clears it.
    fn fresh_screen(&self, options: &Options) -> Vec<u8> {
        let TerminalKind::Virtual { utf8 } = self.kind else { return Vec::new() };
        let clear = if self.is_to_clear(options) { vt::CLEAR } else { b"" };
        [&vt::plain_screen(utf8), clear].concat()
    }

    fn is_to_clear(&self, options: &Options) -> bool {
        self.kind.is_virtual() && !options.keep_screen
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
    let own = speed::of(terminal)?;
    let has_one = own != 0; // B0 is no speed: it hangs up
    if arguments.options.keep_speed && has_one {
        return Ok(arguments.speeds.clone().keeping(own));
    }
    match arguments.speeds.first() {
        Some(first) => speed::set(terminal, first)?,
        None if !has_one => speed::set(terminal, FALLBACK_SPEED)?,
        None => {}
    }
    Ok(arguments.speeds.clone())
}

/// agetty's, where nothing else is known.
const FALLBACK_SPEED: u32 = 9600;

/// agetty's: the terminal types that every terminfo(5) has.
fn default_term(kind: TerminalKind) -> OsString {
    if kind.is_virtual() { "linux".into() } else { "vt102".into() }
}
