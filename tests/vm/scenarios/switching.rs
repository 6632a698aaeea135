//! Who is in front: switching by keys, by D-Bus and by loginctl.

use tests::outcome::Outcome;
use tests::people::{ALICE, BOB, ROOT};
use tests::{ensure, ensure_eq};

use super::seat::{LOGINCTL, is_active_alone, manager, property, seat, session_at, state};
use crate::machine::Machine;
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario!(whoever_is_in_front_is_active_and_nobody_else),
    scenario!(calls_bring_a_session_or_a_terminal_to_the_front),
];

const SIGNALS: &str = "/run/signals";

fn whoever_is_in_front_is_active_and_nobody_else(machine: &mut Machine) -> Outcome {
    ensure_eq!(property(machine, "CanTTY")?, "b true");
    machine.log_in(1, &ALICE)?;
    machine.log_in(2, &BOB)?;
    machine.log_in_over_the_wire(&ROOT)?;
    let alice = session_at(machine, 1)?;
    ensure_eq!(machine.shell(1, "echo $XDG_SEAT $XDG_VTNR $XDG_SESSION_TYPE")?, "seat0 1 tty");
    let bob = session_at(machine, 2)?;
    ensure_eq!(machine.shell(2, "echo $XDG_SEAT $XDG_VTNR $XDG_SESSION_TYPE")?, "seat0 2 tty");
    let root = machine.shell_over_the_wire("echo $XDG_SESSION_ID")?;
    ensure_eq!(machine.shell_over_the_wire("echo seat=$XDG_SEAT vt=$XDG_VTNR")?, "seat= vt=");
    // Who is on no seat is active always.
    ensure_eq!(state(machine, &format!("sessions/{root}"), "STATE")?, "active");
    ensure_eq!(state(machine, "seats/seat0", "SESSIONS")?, format!("{alice} {bob}"));
    let sessions = property(machine, "Sessions")?;
    ensure!(sessions.starts_with("a(so) 2 ") && !sessions.contains(&format!("\"{root}\"")), "{sessions}");

    machine.go_to(1)?;
    is_active_alone(machine, &alice, &[&bob])?;
    machine.sh(&format!(
        "dbus-monitor --system \"type='signal',interface='org.freedesktop.DBus.Properties'\" >{SIGNALS} 2>&1 &"
    ))?;
    machine.until(&format!("grep -q NameAcquired {SIGNALS}"))?;
    machine.go_to(2)?;
    is_active_alone(machine, &bob, &[&alice])?;
    for path in ["seat/seat0", "session/"] {
        machine.until(&format!("grep -q 'path=/org/freedesktop/login1/{path}.*PropertiesChanged' {SIGNALS}"))?;
    }
    machine.until(&format!("grep -q ActiveSession {SIGNALS}"))?;
    machine.sh("kill $(pidof dbus-monitor)")?;

    // Nobody is on the third.
    machine.go_to(3)?;
    machine.until("! grep -q ^ACTIVE= /run/systemd/seats/seat0")?;
    ensure_eq!(property(machine, "ActiveSession")?, "(so) \"\" \"/\"");
    for session in [&alice, &bob] {
        ensure_eq!(state(machine, &format!("sessions/{session}"), "STATE")?, "online");
    }
    machine.log_out(1)?;
    machine.log_out(2)?;
    machine.log_out_over_the_wire()
}

fn calls_bring_a_session_or_a_terminal_to_the_front(machine: &mut Machine) -> Outcome {
    machine.log_in(1, &ALICE)?;
    machine.log_in(2, &BOB)?;
    let (alice, bob) = (session_at(machine, 1)?, session_at(machine, 2)?);
    manager(machine, &format!("ActivateSession s {alice}"))?;
    machine.await_front(1)?;
    manager(machine, &format!("ActivateSessionOnSeat ss {bob} seat0"))?;
    machine.await_front(2)?;
    seat(machine, "SwitchTo u 1")?;
    machine.await_front(1)?;
    is_active_alone(machine, &alice, &[&bob])?;
    seat(machine, "SwitchToNext")?;
    machine.await_front(2)?;
    seat(machine, "SwitchToPrevious")?;
    machine.await_front(1)?;
    machine.sh(&format!("{LOGINCTL} activate {bob}"))?;
    machine.await_front(2)?;
    is_active_alone(machine, &bob, &[&alice])?;
    // She may not take the front from bob; he may give it away.
    machine.log_out(1)?;
    machine.log_out(2)
}
