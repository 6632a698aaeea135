//! alice comes over the network, by openssh's server and client.

use tests::outcome::Outcome;

use crate::machine::Machine;

/// Where her key is, and what she waits at.
const KEY: &str = "/run/key";

/// Begins a command over ssh that stays until [`end`]: the session.
///
/// # Errors
/// That there comes no session.
pub(crate) fn begin(machine: &mut Machine) -> Outcome<String> {
    machine.sh(&format!(
        "ip link set lo up
         mkdir -p {KEY} && ssh-keygen -q -t ed25519 -N '' -f {KEY}/id && mkfifo -m 666 {KEY}/go
         install -d -o alice -g alice -m 700 ~alice/.ssh
         install -o alice -g alice -m 600 {KEY}/id.pub ~alice/.ssh/authorized_keys
         ssh -i {KEY}/id -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes alice@127.0.0.1 \
             'read line <{KEY}/go' </dev/null >{KEY}/log 2>&1 &"
    ))?;
    let file = machine.until("grep -lx SERVICE=sshd /run/systemd/sessions/*[0-9]");
    let file = file.map_err(|e| e.during("alice comes over the network"))?;
    Ok(file.rsplit('/').next().unwrap_or_default().to_owned())
}

/// Ends it.
///
/// # Errors
/// That its session is not gone.
pub(crate) fn end(machine: &mut Machine, session: &str) -> Outcome {
    machine.sh(&format!("echo >{KEY}/go; rm -r {KEY} ~alice/.ssh"))?;
    machine.until(&format!("! test -e /run/systemd/sessions/{session}")).map(drop)
}
