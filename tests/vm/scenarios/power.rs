//! Shutting down, rebooting, and a cut power: what the records say afterwards.

use tests::outcome::Outcome;
use tests::people::ALICE;
use tests::{ensure, ensure_eq};

use crate::machine::{Machine, PROGRAMS};
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] =
    &[scenario!(a_reboot_and_a_shutdown_leave_their_records_and_no_crash), scenario!(a_cut_power_is_a_crash_to_last)];

// The lists of our reader and of util-linux's.
fn lists(machine: &mut Machine) -> Outcome<[String; 2]> {
    Ok([machine.sh(&format!("{PROGRAMS}/last -x"))?, machine.sh("/usr/bin/last -x")?])
}

// openrc-init records its boot only after the last service, and somebody may have logged in before.
fn await_record_of_boot(machine: &mut Machine, boots: u8) -> Outcome {
    let boots = format!("[ $(/usr/bin/last -x | grep -c 'system boot') -ge {boots} ]");
    machine.until(&format!("{boots} || {{ /usr/bin/last -x; false; }}")).map(drop)
}

pub(super) fn a_reboot_and_a_shutdown_leave_their_records_and_no_crash(machine: &mut Machine) -> Outcome {
    let before = machine.boot.clone();
    await_record_of_boot(machine, 1)?;
    machine.log_in(1, &ALICE)?;
    machine.reboot()?;
    ensure!(machine.boot != before, "it has not rebooted");
    await_record_of_boot(machine, 2)?;
    for list in lists(machine)? {
        ensure!(list.lines().any(|line| line.starts_with("alice    tty1")), "alice was not there:\n{list}");
        ensure_eq!(list.matches("system boot").count(), 2);
        // sysvinit tells a reboot by its run level.
        ensure!(list.contains("runlevel (to lvl 6)") || list.contains("shutdown system down"), "no reboot:\n{list}");
        ensure!(!list.contains("crash"), "a crash:\n{list}");
    }
    machine.power_off()?;
    machine.power_on()?;
    await_record_of_boot(machine, 3)?;
    for list in lists(machine)? {
        ensure_eq!(list.matches("system boot").count(), 3);
        ensure!(list.contains("shutdown system down"), "no shutdown:\n{list}");
        ensure!(!list.contains("crash"), "a crash:\n{list}");
    }
    Ok(())
}

fn a_cut_power_is_a_crash_to_last(machine: &mut Machine) -> Outcome {
    machine.log_in(1, &ALICE)?;
    machine.sh("sync")?;
    machine.cut_power()?;
    machine.power_on()?;
    for list in lists(machine)? {
        let last = list.lines().find(|line| line.starts_with("alice    tty1")).unwrap_or_default();
        ensure!(last.contains("- crash"), "alice left in peace:\n{list}");
    }
    // Nothing is left of her: the machine's people begin anew.
    ensure_eq!(machine.sh("who | grep -c alice || :")?, "0");
    machine.log_in(1, &ALICE)?;
    machine.log_out(1)
}
