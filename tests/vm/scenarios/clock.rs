//! A machine whose clock begins in 1970, because it has no battery: the boot's record is put right when the clock is set.

use tests::outcome::Outcome;
use tests::{ensure, ensure_eq};

use crate::machine::{Machine, PROGRAMS};
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] =
    &[scenario!(a_clock_that_is_set_for_the_first_time_puts_the_boot_right, "clock")];

/// What the clock is set to, in seconds since 1970: in January 2027.
const TODAY: i64 = 1_800_000_000;

fn a_clock_that_is_set_for_the_first_time_puts_the_boot_right(machine: &mut Machine) -> Outcome {
    let first = "Jan  2 00:0"; // who tells no year
    ensure_eq!(machine.sh("date +%Y")?, "1970");
    ensure!(machine.sh("who -b")?.contains(first), "the boot is not recorded by the clock");
    let waiting =
        machine.sh(&format!("{PROGRAMS}/utmp-record --wait clock-change </dev/null >/run/said 2>&1 & echo $!"))?;
    // The timer that is cancelled when the clock is set (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET).
    machine.until(&format!("grep -q 'settime flags: 03' /proc/{waiting}/fdinfo/*"))?;
    ensure!(machine.sh("who -b")?.contains(first), "the boot was changed before the clock");

    machine.sh(&format!("date -s @{TODAY}"))?;
    machine.until(&format!("! test -d /proc/{waiting}"))?;
    ensure_eq!(machine.sh("cat /run/said")?, "");
    let boot: i64 = machine.sh("date -d \"$(who -b | cut -c 23-)\" +%s")?.parse()?;
    let up: i64 = machine.sh("cut -d . -f 1 /proc/uptime")?.parse()?;
    // who prints no seconds, and the machine had been up for some before its boot was recorded.
    ensure!((TODAY - up - 60..=TODAY).contains(&boot), "booted at {boot}, up since {up} s at {TODAY}");
    for last in ["/usr/bin/last", &format!("{PROGRAMS}/last")] {
        let boots = machine.sh(&format!("{last} -F reboot | grep '^reboot'"))?;
        ensure!(boots.lines().count() == 1 && boots.contains("2027"), "{last} says {boots}");
    }
    Ok(())
}
