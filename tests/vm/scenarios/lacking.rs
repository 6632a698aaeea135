//! Machines that lack something: logins work, and each thing that is missing costs one line in the log.

use tests::outcome::Outcome;
use tests::people::{ALICE, ROOT};
use tests::{ensure, ensure_eq, paths};

use super::seat::{session_at, state};
use crate::machine::Machine;
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario!(without_a_bus_logins_are_sessions_and_the_log_has_a_line, "bus"),
    scenario!(without_udev_logins_are_sessions_and_the_log_has_a_line, "udev"),
    scenario!(with_an_empty_var_logins_are_sessions_and_the_log_has_a_line_for_each_record, "var"),
    scenario!(on_a_read_only_root_logins_are_sessions_and_the_log_has_a_line_for_each_record, "root"),
];

// What a line in the log names that is about the thing.
const BUS: &str = paths::BUS;
const UDEV: &str = "udev";
const WTMP: &str = "/var/log/wtmp";
const BTMP: &str = "/var/log/btmp";
const LASTLOG: &str = "/var/log/lastlog";
/// Nothing is missing: root mistypes the password.
const REFUSAL: &str = "login failed";

// Two people log in by keyboard and over the wire, one of them at the second attempt; both have a session, and the seat
// follows.
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
    machine.be_refused_over_the_wire(&ROOT)?;
    machine.log_in_over_the_wire(&ROOT)?;
    ensure!(!machine.shell_over_the_wire("echo $XDG_SESSION_ID")?.is_empty(), "root has no session");
    ensure!(machine.sh("who")?.contains("root     ttyS0"), "who does not know root");
    machine.log_out_over_the_wire()
}

// Our programs have named each of these once since the boot, and complained of nothing else.
fn cost_a_line_each(machine: &mut Machine, missing: &[&str]) -> Outcome {
    let messages = machine.messages()?;
    let ours: Vec<Line> = messages.lines().filter_map(Line::parse).collect();
    let expected = [missing, &[REFUSAL]].concat();
    for thing in &expected {
        let about: Vec<&Line> = ours.iter().filter(|line| line.text.contains(thing)).collect();
        ensure!(about.len() == 1, "of {thing} the log says {about:#?}");
    }
    let is_expected = |line: &Line| expected.iter().any(|thing| line.text.contains(thing));
    let others: Vec<&Line> = ours.iter().filter(|line| line.is_complaint && !is_expected(line)).collect();
    ensure!(others.is_empty(), "the log complains of {others:#?}");
    Ok(())
}

/// A line of ours in the log.
#[derive(Debug)]
struct Line<'a> {
    text: &'a str,
    is_complaint: bool,
}

impl<'a> Line<'a> {
    // `<85>Nov 22 00:58:26 login[973]: text`, where the number's last three bits are the severity (syslog(3)).
    fn parse(line: &'a str) -> Option<Self> {
        const WARNING: u32 = 4;
        let (priority, rest) = line.strip_prefix('<')?.split_once('>')?;
        let (program, text) = rest.get("Nov 22 00:58:26 ".len()..)?.split_once(": ")?;
        let is_programs = ["getty[", "login[", "logind["].iter().any(|name| program.starts_with(name));
        let is_ours = is_programs || text.starts_with("pam_session_rs(");
        is_ours.then_some(Self { text, is_complaint: priority.parse::<u32>().ok()? & 7 <= WARNING })
    }
}

fn without_a_bus_logins_are_sessions_and_the_log_has_a_line(machine: &mut Machine) -> Outcome {
    ensure!(machine.run(&format!("test -e {BUS}"))?.status != 0, "there is a bus");
    both_doors_are_open(machine)?;
    cost_a_line_each(machine, &[BUS])
}

fn without_udev_logins_are_sessions_and_the_log_has_a_line(machine: &mut Machine) -> Outcome {
    ensure!(machine.run("pidof systemd-udevd")?.status != 0, "udev is there");
    both_doors_are_open(machine)?;
    cost_a_line_each(machine, &[UDEV])
}

fn with_an_empty_var_logins_are_sessions_and_the_log_has_a_line_for_each_record(machine: &mut Machine) -> Outcome {
    // What the boot's scripts make is there, and the disk could have more.
    machine.sh("touch /var/x && ! test -e /var/lib")?;
    both_doors_are_open(machine)?;
    // dbus-daemon wants a file in /var/lib/dbus, and is not started.
    cost_a_line_each(machine, &[WTMP, BTMP, LASTLOG, BUS])
}

fn on_a_read_only_root_logins_are_sessions_and_the_log_has_a_line_for_each_record(machine: &mut Machine) -> Outcome {
    ensure!(machine.run("touch /var/log/wtmp")?.status != 0, "the disk can be written");
    both_doors_are_open(machine)?;
    cost_a_line_each(machine, &[WTMP, BTMP, LASTLOG])
}
