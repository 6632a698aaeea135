//! A person at a terminal: logging in by our getty, working at the shell, leaving, and what must be gone afterwards.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::ensure_eq;
use crate::init;
use crate::outcome::{Failure, Outcome};
use crate::people::Person;
use crate::process::{self, Process};
use crate::run::{Ran, output};
use crate::terminal::Terminal;
use crate::wait;

/// Where logind keeps its sessions (sd-login(3)).
pub const SESSIONS: &str = "/run/systemd/sessions";
/// Where logind keeps its users.
pub const USERS: &str = "/run/systemd/users";
/// Below this is a runtime directory for each user.
pub const RUNTIME: &str = "/run/user";

/// Somebody logged in on a terminal of their own.
#[derive(Debug)]
pub struct Visit {
    /// The terminal.
    pub terminal: Terminal,
    /// The getty, which became login when the name was read: the same process.
    pub login: Process,
}

impl Visit {
    /// Starts a getty on a new terminal and logs in as `person`, up to the shell's first prompt.
    ///
    /// # Errors
    /// What did not come up.
    pub fn begin(person: &Person) -> Outcome<Self> {
        let mut terminal = Terminal::open()?;
        let login = terminal.getty(&[])?;
        terminal.log_in(person)?;
        Ok(Self { terminal, login })
    }

    /// Starts a getty on a new terminal and waits for its prompt.
    ///
    /// # Errors
    /// That none came up.
    pub fn at_the_door() -> Outcome<Self> {
        let mut terminal = Terminal::open()?;
        let login = terminal.getty(&[])?;
        terminal.expect("login: ")?;
        Ok(Self { terminal, login })
    }

    /// Types a name and a password at their prompts.
    ///
    /// # Errors
    /// That the password was not asked for.
    pub fn give(&mut self, name: &str, password: &str) -> Outcome {
        self.terminal.enter(name)?;
        self.terminal.expect("Password: ")?;
        self.terminal.enter(password)
    }

    /// Runs a command in the shell.
    ///
    /// # Errors
    /// That the shell did not come to the end of it.
    pub fn shell(&mut self, command: &str) -> Outcome<String> {
        self.terminal.shell(command)
    }

    /// The session's name, as the shell knows it; empty if there is none.
    ///
    /// # Errors
    /// As [`Visit::shell`].
    pub fn session(&mut self) -> Outcome<String> {
        self.shell("printf '%s' \"$XDG_SESSION_ID\"")
    }

    /// Leaves, and waits until login has ended: its exit status.
    ///
    /// # Errors
    /// That it still runs.
    pub fn leave(self) -> Outcome<i32> {
        self.terminal.enter("exit")?;
        self.login.status()
    }
}

/// Waits until the session has no state file any more.
///
/// # Errors
/// That it still has.
pub fn gone(session: &str) -> Outcome {
    wait::until_in(Path::new(SESSIONS), &format!("session {session} is gone"), || {
        Ok((!Path::new(SESSIONS).join(session).exists()).then_some(()))
    })
}

/// Starts logind anew with a delay after which users are forgotten soon, so that a case can see it often.
///
/// # Errors
/// What init says.
pub fn forget_users_soon() -> Outcome {
    forget_users_after("20ms")
}

/// Starts logind anew with this delay after which users are forgotten.
///
/// # Errors
/// What init says.
pub fn forget_users_after(delay: &str) -> Outcome {
    fs::write("/etc/systemd/logind.conf", format!("[Login]\nUserStopDelaySec={delay}\n"))?;
    init::stop("logind")?;
    init::start("logind")
}

/// Waits until no session, no user, no runtime directory and no user's slice is left.
///
/// # Errors
/// What is left.
pub fn nothing_left() -> Outcome {
    for folder in [SESSIONS, USERS, RUNTIME] {
        wait::until_in(Path::new(folder), &format!("{folder} is empty"), || {
            Ok(names_in(folder)?.is_empty().then_some(()))
        })
        .map_err(|e| e.during(format!("{folder} holds {:?}", names_in(folder).unwrap_or_default())))?;
    }
    wait::until("no user's slice is left", || Ok(slices()?.is_empty().then_some(())))
}

/// Waits until nothing is left, and no process that was not among `before`.
///
/// # Errors
/// What is left.
pub fn as_before(before: &[(u32, String)]) -> Outcome {
    nothing_left()?;
    process::none_but(before)
}

/// The names of the sessions that logind has a state file of.
///
/// # Errors
/// That the folder cannot be read.
pub fn sessions() -> Outcome<Vec<String>> {
    Ok(names_in(SESSIONS)?.into_iter().filter(|name| !name.contains('.')).collect())
}

/// The state file of a session.
#[must_use]
pub fn file(session: &str) -> String {
    format!("{SESSIONS}/{session}")
}

/// What is in a folder, in order.
///
/// # Errors
/// That it cannot be read.
pub fn names_in(folder: &str) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| Failure::from(e).during(folder))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// The value of a key in a state file; none if the file has no such key.
///
/// # Errors
/// That the file cannot be read.
pub fn state(file: &str, key: &str) -> Outcome<Option<String>> {
    let text = fs::read_to_string(file).map_err(|e| Failure::from(e).during(file))?;
    Ok(text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned))
}

/// A session's state file.
#[must_use]
pub fn file_of(session: &str) -> String {
    format!("{SESSIONS}/{session}")
}

/// Makes sure that the session's state file says `active`.
///
/// # Errors
/// What it says instead.
pub fn is_active(session: &str) -> Outcome {
    ensure_eq!(state(&file_of(session), "STATE")?, Some("active".to_owned()));
    Ok(())
}

/// Calls a method of org.freedesktop.login1's manager.
///
/// # Errors
/// That busctl cannot be started.
pub fn manager(method: &[&str]) -> Outcome<Ran> {
    let mut busctl = busctl();
    busctl.args(["call", "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"]);
    output(busctl.args(method))
}

/// Sees that a state file has each of these keys with its value, or does not have it where the value is empty.
///
/// # Errors
/// The first that is otherwise.
pub fn state_is(file: &str, expected: &[(&str, &str)]) -> Outcome {
    for &(key, value) in expected {
        let seen = state(file, key)?.unwrap_or_default();
        if seen != value {
            return Err(Failure::new(format!("{file}: {key}={seen:?}, expected {value:?}")));
        }
    }
    Ok(())
}

/// The bus's address, or without a bus that of logind's own door.
#[must_use]
pub fn bus_address() -> &'static str {
    if Path::new(crate::paths::BUS).exists() {
        "unix:path=/run/dbus/system_bus_socket"
    } else {
        "unix:path=/run/session-rs/login1"
    }
}

/// A busctl that asks at [`bus_address`].
#[must_use]
pub fn busctl() -> Command {
    let mut command = Command::new("busctl");
    command.args(["--no-pager".to_owned(), format!("--address={}", bus_address())]);
    command
}

fn slices() -> Outcome<Vec<String>> {
    for base in ["/sys/fs/cgroup/user.slice", "/sys/fs/cgroup/unified/user.slice"] {
        if Path::new(base).is_dir() {
            return Ok(names_in(base)?.into_iter().filter(|name| name.starts_with("user-")).collect());
        }
    }
    Ok(Vec::new())
}
