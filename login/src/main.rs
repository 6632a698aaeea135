//! login: authenticates, opens the session, parents the shell.

mod account;
mod arguments;
mod attempt;
mod child;
mod deadline;
mod defs;
mod environment;
mod errand;
mod failure;
mod greeting;
mod group;
mod home;
mod host;
mod hush;
mod limits;
mod line;
mod pam;
mod parent;
mod paths;
mod process;
mod records;
mod session;
mod shell;
mod sys;
mod talk;
mod terminal;
mod title;
mod vcs;

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use nix::unistd::{Pid, geteuid, getuid};
use prompt::LoginName;
use tracing::{error, info, warn};
use utmp::{Exit, Files};

use account::Account;
use arguments::{Command, Request};
use child::Start;
use deadline::Deadline;
use defs::Settings;
use environment::CallerEnvironment;
use failure::Failure;
use greeting::{Greeting, Said};
use home::Home;
use host::Host;
use limits::Limits;
use line::Line;
use pam::{Item, PamError, Transaction};
use parent::Watch;
use records::Records;
use session::Session;
use sys::{Departure, Fork};
use talk::Talk;
use terminal::Terminal;
use title::Title;

fn main() -> ExitCode {
    let caller = CallerEnvironment::take();
    if let Err(error) = syslog::install_off_terminals("login", syslog::Facility::AuthPriv, tracing::Level::INFO) {
        failure::tell(&error);
    }
    let ended = match arguments::parse(std::env::args_os().skip(1), getuid().as_raw()) {
        Ok(Command::Help) => show(arguments::HELP),
        Ok(Command::Version) => show(concat!("login from session-rs ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(Command::LogIn(request)) => log_in(request, &caller),
        Err(error) => {
            if error.is_suspicious() {
                warn!(reason = %error, uid = getuid().as_raw(), "refused a command line");
            }
            Err(error.into())
        }
    };
    ended.unwrap_or_else(|failure| {
        match &failure {
            Failure::Arguments(error) => failure::tell_usage(error),
            _ => failure::tell(&failure),
        }
        failure.exit_code()
    })
}

/// One login, from taking the line to giving it back.
fn log_in(mut request: Request, caller: &CallerEnvironment) -> Result<ExitCode, Failure> {
    process::prepare().map_err(Failure::Process)?;
    let title = Title::take();
    let mut limits = become_roots()?;
    let settings = Settings::read(Path::new(paths::ROOT));
    let line = Line::take(request.hang_up)?;
    let terminal = Terminal::on_standard_input().map_err(Failure::Modes)?;
    let records = Records::new(Files::system(), line.name().clone(), request.host.clone());
    sys::depart_on_signals(Departure::new(terminal.modes(), settings.timeout))?;
    let deadline = settings.timeout.map(Deadline::start).transpose()?;
    tell_forbidden(&request, &terminal);
    let Admitted { mut account, group, mut session, greeting, home } =
        match admit(&mut request, &settings, &terminal, &records, &mut limits) {
            Ok(admitted) => admitted,
            Err(failure) => return Ok(refuse(&failure, &terminal, &settings)), // in time too: the line may be stopped
        };
    drop(deadline);
    title.show(&account);
    line.give_to(account.uid.as_raw(), group.unwrap_or(account.gid.as_raw()), settings.line_mode);
    let silent_home = home.leave_silent(&mut account, settings.timeout);
    let start = Start {
        account: &account,
        settings: &settings,
        terminal: &terminal,
        environment: caller.for_shell(&account, &settings, &request, &session.environment()),
        greeting,
        fake_shell: settings.fake_shell.as_deref().map(Path::new).filter(|_| request.shell.is_none()),
        silent_home,
        limits: &limits,
        parent: Pid::this(),
    };
    let (session, exit) = run_shell(start, session, &line);

    // The line first: it must not stay the user's if a module hangs.
    give_back(&line, &terminal, group);
    let mark = records.mark();
    session.close_within(settings.timeout);
    records.ended(exit, mark);
    info!(line = %line.name(), user = account.name.as_str(), "session closed");
    Ok(ExitCode::SUCCESS)
}

/// Has this process be root's in everything, whoever called it, and have the limits of a login.
fn become_roots() -> Result<Limits, Failure> {
    if !geteuid().is_root() {
        return Err(Failure::NotRoot);
    }
    let caller = getuid();
    if !caller.is_root() && !process::leads_its_session() {
        return Err(Failure::NotLeader);
    }
    process::become_roots().map_err(Failure::Process)?;
    let limits = Limits::take();
    if caller.is_root() {
        return Ok(limits);
    }
    info!(uid = caller.as_raw(), "called by somebody else than root");
    if limits.suffice() { Ok(limits) } else { Err(Failure::Limits) }
}

/// Somebody who has been let in.
struct Admitted {
    account: Account,
    /// The line's while they are in, if there is such a group.
    group: Option<u32>,
    session: Session,
    /// None for who wants none.
    greeting: Option<Greeting>,
    home: Home,
}

/// Lets the person in, or says why not: who they are, whether they may, their groups and their session.
fn admit(
    request: &mut Request,
    settings: &Settings,
    terminal: &Terminal,
    records: &Records,
    limits: &mut Limits,
) -> Result<Admitted, Failure> {
    let mut transaction = begin(request, settings, terminal, records)?;
    if !request.is_authenticated {
        attempt::authenticate(&mut transaction, terminal, settings, records)?;
    }
    attempt::check_account(&mut transaction)?;
    let account = Account::of(&transaction, request.shell.as_deref())?;
    account.take_groups()?;
    let group = group::of_lines(&settings.line_group, account.uid.is_root());
    let mut home = Home::default();
    let is_hushed = hush::is_asked_for(&account, settings, &mut home);
    let last_login = Some(account.uid).filter(|_| settings.shows_last_login()).and_then(|uid| records.last_login(uid));
    sys::note_ends()?;
    let mark = records.mark();
    let mut session = Session::open(transaction, is_hushed)?;
    limits.take_again();
    records.began(&account, mark, settings.records_in_lastlog(account.uid));
    if settings.records_last_login() {
        records.last_login_is_now(&account);
    }
    let is_trusted = request.is_authenticated;
    info!(line = %records.line(), user = account.name.as_str(), host = records.host(), is_trusted, "session opened");
    let greeting = Greeting { said: Said::new(session.take_said()), last_login };
    Ok(Admitted { account, group, session, greeting: Some(greeting).filter(|_| !is_hushed), home })
}

/// Tells the person which variables of the command line are not theirs to set (shadow's login).
fn tell_forbidden(request: &Request, terminal: &Terminal) {
    for variable in request.variables.iter().filter(|variable| !variable.is_allowed()) {
        if let Err(error) = terminal.show(format!("You may not change ${}\r\n", variable.name()).as_bytes()) {
            warn!(%error, "the line is gone");
        }
    }
}

/// Begins with PAM: as `remote` if the person comes from elsewhere, with everything modules may want to know.
fn begin(
    request: &mut Request,
    settings: &Settings,
    terminal: &Terminal,
    records: &Records,
) -> Result<Transaction<Talk>, PamError> {
    let name = request.name.take(); // PAM has it from here on: it may be a password, and is not to be kept
    let name = name.as_ref().map(LoginName::as_str);
    let mut transaction = Transaction::start(records.service(), name, Talk::new(*terminal, settings.tries))?;
    transaction.set(Item::RemoteHost, request.host.as_ref().map(Host::as_str))?;
    transaction.set(Item::Tty, Some(&records.line().to_path()))?;
    transaction.set(Item::UserPrompt, Some(&talk::prompt(request.hides_host || settings.has_plain_prompt)))?;
    Ok(transaction)
}

/// Runs the shell in a child, and waits for its end; the session stays with the parent.
fn run_shell(start: Start<'_>, session: Session, line: &Line) -> (Session, Exit) {
    parent::let_go(line);
    let (terminal, time_to_read) = (*start.terminal, start.settings.fail_delay);
    let (watch, forked) = (Watch::begin(), sys::fork());
    match forked {
        Ok(Fork::Child) => {
            let error = child::become_shell(start, session);
            warn!(error = &error as &dyn std::error::Error, "no shell");
            failure::tell(&error);
            terminal.linger(time_to_read); // the line is hung up at the end, and the next getty may clear the screen
            sys::exit_now(error.exit_status())
        }
        Ok(Fork::Parent(shell)) => {
            drop(start); // the greeting and the environment are the child's
            if let Err(error) = line::leave_streams() {
                warn!(%error, "the parent keeps the line on its standard streams");
            }
            (session, watch.outlive(shell))
        }
        Err(error) => {
            let failure = Failure::Shell(error);
            error!(error = &failure as &dyn std::error::Error, "no session");
            failure::tell(&failure);
            terminal.linger(time_to_read);
            (session, Exit::default())
        }
    }
}

/// Tells the person why there is no session, and leaves them the time to read it.
fn refuse(failure: &Failure, terminal: &Terminal, settings: &Settings) -> ExitCode {
    if !failure.is_told() {
        error!(error = failure as &dyn std::error::Error, "no session");
        failure::tell(failure);
        terminal.linger(settings.fail_delay);
    }
    failure.exit_code()
}

/// Leaves the line as it was found, and to nobody.
fn give_back(line: &Line, terminal: &Terminal, group: Option<u32>) {
    if let Err(error) = terminal.restore(line.fd()) {
        info!(line = %line.name(), %error, "the line has hung up, or is not as it was found");
    }
    line.take_back(group.unwrap_or(0));
    line.hang_up();
}

/// Prints what was asked for.
fn show(text: &str) -> Result<ExitCode, Failure> {
    io::stdout().write_all(text.as_bytes()).map_err(Failure::Output)?;
    Ok(ExitCode::SUCCESS)
}
