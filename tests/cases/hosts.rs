//! Small hosts of the module: cron and pamtester.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use tests::outcome::Outcome;
use tests::people::ALICE;
use tests::run::run;
use tests::terminal::start_as_init;
use tests::visit;
use tests::{ensure, ensure_eq, paths, peers, process, stack, wait};

use crate::case::{Case, inside};
use crate::watched;

pub(crate) const CASES: &[Case] = &[
    inside!(a_cron_job_is_a_session_in_the_background),
    inside!(pamtester_opens_and_closes_a_session),
    inside!(who_comes_from_elsewhere_can_claim_no_seat),
    inside!(who_stands_at_no_virtual_terminal_can_claim_none),
    inside!(the_environment_can_take_nobody_out_of_their_slice),
    inside!(what_elogind_refuses_of_the_environment_costs_nobody_the_session, "--logind=elogind"),
];

fn a_cron_job_is_a_session_in_the_background() -> Outcome {
    peers::install("cron")?;
    let groups = fs::read_to_string("/etc/group")?;
    if !groups.contains("\ncrontab:") {
        fs::write("/etc/group", groups + "crontab:x:992:\n")?; // cron ends without it
    }
    let before = process::all()?;
    // The job says who it is, and ends when it may; @reboot is the one time that need not be waited for.
    fs::create_dir("/tmp/job")?;
    fs::set_permissions("/tmp/job", Permissions::from_mode(0o777))?;
    let job = "env >/tmp/job/env\necho $$ >/tmp/job/new\nmv /tmp/job/new /tmp/job/pid\nread -r line </tmp/job/go\n";
    fs::write("/tmp/job/script", job)?;
    run("mkfifo", &["-m", "666", "/tmp/job/go"])?.well()?;
    for folder in ["/etc/cron.d", "/var/spool/cron/crontabs"] {
        run("rm", &["-rf", folder])?.well()?; // jobs of the host's have an hour that may be now
    }
    fs::write("/etc/crontab", "@reboot alice sh /tmp/job/script\n")?;
    let cron = start_as_init(Command::new("/usr/sbin/cron").arg("-f"))?;
    let job: u32 = wait::until_in(Path::new("/tmp/job"), "the job runs", || {
        Ok(fs::read_to_string("/tmp/job/pid").ok().and_then(|text| text.trim().parse().ok()))
    })?;

    let known = visit::sessions()?;
    ensure_eq!(known.len(), 1);
    let session = &known[0];
    ensure_eq!(process::cgroup(job)?, format!("/user.slice/user-{}.slice/session-{session}.scope", ALICE.uid));
    let expected = [
        ("UID", &*ALICE.uid.to_string()),
        ("SERVICE", "cron"),
        ("CLASS", "background"),
        ("TYPE", "unspecified"),
        ("REMOTE", "0"),
        ("TTY", ""),
    ];
    visit::state_is(&visit::file(session), &expected)?;
    let environment = fs::read_to_string("/tmp/job/env")?;
    ensure!(environment.contains(&format!("XDG_SESSION_ID={session}\n")), "the job's environment:\n{environment}");

    OpenOptions::new().write(true).open("/tmp/job/go")?.write_all(b"\n")?;
    visit::gone(session)?;
    cron.signal(Signal::TERM)?;
    cron.status()?;
    visit::as_before(&before)
}

fn pamtester_opens_and_closes_a_session() -> Outcome {
    let before = process::all()?;
    watched::stack(&stack::ours()?)?;
    watched::run(&["-I", "tty=/dev/pts/77"])?;
    visit::state_is(watched::STATE, &[("TTY", "pts/77"), ("CLASS", "user"), ("SERVICE", "watched")])?;
    // Closing without having opened is no error, nor is opening or closing twice.
    run("pamtester", &["watched", "alice", "close_session"])?.well()?;
    let twice = ["watched", "alice", "open_session", "open_session", "close_session", "close_session"];
    run("pamtester", &twice)?.well()?;
    visit::as_before(&before)
}

/// Tries a claim to seat0 and tty1, and sees that neither logind nor the environment grants it.
fn claims_in_vain(options: &[&str]) -> Outcome {
    watched::stack(&stack::ours()?)?;
    let claim = ["-E", "XDG_SEAT=seat0", "-E", "XDG_VTNR=1"];
    watched::run(&[options, &claim].concat())?;
    let environment = watched::environment()?;
    ensure!(environment.contains("XDG_SESSION_ID="), "no session with {options:?}:\n{environment}");
    ensure!(
        !environment.contains("XDG_SEAT=") && !environment.contains("XDG_VTNR="),
        "a seat was granted with {options:?}:\n{environment}"
    );
    visit::state_is(watched::STATE, &[("SEAT", ""), ("VTNR", "")])
}

fn who_comes_from_elsewhere_can_claim_no_seat() -> Outcome {
    let before = process::all()?;
    for host in ["192.0.2.1", "::1", "localhost.example"] {
        claims_in_vain(&["-I", &format!("rhost={host}"), "-I", "tty=tty1"])?;
        visit::state_is(watched::STATE, &[("REMOTE", "1"), ("REMOTE_HOST", host)])?;
    }
    visit::as_before(&before)
}

fn who_stands_at_no_virtual_terminal_can_claim_none() -> Outcome {
    let before = process::all()?;
    for options in [&["-I", "tty=tty1"][..], &["-I", "tty=ssh", "-I", "rhost=localhost"], &["-I", "tty=:0"], &[]] {
        claims_in_vain(options)?;
    }
    visit::as_before(&before)
}

fn the_environment_can_take_nobody_out_of_their_slice() -> Outcome {
    let before = process::all()?;
    watched::stack(&stack::ours()?)?;
    for class in ["none", "manager", "manager-early", "king"] {
        watched::run(&["-I", "tty=/dev/pts/77", "-E", &format!("XDG_SESSION_CLASS={class}")])?;
        visit::state_is(watched::STATE, &[("CLASS", "user")])?;
    }
    visit::as_before(&before)
}

fn what_elogind_refuses_of_the_environment_costs_nobody_the_session() -> Outcome {
    watched::stack(&format!("{}/pam_session_rs.so", paths::PROGRAMS))?;
    for variable in ["XDG_SESSION_CLASS=user-light", "XDG_SESSION_DESKTOP=a'b", "XDG_SEAT=seat7"] {
        watched::run(&["-E", variable])?;
        visit::state_is(watched::STATE, &[("UID", &*ALICE.uid.to_string()), ("CLASS", "background")])?;
    }
    Ok(())
}
