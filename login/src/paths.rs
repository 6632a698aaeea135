//! Every path login opens or names.

/// The administrator's settings (`login.defs(5)`).
pub(crate) const LOGIN_DEFS: &str = "/etc/login.defs";

/// Where lines live: a line's name is its path without this.
pub(crate) const DEV: &str = "/dev/";

/// Where this process's command line is in its memory (`proc(5)`).
pub(crate) const OWN_STATUS: &str = "/proc/self/stat";

/// This process's memory.
pub(crate) const OWN_MEMORY: &str = "/proc/self/mem";

/// Standard streams that lead nowhere.
pub(crate) const DEV_NULL: &str = "/dev/null";

/// The shell of an account that names none (`passwd(5)`), and the one that runs a shell given with arguments.
pub(crate) const SHELL: &str = "/bin/sh";

/// The command search path where login.defs gives none (`_PATH_DEFPATH` in paths.h).
pub(crate) const USER_PATH: &str = "/usr/local/bin:/bin:/usr/bin";

/// The same for root (`_PATH_STDPATH` in paths.h, with /usr/local).
pub(crate) const ROOT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The mailboxes' folder where login.defs gives none (`_PATH_MAILDIR` in paths.h).
pub(crate) const MAIL_FOLDER: &str = "/var/mail";

/// Where a shell starts whose user's home cannot be entered.
pub(crate) const ROOT_FOLDER: &str = "/";
