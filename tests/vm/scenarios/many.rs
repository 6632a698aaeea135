//! Many stays one after the other: the machine is afterwards as it was.

use tests::ensure_eq;
use tests::outcome::Outcome;
use tests::people::{ALICE, BOB, Person};

use crate::machine::Machine;
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[scenario!(fifty_logins_leave_the_machine_as_it_was)];

// Who comes where, by turns.
fn stays() -> impl Iterator<Item = (u8, &'static Person)> {
    (1..=6).cycle().zip([&ALICE, &BOB].into_iter().cycle())
}

fn stay(machine: &mut Machine, (vt, person): (u8, &Person)) -> Outcome {
    machine.log_in(vt, person)?;
    machine.log_out(vt)
}

// Processes by parent and name, without kernel threads and those that look; the files of /run; the cgroups.
fn inventory(machine: &mut Machine) -> Outcome<String> {
    // What the last of a user leaves is taken away after a moment.
    machine.until("set -- /run/user/* /sys/fs/cgroup/user.slice/user-* && [ ! -e \"$1\" ] && [ ! -e \"$2\" ]")?;
    machine.sh(
        "ps -e -o ppid=,args= | grep -v -e '^ *2 ' -e udev-worker -e ' ps -e' -e 'sh -c' -e 'grep -v' -e ' sort' | sort
         find /run -xdev \\( -path /run/udev -o -path /run/desk \\) -prune -o -print | sort
         find /sys/fs/cgroup -type d | sort",
    )
}

fn fifty_logins_leave_the_machine_as_it_was(machine: &mut Machine) -> Outcome {
    stay(machine, (6, &ALICE))?; // the first leaves the locks of the records
    let before = inventory(machine)?;
    for one in stays().take(50) {
        stay(machine, one)?;
        machine.renew_patience_of_init()?;
    }
    ensure_eq!(inventory(machine)?, before);
    Ok(())
}
