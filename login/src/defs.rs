//! login.defs: the file's syntax, and the settings login takes from it (`login.defs(5)`).

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use nix::unistd::Uid;
use tracing::warn;

use crate::paths;

/// More than any administrator writes; what lies behind it is not read.
const FILE_MAX: u64 = 1 << 20;

/// What the administrator set, with the defaults of `login.defs(5)` for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `LOGIN_TIMEOUT`: a login takes no longer; none if 0.
    pub(crate) timeout: Option<Duration>,
    /// `LOGIN_RETRIES`: attempts before login gives up.
    pub(crate) tries: u32,
    /// `FAIL_DELAY`: a failed attempt takes at least about this long.
    pub(crate) fail_delay: Duration,
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
    /// `MOTD_FILE`: shown at login; none if not set, for PAM's pam_motd does it.
    pub(crate) motd: Vec<String>,
    /// `LASTLOG_UID_MAX`: no lastlog entry above.
    pub(crate) lastlog_uid_max: u32,
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
            has_plain_prompt: false,
            records_unknown_names: false,
            line_group: "tty".to_owned(),
            line_mode: 0o600,
            allows_missing_home: true,
            user_path: paths::USER_PATH.to_owned(),
            super_path: paths::ROOT_PATH.to_owned(),
            root_path: None,
            mailbox: Mailbox::Folder(paths::MAIL_FOLDER.to_owned()),
            checks_mail: false,
            motd: Vec::new(),
            lastlog_uid_max: u32::MAX,
        }
    }
}

impl Settings {
    /// The settings in `file`; the defaults if there is none. What cannot be used is warned about and left at its
    /// default: a wrong line must not keep the administrator out.
    pub(crate) fn read(file: &Path) -> Self {
        match read_bounded(file) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::default(),
            Err(error) => {
                warn!(file = %file.display(), %error, "cannot read the settings; using the defaults");
                Self::default()
            }
        }
    }

    /// The command search path of a user: `ENV_PATH`; of root, `ENV_ROOTPATH` or else `ENV_SUPATH`.
    pub(crate) fn path_of(&self, uid: Uid) -> &str {
        if uid.is_root() { self.root_path.as_ref().unwrap_or(&self.super_path) } else { &self.user_path }
    }

    fn parse(text: &str) -> Self {
        let mut settings = Self::default();
        for (key, value) in text.lines().filter_map(entry) {
            if settings.set(key, value).is_none() {
                warn!(key, value, "a setting has no usable value; using the default");
            }
        }
        settings
    }

    /// Sets one key; none if the value is unusable. Other programs' keys stand in the same file and mean nothing here.
    fn set(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "LOGIN_TIMEOUT" => self.timeout = Some(seconds(value)?).filter(|timeout| !timeout.is_zero()),
            "LOGIN_RETRIES" => self.tries = number(value).filter(|&tries| tries > 0)?,
            "FAIL_DELAY" => self.fail_delay = seconds(value)?,
            "LOGIN_PLAIN_PROMPT" => self.has_plain_prompt = yes(value)?,
            "LOG_UNKFAIL_ENAB" => self.records_unknown_names = yes(value)?,
            "TTYGROUP" => self.line_group = text_value(value)?,
            "TTYPERM" => self.line_mode = mode(value)?,
            "DEFAULT_HOME" => self.allows_missing_home = yes(value)?,
            "ENV_PATH" => self.user_path = search_path(value)?,
            "ENV_SUPATH" => self.super_path = search_path(value)?,
            "ENV_ROOTPATH" => self.root_path = Some(search_path(value)?),
            "MAIL_DIR" => self.mailbox = Mailbox::Folder(text_value(value)?),
            "MAIL_FILE" => self.mailbox = Mailbox::InHome(text_value(value)?),
            "MAIL_CHECK_ENAB" => self.checks_mail = yes(value)?,
            "MOTD_FILE" => self.motd = list(value),
            "LASTLOG_UID_MAX" => self.lastlog_uid_max = number(value)?,
            _ => {}
        }
        Some(())
    }
}

/// At most [`FILE_MAX`] bytes of a regular file; `O_NONBLOCK`, because opening anything else could hang.
fn read_bounded(file: &Path) -> io::Result<String> {
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(file)?;
    if !opened.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    opened.take(FILE_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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

fn text_value(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

fn list(value: &str) -> Vec<String> {
    value.split(':').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn yes(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn number(value: &str) -> Option<u32> {
    value.parse().ok()
}

fn seconds(value: &str) -> Option<Duration> {
    number(value).map(|n| Duration::from_secs(n.into()))
}

/// Permission bits in octal.
fn mode(value: &str) -> Option<u32> {
    u32::from_str_radix(value, 8).ok().filter(|mode| *mode <= 0o777)
}

/// `ENV_PATH` and its kin may be written as the assignment they become: `PATH=/bin:/usr/bin`.
fn search_path(value: &str) -> Option<String> {
    text_value(value.strip_prefix("PATH=").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_file_that_debian_ships_is_understood() {
        let settings = Settings::parse(
            "# a comment\n\nMAIL_DIR        /var/mail\nLOG_UNKFAIL_ENAB\tno\n\
             ENV_SUPATH\tPATH=/sbin:/bin\nENV_PATH\tPATH=/usr/bin:/bin\nTTYGROUP\ttty\nTTYPERM\t\t0620\n\
             LOGIN_RETRIES\t\t5\nLOGIN_TIMEOUT\t\t30\nDEFAULT_HOME\tno\nUMASK 022\n",
        );
        let expected = Settings {
            user_path: "/usr/bin:/bin".to_owned(),
            super_path: "/sbin:/bin".to_owned(),
            line_mode: 0o620,
            tries: 5,
            timeout: Some(Duration::from_secs(30)),
            allows_missing_home: false,
            ..Settings::default()
        };
        assert_eq!(settings, expected);
    }

    #[test]
    fn both_ways_to_write_an_entry_are_one() {
        assert_eq!(entry("KEY value"), Some(("KEY", "value")));
        assert_eq!(entry("  KEY = \"a b\" "), Some(("KEY", "a b")));
        assert_eq!(entry("KEY=value"), Some(("KEY", "value")));
        assert_eq!(entry("KEY"), Some(("KEY", "")));
        assert_eq!(entry("#KEY value"), None);
    }

    #[test]
    fn what_cannot_be_used_stays_at_its_default() {
        let text = "LOGIN_TIMEOUT soon\nLOGIN_RETRIES 0\nFAIL_DELAY -1\nTTYPERM 0999\nTTYPERM 1777\nENV_PATH\n\
                    MAIL_CHECK_ENAB maybe\nTTYGROUP\nLASTLOG_UID_MAX\n";
        assert_eq!(Settings::parse(text), Settings::default());
    }

    #[test]
    fn no_timeout_can_be_asked_for() {
        assert_eq!(Settings::parse("LOGIN_TIMEOUT 0").timeout, None);
    }

    #[test]
    fn env_rootpath_wins_over_env_supath_in_any_order() {
        for text in ["ENV_ROOTPATH /a\nENV_SUPATH /b", "ENV_SUPATH /b\nENV_ROOTPATH /a"] {
            assert_eq!(Settings::parse(text).path_of(Uid::from_raw(0)), "/a");
        }
    }

    #[test]
    fn no_file_means_the_defaults() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Settings::read(&folder.path().join("login.defs")), Settings::default());
        assert_eq!(Settings::read(folder.path()), Settings::default(), "a folder is no file");
        let file = folder.path().join("noise");
        std::fs::write(&file, b"\xff\0LOGIN_RETRIES 9\nLOGIN_RETRIES 7\n").expect("a file");
        assert_eq!(Settings::read(&file).tries, 7);
    }

    #[test]
    fn the_manual_names_every_key() {
        let manual = include_str!("../../docs/man/login.1.scd");
        let source = include_str!("defs.rs");
        let keys = source
            .lines()
            .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" => self."))
            .map(|(key, _)| key);
        let keys: Vec<_> = keys.collect();
        assert_eq!(keys.len(), 16);
        for key in keys {
            assert!(manual.contains(&format!("*{key}*")), "{key}");
        }
    }

    proptest! {
        #[test]
        fn no_file_breaks_a_login(text in any::<String>(), key in 0..5_usize, value in any::<String>()) {
            Settings::parse(&text);
            let key = ["LOGIN_TIMEOUT", "LOGIN_RETRIES", "TTYPERM", "ENV_PATH", "MAIL_DIR"][key];
            let settings = Settings::parse(&format!("{key} {value}"));
            prop_assert!(settings.tries > 0);
            prop_assert!(settings.line_mode <= 0o777);
            prop_assert!(settings.timeout.is_none_or(|timeout| !timeout.is_zero()));
            prop_assert!(!settings.path_of(Uid::from_raw(1)).is_empty());
        }
    }
}
