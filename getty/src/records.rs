//! What utmp and wtmp say about the line: who was there before, and that a getty waits there now.
//!
//! A record that cannot be written is told to the log and costs nobody the login.

use nix::unistd::{getpid, getsid};
use tracing::warn;
use utmp::{Files, Kind, Record, Time};

use crate::arguments::{HangUp, Host};
use crate::line::{LineError, LineName};
use crate::process;
use crate::terminal::Terminal;

/// Who was on the line before this getty, as utmp tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Predecessor {
    /// Somebody is logged in there and lives; whoever started this getty wants it so.
    Living,
    /// Nobody who lives, as far as is known: sysvinit's init overwrites the line's record before its getty reads it, some
    /// logins write none, and a utmp may be lost. What somebody left running may still have the line open.
    Gone,
    /// Somebody whose login was killed: nobody closed the session, and its shell may still read.
    Killed(Box<Record>),
}

impl Predecessor {
    /// What `record`, the line's own, tells to a getty of process `own`.
    ///
    /// `lives` says whether the process of a record is the one that wrote it; a record of this very process is that of
    /// a login that had the same number before.
    fn of(record: Option<Record>, own: i32, lives: impl Fn(&Record) -> bool) -> Self {
        match record {
            Some(record) if record.kind != Kind::UserProcess => Self::Gone,
            Some(record) if record.pid != own && lives(&record) => Self::Living,
            Some(record) => Self::Killed(Box::new(record)),
            None => Self::Gone,
        }
    }

    /// What `files` tell of `line`.
    pub(crate) fn on(line: &LineName, files: &Files) -> Self {
        match files.on_line(line.as_str().as_bytes()) {
            Ok(record) => Self::of(record, getpid().as_raw(), |record| process::lives(record.pid, record.time)),
            Err(e) => {
                warn!(line = line.as_str(), error = %e, "cannot tell who was on the line before");
                Self::Gone
            }
        }
    }

    /// Sees to it that nobody else reads what is typed on the line from here on, and that every login has a logout.
    ///
    /// # Errors
    /// If the line was hung up and cannot be opened again.
    pub(crate) fn succeed(&self, terminal: Terminal, hang_up: HangUp, files: &Files) -> Result<Terminal, LineError> {
        let terminal = match (self, hang_up) {
            (_, HangUp::Never) | (Self::Living, HangUp::UnlessLivedOn) => terminal,
            (_, HangUp::Always) | (Self::Gone | Self::Killed(_), HangUp::UnlessLivedOn) => terminal.clear_out()?,
        };
        if let Self::Killed(record) = self {
            warn!(line = terminal.line().as_str(), pid = record.pid, "the login on this line was killed");
            write(files, &logout(record, Time::now()));
        }
        Ok(terminal)
    }

    /// Whether nobody who lives is logged in there.
    pub(crate) fn is_gone(&self) -> bool {
        *self != Self::Living
    }
}

/// Records that a getty waits for a name on `line`, on which people come from `host`, if it is told.
pub(crate) fn announce(line: &LineName, host: Option<&Host>, files: &Files) {
    let session = getsid(None).map_or(0, nix::unistd::Pid::as_raw);
    let pid = getpid().as_raw();
    let record = Record::login_process(line.as_str().as_bytes(), pid, Time::now()).with_session(session);
    write(files, &record.with_host(host.map_or("", Host::as_str).as_bytes()));
}

/// Records that nobody waits for a name on `line` any more, nor is logged in there, if utmp still says so of this process
/// or of one that has ended.
pub(crate) fn vacate(line: &LineName, files: &Files) {
    let is_over = |record: &Record| record.pid == getpid().as_raw() || !process::lives(record.pid, record.time);
    match files.on_line(line.as_str().as_bytes()) {
        Ok(Some(record)) if record.kind != Kind::DeadProcess && is_over(&record) => {
            write(files, &logout(&record, Time::now()));
        }
        Ok(_) => {}
        Err(e) => warn!(line = line.as_str(), error = %e, "cannot tell who was on the line"),
    }
}

/// Whether somebody was logged in on `line` in process `pid`, which has ended, as far as utmp tells: a login that was killed
/// has left its record, another its logout.
pub(crate) fn was_login(pid: i32, line: &LineName, files: &Files) -> bool {
    let is_login = |record: &Record| matches!(record.kind, Kind::UserProcess | Kind::DeadProcess) && record.pid == pid;
    files.on_line(line.as_str().as_bytes()).is_ok_and(|record| record.as_ref().is_some_and(is_login))
}

/// How many logins utmp shows; none where it cannot be read.
pub(crate) fn users(files: &Files) -> usize {
    let count = |records: utmp::Records| records.filter(|record| record.kind == Kind::UserProcess).count();
    files.utmp_records().map_or(0, count)
}

/// The logout that the killed login of `record` could not write.
fn logout(record: &Record, now: Time) -> Record {
    Record::dead_process(record.line.as_bytes(), record.pid, now).with_id(record.id.as_bytes())
}

fn write(files: &Files, record: &Record) {
    let placed = files.put(record).unwrap_or_else(|e| {
        warn!(error = %e, "cannot write to utmp");
        record.clone()
    });
    if let Err(e) = files.append_wtmp(&placed) {
        warn!(error = %e, "cannot write to wtmp");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: i32 = 100;

    fn predecessor(record: Record, lives: bool) -> Predecessor {
        Predecessor::of(Some(record), OWN, |_| lives)
    }

    fn alice(pid: i32) -> Record {
        Record::user_process(b"pts/3", pid, b"alice", Time::from_seconds(1))
    }

    #[test]
    fn a_line_without_a_login_in_utmp_may_have_had_one() {
        assert_eq!(Predecessor::of(None, OWN, |_| true), Predecessor::Gone);
        for kind in [Kind::LoginProcess, Kind::InitProcess, Kind::DeadProcess] {
            assert_eq!(predecessor(Record { kind, ..alice(7) }, true), Predecessor::Gone);
        }
    }

    #[test]
    fn a_login_with_a_dead_process_was_killed() {
        assert_eq!(predecessor(alice(7), false), Predecessor::Killed(Box::new(alice(7))));
    }

    #[test]
    fn a_login_that_had_the_number_of_this_process_was_killed() {
        assert_eq!(predecessor(alice(OWN), true), Predecessor::Killed(Box::new(alice(OWN))));
    }

    #[test]
    fn a_login_that_lives_is_left_alone() {
        assert_eq!(predecessor(alice(7), true), Predecessor::Living);
    }

    #[test]
    fn a_process_was_a_login_if_utmp_has_had_a_person_for_it() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("run")).unwrap();
        let (files, line) = (Files::under(root.path()), LineName::parse("pts/3".as_ref()).unwrap());
        let was_login = || was_login(7, &line, &files);
        assert!(!was_login());
        let records = [alice(7), logout(&alice(7), Time::now()), alice(8)];
        for (record, expected) in records.into_iter().zip([true, true, false]) {
            files.update(&record).unwrap();
            assert_eq!(was_login(), expected, "{record:?}");
        }
        files.update(&Record::login_process(b"pts/3", 7, Time::now())).unwrap();
        assert!(!was_login(), "it only asked for a name");
    }

    #[test]
    fn the_missing_logout_has_the_line_process_and_id_of_the_login() {
        let logout = logout(&alice(7).with_id(b"x3"), Time::from_seconds(9));
        assert_eq!((logout.kind, logout.pid), (Kind::DeadProcess, 7));
        assert_eq!(logout.line, "pts/3");
        assert_eq!(logout.id, "x3");
        assert!(logout.user.is_empty());
    }
}
