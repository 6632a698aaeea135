//! The shell's environment: made from nothing, then what PAM adds.

use std::collections::BTreeMap;
use std::ffi::{CString, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use crate::account::Account;
use crate::defs::{Mailbox, Settings};
use crate::sys;

/// What the terminal is if nobody says (util-linux's login).
const UNKNOWN_TERMINAL: &[u8] = b"dumb";

/// What of the caller's environment describes the terminal, and is kept always.
const OF_THE_TERMINAL: [&[u8]; 3] = [b"TERM", b"COLORTERM", b"NO_COLOR"];

/// What is never kept: the loader's variables and what a shell obeys before its user can (shadow's login).
const NEVER_KEPT: [&[u8]; 9] =
    [b"BASH_ENV", b"ENV", b"HOME", b"IFS", b"LIBPATH", b"MAIL", b"NLSPATH", b"PATH", b"SHLIB_PATH"];
const NEVER_KEPT_PREFIXES: [&[u8]; 3] = [b"LD_", b"_RLD_", b"BASH_FUNC_"];

type Variables = BTreeMap<Vec<u8>, Vec<u8>>;

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

    /// The shell's: the account's own variables on top of what is kept of the caller's (with `keeps_all`, `-p`, all
    /// that is harmless), then the modules' (`NAME=value`), which have the last word.
    pub(crate) fn for_shell(
        &self,
        account: &Account,
        settings: &Settings,
        keeps_all: bool,
        of_pam: &[CString],
    ) -> Environment {
        let kept = self.0.iter().filter(|(name, value)| is_kept(name, value, keeps_all));
        let mut variables: Variables = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        variables.entry(b"TERM".to_vec()).or_insert_with(|| UNKNOWN_TERMINAL.to_vec());
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

fn is_kept(name: &[u8], value: &[u8], keeps_all: bool) -> bool {
    if OF_THE_TERMINAL.contains(&name) {
        // A terminal's type names a file of terminfo; a path in it would be a stranger's file.
        return value.iter().all(|b| b.is_ascii_graphic() && *b != b'/');
    }
    let is_harmless = !NEVER_KEPT.contains(&name) && !NEVER_KEPT_PREFIXES.iter().any(|p| name.starts_with(p));
    keeps_all && is_harmless
}

#[cfg(test)]
mod tests;
