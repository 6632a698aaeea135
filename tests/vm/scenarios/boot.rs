//! Booting, shutting down, and the records of it.

use tests::outcome::Outcome;
use tests::people::{ALICE, ROOT};
use tests::{ensure, ensure_eq};

use crate::machine::{Machine, PROGRAMS};
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario!(init_brings_up_six_terminals_and_the_serial_line),
    scenario!(who_knows_the_boot_and_the_run_level),
    scenario!(utmp_record_is_silent_where_init_has_written),
];

fn init_brings_up_six_terminals_and_the_serial_line(machine: &mut Machine) -> Outcome {
    for vt in 1..=6 {
        machine.await_prompt(vt, "machine login: ")?;
    }
    machine.log_in(1, &ALICE)?;
    ensure_eq!(machine.shell(1, "tty; id -un")?, "/dev/tty1\nalice");
    machine.log_out(1)?;
    machine.log_in_over_the_wire(&ROOT)?;
    ensure_eq!(machine.shell_over_the_wire("tty; id -un")?, "/dev/ttyS0\nroot");
    machine.log_out_over_the_wire()
}

pub(super) fn who_knows_the_boot_and_the_run_level(machine: &mut Machine) -> Outcome {
    let who = machine.sh("who -b; who -r")?;
    let level = match machine.init() {
        "systemd" => 5,            // its graphical.target, screen or no screen
        "openrc_init" | "s6" => 3, // our own service's
        _ => 2,                    // Debian's
    };
    ensure!(who.contains("system boot") && who.contains(&format!("run-level {level}")), "{who}");
    // The boot's record is as old as the machine, give or take the time its scripts took; who prints no seconds.
    let boot: i64 = machine.sh("date -d \"$(who -b | cut -c 23-)\" +%s")?.parse()?;
    let began: i64 = machine.sh("echo $(($(date +%s) - $(cut -d . -f 1 /proc/uptime)))")?.parse()?;
    let now: i64 = machine.sh("date +%s")?.parse()?;
    ensure!((began - 60..=now).contains(&boot), "booted at {boot}, it is {now}, up since {began}");
    Ok(())
}

pub(super) fn utmp_record_is_silent_where_init_has_written(machine: &mut Machine) -> Outcome {
    let dump = format!("for f in /run/utmp /var/log/wtmp; do {PROGRAMS}/utmpdump $f | grep '^\\[[12]\\]'; done");
    let before = machine.sh(&dump)?;
    machine.sh(&format!("{PROGRAMS}/utmp-record boot"))?;
    let level = machine.sh("who -r | sed 's/.*run-level \\(.\\).*/\\1/'")?;
    machine.sh(&format!("{PROGRAMS}/utmp-record runlevel {level}"))?;
    ensure_eq!(machine.sh(&dump)?, before);
    Ok(())
}
