//! The child of the fork: it becomes the user, for good, and then the user's shell.

use std::ffi::CString;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::{
    Gid, Pid, Uid, chdir, getppid, getresgid, getresuid, setegid, seteuid, setresgid, setresuid, setsid,
};
use rustix::stdio::stdin;
use thiserror::Error;
use tracing::warn;

use crate::account::Account;
use crate::defs::Settings;
use crate::environment::Environment;
use crate::greeting::Greeting;
use crate::limits::Limits;
use crate::session::Session;
use crate::shell::Shell;
use crate::terminal::Terminal;
use crate::{paths, sys};

const ROOT: Uid = Uid::from_raw(0);
const ROOT_GROUP: Gid = Gid::from_raw(0);

/// What the child needs to become the shell.
pub(crate) struct Start<'a> {
    pub(crate) account: &'a Account,
    pub(crate) settings: &'a Settings,
    pub(crate) terminal: &'a Terminal,
    pub(crate) environment: Environment,
    /// What is shown first; nothing to who is not to be greeted.
    pub(crate) greeting: Option<Greeting>,
    /// Runs in place of the account's shell.
    pub(crate) fake_shell: Option<&'a Path>,
    /// The home that the account has lost because it does not answer.
    pub(crate) silent_home: Option<PathBuf>,
    /// The limits that the shell is to have.
    pub(crate) limits: &'a Limits,
    /// The login that keeps the session open.
    pub(crate) parent: Pid,
}

/// Why the child did not become the shell.
#[derive(Debug, Error)]
pub(crate) enum StartError {
    #[error("cannot begin a session of processes")]
    Session(#[source] Errno),
    #[error("cannot become the user")]
    Ids(#[source] Errno),
    #[error("the ids of root could be taken back")]
    RootRegained,
    #[error("the login is gone")]
    Orphaned,
    #[error("cannot enter {}", .home.display())]
    Home { home: PathBuf, source: Errno },
    #[error("cannot keep descriptors from the shell")]
    Descriptors(#[source] io::Error),
    #[error("cannot run {}", .shell.display())]
    Shell { shell: PathBuf, source: Errno },
}

impl StartError {
    /// The child's exit status: 126 and 127 as a shell would give (`sh(1)`), 1 for the rest.
    pub(crate) fn exit_status(&self) -> i32 {
        match self {
            Self::Shell { source: Errno::ENOENT, .. } => 127,
            Self::Shell { .. } => 126,
            _ => 1,
        }
    }
}

/// Becomes the user's shell. Returns only if that failed.
pub(crate) fn become_shell(start: Start<'_>, session: Session) -> StartError {
    let falls_back = start.settings.falls_back;
    match prepared(start, session) {
        Ok((shell, environment, path)) => {
            let environment = environment.to_c_strings();
            let source = shell.exec(&environment);
            if falls_back {
                become_any_shell(&path, source, &environment);
            }
            StartError::Shell { shell: path, source }
        }
        Err(error) => error,
    }
}

/// Becomes the first of the machine's shells that runs, in place of the one that does not. Returns if none does.
fn become_any_shell(wanted: &Path, reason: Errno, environment: &[CString]) {
    let list = std::fs::read_to_string(paths::SHELLS).unwrap_or_default(); // an account's own shell was all there was
    for (path, shell) in Shell::listed(&list) {
        warn!(wanted = %wanted.display(), %reason, instead = %path.display(), "trying another shell");
        shell.exec(environment);
    }
}

fn prepared(start: Start<'_>, session: Session) -> Result<(Shell, Environment, PathBuf), StartError> {
    let Start { account, settings, terminal, environment, greeting, fake_shell, silent_home, limits, parent } = start;
    setsid().map_err(StartError::Session)?;
    if let Err(error) = sys::take_terminal(stdin()) {
        // The shell works without job control; without a shell nothing works.
        warn!(%error, "the line is not the shell's controlling terminal");
    }
    sys::reset_signals();
    limits.give_to_shell();
    become_user(account)?;
    die_with(parent)?;
    session.forget_in_child();
    let environment = match silent_home {
        Some(home) => start_in_root(&home, Errno::ETIMEDOUT, settings, terminal, environment)?,
        None => enter_home(account, settings, terminal, environment)?,
    };
    if let Some(Err(error)) = greeting.map(|greeting| greeting.show(terminal, account, settings)) {
        warn!(%error, "the line is gone before the shell begins");
    }
    sys::close_at_exec().map_err(StartError::Descriptors)?;
    let path = fake_shell.unwrap_or(&account.shell).to_owned();
    let shell = match fake_shell {
        Some(program) => Shell::in_place_of(&account.shell, program),
        None => Shell::of(&path),
    };
    let shell = shell.map_err(|source| StartError::Shell { shell: path.clone(), source })?;
    Ok((shell, environment, path))
}

/// Takes the user's ids for good, and makes sure of it. The supplementary groups are the user's already.
pub(crate) fn become_user(account: &Account) -> Result<(), StartError> {
    let (uid, gid) = (account.uid, account.gid);
    setresgid(gid, gid, gid).map_err(StartError::Ids)?;
    setresuid(uid, uid, uid).map_err(StartError::Ids)?;
    let gids = getresgid().map_err(StartError::Ids)?;
    let uids = getresuid().map_err(StartError::Ids)?;
    if [uids.real, uids.effective, uids.saved] != [uid; 3] || [gids.real, gids.effective, gids.saved] != [gid; 3] {
        return Err(StartError::Ids(Errno::EPERM));
    }
    // Where fs.suid_dumpable is 1, the change of ids has let the user look into this process, which still holds what PAM knows.
    nix::sys::prctl::set_dumpable(false).map_err(StartError::Ids)?;
    if !uid.is_root() && (seteuid(ROOT).is_ok() || (gid != ROOT_GROUP && setegid(ROOT_GROUP).is_ok())) {
        return Err(StartError::RootRegained);
    }
    Ok(())
}

/// Has the kernel send SIGHUP when the login dies, even by SIGKILL: its shell must not read what is typed at the next
/// prompt. A change of ids clears this (`prctl(2)`, PR_SET_PDEATHSIG), so it comes after the last one.
fn die_with(parent: Pid) -> Result<(), StartError> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGHUP).map_err(StartError::Ids)?;
    if getppid() == parent { Ok(()) } else { Err(StartError::Orphaned) }
}

fn enter_home(
    account: &Account,
    settings: &Settings,
    terminal: &Terminal,
    environment: Environment,
) -> Result<Environment, StartError> {
    match chdir(&account.home) {
        Ok(()) => Ok(environment),
        Err(source) => start_in_root(&account.home, source, settings, terminal, environment),
    }
}

/// Starts in the root folder, if the administrator allows that, and says why it is not `home`.
fn start_in_root(
    home: &Path,
    source: Errno,
    settings: &Settings,
    terminal: &Terminal,
    mut environment: Environment,
) -> Result<Environment, StartError> {
    if !settings.allows_missing_home {
        return Err(StartError::Home { home: home.into(), source });
    }
    let told = format!("No directory {}: {}\r\nLogging in with HOME=/\r\n", home.display(), source.desc());
    if let Err(error) = terminal.show(told.as_bytes()) {
        warn!(%error, "the line is gone before the shell begins");
    }
    environment.move_home_to_root();
    chdir(paths::ROOT_FOLDER).map_err(|source| StartError::Home { home: paths::ROOT_FOLDER.into(), source })?;
    Ok(environment)
}
