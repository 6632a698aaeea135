//! cgroups on a machine where nobody else mounts them, and who gets into which.

use tests::outcome::Outcome;
use tests::people::ALICE;
use tests::{ensure, ensure_eq};

use super::seat::{session_at, state};
use super::ssh;
use crate::machine::Machine;
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario!(logind_mounts_cgroup2_and_enables_the_controllers),
    scenario!(sshd_and_cron_sessions_have_their_scopes),
    scenario!(limits_are_raised_and_lowered_for_the_shell),
];

fn logind_mounts_cgroup2_and_enables_the_controllers(machine: &mut Machine) -> Outcome {
    ensure_eq!(machine.sh("stat -f -c %T /sys/fs/cgroup")?, "cgroup2fs");
    ensure!(machine.sh("grep ' /sys/fs/cgroup ' /proc/mounts")?.contains("nsdelegate"), "no nsdelegate");
    machine.log_in(1, &ALICE)?;
    let session = session_at(machine, 1)?;
    let scope = format!("/user.slice/user-4001.slice/session-{session}.scope");
    ensure_eq!(machine.shell(1, "cat /proc/self/cgroup")?, format!("0::{scope}"));
    // They are for the slices of users: a limit is one user's, however many sessions there are.
    let slice = "/sys/fs/cgroup/user.slice/user-4001.slice";
    let controllers = machine.sh(&format!("cat {slice}/cgroup.controllers"))?;
    for wanted in ["memory", "pids"] {
        ensure!(controllers.split_whitespace().any(|controller| controller == wanted), "no {wanted}: {controllers}");
    }
    let pids: u32 = machine.sh(&format!("cat {slice}/pids.current"))?.parse()?;
    ensure!(pids >= 2, "login and the shell are {pids}");
    machine.log_out(1)
}

// A session that is known by its service, with its scope; it must be the only one of the service.
fn is_in_its_scope(machine: &mut Machine, service: &str) -> Outcome {
    let find = format!("grep -lx SERVICE={service} /run/systemd/sessions/*[0-9]");
    let file = machine.until(&find)?;
    let session = file.trim().rsplit('/').next().unwrap_or_default().to_owned();
    let leader = state(machine, &format!("sessions/{session}"), "LEADER")?;
    let cgroup = machine.sh(&format!("cat /proc/{leader}/cgroup"))?;
    ensure_eq!(cgroup.trim(), format!("0::/user.slice/user-4001.slice/session-{session}.scope"));
    Ok(())
}

fn sshd_and_cron_sessions_have_their_scopes(machine: &mut Machine) -> Outcome {
    let session = ssh::begin(machine)?;
    is_in_its_scope(machine, "sshd").map_err(|e| e.during("sshd"))?;
    ssh::end(machine, &session)?;
    // cron does at its start what is to be done at a boot.
    machine.sh("mkfifo -m 666 /run/go; echo '@reboot alice read line </run/go' >/etc/cron.d/machine
                rm -f /run/crond.reboot; /etc/init.d/cron restart >/dev/null")?;
    is_in_its_scope(machine, "cron").map_err(|e| e.during("cron"))?;
    machine.sh("echo >/run/go; rm /etc/cron.d/machine /run/go").map(drop)
}

fn limits_are_raised_and_lowered_for_the_shell(machine: &mut Machine) -> Outcome {
    machine.sh("printf 'alice hard nofile 500000\\nalice soft nofile 400000\\nalice - nproc 77\\n' >/etc/security/limits.d/m.conf")?;
    machine.log_in(1, &ALICE)?;
    ensure_eq!(machine.shell(1, "ulimit -Sn; ulimit -Hn; bash -c 'ulimit -u'")?, "400000\n500000\n77");
    machine.sh("rm /etc/security/limits.d/m.conf")?;
    machine.log_out(1)
}
