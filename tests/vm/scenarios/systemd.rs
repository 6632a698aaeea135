//! Under systemd: its units start our getty, our getty our login, and its logind knows who is there.

use tests::outcome::Outcome;
use tests::people::{ALICE, BOB, ROOT};
use tests::{ensure, ensure_eq};

use super::boot::{utmp_record_is_silent_where_init_has_written, who_knows_the_boot_and_the_run_level};
use super::power::a_reboot_and_a_shutdown_leave_their_records_and_no_crash;
use crate::machine::{Machine, PROGRAMS};
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario!(units_start_our_getty_on_the_first_terminal_and_the_serial_line on systemd),
    scenario!(a_terminal_that_is_switched_to_gets_our_getty on systemd),
    scenario!(our_module_registers_a_session on systemd),
    scenario!(a_killed_getty_and_a_killed_login_are_followed_by_a_prompt on systemd),
    scenario!(a_credential_of_the_unit_names_who_is_asked_for_the_password on systemd),
    scenario!(who_knows_the_boot_and_the_run_level on systemd),
    scenario!(utmp_record_is_silent_where_init_has_written on systemd),
    scenario!(a_reboot_and_a_shutdown_leave_their_records_and_no_crash on systemd),
];

/// A unit's main process, once it runs the program of ours.
fn runs(machine: &mut Machine, unit: &str, program: &str) -> Outcome<String> {
    machine.until(&format!(
        "pid=$(systemctl show --property MainPID --value {unit})
         [ \"$(readlink /proc/$pid/exe)\" = {PROGRAMS}/{program} ] && echo $pid || {{ systemctl status {unit}; false; }}"
    ))
}

/// Whether systemd's loginctl tells of a session what is expected.
fn is_told(machine: &mut Machine, session: &str, expected: &[&str]) -> Outcome {
    let told = machine.sh(&format!("loginctl show-session {session}"))?;
    for line in expected {
        ensure!(told.lines().any(|one| one == *line), "no {line}:\n{told}");
    }
    Ok(())
}

/// The session in which a person works at a terminal's shell, seen from everywhere.
fn session_of_alice_at(machine: &mut Machine, vt: u8) -> Outcome<String> {
    let session = machine.shell(vt, "echo $XDG_SESSION_ID")?;
    let seen = machine.shell(vt, "tty; echo $XDG_SEAT $XDG_VTNR $XDG_RUNTIME_DIR")?;
    ensure_eq!(seen, format!("/dev/tty{vt}\nseat0 {vt} /run/user/4001"));
    let (number, line) = (format!("VTNr={vt}"), format!("TTY=tty{vt}"));
    let here = ["Name=alice", &number, "Seat=seat0", &line, "Service=login", "Type=tty", "Class=user", "State=active"];
    is_told(machine, &session, &here)?;
    let leader = machine.sh(&format!("loginctl show-session {session} --property Leader --value"))?;
    ensure_eq!(machine.sh(&format!("readlink /proc/{leader}/exe"))?, format!("{PROGRAMS}/login"));
    let cgroup = machine.shell(vt, "cat /proc/self/cgroup")?;
    ensure_eq!(cgroup, format!("0::/user.slice/user-4001.slice/session-{session}.scope"));
    let listed = machine.sh("loginctl list-sessions --no-legend")?;
    let words: Vec<&str> = listed.split_whitespace().collect();
    ensure_eq!(words, [&session, "4001", "alice", "seat0", &format!("tty{vt}")]);
    ensure!(machine.sh("who")?.starts_with(&format!("alice    tty{vt} ")), "who does not know alice");
    Ok(session)
}

/// Logs in and out at a terminal whose getty systemd's logind brings.
fn alice_stays_at(machine: &mut Machine, vt: u8) -> Outcome {
    machine.log_in(vt, &ALICE)?;
    runs(machine, &format!("getty@tty{vt}"), "login")?;
    let session = session_of_alice_at(machine, vt)?;
    machine.log_out(vt)?;
    runs(machine, &format!("getty@tty{vt}"), "getty")?;
    machine.until(&format!("! loginctl show-session {session}"))?;
    ensure_eq!(machine.sh("who")?, "");
    for last in ["/usr/bin/last", &format!("{PROGRAMS}/last")] {
        // util-linux's takes the end of a stay in this very second for none.
        machine.until(&format!("{last} | head -n 1 | grep '^alice    tty{vt} .* - '"))?;
    }
    Ok(())
}

fn units_start_our_getty_on_the_first_terminal_and_the_serial_line(machine: &mut Machine) -> Outcome {
    ensure_eq!(machine.sh("cat /proc/1/comm")?, "systemd");
    machine.await_prompt(1, "machine login: ")?;
    for unit in ["getty@tty1", "serial-getty@ttyS0"] {
        runs(machine, unit, "getty")?;
    }
    ensure_eq!(machine.sh("pgrep -x agetty || :")?, "");
    machine.log_in_over_the_wire(&ROOT)?;
    ensure_eq!(machine.shell_over_the_wire("tty; id -un")?, "/dev/ttyS0\nroot");
    let session = machine.shell_over_the_wire("echo $XDG_SESSION_ID")?;
    is_told(machine, &session, &["Name=root", "TTY=ttyS0", "Service=login", "Type=tty", "State=active"])?;
    machine.log_out_over_the_wire()?;
    alice_stays_at(machine, 1)
}

fn a_terminal_that_is_switched_to_gets_our_getty(machine: &mut Machine) -> Outcome {
    ensure_eq!(machine.sh("systemctl is-active getty@tty3 || :")?, "inactive");
    machine.go_to(3)?;
    machine.await_prompt(3, "login: ")?;
    runs(machine, "autovt@tty3", "getty")?;
    alice_stays_at(machine, 3)
}

fn our_module_registers_a_session(machine: &mut Machine) -> Outcome {
    // systemd's logind answers once it has started the user's manager, which takes its time on an emulated machine.
    machine.sh("sed -i.theirs 's/pam_systemd.so/pam_session_rs.so timeout=60/' /etc/pam.d/common-session")?;
    ensure!(machine.sh("cat /etc/pam.d/common-session")?.contains("pam_session_rs.so"), "our module is not there");
    machine.go_to(4)?;
    let stay = alice_stays_at(machine, 4);
    machine.sh("mv /etc/pam.d/common-session.theirs /etc/pam.d/common-session")?;
    stay
}

fn a_killed_getty_and_a_killed_login_are_followed_by_a_prompt(machine: &mut Machine) -> Outcome {
    machine.go_to(2)?;
    machine.await_prompt(2, "login: ")?;
    let getty = runs(machine, "getty@tty2", "getty")?;
    machine.sh(&format!("printf '\\033[H\\033[J' >/dev/tty2; kill -9 {getty}"))?;
    machine.until(&format!("! test -d /proc/{getty}"))?;
    machine.log_in(2, &BOB)?;
    let session = machine.shell(2, "echo $XDG_SESSION_ID")?;
    let login = runs(machine, "getty@tty2", "login")?;
    machine.sh(&format!("printf '\\033[H\\033[J' >/dev/tty2; kill -9 {login}"))?;
    machine.until(&format!("! loginctl show-session {session}"))?;
    machine.await_prompt(2, "login: ")?;
    ensure_eq!(machine.sh("who")?, "");
    machine.log_in(2, &ALICE)?;
    machine.log_out(2)
}

fn a_credential_of_the_unit_names_who_is_asked_for_the_password(machine: &mut Machine) -> Outcome {
    machine.sh("mkdir -p /run/systemd/system/getty@tty5.service.d
         printf '[Service]\\nSetCredential=agetty.autologin:bob\\n' >/run/systemd/system/getty@tty5.service.d/bob.conf
         systemctl daemon-reload")?;
    machine.go_to(5)?;
    // systemd has login called without -f.
    machine.await_prompt(5, "Password: ")?;
    machine.enter(BOB.name)?;
    machine.await_prompt(5, "$ ")?;
    ensure_eq!(machine.shell(5, "id -un; tty")?, "bob\n/dev/tty5");
    machine.sh("rm -r /run/systemd/system/getty@tty5.service.d; systemctl daemon-reload")?;
    machine.log_out(5)
}
