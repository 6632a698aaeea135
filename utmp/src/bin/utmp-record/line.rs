//! What to record when the process on a line ended.

use utmp::{Files, Kind, ReadError, Record, Time};

/// The end of whoever utmp has on `line`, with the process and the id recorded there; none if nobody lives there.
///
/// # Errors
/// If there is a utmp and it cannot be read.
pub(crate) fn dead(files: &Files, line: &[u8], now: Time) -> Result<Option<Record>, ReadError> {
    let there = files.on_line(line)?.filter(|record| record.kind != Kind::DeadProcess);
    Ok(there.map(|record| Record {
        id: record.id,
        session: record.session,
        ..Record::dead_process(line, record.pid, now)
    }))
}
