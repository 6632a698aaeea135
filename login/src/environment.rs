//! The shell's environment: made from nothing, then what PAM adds.

use std::collections::BTreeMap;
use std::ffi::{CString, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use thiserror::Error;

use crate::account::Account;
use crate::arguments::Request;
use crate::defs::{Mailbox, Settings};
use crate::host::Host;
use crate::sys;

/// What the terminal is if nobody says (util-linux's login).
const UNKNOWN_TERMINAL: &[u8] = b"dumb";

/// What of the caller's environment describes the terminal, and is kept always.
const OF_THE_TERMINAL: [&[u8]; 3] = [b"TERM", b"COLORTERM", b"NO_COLOR"];

/// What is never the caller's to say: the loader's variables, what a shell obeys before its user can, what tells a shell who
/// it is and where (shadow's login), and which session it is in: the caller's own is another.
const NEVER_KEPT: [&[u8]; 19] = [
    b"BASH_ENV",
    b"BASHOPTS",
    b"DBUS_SESSION_BUS_ADDRESS",
    b"ENV",
    b"HOME",
    b"IFS",
    b"KRB_CONF",
    b"LIBPATH",
    b"MAIL",
    b"NLSPATH",
    b"PATH",
    b"PS4",
    b"SHELL",
    b"SHELLOPTS",
    b"SHLIB_PATH",
    b"XDG_RUNTIME_DIR",
    b"XDG_SEAT",
    b"XDG_SESSION_ID",
    b"XDG_VTNR",
];
const NEVER_KEPT_PREFIXES: [&[u8]; 3] = [b"LD_", b"_RLD_", b"BASH_FUNC_"];

type Variables = BTreeMap<Vec<u8>, Vec<u8>>;

/// A variable of the command line: `NAME=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    name: String,
    value: Vec<u8>,
}

/// Why an argument is no [`Variable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("what follows the name is VARIABLE=VALUE, VARIABLE made of letters, digits and \"_\"")]
pub(crate) struct VariableError;

impl Variable {
    /// The variable that `argument` sets.
    ///
    /// # Errors
    /// If it sets none that a shell could name.
    pub(crate) fn parse(argument: &[u8]) -> Result<Self, VariableError> {
        let (name, value) = split(argument).ok_or(VariableError)?;
        let is_name = name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && name.first().is_some_and(|byte| !byte.is_ascii_digit());
        let name = String::from_utf8(name).map_err(|_| VariableError)?;
        if is_name { Ok(Self { name, value }) } else { Err(VariableError) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it may be set from the command line.
    pub(crate) fn is_allowed(&self) -> bool {
        let name = self.name.as_bytes();
        is_harmless(name) && (!OF_THE_TERMINAL.contains(&name) || is_word(&self.value))
    }
}

/// The environment login was started with. Nothing in login obeys it (CVE-2026-28372: what telnetd lets a stranger
/// set must not decide anything).
pub(crate) struct CallerEnvironment(Variables);

impl CallerEnvironment {
    /// Takes the environment away from this process, so that neither PAM's modules nor our own libraries obey it (`TZ`
    /// names a file to read). The first act of the program.
    pub(crate) fn take() -> Self {
        let bytes = |(name, value): (OsString, OsString)| (name.into_vec(), value.into_vec());
        let variables = std::env::vars_os().map(bytes).collect();
        sys::clear_environment();
        Self(variables)
    }

    /// The shell's: what is kept of the caller's (with `-p` all that is harmless) and what the command line sets, under
    /// the account's own variables; then the modules' (`NAME=value`), which have the last word.
    pub(crate) fn for_shell(
        &self,
        account: &Account,
        settings: &Settings,
        request: &Request,
        of_pam: &[CString],
    ) -> Environment {
        let is_kept = |name: &[u8], value: &[u8]| match OF_THE_TERMINAL.contains(&name) {
            true => is_word(value),
            false => is_harmless(name) && (request.keeps_environment || is_safe(name, settings)),
        };
        let kept = self.0.iter().filter(|(name, value)| is_kept(name, value));
        let mut variables: Variables = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        let asked = request.variables.iter().filter(|variable| variable.is_allowed());
        variables.extend(asked.map(|variable| (variable.name.clone().into_bytes(), variable.value.clone())));
        variables.entry(b"TERM".to_vec()).or_insert_with(|| UNKNOWN_TERMINAL.to_vec());
        variables.extend(request.host.iter().map(|host| (b"REMOTEHOST".to_vec(), Host::as_str(host).into())));
        variables.extend(of_account(account, settings));
        variables.extend(of_pam.iter().filter_map(|variable| split(variable.as_bytes())));
        Environment(variables)
    }
}

/// A shell's environment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Environment(Variables);

impl Environment {
    /// Moves home to the root folder, for whoever's own cannot be entered.
    pub(crate) fn move_home_to_root(&mut self) {
        self.0.insert(b"HOME".to_vec(), b"/".to_vec());
    }

    /// As exec takes it.
    pub(crate) fn to_c_strings(&self) -> Vec<CString> {
        let assignment = |(name, value): (&Vec<u8>, &Vec<u8>)| CString::new([name, &b"="[..], value].concat()).ok();
        self.0.iter().filter_map(assignment).collect()
    }
}

/// `NAME=value` as name and value.
fn split(variable: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let equals = variable.iter().position(|&byte| byte == b'=')?;
    Some((variable[..equals].to_vec(), variable[equals + 1..].to_vec()))
}

fn of_account(account: &Account, settings: &Settings) -> [(Vec<u8>, Vec<u8>); 6] {
    let name = account.name.as_str().as_bytes().to_vec();
    let home = account.home.as_os_str().as_bytes().to_vec();
    let path = settings.path_of(account.uid);
    let mail = match &settings.mailbox {
        Mailbox::Folder(folder) => [folder.as_bytes(), b"/", &name].concat(),
        Mailbox::InHome(file) => [&home, &b"/"[..], file.as_bytes()].concat(),
    };
    let shell = account.shell.as_os_str().as_bytes().to_vec();
    [
        (b"HOME".to_vec(), home),
        (b"USER".to_vec(), name.clone()),
        (b"LOGNAME".to_vec(), name),
        (b"SHELL".to_vec(), shell),
        (b"PATH".to_vec(), path.as_bytes().to_vec()),
        (b"MAIL".to_vec(), mail),
    ]
}

/// Whether the administrator lets `name` through (`LOGIN_ENV_SAFELIST`).
fn is_safe(name: &[u8], settings: &Settings) -> bool {
    settings.safe_variables.iter().any(|safe| safe.as_bytes() == name)
}

/// A terminal's type names a file of terminfo; a path in it would be a stranger's file.
fn is_word(value: &[u8]) -> bool {
    value.iter().all(|b| b.is_ascii_graphic() && *b != b'/')
}

fn is_harmless(name: &[u8]) -> bool {
    !NEVER_KEPT.contains(&name) && !NEVER_KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests;
