//! The records, read by other people's programs: `who`, `last`, `lastb`.

use std::fs;
use std::os::unix::fs::MetadataExt;

use tests::ensure;
use tests::ensure_eq;
use tests::outcome::{Failure, Outcome};
use tests::paths;
use tests::people::{ALICE, BOB};
use tests::run::run;
use tests::visit::{self, Visit};
use tests::wait;

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(who_and_last_tell_the_truth_about_a_login_and_its_logout),
    inside!(our_last_says_of_living_sessions_what_util_linuxs_says),
    inside!(who_knows_the_boot_the_run_level_and_the_waiting_getty),
    inside!(one_login_is_one_record_where_pam_lastlog_writes_it_too),
    inside!(a_failed_login_is_in_btmp_and_only_root_may_read_it),
    inside!(records_are_kept_when_wtmp_and_btmp_are_not_wanted),
    inside!(every_program_tells_its_version_where_util_linuxs_do),
];

fn who_and_last_tell_the_truth_about_a_login_and_its_logout() -> Outcome {
    let mut visit = Visit::begin(&ALICE)?;
    let line = visit.terminal.line().to_owned();
    let row = |text: &str| text.lines().filter(|row| row.starts_with("alice") && row.contains(&line)).count();
    ensure_eq!(row(&run("who", &[])?.well()?.stdout), 1);
    ensure_eq!(visit.shell("who -m | cut -d' ' -f1")?, "alice");
    let last = run("last", &["-f", "/var/log/wtmp"])?.well()?.stdout;
    ensure!(
        last.lines().any(|row| row.starts_with("alice") && row.contains(&line) && row.contains("still logged in")),
        "last does not say that alice is still logged in:\n{last}"
    );
    ensure_eq!(visit.leave()?, 0);
    ensure_eq!(row(&run("who", &[])?.well()?.stdout), 0);
    let last = run("last", &["-f", "/var/log/wtmp"])?.well()?.stdout;
    ensure_eq!(row(&last), 1);
    ensure!(!last.contains("still logged in") && !last.contains("gone"), "last does not see the logout:\n{last}");
    let dead = run("who", &["-d"])?.well()?.stdout;
    ensure!(dead.contains(&line), "who -d does not show {line}:\n{dead}");
    Ok(())
}

fn our_last_says_of_living_sessions_what_util_linuxs_says() -> Outcome {
    let ours = format!("{}/last", paths::PROGRAMS);
    let same = || -> Outcome<String> {
        for options in [&["-x"][..], &["-F", "-w"], &["-p", "now"], &["--time-format=iso", "alice", "bob"]] {
            let theirs = || Ok::<_, Failure>(run("last", options)?.well()?.stdout);
            wait::until("the same second for both", || {
                let before = theirs()?;
                let said = run(&ours, options)?.well()?.stdout;
                if theirs()? != before {
                    return Ok(None); // what is true now, and was not
                }
                ensure_eq!(said, before);
                Ok(Some(()))
            })?;
        }
        Ok(run(&ours, &[])?.well()?.stdout)
    };
    let mut alice = Visit::begin(&ALICE)?;
    alice.shell("id -un")?;
    let bob = Visit::begin(&BOB)?;
    ensure_eq!(same()?.matches("still logged in").count(), 2);
    ensure_eq!(bob.leave()?, 0);
    ensure_eq!(same()?.matches("still logged in").count(), 1);
    ensure_eq!(alice.leave()?, 0);
    ensure_eq!(same()?.matches("still logged in").count(), 0);
    Ok(())
}

fn who_knows_the_boot_the_run_level_and_the_waiting_getty() -> Outcome {
    run("who", &["-b"])?.well()?.saying("system boot")?;
    run("who", &["-r"])?.well()?.saying("run-level 2")?;
    run("last", &["-x", "-f", "/var/log/wtmp"])?.well()?.saying("system boot")?.saying("runlevel")?;
    let visit = Visit::at_the_door()?;
    run("who", &["-l"])?.well()?.saying(visit.terminal.line())?;
    Ok(())
}

fn every_program_tells_its_version_where_util_linuxs_do() -> Outcome {
    let package = |program: &str| -> Outcome<String> {
        let told = run(program, &["--version"])?.well()?.stdout;
        let words: Vec<&str> = told.split_whitespace().collect();
        let name = program.rsplit('/').next();
        ensure!(words.len() == 4 && words.first().copied() == name && words[1] == "from", "{program} says {told:?}");
        ensure!(words[3].starts_with(|c: char| c.is_ascii_digit()), "{program} says {told:?}");
        Ok(words[2].to_owned())
    };
    ensure_eq!(package("setsid")?, "util-linux");
    for program in ["getty", "login", "logind", "last", "lastb", "lastlog", "utmpdump", "utmp-record"] {
        ensure_eq!(package(&format!("{}/{program}", paths::PROGRAMS))?, "session-rs");
    }
    Ok(())
}

fn one_login_is_one_record_where_pam_lastlog_writes_it_too() -> Outcome {
    let stack = fs::read_to_string("/etc/pam.d/login")?;
    fs::write("/etc/pam.d/login", stack + "session required pam_lastlog.so\n")?;
    let visit = Visit::begin(&ALICE)?;
    let line = visit.terminal.line().to_owned();
    ensure_eq!(visit.leave()?, 0);
    let dump = run("utmpdump", &["/var/log/wtmp"])?.well()?.stdout;
    let records = |kind: &str| dump.lines().filter(|row| row.starts_with(kind) && row.contains(&line)).count();
    ensure!(records("[7]") == 1 && records("[8]") == 1, "not one login and one logout:\n{dump}");
    Ok(())
}

fn a_failed_login_is_in_btmp_and_only_root_may_read_it() -> Outcome {
    let mut visit = Visit::at_the_door()?;
    visit.give("alice", "wrong")?;
    visit.terminal.expect("Login incorrect")?;
    let lastb = run("lastb", &["-f", "/var/log/btmp"])?.well()?.stdout;
    ensure!(lastb.contains("alice") && lastb.contains(visit.terminal.line()), "lastb does not show it:\n{lastb}");
    ensure_eq!(fs::metadata("/var/log/btmp")?.mode() & 0o7777, 0o600);
    Ok(())
}

fn records_are_kept_when_wtmp_and_btmp_are_not_wanted() -> Outcome {
    fs::remove_file("/var/log/wtmp")?;
    fs::remove_file("/var/log/btmp")?;
    let visit = Visit::begin(&ALICE)?;
    run("who", &[])?.well()?.saying("alice")?;
    ensure_eq!(visit.leave()?, 0);
    ensure_eq!(visit::names_in("/var/log")?.iter().filter(|name| name.ends_with("tmp")).count(), 0);
    Ok(())
}
