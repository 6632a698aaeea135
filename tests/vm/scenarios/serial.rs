//! A getty on a real UART, and a person at the other end of its wire.

use tests::outcome::Outcome;
use tests::people::ALICE;
use tests::{ensure, ensure_eq};

use crate::machine::{Machine, PROGRAMS};
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[scenario!(a_person_logs_in_over_a_wire_between_two_ports_after_noise)];

/// A thousand bytes with the eighth bit, in no order, the same each time.
const NOISE: &str =
    "LC_ALL=C awk 'BEGIN { for (; n < 1000; n++) { x = (x * 75 + 74) % 65537; printf \"%c\", 128 + x % 128 } }'";

/// What came over the wire.
const CAME: &str = "/run/came";

// Waits until `text` has come over the wire that often.
fn sees(machine: &mut Machine, text: &str, times: u8) -> Outcome {
    machine
        .until(&format!("[ $(grep -aoF '{text}' {CAME} | wc -l) -ge {times} ] || {{ cat {CAME}; false; }}"))
        .map(drop)
}

fn types(machine: &mut Machine, text: &str) -> Outcome {
    machine.sh(&format!("printf '%s\\r' '{text}' >/dev/ttyS2")).map(drop)
}

fn a_person_logs_in_over_a_wire_between_two_ports_after_noise(machine: &mut Machine) -> Outcome {
    machine.sh("stty -F /dev/ttyS2 9600 raw -echo clocal")?;
    let reader = machine.sh(&format!("cat /dev/ttyS2 >{CAME} 2>/dev/null </dev/null & echo $!"))?;
    let getty = machine
        .sh(&format!("setsid {PROGRAMS}/getty -L 9600,115200 ttyS1 vt220 </dev/null >/dev/null 2>&1 & echo $!"))?;
    sees(machine, "login: ", 1)?;
    machine.sh(&format!("{NOISE} >/dev/ttyS2"))?;
    types(machine, "")?;
    sees(machine, "login: ", 2)?;

    types(machine, ALICE.name)?;
    sees(machine, "Password: ", 1)?;
    types(machine, ALICE.name)?;
    sees(machine, "$ ", 1)?;
    types(machine, "echo $(tty) $(stty speed) $(id -un) $TERM.")?;
    sees(machine, "/dev/ttyS1 9600 alice vt220.", 1)?;
    ensure!(machine.sh("who")?.contains("alice    ttyS1"), "who does not know alice");
    ensure!(!machine.sh("grep -lx TTY=ttyS1 /run/systemd/sessions/*[0-9]")?.is_empty(), "alice has no session");
    types(machine, "exit")?;
    machine.until(&format!("! test -d /proc/{getty}"))?;
    ensure_eq!(machine.sh("stat -c %U /dev/ttyS1")?, "root");
    ensure_eq!(machine.sh("who | grep -c ttyS1 || :")?, "0");
    machine.sh(&format!("kill {reader}")).map(drop)
}
