//! What dies on a virtual terminal, and what the next person finds there.

use tests::outcome::Outcome;
use tests::people::{ALICE, BOB};
use tests::{ensure, ensure_eq};

use super::seat::{session_at, state};
use crate::machine::{Machine, PROGRAMS};
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario!(a_killed_getty_is_followed_by_another),
    scenario!(a_killed_login_frees_its_terminal),
    scenario!(a_killed_logind_ends_nobodys_session),
    scenario!(a_terminal_left_in_graphics_and_raw_is_sane_at_the_next_prompt),
    scenario!(the_keypad_of_a_terminal_is_plain_again_after_a_program_that_was_killed),
];

/// The number of the process that init has started on a line.
fn started_on(machine: &mut Machine, line: &str) -> Outcome<String> {
    machine.until(&format!("ps -o pid= -t {line} | head -n 1 | grep .")).map(|pid| pid.trim().to_owned())
}

fn gone(machine: &mut Machine, pid: &str) -> Outcome {
    machine.until(&format!("! test -d /proc/{pid}")).map(drop)
}

fn a_killed_getty_is_followed_by_another(machine: &mut Machine) -> Outcome {
    machine.go_to(2)?;
    let getty = started_on(machine, "tty2")?;
    // Its prompt still stands there, and would be taken for the next one's.
    machine.sh(&format!("printf '\\033[H\\033[J' >/dev/tty2; kill -9 {getty}"))?;
    gone(machine, &getty)?;
    let next = started_on(machine, "tty2")?;
    ensure!(next != getty, "init has started no other getty");
    machine.log_in(2, &BOB)?;
    ensure_eq!(machine.shell(2, "id -un")?, "bob");
    machine.log_out(2)
}

fn a_killed_login_frees_its_terminal(machine: &mut Machine) -> Outcome {
    machine.log_in(2, &BOB)?;
    let session = session_at(machine, 2)?;
    let leader = state(machine, &format!("sessions/{session}"), "LEADER")?;
    let shell = machine.shell(2, "echo $$")?;
    machine.sh(&format!("kill -9 {leader}"))?;
    gone(machine, &shell)?;
    machine.until(&format!("! test -e /run/systemd/sessions/{session}"))?;
    machine.await_prompt(2, "login: ")?;
    ensure_eq!(machine.sh("who | grep -c tty2 || :")?, "0");
    machine.log_in(2, &ALICE)?;
    ensure_eq!(machine.shell(2, "id -un; stat -c %U /dev/tty2")?, "alice\nalice");
    machine.log_out(2)?;
    ensure_eq!(machine.sh("stat -c '%U %a' /dev/tty2")?, "root 620");
    Ok(())
}

fn a_killed_logind_ends_nobodys_session(machine: &mut Machine) -> Outcome {
    machine.log_in(1, &ALICE)?;
    let session = session_at(machine, 1)?;
    let logind = machine.sh("cat /run/session-rs/logind.pid")?;
    machine.sh(&format!("kill -9 {logind}"))?;
    gone(machine, logind.trim())?;
    // sysvinit brings back no daemon: the administrator does.
    machine.go_to(2)?;
    machine.sh("/etc/init.d/session-rs-logind start")?;
    machine
        .until("busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager ListSeats")?;
    ensure_eq!(state(machine, &format!("sessions/{session}"), "STATE")?, "online");
    machine.go_to(1)?;
    machine.until(&format!("grep -qx ACTIVE={session} /run/systemd/seats/seat0"))?;
    ensure_eq!(machine.shell(1, "id -un")?, "alice");
    machine.log_out(1)
}

fn a_terminal_left_in_graphics_and_raw_is_sane_at_the_next_prompt(machine: &mut Machine) -> Outcome {
    let agent = format!("{PROGRAMS}/vm-agent");
    machine.log_in(2, &BOB)?;
    ensure_eq!(machine.sh(&format!("{agent} mode 2"))?, "KD_TEXT K_UNICODE");
    let session = session_at(machine, 2)?;
    let leader = state(machine, &format!("sessions/{session}"), "LEADER")?;
    machine.sh(&format!("stty -F /dev/tty2 raw -echo; {agent} spoil 2; kill -9 {leader}"))?;
    machine.until(&format!("! test -e /run/systemd/sessions/{session}"))?;
    machine.await_prompt(2, "login: ")?;
    ensure_eq!(machine.sh(&format!("{agent} mode 2"))?, "KD_TEXT K_UNICODE");
    machine.log_in(2, &ALICE)?;
    machine.log_out(2)
}

fn the_keypad_of_a_terminal_is_plain_again_after_a_program_that_was_killed(machine: &mut Machine) -> Outcome {
    machine.go_to(2)?;
    machine.await_prompt(2, "login: ")?;
    let getty = started_on(machine, "tty2")?;
    // As an editor sets it: its keys are sequences then (console_codes(4), DECPAM). The old prompt is wiped away.
    machine.sh(&format!("printf '\\033=\\033[2J' >/dev/tty2; kill -9 {getty}"))?;
    machine.await_prompt(2, "login: ")?;
    for key in ["a", "l", "i", "c", "e", "kp_enter"] {
        machine.press(key)?;
    }
    machine.await_prompt(2, "Password: ")?;
    machine.enter(ALICE.name)?;
    machine.await_prompt(2, "$ ")?;
    machine.log_out(2)
}
