//! What utmp, wtmp, btmp, lastlog, lastlog2 and the audit trail are told: the failures, one login, one logout.
//!
//! A record that cannot be written costs a line in the log, never a login; where none can, it is a line for all.

mod audit;
mod lastlog2;

use std::error::Error;
use std::path::Path;

use nix::unistd::{Pid, Uid, getsid};
use tracing::{info, warn};
use utmp::{Appended, Exit, Files, Kind, LastLogin, Record, Text, Time, Unrecorded, WriteError};

use crate::account::Account;
use crate::host::Host;
use crate::line::LineName;
use crate::paths;
use audit::{Outcome, Who};

/// The records of one login on one line.
pub(crate) struct Records {
    files: Files,
    line: LineName,
    host: Option<Host>,
    pid: i32,
}

/// How far wtmp had been written: what comes after it may have been written by a PAM module for us.
#[derive(Clone, Copy)]
pub(crate) struct WtmpMark(Option<u64>);

impl Records {
    /// The records of a login on `line` from `host` by this process.
    pub(crate) fn new(files: Files, line: LineName, host: Option<Host>) -> Self {
        Self { files, line, host, pid: Pid::this().as_raw() }
    }

    pub(crate) fn line(&self) -> &LineName {
        &self.line
    }

    /// The host, for the log; empty if the login is local.
    pub(crate) fn host(&self) -> &str {
        self.host.as_ref().map_or("", Host::as_str)
    }

    /// An attempt failed (btmp, audit).
    pub(crate) fn failed(&self, name: &str) {
        let record = Record::failed_login(self.line.as_str().as_bytes(), self.pid, name.as_bytes(), Time::now());
        self.tell(&self.files.btmp, self.files.append_btmp(&self.hosted(record)), "cannot record a failed login");
        audit::tell(&Who::Name(name), &self.line, self.host.as_ref(), Outcome::Failed);
    }

    /// The login of `uid` before this one. Asked before the session is opened: a PAM module may write this one.
    pub(crate) fn last_login(&self, uid: Uid) -> Option<LastLogin> {
        self.files.last_login(uid.as_raw()).unwrap_or_else(|error| {
            warn!(error = &error as &dyn Error, "cannot read the last login");
            None
        })
    }

    /// Remembers where wtmp ends, before modules may write to it.
    pub(crate) fn mark(&self) -> WtmpMark {
        WtmpMark(self.files.wtmp_end().ok()) // what cannot be read now is told of when it is written
    }

    /// The session has begun (utmp, wtmp, audit, and lastlog if `has_lastlog`). wtmp gets no second record if a module
    /// wrote ours since `mark`.
    pub(crate) fn began(&self, account: &Account, mark: WtmpMark, has_lastlog: bool) {
        let now = Time::now();
        let line = self.line.as_str().as_bytes();
        let record = Record::user_process(line, self.pid, account.name.as_str().as_bytes(), now);
        let session = getsid(None).map_or(self.pid, Pid::as_raw);
        self.write(self.hosted(record).with_session(session), mark);
        audit::tell(&Who::Uid(account.uid.as_raw()), &self.line, self.host.as_ref(), Outcome::Success);
        if !has_lastlog {
            return;
        }
        let login = LastLogin { time: now, line: Text::new(line), host: Text::new(self.host()) };
        let outcome = self.files.record_lastlog(account.uid.as_raw(), &login);
        self.tell(&self.files.lastlog, outcome, "cannot record the last login");
    }

    /// This is the user's last login (lastlog2). Not lastlog's matter: the database has names, and no holes for numbers.
    pub(crate) fn last_login_is_now(&self, account: &Account) {
        let recorded = lastlog2::record(&lastlog2::Entry {
            user: account.name.as_str(),
            time: Time::now().seconds,
            line: self.line.as_str(),
            host: self.host.as_ref().map(Host::as_str),
            service: self.service(),
        });
        if let Err(error) = recorded {
            self.tell(Path::new(paths::LASTLOG2), Err(error), "cannot record the last login");
        }
    }

    /// PAM's service: `remote` if the person comes from elsewhere.
    pub(crate) fn service(&self) -> &'static str {
        if self.host.is_some() { "remote" } else { "login" }
    }

    /// The session is over (utmp, wtmp), with the shell's end. wtmp gets no second record if a module wrote ours since
    /// `mark`; utmp is left alone where another login has taken the line's place meanwhile.
    pub(crate) fn ended(&self, exit: Exit, mark: WtmpMark) {
        let line = self.line.as_str().as_bytes();
        let record = Record::dead_process(line, self.pid, Time::now()).with_exit(exit);
        let is_anothers = matches!(self.files.on_line(line), Ok(Some(current)) if current.pid != self.pid);
        if is_anothers {
            self.append(&record, mark);
        } else {
            self.write(record, mark);
        }
    }

    fn write(&self, record: Record, mark: WtmpMark) {
        let placed = self.files.put(&record).unwrap_or_else(|error| {
            warn!(error = &error as &dyn Error, "cannot update utmp");
            record
        });
        self.append(&placed, mark);
    }

    fn append(&self, record: &Record, mark: WtmpMark) {
        if self.is_written(&record.kind, mark) {
            return;
        }
        self.tell(&self.files.wtmp, self.files.append_wtmp(record), "cannot append to wtmp");
    }

    /// Tells the log what became of a record for `file`: of a fault, that `what` failed.
    fn tell(&self, file: &Path, outcome: Result<Appended, WriteError>, what: &str) {
        match self.files.to_tell(file, outcome) {
            None => {}
            Some(Unrecorded::Absent) => info!(file = %file.display(), "nothing is recorded until there is such a file"),
            Some(Unrecorded::ReadOnly(error)) => {
                warn!(error = &error as &dyn Error, "nothing is recorded until the disk can be written");
            }
            Some(Unrecorded::Failed(error)) => warn!(error = &error as &dyn Error, "{what}"),
        }
    }

    /// Whether a module wrote our record: of this kind, process and line, since `mark`.
    fn is_written(&self, kind: &Kind, mark: WtmpMark) -> bool {
        let Some(records) = mark.0.and_then(|end| self.files.wtmp_since(end).ok()) else { return false };
        let line = Text::new(self.line.as_str());
        records.iter().any(|record| record.kind == *kind && record.pid == self.pid && record.line == line)
    }

    fn hosted(&self, record: Record) -> Record {
        let Some(host) = &self.host else { return record };
        let record = record.with_host(host.as_str().as_bytes());
        match host.address() {
            Some(address) => record.with_address(address),
            None => record,
        }
    }
}

#[cfg(test)]
mod tests;
