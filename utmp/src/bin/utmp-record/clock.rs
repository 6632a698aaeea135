//! What to record when the clock was set.
//!
//! A machine without a battery for its clock comes up in 1970, or whenever it was last seen, and records its boot then. The
//! kernel counts how long it is up however the clock is set: so what the clock was set by is how far the record lies from
//! where it would be written now. An init that records the boot itself does so some seconds after the kernel has begun, so a
//! record from the time that the machine is up may be right, and is left alone.

use utmp::{Files, ReadError, Record, Time};

use crate::system::System;

/// What is smaller is no setting of the clock: times are read one after the other, and some files have whole seconds.
const NOTICED: i64 = 2;

/// The clock was set.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Change {
    /// When the boot was recorded to have been.
    pub(crate) boot_was: Time,
    /// Its record by the clock as it is now.
    pub(crate) boot: Record,
    /// What the clock would show had it not been set.
    pub(crate) before: Record,
    /// What it shows.
    pub(crate) after: Record,
}

/// How the clock was set since utmp's boot record was written; none if it was not, or no boot is recorded.
///
/// # Errors
/// If there is a utmp and it cannot be read.
pub(crate) fn change(files: &Files, system: &System) -> Result<Option<Change>, ReadError> {
    let boot = files.utmp_records()?.find(Record::is_boot);
    Ok(boot.and_then(|boot| since(boot, system.up_since, system.now)))
}

fn since(boot: Record, up_since: Time, now: Time) -> Option<Change> {
    let may_be_right = up_since.seconds.saturating_sub(NOTICED)..now.seconds.saturating_add(NOTICED);
    if may_be_right.contains(&boot.time.seconds) {
        return None;
    }
    let set_by = up_since.seconds.saturating_sub(boot.time.seconds);
    let before = Time { seconds: now.seconds.saturating_sub(set_by).max(0), ..now };
    Some(Change {
        boot_was: boot.time,
        boot: Record { time: up_since, ..boot },
        before: Record::clock_before(before),
        after: Record::clock_after(now),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Time {
        Time::from_seconds(seconds)
    }

    #[test]
    fn a_boot_recorded_in_1970_is_where_the_clock_says_now() {
        // Up for 60 seconds, recorded 10 seconds after 1970 began, now set to 2026.
        let change = since(Record::boot(b"6.1.0", at(10)), at(1_772_600_000), at(1_772_600_060)).unwrap();
        assert_eq!(change.boot, Record::boot(b"6.1.0", at(1_772_600_000)));
        assert_eq!((change.before.time, change.after.time), (at(70), at(1_772_600_060)));
    }

    #[test]
    fn a_clock_that_was_set_back_is_noticed_as_well() {
        let change = since(Record::boot(b"", at(5000)), at(2000), at(2060)).unwrap();
        assert_eq!((change.before.time, change.after.time), (at(5060), at(2060)));
    }

    #[test]
    fn a_boot_that_init_recorded_a_while_after_the_kernel_began_is_no_set_clock() {
        assert_eq!(since(Record::boot(b"", at(5015)), at(5000), at(5020)), None);
        assert_eq!(since(Record::boot(b"", at(5015)), at(5000), at(9000)), None);
    }

    #[test]
    fn a_clock_that_only_ran_was_not_set() {
        assert_eq!(since(Record::boot(b"", at(5000)), at(5001), at(9000)), None);
        assert_eq!(since(Record::boot(b"", at(5000)), at(4999), at(9000)), None);
    }
}
