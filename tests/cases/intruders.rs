//! What a person who is let in may try against those who come after.

use std::fs;
use std::path::Path;
use std::process::Command;

use tests::ensure;
use tests::ensure_eq;
use tests::outcome::Outcome;
use tests::people::{ALICE, BOB};
use tests::process::Process;
use tests::terminal::{Terminal, start_as_init};
use tests::visit::{self, Visit};
use tests::wait;

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(what_a_person_left_reading_the_line_never_reads_the_next_password),
    inside!(it_reads_nothing_either_where_utmp_was_lost),
    inside!(it_reads_nothing_either_where_the_getty_is_agetty),
];

fn what_a_person_left_reading_the_line_never_reads_the_next_password() -> Outcome {
    bob_comes_after_a_thief(|| Ok(()), |terminal| terminal.getty(&[]))
}

fn it_reads_nothing_either_where_utmp_was_lost() -> Outcome {
    bob_comes_after_a_thief(|| Ok(fs::remove_file("/run/utmp")?), |terminal| terminal.getty(&[]))
}

fn it_reads_nothing_either_where_the_getty_is_agetty() -> Outcome {
    bob_comes_after_a_thief(
        || Ok(()),
        |terminal| start_as_init(Command::new("agetty").args([terminal.line(), "vt220"])),
    )
}

/// Alice leaves a process that reads the line from a session of its own, where no hang-up of her shell's reaches it.
fn bob_comes_after_a_thief(meanwhile: impl Fn() -> Outcome, getty: impl Fn(&Terminal) -> Outcome<Process>) -> Outcome {
    let mut alice = Visit::begin(&ALICE)?;
    alice.shell(
        "printf '#!/bin/sh\\ntrap \"\" HUP\\necho $$ >/tmp/thief.pid\\n\
         while read -r line; do echo \"$line\" >>/tmp/stolen; done\\n' >/tmp/thief; chmod +x /tmp/thief",
    )?;
    alice.terminal.enter("setsid /tmp/thief <&0 >/dev/null 2>&1 & exit")?;
    let Visit { mut terminal, login } = alice;
    ensure_eq!(login.status()?, 0);
    let thief: u32 = wait::until("the thief is at work", || {
        Ok(fs::read_to_string("/tmp/thief.pid").ok().and_then(|pid| pid.trim().parse().ok()))
    })?;
    meanwhile()?;

    let getty = getty(&terminal)?;
    terminal.log_in(&BOB)?;
    ensure_eq!(terminal.shell("id -un")?, "bob");
    terminal.enter("exit")?;
    ensure_eq!(getty.status()?, 0);
    let thief = format!("/proc/{thief}"); // it ends where its line is hung up
    wait::until("the thief is gone", || Ok((!Path::new(&thief).exists()).then_some(())))?;
    ensure!(!Path::new("/tmp/stolen").exists(), "it read {:?}", fs::read_to_string("/tmp/stolen"));
    visit::nothing_left()
}
