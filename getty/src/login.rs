//! Becoming login: which program, with which arguments, in which state.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::{SigSet, Signal};
use prompt::LoginName;
use rustix::io::Errno;
use tracing::warn;

use crate::arguments::{Host, Place};
use crate::end::End;
use crate::{autologin, paths, sys};

/// How login is to be called.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Call {
    /// The program, if not the usual one (`--login-program`).
    pub(crate) program: Option<PathBuf>,
    /// What `TERM` shall be.
    pub(crate) term: OsString,
    /// The name that was given, if login shall not ask itself.
    pub(crate) name: Option<LoginName>,
    /// Whether login shall believe it (`--autologin`).
    pub(crate) trusted: bool,
    /// What login is to be told of where people come from (`--remote`).
    pub(crate) origin: Origin,
    /// Where it begins.
    pub(crate) place: Place,
    /// The arguments to give instead of ours, `\u` standing for the name (`--login-options`).
    pub(crate) options: Option<String>,
}

/// What login is to be told of where people come from (`--remote`).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) enum Origin {
    /// Nothing.
    #[default]
    Untold,
    /// That its own prompt shall have no host's name in it either (`-H`).
    Unnamed,
    /// A host (`-h HOST`).
    Host(Host),
}

impl Origin {
    fn arguments(&self) -> Vec<String> {
        match self {
            Self::Untold => Vec::new(),
            Self::Unnamed => vec!["-H".to_owned()],
            Self::Host(host) => vec!["-h".to_owned(), host.as_str().to_owned()],
        }
    }
}

impl Call {
    /// The program: the one that was asked for, else the login beside this program, else the system's. Under another
    /// root nothing is beside this program.
    fn program(&self) -> PathBuf {
        let beside = || std::env::current_exe().ok().map(|own| own.with_file_name(paths::LOGIN_NAME));
        let is_here = self.place.root.is_none();
        let found = || beside().filter(|path| is_here && path.is_file()).unwrap_or_else(|| paths::LOGIN.into());
        self.program.clone().unwrap_or_else(found)
    }

    /// The arguments after the program's own name: `-- NAME`, for autologin `-f -- NAME`, or what the options say.
    ///
    /// Without a name an option that mentions it is left out.
    fn arguments(&self) -> Vec<String> {
        let name = self.name.as_ref().map(LoginName::as_str);
        match (&self.options, name) {
            (Some(options), Some(name)) => options.split_whitespace().map(|word| word.replace(USER, name)).collect(),
            (Some(options), None) => {
                options.split_whitespace().filter(|word| !word.contains(USER)).map(str::to_owned).collect()
            }
            (None, name) => {
                let trust = if self.trusted { &["-f"][..] } else { &[] };
                let name = name.map(|name| ["--", name]);
                let words = trust.iter().copied().chain(name.into_iter().flatten()).map(str::to_owned);
                self.origin.arguments().into_iter().chain(words).collect()
            }
        }
    }
}

/// Stands for the name in `--login-options`.
const USER: &str = r"\u";

/// Ignores what the keyboard and the line could interrupt getty with.
///
/// # Errors
/// If a signal cannot be ignored.
pub(crate) fn shield() -> Result<(), End> {
    use Signal::{SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
    [SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU].into_iter().try_for_each(sys::ignore).map_err(End::Failed)
}

/// Replaces this process by login, with standard input, output and error open and nothing else, no signal blocked or
/// ignored, and `TERM` set.
///
/// # Errors
/// [`End::Login`] if that is impossible.
pub(crate) fn exec(call: &Call) -> Result<Infallible, End> {
    for number in 1..=libc::SIGRTMAX() {
        if let Err(e) = sys::restore_default(number)
            && e.raw_os_error() != Some(libc::EINVAL)
        {
            warn!(signal = number, error = %e, "login may start with a signal ignored");
        }
    }
    if let Err(e) = SigSet::empty().thread_set_mask() {
        warn!(error = %e, "login may start with signals blocked");
    }
    if let Err(e) = sys::close_on_exec_from(3) {
        warn!(error = %e, "login may start with files open that are not its own");
    }
    let program = call.program();
    enter(&call.place)?;
    let mut command = Command::new(&program);
    command.args(call.arguments()).env("TERM", &call.term).env_remove(paths::NOTIFY_SOCKET);
    if !autologin::has_credentials() {
        command.env_remove(paths::CREDENTIALS_VARIABLE); // a login that believes it must not have it from a stranger
    }
    let source = command.exec();
    Err(End::Login { program, source })
}

/// Changes root, folder and niceness as asked.
fn enter(place: &Place) -> Result<(), End> {
    let failed = |folder: &Path| {
        let folder = folder.to_owned();
        move |e: Errno| End::Place { folder, source: e.into() }
    };
    if let Some(root) = &place.root {
        rustix::process::chroot(root).map_err(failed(root))?;
        rustix::process::chdir(ROOT).map_err(failed(root))?; // else the old root is reached through the working folder
    }
    if let Some(folder) = &place.folder {
        rustix::process::chdir(folder).map_err(failed(folder))?;
    }
    if place.nice != 0
        && let Err(e) = rustix::process::nice(place.nice)
    {
        warn!(nice = place.nice, error = %e, "login runs with the usual priority");
    }
    Ok(())
}

/// The root folder, whichever it is.
const ROOT: &str = "/";

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: Option<&str>, trusted: bool, options: Option<&str>) -> Call {
        let name = name.map(|name| LoginName::parse(name.as_bytes()).unwrap());
        Call { name, trusted, options: options.map(str::to_owned), ..Call::default() }
    }

    #[test]
    fn a_name_follows_the_end_of_the_options() {
        assert_eq!(call(Some("alice"), false, None).arguments(), ["--", "alice"]);
    }

    #[test]
    fn autologin_is_believed() {
        assert_eq!(call(Some("alice"), true, None).arguments(), ["-f", "--", "alice"]);
    }

    #[test]
    fn options_replace_ours_and_name_the_user() {
        assert_eq!(call(Some("alice"), true, Some(r"-p -- \u")).arguments(), ["-p", "--", "alice"]);
        assert_eq!(call(Some("alice"), false, Some(r" -p  USER=\u,\u ")).arguments(), ["-p", "USER=alice,alice"]);
    }

    #[test]
    fn a_name_cannot_name_itself() {
        assert_eq!(call(Some(r"\u"), false, Some(r"-- \u")).arguments(), ["--", r"\u"]);
    }

    #[test]
    fn without_a_name_login_asks_itself() {
        assert!(call(None, false, None).arguments().is_empty());
        assert_eq!(call(None, false, Some(r"-p -- \u")).arguments(), ["-p", "--"]);
    }

    #[test]
    fn the_login_that_was_asked_for_is_run() {
        let call = Call { program: Some("/x/y".into()), ..Call::default() };
        assert_eq!(call.program(), PathBuf::from("/x/y"));
    }
}
