//! Under inits that supervise, our services keep logind and the lines, and record what the init does not.

use tests::outcome::Outcome;
use tests::people::{ALICE, BOB, ROOT};
use tests::{ensure, ensure_eq};

use super::boot::{utmp_record_is_silent_where_init_has_written, who_knows_the_boot_and_the_run_level};
use super::power::a_reboot_and_a_shutdown_leave_their_records_and_no_crash;
use super::seat::{is_active_alone, session_at, state};
use crate::machine::{Machine, PROGRAMS};
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario!(services_bring_up_all_lines_and_logins_are_sessions on openrc),
    scenario!(a_killed_logind_comes_back_and_ends_nobodys_session on openrc),
    scenario!(a_killed_keeper_of_lines_comes_back_and_ends_no_login on openrc),
    scenario!(services_that_are_restarted_end_no_login on openrc),
    scenario!(who_knows_the_boot_and_the_run_level on openrc),
    scenario!(utmp_record_is_silent_where_init_has_written on openrc),
    scenario!(a_reboot_and_a_shutdown_leave_their_records_and_no_crash on openrc),
    scenario!(services_bring_up_all_lines_and_logins_are_sessions on openrc_init),
    scenario!(who_knows_the_boot_and_the_run_level on openrc_init),
    scenario!(utmp_record_is_silent_where_init_has_written on openrc_init),
    scenario!(a_reboot_and_a_shutdown_leave_their_records_and_no_crash on openrc_init),
    scenario!(services_bring_up_all_lines_and_logins_are_sessions on runit),
    scenario!(a_killed_logind_comes_back_and_ends_nobodys_session on runit),
    scenario!(a_killed_keeper_of_lines_comes_back_and_ends_no_login on runit),
    scenario!(services_that_are_restarted_end_no_login on runit),
    scenario!(who_knows_the_boot_and_the_run_level on runit),
    scenario!(utmp_record_is_silent_where_init_has_written on runit),
    scenario!(a_reboot_and_a_shutdown_leave_their_records_and_no_crash on runit),
    scenario!(services_bring_up_all_lines_and_logins_are_sessions on s6),
    scenario!(a_killed_logind_comes_back_and_ends_nobodys_session on s6),
    scenario!(a_killed_keeper_of_lines_comes_back_and_ends_no_login on s6),
    scenario!(services_that_are_restarted_end_no_login on s6),
    scenario!(who_knows_the_boot_and_the_run_level on s6),
    scenario!(utmp_record_is_silent_where_init_has_written on s6),
    scenario!(a_reboot_and_a_shutdown_leave_their_records_and_no_crash on s6),
];

/// The number of a service's process: the oldest that runs the program with the service's words.
fn process(machine: &mut Machine, program: &str) -> Outcome<String> {
    let words = match program {
        "logind" => "logind( |$)",
        _ => "getty .*--lines-from",
    };
    machine.until(&format!("pid=$(pgrep -o -f '^{PROGRAMS}/{words}') && echo $pid"))
}

/// Has the init's tool restart a service.
fn restart(machine: &mut Machine, service: &str) -> Outcome {
    let script = match machine.init() {
        "openrc" | "openrc_init" => format!("rc-service {service} restart"),
        "runit" => format!("sv restart {service}"),
        _ => format!("s6-svc -r /run/service/{service}"),
    };
    machine.sh(&script).map(drop)
}

/// Kills the process of a service and waits for the next.
fn kill(machine: &mut Machine, program: &str) -> Outcome {
    let killed = process(machine, program)?;
    machine.sh(&format!("kill -9 {killed}"))?;
    machine.until(&format!("! test -d /proc/{killed}"))?;
    let next = process(machine, program)?;
    ensure!(next != killed, "{program} is the old one");
    Ok(())
}

fn answers(machine: &mut Machine) -> Outcome {
    let call = "org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager ListSeats";
    machine.until(&format!("busctl call {call}")).map(drop)
}

fn services_bring_up_all_lines_and_logins_are_sessions(machine: &mut Machine) -> Outcome {
    for vt in 1..=6 {
        machine.await_prompt(vt, "machine login: ")?;
    }
    machine.log_in_over_the_wire(&ROOT)?;
    ensure_eq!(machine.shell_over_the_wire("tty; id -un")?, "/dev/ttyS0\nroot");
    let root = machine.shell_over_the_wire("echo $XDG_SESSION_ID")?;
    ensure_eq!(state(machine, &format!("sessions/{root}"), "STATE")?, "active");
    machine.log_out_over_the_wire()?;

    machine.log_in(2, &BOB)?;
    let bob = session_at(machine, 2)?;
    machine.log_in(1, &ALICE)?;
    let alice = session_at(machine, 1)?;
    ensure_eq!(
        machine.shell(1, "tty; echo $XDG_SEAT $XDG_VTNR $XDG_RUNTIME_DIR")?,
        "/dev/tty1\nseat0 1 /run/user/4001"
    );
    let cgroup = machine.shell(1, "grep ^0: /proc/self/cgroup")?;
    ensure_eq!(cgroup, format!("0::/user.slice/user-4001.slice/session-{alice}.scope"));
    is_active_alone(machine, &alice, &[&bob])?;
    let who = machine.sh("who")?;
    ensure!(who.contains("alice    tty1") && who.contains("bob      tty2"), "{who}");
    machine.log_out(1)?;
    machine.log_out(2)?;
    machine.until("set -- /run/systemd/sessions/* && [ ! -e \"$1\" ]")?;
    ensure_eq!(machine.sh("who")?, "");
    Ok(())
}

fn a_killed_logind_comes_back_and_ends_nobodys_session(machine: &mut Machine) -> Outcome {
    machine.log_in(1, &ALICE)?;
    let session = session_at(machine, 1)?;
    kill(machine, "logind")?;
    answers(machine)?;
    machine.go_to(2)?;
    machine.until(&format!("grep -qx STATE=online /run/systemd/sessions/{session}"))?;
    machine.go_to(1)?;
    machine.until(&format!("grep -qx ACTIVE={session} /run/systemd/seats/seat0"))?;
    ensure_eq!(machine.shell(1, "id -un")?, "alice");
    machine.log_out(1)
}

fn a_killed_keeper_of_lines_comes_back_and_ends_no_login(machine: &mut Machine) -> Outcome {
    machine.log_in(1, &ALICE)?;
    let session = session_at(machine, 1)?;
    // The old prompts still stand there, and would be taken for the next one's.
    machine.sh("for n in 2 3 4 5 6; do printf '\\033[H\\033[J' >/dev/tty$n; done")?;
    kill(machine, "getty")?;
    machine.log_in(3, &BOB)?;
    ensure_eq!(machine.shell(1, "echo $XDG_SESSION_ID; tty")?, format!("{session}\n/dev/tty1"));
    machine.log_out(3)?;
    machine.log_out(1)
}

fn services_that_are_restarted_end_no_login(machine: &mut Machine) -> Outcome {
    machine.log_in(1, &ALICE)?;
    let session = session_at(machine, 1)?;
    let (logind, keeper) = (process(machine, "logind")?, process(machine, "getty")?);
    machine.sh("for n in 2 3 4 5 6; do printf '\\033[H\\033[J' >/dev/tty$n; done")?;
    for service in ["session-rs-logind", "session-rs-gettys"] {
        restart(machine, service)?;
    }
    for old in [logind, keeper] {
        machine.until(&format!("! test -d /proc/{old}"))?;
    }
    answers(machine)?;
    machine.log_in(2, &BOB)?;
    ensure_eq!(machine.shell(1, "echo $XDG_SESSION_ID; tty")?, format!("{session}\n/dev/tty1"));
    machine.log_out(2)?;
    machine.log_out(1)
}
