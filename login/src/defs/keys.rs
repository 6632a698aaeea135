//! The keys of login.defs: what each sets, and which mean something to other programs only (`login.defs(5)`).

use std::time::Duration;

use super::{Mailbox, Settings};

/// What a key means to login.
pub(super) enum Meaning {
    /// login obeys it.
    Obeyed(Set),
    /// Somebody else does: another program, PAM's modules, getty.
    Others,
}

/// Takes a value over; none if it is unusable.
type Set = fn(&mut Settings, &str) -> Option<()>;

/// What `key` means; none if nobody knows it.
pub(super) fn meaning(key: &str) -> Option<Meaning> {
    if let Some((_, set)) = OBEYED.iter().find(|(name, _)| *name == key) {
        return Some(Meaning::Obeyed(*set));
    }
    let is_known = LEFT.contains(&key) || FOREIGN.contains(&key) || FOREIGN_PREFIXES.iter().any(|p| key.starts_with(p));
    is_known.then_some(Meaning::Others)
}

/// The keys that login obeys.
pub(super) const OBEYED: [(&str, Set); 23] = [
    ("DEFAULT_HOME", |settings, value| put(&mut settings.allows_missing_home, yes(value))),
    ("ENV_PATH", |settings, value| put(&mut settings.user_path, search_path(value))),
    ("ENV_ROOTPATH", |settings, value| put(&mut settings.root_path, search_path(value).map(Some))),
    ("ENV_SUPATH", |settings, value| put(&mut settings.super_path, search_path(value))),
    ("FAIL_DELAY", |settings, value| put(&mut settings.fail_delay, seconds(value))),
    ("FAKE_SHELL", |settings, value| put(&mut settings.fake_shell, text_value(value).map(Some))),
    ("HUSHLOGIN_FILE", |settings, value| put(&mut settings.hush_files, Some(one(value)))),
    ("LASTLOG_ENAB", |settings, value| put(&mut settings.last_login, yes(value).map(Some))),
    ("LASTLOG_UID_MAX", |settings, value| put(&mut settings.lastlog_uid_max, number(value))),
    ("LOGIN_ENV_SAFELIST", |settings, value| put(&mut settings.safe_variables, Some(list(value, ',')))),
    ("LOGIN_KEEP_USERNAME", |settings, value| put(&mut settings.keeps_name, yes(value))),
    ("LOGIN_PLAIN_PROMPT", |settings, value| put(&mut settings.has_plain_prompt, yes(value))),
    ("LOGIN_RETRIES", |settings, value| put(&mut settings.tries, number(value).filter(|&tries| tries > 0))),
    ("LOGIN_SHELL_FALLBACK", |settings, value| put(&mut settings.falls_back, yes(value))),
    ("LOGIN_TIMEOUT", |settings, value| put(&mut settings.timeout, timeout(value))),
    ("LOG_UNKFAIL_ENAB", |settings, value| put(&mut settings.records_unknown_names, yes(value))),
    ("MAIL_CHECK_ENAB", |settings, value| put(&mut settings.checks_mail, yes(value))),
    ("MAIL_DIR", |settings, value| put(&mut settings.mailbox, text_value(value).map(Mailbox::Folder))),
    ("MAIL_FILE", |settings, value| put(&mut settings.mailbox, text_value(value).map(Mailbox::InHome))),
    ("MOTD_FILE", |settings, value| put(&mut settings.motd, Some(list(value, ':')))),
    ("MOTD_FIRSTONLY", |settings, value| put(&mut settings.shows_first_motd_only, yes(value))),
    ("TTYGROUP", |settings, value| put(&mut settings.line_group, text_value(value))),
    ("TTYPERM", |settings, value| put(&mut settings.line_mode, mode(value))),
];

/// The keys of util-linux's and shadow's login that ours leaves to PAM's modules, to getty, or to nobody;
/// `docs/differences.md` has the reason of each.
pub(super) const LEFT: [&str; 20] = [
    "CONSOLE",
    "CONSOLE_GROUPS",
    "ENVIRON_FILE",
    "ENV_HZ",
    "ENV_TZ",
    "ERASECHAR",
    "FAILLOG_ENAB",
    "FTMP_FILE",
    "ISSUE_FILE",
    "KILLCHAR",
    "LOGIN_STRING",
    "LOG_OK_LOGINS",
    "NOLOGINS_FILE",
    "PORTTIME_CHECKS_ENAB",
    "PREVENT_NO_AUTH",
    "QUOTAS_ENAB",
    "TTYTYPE_FILE",
    "ULIMIT",
    "UMASK",
    "USERGROUPS_ENAB",
];

/// The keys of other programs that share the file: useradd, passwd, su, chfn and their like.
pub(super) const FOREIGN: [&str; 29] = [
    "ALWAYS_SET_PATH",
    "CHARACTER_CLASS",
    "CHFN_AUTH",
    "CHFN_RESTRICT",
    "CHSH_AUTH",
    "CRACKLIB_DICTPATH",
    "CREATE_HOME",
    "ENCRYPT_METHOD",
    "FORCE_SHADOW",
    "GRANT_AUX_GROUP_SUBIDS",
    "HMAC_CRYPTO_ALGO",
    "HOME_MODE",
    "MAX_MEMBERS_PER_GROUP",
    "MD5_CRYPT_ENAB",
    "NONEXISTENT",
    "OBSCURE_CHECKS_ENAB",
    "SULOG_FILE",
    "SU_NAME",
    "SU_WHEEL_ONLY",
    "SYSLOG_SG_ENAB",
    "SYSLOG_SU_ENAB",
    "UNSAFE_SUB_UID_DETERMINISTIC_WRAP",
    "UNSAFE_SUB_GID_DETERMINISTIC_WRAP",
    "USERADD_CMD",
    "USERDEL_CMD",
    "USERDEL_POSTCMD",
    "USERDEL_PRECMD",
    "USE_TCB",
    "YESCRYPT_COST_FACTOR",
];
const FOREIGN_PREFIXES: [&str; 12] = [
    "BCRYPT_",
    "GID_",
    "GROUPADD_",
    "GROUPDEL_",
    "PASS_",
    "SHA_CRYPT_",
    "SUB_GID_",
    "SUB_UID_",
    "SYS_GID_",
    "SYS_UID_",
    "TCB_",
    "UID_",
];

fn put<T>(place: &mut T, value: Option<T>) -> Option<()> {
    *place = value?;
    Some(())
}

fn text_value(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

/// The one part that `value` is; none where it is empty, which is a value too.
fn one(value: &str) -> Vec<String> {
    text_value(value).into_iter().collect()
}

fn list(value: &str, separator: char) -> Vec<String> {
    value.split(separator).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn yes(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// A number as `strtoul(3)` reads it with base 0, as both peers do: decimal, `0x` hexadecimal, or octal behind a `0`.
pub(super) fn number(value: &str) -> Option<u32> {
    let (digits, base) = match value.strip_prefix("0x").or_else(|| value.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if value.len() > 1 && value.starts_with('0') => (value, 8),
        None => (value, 10),
    };
    if digits.starts_with('+') {
        return None;
    }
    u32::from_str_radix(digits, base).ok()
}

fn seconds(value: &str) -> Option<Duration> {
    number(value).map(|n| Duration::from_secs(n.into()))
}

/// A time; 0 is none.
fn timeout(value: &str) -> Option<Option<Duration>> {
    seconds(value).map(|time| Some(time).filter(|time| !time.is_zero()))
}

/// Permission bits in octal.
fn mode(value: &str) -> Option<u32> {
    u32::from_str_radix(value, 8).ok().filter(|mode| *mode <= 0o777)
}

/// `ENV_PATH` and its kin may be written as the assignment they become: `PATH=/bin:/usr/bin`.
fn search_path(value: &str) -> Option<String> {
    text_value(value.strip_prefix("PATH=").unwrap_or(value))
}
