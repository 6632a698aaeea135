//! The order of acts when a session opens and when it closes.

use std::ffi::CString;

use crate::arguments::Arguments;
use crate::bus_address::system_bus_paths;
use crate::deadline::Deadline;
use crate::display::vt_of_display;
use crate::doors::{Door, NoSession, Registration, register, release};
use crate::environment::{self, Variable};
use crate::inputs::Inputs;
use crate::login1::Session;
use crate::names::Class;
use crate::paths;
use crate::record::Record;
use crate::request::Request;
use crate::runtime_dir;
use crate::sys::environment::secure_variable;
use crate::sys::pam::{Account, Handle, Item, PamError, Priority};

/// What becomes of the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    GoesOn,
    /// Only where the administrator asked for it: `required`.
    IsRefused,
}

/// Tells logind that a session begins, and the session what logind made of it.
pub(crate) fn open(handle: &mut Handle<'_>, arguments: &Arguments) -> Login {
    let Some(account) = account(handle) else {
        handle.log(Priority::Error, "no session registered: PAM names no user of the user database");
        return without_session(arguments);
    };
    let (inputs, complaints) = Inputs::read(handle, account);
    for complaint in complaints {
        handle.log(Priority::Warning, &complaint);
    }
    // The user database has answered, in its own time, which is not logind's.
    let deadline = Deadline::after(arguments.timeout);
    let bare = inputs.without_variables();
    let request = |inputs| Request::new(inputs, arguments, |display| vt_of_display(display, account.uid, deadline));
    let mut asked = request(inputs);
    if asked.class == Class::NONE {
        debug(handle, arguments, "class none: no session registered");
        return Login::GoesOn;
    }
    let (socket, buses) = (Door::Socket(paths::LOGIND_SOCKET.to_owned()), buses());
    let mut answer = register(&socket, &buses, &asked, deadline);
    if let (Err(none), Some(bare)) = (&answer, bare)
        && none.failure.is_about_words()
    {
        // pam_env may have them from a file of the user's, who must not write themselves out of their session.
        handle.log(Priority::Warning, &format!("what the environment says is left out of the request: {none}"));
        asked = request(bare);
        answer = register(&socket, &buses, &asked, deadline);
    }
    match answer {
        Ok(Registration::Member) => {
            debug(handle, arguments, "in a session already: nothing to register, nothing set");
            Login::GoesOn
        }
        Ok(Registration::Opened(session, door)) => take_up(handle, arguments, &asked, session, door),
        Err(none) => do_without(handle, arguments, account, &none),
    }
}

/// Tells logind that the session opened by this process ends, and lets go of its life line. A fork of that process lets
/// go of its copy and says nothing; where nothing was opened there is nothing to do.
pub(crate) fn close(handle: &mut Handle<'_>, arguments: &Arguments) -> Login {
    let Some(record) = handle.kept() else { return Login::GoesOn };
    if record.pid == std::process::id() && !record.existed {
        let told = release(&record.door, &record.id, Deadline::after(arguments.timeout));
        if let Err(failure) = told {
            // The life line below says the same to a logind that comes back.
            debug(handle, arguments, &format!("logind was not told of the end: {failure}"));
        }
    }
    handle.forget();
    Login::GoesOn
}

fn account(handle: &mut Handle<'_>) -> Option<Account> {
    let name = handle.item(Item::User).filter(|name| !name.is_empty())?;
    handle.account(&CString::new(name).ok()?)
}

fn buses() -> Vec<Door> {
    let addresses = secure_variable(c"DBUS_SYSTEM_BUS_ADDRESS");
    system_bus_paths(addresses.as_deref()).into_iter().map(Door::Bus).collect()
}

/// Keeps the life line first: what cannot be kept is no session.
fn take_up(handle: &mut Handle<'_>, arguments: &Arguments, request: &Request, session: Session, door: Door) -> Login {
    let mut variables = environment::of_session(&session, request);
    let said = format!("session {} of class {}", session.id.as_str(), session.class.as_str());
    if session.uid != request.uid {
        handle.log(Priority::Warning, &format!("{said} is of another user: no XDG_RUNTIME_DIR"));
    } else {
        match runtime_dir::existing(&session.runtime_path, request.uid) {
            Ok(directory) => variables.extend(environment::of_runtime_dir(&directory)),
            Err(unfit) => {
                handle.log(Priority::Warning, &format!("no XDG_RUNTIME_DIR: {}: {unfit}", session.runtime_path));
            }
        }
    }
    let record = Record {
        pid: std::process::id(),
        id: session.id,
        door,
        existed: session.existed,
        _life_line: session.life_line,
    };
    let kept = handle.keep(Box::new(record)).and_then(|()| set(handle, variables));
    if let Err(e) = kept {
        handle.log(Priority::Error, &format!("{said}, not all of it known to PAM: {e}"));
        return without_session(arguments);
    }
    debug(handle, arguments, &said);
    Login::GoesOn
}

/// Login goes on without a session, with a runtime directory if one can be had, and one line in the log.
fn do_without(handle: &mut Handle<'_>, arguments: &Arguments, account: Account, none: &NoSession) -> Login {
    let said = format!("no session registered: {none}");
    if arguments.required {
        handle.log(Priority::Error, &said);
        return Login::IsRefused;
    }
    let directory = runtime_dir::find_or_make(paths::USER_RUNTIME_BASE, account);
    let runtime = match directory.map(|directory| (set(handle, environment::of_runtime_dir(&directory)), directory)) {
        Ok((Ok(()), directory)) => format!("runtime directory {}", directory.path),
        Ok((Err(e), _)) => format!("no runtime directory: {e}"),
        Err(unfit) => format!("no runtime directory: {unfit}"),
    };
    handle.log(Priority::Error, &format!("{said}; {runtime}"));
    Login::GoesOn
}

fn without_session(arguments: &Arguments) -> Login {
    if arguments.required { Login::IsRefused } else { Login::GoesOn }
}

fn set(handle: &mut Handle<'_>, variables: Vec<Variable>) -> Result<(), PamError> {
    variables.into_iter().try_for_each(|(name, value)| handle.set_variable(name, value.as_deref()))
}

fn debug(handle: &Handle<'_>, arguments: &Arguments, line: &str) {
    if arguments.debug {
        handle.log(Priority::Debug, line);
    }
}
