//! Every path login opens or names.

/// Where all the other paths begin.
pub(crate) const ROOT: &str = "/";

/// Where settings are, the administrator's first, then the machine's, the distribution's (the last one is openSUSE's).
pub(crate) const DEFS_FOLDERS: [&str; 4] = ["/etc", "/run", "/usr/lib", "/usr/etc"];

/// The settings in one of those folders (`login.defs(5)`).
pub(crate) const DEFS: &str = "login.defs";

/// … and the folder of files that add to them or change them.
pub(crate) const DEFS_DROP_INS: &str = "login.defs.d";

/// Whom nobody greets, by name or by shell; everybody if it is empty (util-linux's login).
pub(crate) const HUSHED: &str = "/etc/hushlogins";

/// The file in a home whose owner is not greeted.
pub(crate) const HUSH_IN_HOME: &str = ".hushlogin";

/// The shells that people may have (`shells(5)`).
pub(crate) const SHELLS: &str = "/etc/shells";

/// Where lines live: a line's name is its path without this.
pub(crate) const DEV: &str = "/dev/";

/// Where this process's command line is in its memory (`proc(5)`).
pub(crate) const OWN_STATUS: &str = "/proc/self/stat";

/// This process's memory.
pub(crate) const OWN_MEMORY: &str = "/proc/self/mem";

/// The machine's own groups (`group(5)`).
pub(crate) const GROUPS: &str = "/etc/group";

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

/// lastlog2's database of last logins (`_PATH_LASTLOG2` of util-linux; `lastlog2(8)`).
pub(crate) const LASTLOG2: &str = "/var/lib/lastlog/lastlog2.db";

/// What is mounted, as this process sees it (`proc_pid_mountinfo(5)`).
pub(crate) const MOUNTS: &str = "/proc/self/mountinfo";
