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
    let in_wtmp = last_turn(files, system)?.is_some_and(|record| record.is_boot());
    Ok(Missing { in_utmp, in_wtmp: !in_wtmp })
}

/// Whether wtmp says already that this system goes down.
///
/// # Errors
/// If there is a wtmp and it cannot be read.
pub(crate) fn goes_down(files: &Files, system: &System) -> Result<bool, ReadError> {
    Ok(last_turn(files, system)?.is_some_and(|record| record.is_shutdown()))
}

/// The run level before `level`, `N` where there has been none; none if utmp says already that this system is at `level`.
///
/// # Errors
/// If there is a utmp and it cannot be read.
pub(crate) fn run_level_before(files: &Files, system: &System, level: u8) -> Result<Option<u8>, ReadError> {
    let there = files.utmp_records()?.find_map(|record| Some((record.run_levels()?.1, record)));
    Ok(match there {
        None => Some(b'N'),
        Some((before, record)) => {
            let is_told = before == level && in_this_boot(&record, system, CLOCK_SET);
            (!is_told).then_some(before)
        }
    })
}

/// The last boot or shutdown of wtmp, if it is of this boot: wtmp has those before as well, perhaps of a minute ago, so what
/// is older than PID 1 is one of those.
fn last_turn(files: &Files, system: &System) -> Result<Option<Record>, ReadError> {
    let is_turn = |record: &Record| record.is_boot() || record.is_shutdown();
    let last = files.wtmp_backwards()?.find(|record| record.as_ref().map_or(true, is_turn)).transpose()?;
    Ok(last.filter(|record| in_this_boot(record, system, ROUNDED)))
}

/// Whether it was written while this system is up; one of the future was written before the clock was lost.
fn in_this_boot(record: &Record, system: &System, tolerance: i64) -> bool {
    let earliest = system.up_since.seconds.saturating_sub(tolerance);
    let latest = system.now.seconds.saturating_add(CLOCK_SET);
    (earliest..=latest).contains(&record.time.seconds)
}
