//! The files to be listed, and which of them continues which.
//!
//! A log that is rotated ends in the middle of sessions: their ends are in the file behind it. Where several files are
//! given together, each that ends before another begins is read as if that one followed it. Files that overlap are no
//! parts of one log, and each is read alone.

use std::os::unix::fs::MetadataExt;

use super::options::Options;
use super::sessions::Sessions;
use crate::history::History;
use crate::read::ReadError;
use crate::step::Step;

/// A file to be listed.
pub(crate) struct Given {
    pub(crate) history: History,
    /// When its first record is of, or, if it has none, when it was changed.
    pub(crate) begins: i64,
    /// Of its last record; none if it has none.
    pub(crate) ends: Option<i64>,
    /// Which one continues it.
    newer: Option<usize>,
    /// What is known before its first record, once it was read.
    before: Option<Sessions>,
}

/// All files of a list.
pub(crate) struct AllGiven {
    pub(crate) files: Vec<Given>,
    now: i64,
}

impl AllGiven {
    /// Opens what `options` name.
    pub(crate) fn open(options: &Options, now: i64) -> Result<Self, ReadError> {
        let files = options.files.iter().map(|path| {
            let history = History::open(path, options.encoding)?;
            let (begins, ends) = (history.begins()?, history.ends()?);
            let begins = begins.map_or_else(|| history.metadata().map(|metadata| metadata.ctime()), Ok)?;
            Ok(Given { history, begins, ends, newer: None, before: None })
        });
        let mut files: Vec<_> = files.collect::<Result<_, ReadError>>()?;
        if !options.refused {
            for file in 0..files.len() {
                files[file].newer = continued_by(&files, file);
            }
        }
        Ok(Self { files, now })
    }

    /// What is known behind the last record of file number `file`.
    pub(crate) fn known_behind(&mut self, file: usize) -> Result<Sessions, ReadError> {
        // From the file nothing continues back to the one asked for.
        let mut newer = Vec::new();
        let mut at = file;
        while let Some(next) = self.files[at].newer {
            newer.push(next);
            at = next;
        }
        let mut known = Sessions::until(self.now);
        for next in newer.into_iter().rev() {
            let given = &mut self.files[next];
            if given.before.is_none() {
                read_all(&given.history, &mut known)?;
                given.before = Some(known.clone());
            }
            known = given.before.clone().unwrap_or(known);
        }
        Ok(known)
    }

    /// Keeps what is known before the first record of a file that was read.
    pub(crate) fn was_read(&mut self, file: usize, known: Sessions) {
        if self.files.iter().any(|given| given.newer == Some(file)) {
            self.files[file].before = Some(known);
        }
    }
}

/// The file that begins next after number `file` ended.
fn continued_by(files: &[Given], file: usize) -> Option<usize> {
    let ends = files[file].ends?;
    let same = |other: usize| {
        let (one, two) = (files[file].history.metadata(), files[other].history.metadata());
        matches!((one, two), (Ok(one), Ok(two)) if (one.dev(), one.ino()) == (two.dev(), two.ino()))
    };
    (0..files.len())
        .filter(|other| *other != file && files[*other].ends.is_some_and(|end| end > ends))
        .filter(|other| files[*other].begins >= ends && !same(*other))
        .min_by_key(|other| files[*other].begins)
}

fn read_all(history: &History, known: &mut Sessions) -> Result<(), ReadError> {
    let mut records = history.backward()?;
    while let Some(step) = records.next().map_err(|e| history.unreadable(e))? {
        if let Step::Record(view) = step {
            known.before(view, |_| {});
        }
    }
    Ok(())
}
