//! What the files already say of this boot.

use utmp::{Files, ReadError, Record};

use crate::system::System;

/// How far a clock may have been set after init wrote its record.
const CLOCK_SET: i64 = 120;
/// A file's times may be whole seconds.
const ROUNDED: i64 = 1;

/// Where this boot is not recorded.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Missing {
    pub(crate) in_utmp: bool,
    pub(crate) in_wtmp: bool,
}

/// Looks for this boot's record in both files: an init may have written one (Void's runit does so to wtmp only).
///
/// # Errors
/// If a file is there and cannot be read.
pub(crate) fn missing(files: &Files, system: &System) -> Result<Missing, ReadError> {
    let in_utmp = !files.utmp_records()?.any(|record| record.is_boot() && in_this_boot(&record, system, CLOCK_SET));
    // wtmp has the boots before as well, perhaps of a minute ago: what is older than PID 1 is one of those.
    let last = files.wtmp_backwards()?.find(|record| record.as_ref().map_or(true, is_up_or_down)).transpose()?;
    let in_wtmp = !last.is_some_and(|record| record.is_boot() && in_this_boot(&record, system, ROUNDED));
    Ok(Missing { in_utmp, in_wtmp })
}

/// The run level utmp tells of, `N` where there has been none.
///
/// # Errors
/// If there is a utmp and it cannot be read.
pub(crate) fn run_level_before(files: &Files) -> Result<u8, ReadError> {
    let level = files.utmp_records()?.find_map(|record| record.run_levels());
    Ok(level.map_or(b'N', |(_, level)| level))
}

/// Whether it was written while this system is up; one of the future was written before the clock was lost.
fn in_this_boot(record: &Record, system: &System, tolerance: i64) -> bool {
    let earliest = system.up_since.seconds.saturating_sub(tolerance);
    let latest = system.now.seconds.saturating_add(CLOCK_SET);
    (earliest..=latest).contains(&record.time.seconds)
}

fn is_up_or_down(record: &Record) -> bool {
    record.is_boot() || record.is_shutdown()
}
