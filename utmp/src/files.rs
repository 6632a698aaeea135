//! The four files and what is done with them.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::backwards::{Backward, Backwards};
use crate::encoding::Encoding;
use crate::forward::Forward;
use crate::lastlog::{self, LastLogin};
use crate::layout::SIZE;
use crate::open::{self, WriteError};
use crate::read::{self, ReadError, Records};
use crate::record::{Record, Time};
use crate::step::Step;
use crate::{lock, paths, slot, write};

/// How far the two records of one boot may lie apart, in seconds.
const APART: u64 = 2;

/// Where the files are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Files {
    /// Who is on which line now.
    pub utmp: PathBuf,
    /// Every login, logout, boot and shutdown.
    pub wtmp: PathBuf,
    /// Every refused login.
    pub btmp: PathBuf,
    /// Each user's last login.
    pub lastlog: PathBuf,
    /// Where our writers' lock files are; made if its parent exists, done without if it cannot be.
    pub lock_dir: PathBuf,
    /// Where the number of group utmp is looked up.
    pub groups: PathBuf,
}

/// What became of a record for a file that is written only where an administrator made it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Appended {
    /// It is in the file.
    Written,
    /// There is no such file, so nothing of this is kept here.
    Absent,
}

/// Whether a record must have reached the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// The system writes it out when it likes, as everybody's records: a power cut may cost it.
    Cached,
    /// It has (fdatasync(2)).
    Synced,
}

/// The highest uid whose last login is written down without being asked for: lastlog is then 4.9 GB long. Many
/// programs read or copy such a file, holes and all.
pub const HUGE_UID: u32 = (1 << 24) - 1;

impl Files {
    /// The machine's.
    pub fn system() -> Self {
        Self::under(Path::new("/"))
    }

    /// Those of the system whose root is `root`.
    pub fn under(root: impl AsRef<Path>) -> Self {
        let at = |path: &str| root.as_ref().join(path.trim_start_matches('/'));
        Self {
            utmp: at(paths::UTMP),
            wtmp: at(paths::WTMP),
            btmp: at(paths::BTMP),
            lastlog: at(paths::LASTLOG),
            lock_dir: at(paths::LOCK_DIR),
            groups: at(paths::GROUPS),
        }
    }

    /// The records of utmp, from its start; a torn tail is passed over.
    ///
    /// # Errors
    /// If there is a utmp and it cannot be read.
    pub fn utmp_records(&self) -> Result<Records, ReadError> {
        let Some(file) = read::existing(&self.utmp)? else { return Ok(Records::new(Vec::new())) };
        lock::for_reading(&file);
        bytes_from(&self.utmp, &file, 0).map(Records::new)
    }

    /// What utmp says of `line`: the last record of a process that lives there, else the last one of one that died.
    ///
    /// # Errors
    /// If there is a utmp and it cannot be read.
    pub fn on_line(&self, line: &[u8]) -> Result<Option<Record>, ReadError> {
        Ok(slot::on_line(line, self.utmp_records()?))
    }

    /// Writes `record` into utmp, in the place of the one it succeeds; see [`Self::put`].
    ///
    /// # Errors
    /// If utmp cannot be opened, made or written; it is then as it was.
    pub fn update(&self, record: &Record) -> Result<(), WriteError> {
        self.put(record).map(drop)
    }

    /// Writes `record` into utmp and returns it as it was written, which is what belongs into wtmp too.
    ///
    /// A record of getty's or login's (types 6 to 8) succeeds the one of a living process with its pid, else the one on
    /// its line, and takes over their id, which is the one init knows; else the one with its id. One of init's own
    /// (type 5) succeeds the one with its id, a run level, boot or clock record the one of its type. A record that
    /// succeeds none is added. utmp is made if absent: 0664, of group utmp.
    ///
    /// # Errors
    /// If utmp cannot be opened, made or written; it is then as it was.
    pub fn put(&self, record: &Record) -> Result<Record, WriteError> {
        let failed = |source| WriteError::Write { path: self.utmp.clone(), source };
        let file = open::utmp(&self.utmp, &self.groups)?;
        let _writing = lock::for_writing(&file, &self.lock_dir, paths::UTMP_LOCK);
        let records = Records::new(read::from(&file, 0).map_err(failed)?);
        let place = slot::of(record, records);
        let placed = Record { id: place.id, ..record.clone() };
        write::replace(&file, (place.index * SIZE) as u64, &placed.to_bytes()).map_err(failed)?;
        Ok(placed)
    }

    /// Appends `record` to wtmp, where there is one.
    ///
    /// # Errors
    /// If there is a wtmp and it cannot be written; nothing of the record is then in it.
    pub fn append_wtmp(&self, record: &Record) -> Result<Appended, WriteError> {
        self.append_wtmp_as(record, Durability::Cached)
    }

    /// The same, as durable as is asked for.
    ///
    /// # Errors
    /// As [`Self::append_wtmp`]; also if the record is in the file and the device did not confirm it.
    pub fn append_wtmp_as(&self, record: &Record, durability: Durability) -> Result<Appended, WriteError> {
        match open::existing(&self.wtmp, OFlags::RDWR | OFlags::APPEND)? {
            Some(file) => self.append(&self.wtmp, &file, paths::WTMP_LOCK, record, durability),
            None => Ok(Appended::Absent),
        }
    }

    /// Appends `record` to btmp, where there is one, after everybody but its owner was shut out from it.
    ///
    /// # Errors
    /// If there is a btmp and it cannot be written, or not be closed to others; nothing of the record is then in it.
    pub fn append_btmp(&self, record: &Record) -> Result<Appended, WriteError> {
        self.append_btmp_as(record, Durability::Cached)
    }

    /// The same, as durable as is asked for.
    ///
    /// # Errors
    /// As [`Self::append_btmp`]; also if the record is in the file and the device did not confirm it.
    pub fn append_btmp_as(&self, record: &Record, durability: Durability) -> Result<Appended, WriteError> {
        match open::existing(&self.btmp, OFlags::RDWR | OFlags::APPEND)? {
            Some(file) => {
                open::close_to_others(&self.btmp, &file)?;
                self.append(&self.btmp, &file, paths::BTMP_LOCK, record, durability)
            }
            None => Ok(Appended::Absent),
        }
    }

    /// Where wtmp ends now: what to remember so as to ask later with [`Self::wtmp_since`]. 0 if there is none.
    ///
    /// # Errors
    /// If there is a wtmp and it cannot be opened.
    pub fn wtmp_end(&self) -> Result<u64, ReadError> {
        let Some(file) = read::existing(&self.wtmp)? else { return Ok(0) };
        let end = || write::end_of_records(&file, write::length(&file)?);
        end().map_err(|e| unreadable(&self.wtmp, e))
    }

    /// The records appended to wtmp since it ended at `offset`; all of it if it was rotated meanwhile.
    ///
    /// # Errors
    /// If there is a wtmp and it cannot be read.
    pub fn wtmp_since(&self, offset: u64) -> Result<Vec<Record>, ReadError> {
        let Some(file) = read::existing(&self.wtmp)? else { return Ok(Vec::new()) };
        lock::for_reading(&file);
        let failed = |source| unreadable(&self.wtmp, source);
        let length = write::length(&file).map_err(|e| failed(e.into()))?;
        let start = if length < offset { 0 } else { offset };
        let bytes = read::from(&file, start).map_err(failed)?;
        let mut records = Forward::new(&bytes[..], Encoding::NATIVE);
        let mut since = Vec::new();
        while let Some(step) = records.next().map_err(failed)? {
            if let Step::Record(view) = step {
                since.push(view.to_record());
            }
        }
        Ok(since)
    }

    /// The records of wtmp from the last to the first; none if there is no wtmp.
    ///
    /// # Errors
    /// If there is a wtmp and it cannot be opened.
    pub fn wtmp_backwards(&self) -> Result<Backwards, ReadError> {
        Backwards::new(self.wtmp.clone(), read::existing(&self.wtmp)?)
    }

    /// Writes down the last login of `uid`, where there is a lastlog. The file's length grows with the highest uid,
    /// not its space; up to which uid that is wanted (`LASTLOG_UID_MAX`, login.defs(5)) is the caller's to know.
    ///
    /// # Errors
    /// If the uid is above [`HUGE_UID`]; if there is a lastlog and it cannot be written. The file is then as it was.
    pub fn record_lastlog(&self, uid: u32, login: &LastLogin) -> Result<Appended, WriteError> {
        if uid > HUGE_UID {
            return Err(WriteError::HugeUid { path: self.lastlog.clone(), uid });
        }
        self.record_lastlog_of_any(uid, login)
    }

    /// The same, for who asks for it knowing that the file's length becomes that of the uid: 1.2 TB for the highest.
    ///
    /// # Errors
    /// If there is a lastlog and it cannot be written; it is then as it was.
    pub fn record_lastlog_of_any(&self, uid: u32, login: &LastLogin) -> Result<Appended, WriteError> {
        let Some(file) = open::existing(&self.lastlog, OFlags::RDWR)? else { return Ok(Appended::Absent) };
        let _writing = lock::for_writing(&file, &self.lock_dir, paths::LASTLOG_LOCK);
        write::replace(&file, lastlog::offset(uid), &login.to_bytes())
            .map_err(|source| WriteError::Write { path: self.lastlog.clone(), source })?;
        Ok(Appended::Written)
    }

    /// Puts `boot` in the place of the boot record of the time `was`: in utmp, and in wtmp where it is the last boot. The two
    /// may lie up to two seconds apart: sysvinit reads the clock for each.
    ///
    /// # Errors
    /// If a file cannot be opened or written; it is then as it was. A wtmp that may only be appended to (chattr(1)) is one.
    pub fn correct_boot(&self, was: Time, boot: &Record) -> Result<(), WriteError> {
        self.update(boot)?;
        let Some(file) = open::existing(&self.wtmp, OFlags::RDWR)? else { return Ok(()) };
        let failed = |source| WriteError::Write { path: self.wtmp.clone(), source };
        let _writing = lock::for_writing(&file, &self.lock_dir, paths::WTMP_LOCK);
        let length = write::length(&file).map_err(|e| failed(e.into()))?;
        let mut records = Backward::new(&file, Encoding::NATIVE, 0, length).map_err(failed)?;
        while let Some(step) = records.next().map_err(failed)? {
            let Step::Record(view) = step else { continue };
            let record = view.to_record();
            if record.is_boot() {
                let corrected = Record { time: boot.time, ..record };
                let is_it = record.time.seconds.abs_diff(was.seconds) <= APART;
                let place = records.position();
                return if is_it {
                    write::replace(&file, place, &corrected.to_bytes()).map_err(failed)
                } else {
                    Ok(())
                };
            }
        }
        Ok(())
    }

    /// The last login of `uid`; none if he never logged in, or there is no lastlog.
    ///
    /// # Errors
    /// If there is a lastlog and it cannot be read.
    pub fn last_login(&self, uid: u32) -> Result<Option<LastLogin>, ReadError> {
        let Some(file) = read::existing(&self.lastlog)? else { return Ok(None) };
        let mut bytes = [0; lastlog::SIZE];
        match file.read_exact_at(&mut bytes, lastlog::offset(uid)) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            outcome => outcome.map_err(|e| unreadable(&self.lastlog, e))?,
        }
        Ok(Some(LastLogin::from_bytes(&bytes)).filter(|login| login.time.seconds != 0))
    }

    fn append(
        &self,
        path: &Path,
        file: &File,
        lock: &str,
        record: &Record,
        durability: Durability,
    ) -> Result<Appended, WriteError> {
        let failed = |source| WriteError::Write { path: path.to_owned(), source };
        let writing = lock::for_writing(file, &self.lock_dir, lock);
        write::append(file, &record.to_bytes(), writing.is_alone()).map_err(failed)?;
        drop(writing); // the next writer need not wait for the disk
        if durability == Durability::Synced {
            file.sync_data().map_err(failed)?;
        }
        Ok(Appended::Written)
    }
}

fn bytes_from(path: &Path, file: &File, offset: u64) -> Result<Vec<u8>, ReadError> {
    read::from(file, offset).map_err(|source| unreadable(path, source))
}

fn unreadable(path: &Path, source: io::Error) -> ReadError {
    ReadError::Read { path: path.to_owned(), source }
}
