//! Whether a login without an end is still there, or its logout was lost.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::User;

use crate::paths;
use crate::view::View;

/// What the kernel says of a process outside any login (audit's `AUDIT_UID_UNSET`).
const UNSET: u32 = u32::MAX;
/// Users kept in mind, at most: names in a file are not ours to count.
const USERS: usize = 4096;

/// The running system, as far as it tells of sessions.
pub(crate) struct Alive {
    /// When it came up.
    booted: i64,
    proc: PathBuf,
    dev: PathBuf,
    users: HashMap<Vec<u8>, Option<u32>>,
    there: Option<There>,
}

/// The processes and terminals there are, sorted. A long list of lost logouts is not looked up one by one.
struct There {
    processes: Vec<u32>,
    lines: Vec<OsString>,
    pseudo: Vec<OsString>,
}

impl Alive {
    /// The system that came up at `booted`.
    pub(crate) fn since(booted: i64) -> Self {
        Self { booted, proc: paths::PROC.into(), dev: paths::DEV.into(), users: HashMap::new(), there: None }
    }

    /// Whether the login of `view`, which has no end, is over: it is of an earlier boot, its user is unknown, or neither
    /// its process (proc_pid_loginuid(5)) nor, where there is none, its terminal belongs to the user.
    ///
    /// A process whose login uid is unset tells nothing of its user, nor does one on an X display, whose greeter
    /// may have logged the user in: they are there.
    pub(crate) fn is_gone(&mut self, view: &View<'_>) -> bool {
        if view.seconds() < self.booted {
            return true;
        }
        let pid = view.pid().cast_unsigned();
        let there = self.there.get_or_insert_with(|| There::now(&self.proc, &self.dev));
        let owner = if there.processes.binary_search(&pid).is_ok() {
            login_uid(&self.proc, pid).map(|uid| if view.line().starts_with(b":") { UNSET } else { uid })
        } else {
            None
        };
        let owner = owner.or_else(|| there.may_have(view.line()).then(|| line_owner(&self.dev, view.line())).flatten());
        match owner {
            None => true,
            Some(UNSET) => self.uid_of(view.user()).is_none(),
            Some(owner) => self.uid_of(view.user()) != Some(owner),
        }
    }

    fn uid_of(&mut self, user: &[u8]) -> Option<u32> {
        if let Some(known) = self.users.get(user) {
            return *known;
        }
        if self.users.len() >= USERS {
            self.users.clear();
        }
        // A name that is not UTF-8 is no user's; nor is one when the user database fails.
        let uid = str::from_utf8(user)
            .ok()
            .and_then(|name| User::from_name(name).ok().flatten())
            .map(|user| user.uid.as_raw());
        self.users.insert(user.to_owned(), uid);
        uid
    }
}

impl There {
    fn now(proc: &Path, dev: &Path) -> Self {
        let processes = names(proc).filter_map(|name| name.to_str()?.parse().ok());
        Self { processes: sorted(processes), lines: sorted(names(dev)), pseudo: sorted(names(&dev.join("pts"))) }
    }

    /// Whether the line may be there: what is deeper than `pts/` is to be looked up.
    fn may_have(&self, line: &[u8]) -> bool {
        match line.strip_prefix(b"pts/") {
            Some(number) if !number.contains(&b'/') => has(&self.pseudo, number),
            // util-linux looks at /dev itself for an empty name.
            _ if line.is_empty() || line.contains(&b'/') => true,
            _ => has(&self.lines, line),
        }
    }
}

fn sorted<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort_unstable();
    all
}

fn has(names: &[OsString], name: &[u8]) -> bool {
    names.binary_search_by(|one| one.as_bytes().cmp(name)).is_ok()
}

fn names(folder: &Path) -> impl Iterator<Item = OsString> + use<> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.file_name()))
}

fn login_uid(proc: &Path, pid: u32) -> Option<u32> {
    fs::read_to_string(proc.join(pid.to_string()).join("loginuid")).ok()?.trim().parse().ok()
}

fn line_owner(dev: &Path, line: &[u8]) -> Option<u32> {
    let name = Path::new(OsStr::from_bytes(line));
    fs::metadata(dev.join(name)).ok().map(|file| file.uid())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::chown;

    use super::*;
    use crate::encoding::Encoding;
    use crate::record::{Record, Time};

    /// A system up since 1000 with process 7 of login uid `uid`, and the line pts/0 of root.
    fn system(uid: &str) -> (tempfile::TempDir, Alive) {
        let dir = tempfile::tempdir().unwrap();
        let (proc, dev) = (dir.path().join("proc"), dir.path().join("dev"));
        fs::create_dir_all(proc.join("7")).unwrap();
        fs::create_dir_all(dev.join("pts")).unwrap();
        fs::write(proc.join("7/loginuid"), uid).unwrap();
        fs::write(dev.join("pts/0"), "").unwrap();
        chown(dev.join("pts/0"), Some(nix::unistd::geteuid().as_raw()), None).unwrap();
        (dir, Alive { proc, dev, ..Alive::since(1000) })
    }

    fn is_gone(alive: &mut Alive, user: &str, line: &str, pid: i32, seconds: i64) -> bool {
        let record = Record::user_process(line.as_bytes(), pid, user.as_bytes(), Time::from_seconds(seconds));
        alive.is_gone(&Encoding::NATIVE.view(&record.to_bytes()).unwrap())
    }

    fn me() -> String {
        User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name
    }

    #[test]
    fn a_session_of_an_earlier_boot_is_over() {
        let (_dir, mut alive) = system("0");
        assert!(is_gone(&mut alive, &me(), "pts/0", 9, 999));
        assert!(!is_gone(&mut alive, &me(), "pts/0", 9, 1000));
    }

    #[test]
    fn a_process_of_another_user_is_not_the_sessions() {
        let (_dir, mut alive) = system("12345");
        assert!(is_gone(&mut alive, &me(), "pts/0", 7, 2000));
        let (_dir, mut alive) = system(&nix::unistd::geteuid().to_string());
        assert!(!is_gone(&mut alive, &me(), "pts/9", 7, 2000));
    }

    #[test]
    fn a_login_uid_that_is_unset_and_a_display_say_nothing_against_a_session() {
        let (_dir, mut alive) = system("4294967295");
        assert!(!is_gone(&mut alive, &me(), "pts/9", 7, 2000));
        let (_dir, mut alive) = system("12345");
        assert!(!is_gone(&mut alive, &me(), ":0", 7, 2000));
        assert!(is_gone(&mut alive, "nobody-has-this-name", ":0", 7, 2000));
    }

    #[test]
    fn a_line_that_is_not_there_or_anothers_ends_the_session() {
        let (_dir, mut alive) = system("0");
        assert!(is_gone(&mut alive, &me(), "pts/1", 9, 2000));
        assert!(is_gone(&mut alive, &me(), "tty9", 9, 2000));
        assert!(is_gone(&mut alive, "nobody-has-this-name", "pts/0", 9, 2000));
    }
}
