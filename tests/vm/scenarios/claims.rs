//! Who is believed that says of a login that it is at a seat.

use tests::outcome::Outcome;
use tests::people::BOB;
use tests::{ensure, ensure_eq};

use super::seat::{polkit_allows, process_of, session_at, state};
use super::ssh;
use crate::machine::Machine;
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario!(cve_2025_6018_what_a_user_writes_for_pam_env_brings_nobody_to_the_front),
    scenario!(cve_2019_3842_what_su_inherits_brings_nobody_to_the_front),
    scenario!(a_claim_from_no_terminal_is_believed_of_a_named_service_only),
    scenario!(a_login_on_a_terminal_that_has_a_session_is_told_that_it_has_none),
];

const CLAIM: &str = "XDG_SEAT=seat0\nXDG_VTNR=1\n";

fn cve_2025_6018_what_a_user_writes_for_pam_env_brings_nobody_to_the_front(machine: &mut Machine) -> Outcome {
    ensure!(machine.sh("cat /etc/pam.d/sshd")?.contains("user_readenv=1"), "sshd's stack reads nothing of the user's");
    machine.sh(&format!("printf '{CLAIM}' >~alice/.pam_environment; chown alice: ~alice/.pam_environment"))?;
    let session = ssh::begin(machine)?;
    let file = format!("sessions/{session}");
    ensure_eq!((state(machine, &file, "SEAT")?, state(machine, &file, "VTNR")?), (String::new(), String::new()));
    let of_theirs = process_of(machine, &session)?;
    ensure!(!polkit_allows(machine, &of_theirs)?, "polkit takes who came over the network for who is in front");
    // With somebody there the claim would be a theft.
    machine.log_in(1, &BOB)?;
    let bob = session_at(machine, 1)?;
    ensure_eq!(state(machine, "seats/seat0", "SESSIONS")?, bob);
    machine.log_out(1)?;
    ssh::end(machine, &session)?;
    machine.sh("rm ~alice/.pam_environment").map(drop)
}

fn cve_2019_3842_what_su_inherits_brings_nobody_to_the_front(machine: &mut Machine) -> Outcome {
    machine.sh(
        "mkfifo -m 666 /run/go
         setsid su alice -c \"echo bob | XDG_SEAT=seat0 XDG_VTNR=1 su bob -c 'echo \\$\\$ >/tmp/pid; read line </run/go'\" \
         </dev/null >/run/su.log 2>&1 &",
    )?;
    let pid = machine.until("grep . /tmp/pid")?;
    ensure_eq!(machine.sh(&format!("ps -o user= -p {pid}"))?, "bob");
    ensure!(!polkit_allows(machine, &pid)?, "polkit takes who says so for who is in front");
    ensure_eq!(state(machine, "seats/seat0", "SESSIONS")?, "");
    machine.sh("echo >/run/go; rm /run/go /tmp/pid").map(drop)
}

fn a_claim_from_no_terminal_is_believed_of_a_named_service_only(machine: &mut Machine) -> Outcome {
    machine.sh(
        "printf '%s\\n' 'auth required pam_permit.so' 'account required pam_permit.so' \
            'session required pam_permit.so' 'session optional pam_session_rs.so' \
            'session required pam_exec.so /bin/sh /run/look' >/etc/pam.d/greeter
         printf '#!/bin/sh\\n[ $PAM_TYPE = open_session ] || exit 0\\ncp /run/systemd/sessions/$XDG_SESSION_ID /run/claimed\\n' >/run/look
         ",
    )?;
    let claimed = |machine: &mut Machine, more: &str| -> Outcome<String> {
        machine.sh(&format!(
            "rm -f /run/claimed
             pamtester {more} -E XDG_SEAT=seat0 -E XDG_VTNR=5 greeter alice open_session close_session >/run/tester 2>&1 </dev/null
             sed -n -e 's/^SEAT=//p' -e 's/^VTNR=//p' /run/claimed"
        ))
    };
    ensure_eq!(claimed(machine, "")?, "");
    machine.sh("mkdir -p /etc/systemd; printf '[Login]\\nSeatServices=greeter\\n' >/etc/systemd/logind.conf
                /etc/init.d/session-rs-logind reload")?;
    let named = claimed(machine, "");
    let remote = claimed(machine, "-I rhost=192.0.2.1");
    machine.sh("rm /etc/systemd/logind.conf /etc/pam.d/greeter; /etc/init.d/session-rs-logind reload")?;
    ensure_eq!(named?, "seat0\n5");
    ensure_eq!(remote?, "");
    Ok(())
}

fn a_login_on_a_terminal_that_has_a_session_is_told_that_it_has_none(machine: &mut Machine) -> Outcome {
    machine.sh(
        "printf '%s\\n' 'account required pam_permit.so' 'session required pam_session_rs.so required' >/etc/pam.d/greeter
         mkdir -p /etc/systemd; printf '[Login]\\nSeatServices=greeter\\n' >/etc/systemd/logind.conf
         /etc/init.d/session-rs-logind reload",
    )?;
    let enter = "pamtester -I tty=/dev/tty1 greeter alice open_session </dev/null >/run/tester 2>&1; echo $?";
    machine.log_in(1, &BOB)?;
    let beside_bob = machine.sh(enter);
    machine.log_out(1)?;
    let alone = machine.sh(enter);
    machine.sh("rm /etc/systemd/logind.conf /etc/pam.d/greeter; /etc/init.d/session-rs-logind reload")?;
    ensure!(beside_bob? != "0", "let in without the session that is required");
    ensure_eq!(alone?, "0");
    Ok(())
}
