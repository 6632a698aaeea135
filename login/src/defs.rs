//! login.defs: the settings login takes from it (`login.defs(5)`).

mod files;
mod keys;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use nix::unistd::Uid;
use tracing::warn;

use crate::paths;
pub(crate) use files::text;
use keys::Meaning;

/// What the administrator set, with the defaults of `login.defs(5)` for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `LOGIN_TIMEOUT`: a login takes no longer; none if 0.
    pub(crate) timeout: Option<Duration>,
    /// `LOGIN_RETRIES`: attempts before login gives up.
    pub(crate) tries: u32,
    /// `FAIL_DELAY`: a failed attempt takes at least about this long.
    pub(crate) fail_delay: Duration,
    /// `LOGIN_KEEP_USERNAME`: after a wrong password only the password is asked for again.
    pub(crate) keeps_name: bool,
    /// `LOGIN_PLAIN_PROMPT`: no host name in the prompt.
    pub(crate) has_plain_prompt: bool,
    /// `LOG_UNKFAIL_ENAB`: names that belong to nobody are recorded too.
    pub(crate) records_unknown_names: bool,
    /// `TTYGROUP`: the group of a line in use, by name or number.
    pub(crate) line_group: String,
    /// `TTYPERM`: its mode.
    pub(crate) line_mode: u32,
    /// `DEFAULT_HOME`: whoever's home cannot be entered starts in `/`.
    pub(crate) allows_missing_home: bool,
    /// `FAKE_SHELL`: runs in place of every account's shell.
    pub(crate) fake_shell: Option<String>,
    /// `LOGIN_SHELL_FALLBACK`: whose shell cannot be run gets one of /etc/shells.
    pub(crate) falls_back: bool,
    /// `LOGIN_ENV_SAFELIST`: variables of the caller that the shell gets too.
    pub(crate) safe_variables: Vec<String>,
    /// `ENV_PATH`.
    user_path: String,
    /// `ENV_SUPATH`.
    super_path: String,
    /// `ENV_ROOTPATH`.
    root_path: Option<String>,
    /// `MAIL_DIR` or `MAIL_FILE`.
    pub(crate) mailbox: Mailbox,
    /// `MAIL_CHECK_ENAB`: a line about new mail.
    pub(crate) checks_mail: bool,
    /// `MOTD_FILE`: files and folders shown at login; none if not set, for PAM's pam_motd does it.
    pub(crate) motd: Vec<String>,
    /// `MOTD_FIRSTONLY`: only the first of them that is there.
    pub(crate) shows_first_motd_only: bool,
    /// `HUSHLOGIN_FILE`: who is not to be greeted; each an absolute path, or one below the home.
    pub(crate) hush_files: Vec<String>,
    /// `LASTLOG_ENAB`: whether the last login is shown, and whether this one is recorded; recorded only if not set.
    last_login: Option<bool>,
    /// `LASTLOG_UID_MAX`: no lastlog entry above.
    lastlog_uid_max: u32,
}

/// Where a user's mail is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mailbox {
    /// `MAIL_DIR`: a file named like the user in this folder.
    Folder(String),
    /// `MAIL_FILE`: this file in the user's home.
    InHome(String),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Some(Duration::from_secs(60)),
            tries: 3,
            fail_delay: Duration::from_secs(3),
            keeps_name: false,
            has_plain_prompt: false,
            records_unknown_names: false,
            line_group: "tty".to_owned(),
            line_mode: 0o600,
            allows_missing_home: true,
            fake_shell: None,
            falls_back: false,
            safe_variables: Vec::new(),
            user_path: paths::USER_PATH.to_owned(),
            super_path: paths::ROOT_PATH.to_owned(),
            root_path: None,
            mailbox: Mailbox::Folder(paths::MAIL_FOLDER.to_owned()),
            checks_mail: false,
            motd: Vec::new(),
            shows_first_motd_only: false,
            hush_files: [paths::HUSHED, paths::HUSH_IN_HOME].map(str::to_owned).to_vec(),
            last_login: None,
            lastlog_uid_max: u32::MAX,
        }
    }
}

impl Settings {
    /// The settings in the files below the root folder `root`; the defaults if there are none. What cannot be used is
    /// warned about and left at its default: a wrong line must not keep the administrator out.
    pub(crate) fn read(root: &Path) -> Self {
        let mut settings = Self::default();
        let mut unknown = BTreeSet::new();
        for file in files::all(root) {
            match text(&file) {
                Ok(text) => settings.take(&file, &text, &mut unknown),
                Err(error) => warn!(file = %file.display(), %error, "cannot read the settings in this file"),
            }
        }
        settings
    }

    /// The command search path of a user: `ENV_PATH`; of root, `ENV_ROOTPATH` or else `ENV_SUPATH`.
    pub(crate) fn path_of(&self, uid: Uid) -> &str {
        if uid.is_root() { self.root_path.as_ref().unwrap_or(&self.super_path) } else { &self.user_path }
    }

    /// Whether a login is recorded as its user's last one.
    pub(crate) fn records_last_login(&self) -> bool {
        self.last_login != Some(false)
    }

    /// Whether that of `uid` goes into lastlog, which has a place for each number.
    pub(crate) fn records_in_lastlog(&self, uid: Uid) -> bool {
        self.records_last_login() && uid.as_raw() <= self.lastlog_uid_max
    }

    /// Whether the login before this one is shown.
    pub(crate) fn shows_last_login(&self) -> bool {
        self.last_login == Some(true)
    }

    /// Takes over what `text` of `file` sets; the later line counts. A key that nobody knows is warned about the first
    /// time, and joins `unknown`.
    fn take(&mut self, file: &Path, text: &str, unknown: &mut BTreeSet<String>) {
        for (line, (key, value)) in (1..).zip(text.lines()).filter_map(|(n, line)| Some((n, entry(line)?))) {
            let problem = match keys::meaning(key) {
                Some(Meaning::Others) => continue,
                Some(Meaning::Obeyed(set)) if set(self, value).is_some() => continue,
                Some(Meaning::Obeyed(_)) => "a setting has no usable value; using the default",
                None if unknown.insert(key.to_owned()) => "nobody knows this setting",
                None => continue,
            };
            warn!(file = %file.display(), line, key, value, "{problem}");
        }
    }
}

/// A line's key and value: `KEY value`, `KEY=value`, the value with or without quotes; nothing for a comment.
fn entry(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let (key, rest) = line.split_at(end);
    let value = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '=');
    Some((key, value.trim_matches('"')))
}

#[cfg(test)]
pub(crate) mod tests;
