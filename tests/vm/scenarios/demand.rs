//! Gettys on demand: where init runs one on the first terminal only, logind brings the others.

use tests::ensure_eq;
use tests::outcome::Outcome;
use tests::people::ALICE;

use super::seat::session_at;
use crate::machine::{Machine, PROGRAMS};
use crate::scenario::{Scenario, scenario};

pub(crate) const SCENARIOS: &[Scenario] =
    &[scenario!(a_terminal_that_is_switched_to_gets_a_getty_and_is_freed_afterwards)];

// init's gettys on the other terminals end, and logind is told of it.
fn one_getty_of_inits(machine: &mut Machine) -> Outcome {
    machine.go_to(1)?;
    machine.sh("cp /etc/inittab /run/inittab; sed -i '/^[2-6]:.*getty/d' /etc/inittab; telinit q")?;
    machine.until("! pgrep -t tty2,tty3,tty4,tty5,tty6 getty")?;
    // Their prompts still stand there, and would be taken for those of the next.
    machine.sh("for n in 2 3 4 5 6; do printf '\\033[H\\033[J' >/dev/tty$n; done")?;
    machine
        .sh("mkdir -p /etc/systemd; printf '[Login]\\nNAutoVTs=6\\nReserveVT=6\\n' >/etc/systemd/logind.conf
                /etc/init.d/session-rs-logind reload")
        .map(drop)
}

fn all_gettys_of_inits(machine: &mut Machine) -> Outcome {
    machine.sh("rm /etc/systemd/logind.conf; /etc/init.d/session-rs-logind reload")?;
    machine.go_to(1)?;
    machine.sh("pkill -t tty3,tty6 getty || :")?;
    machine.until("! pgrep -t tty3,tty6 getty")?;
    machine.sh("for n in 3 6; do printf '\\033[H\\033[J' >/dev/tty$n; done")?;
    machine.sh("mv /run/inittab /etc/inittab; telinit q")?;
    machine.await_prompt(3, "login: ")?;
    machine.await_prompt(6, "login: ")
}

fn a_terminal_that_is_switched_to_gets_a_getty_and_is_freed_afterwards(machine: &mut Machine) -> Outcome {
    one_getty_of_inits(machine)?;
    // The one that is reserved has its getty before anybody looks.
    machine.await_prompt(6, "login: ")?;
    // Whoever has just left a terminal may come back, and is given two seconds for that.
    machine.until("test $(($(date +%s) - $(stat -c %Y /run/utmp))) -gt 3")?;
    // How long it takes is measured inside, from the switch to the prompt; how slow the machine is, is not to be judged.
    let agent = format!("{PROGRAMS}/vm-agent");
    machine.sh(&format!(
        "rm -f /run/took; ( {agent} front 3 120; began=$(date +%s%3N); {agent} prompt 3 120 'login: '
         echo $(($(date +%s%3N) - began)) >/run/took.new; mv /run/took.new /run/took ) >/run/demand.log 2>&1 &"
    ))?;
    machine.go_to(3)?;
    println!("  a getty on tty3 after {} ms of the machine's", machine.until("cat /run/took")?);
    machine.log_in(3, &ALICE)?;
    ensure_eq!(machine.shell(3, "tty; echo $XDG_SEAT $XDG_VTNR")?, "/dev/tty3\nseat0 3");
    let session = session_at(machine, 3)?;
    // While it is shown, the next person finds a getty.
    machine.log_out(3)?;
    machine.until(&format!("! test -e /run/systemd/sessions/{session}"))?;
    machine.log_in(3, &ALICE)?;
    let shell = machine.shell(3, "echo $$")?;
    machine.go_to(1)?;
    machine.sh(&format!("kill -KILL {shell}"))?; // bash forgets other signals that come before it reads
    machine.until("! pgrep -t tty3 .").map_err(|e| e.during("somebody is on tty3"))?;
    // The kernel has forgotten the terminal and what was written on it.
    machine.until("! grep -q '[^ ]' /dev/vcs3").map_err(|e| e.during("tty3 is not freed"))?;
    all_gettys_of_inits(machine)
}
