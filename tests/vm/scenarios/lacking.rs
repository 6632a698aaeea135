//! Machines that lack something: logins work, and each thing that is missing costs a clear line in the log.

use tests::outcome::Outcome;
use tests::people::{ALICE, ROOT};
use tests::{ensure, ensure_eq};

use super::seat::{session_at, state};
use crate::machine::Machine;
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] =
    &[scenario!(without_a_bus_logins_are_sessions, "bus"), scenario!(without_udev_logins_are_sessions, "udev")];

// Two people log in by keyboard and over the wire; both have a session, and the seat follows.
fn both_doors_are_open(machine: &mut Machine) -> Outcome {
    machine.log_in(1, &ALICE)?;
    let session = session_at(machine, 1)?;
    ensure_eq!(state(machine, &format!("sessions/{session}"), "STATE")?, "active");
    ensure_eq!(state(machine, "seats/seat0", "ACTIVE")?, session);
    ensure_eq!(machine.shell(1, "stat -c '%U %a' $XDG_RUNTIME_DIR")?, "alice 700");
    ensure!(machine.sh("who")?.contains("alice    tty1"), "who does not know alice");
    machine.go_to(2)?;
    machine.until("! grep -q ^ACTIVE= /run/systemd/seats/seat0")?;
    machine.log_out(1)?;
    machine.log_in_over_the_wire(&ROOT)?;
    ensure!(!machine.shell_over_the_wire("echo $XDG_SESSION_ID")?.is_empty(), "root has no session");
    machine.log_out_over_the_wire()
}

// What our programs complained of since the boot is said, and none of them said anything twice.
fn nothing_is_said_twice(machine: &mut Machine) -> Outcome {
    let messages = machine.messages()?;
    let complaints: Vec<Complaint> = messages.lines().filter_map(Complaint::parse).collect();
    for (at, complaint) in complaints.iter().enumerate() {
        println!("  {}: {}", complaint.program, complaint.text);
        ensure!(!complaints[..at].contains(complaint), "it is said twice: {complaint:?}");
    }
    Ok(())
}

#[derive(PartialEq, Eq, Debug)]
struct Complaint<'a> {
    /// With its number: `login[973]`.
    program: &'a str,
    text: &'a str,
}

impl<'a> Complaint<'a> {
    // `<85>Nov 22 00:58:26 login[973]: text`, where the number's last three bits are the severity (syslog(3)).
    fn parse(line: &'a str) -> Option<Self> {
        const WARNING: u32 = 4;
        let (priority, rest) = line.strip_prefix('<')?.split_once('>')?;
        let (program, text) = rest.get("Nov 22 00:58:26 ".len()..)?.split_once(": ")?;
        let is_ours = ["getty[", "login[", "logind["].iter().any(|name| program.starts_with(name));
        (is_ours && priority.parse::<u32>().ok()? & 7 <= WARNING).then_some(Self { program, text })
    }
}

fn without_a_bus_logins_are_sessions(machine: &mut Machine) -> Outcome {
    ensure!(machine.run("test -e /run/dbus/system_bus_socket")?.status != 0, "there is a bus");
    both_doors_are_open(machine)?;
    nothing_is_said_twice(machine)
}

fn without_udev_logins_are_sessions(machine: &mut Machine) -> Outcome {
    ensure!(machine.run("pidof systemd-udevd")?.status != 0, "udev is there");
    both_doors_are_open(machine)?;
    nothing_is_said_twice(machine)
}
