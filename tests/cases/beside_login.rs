//! The same bad accounts and broken stacks, at our getty and login and at util-linux's agetty and Debian's login.

use std::fs;
use std::process::Command;

use tests::outcome::Outcome;
use tests::process::Process;
use tests::run::run;
use tests::terminal::{Terminal, start_as_init};
use tests::{ensure, ensure_eq, peers, settings, stack};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[inside!(whom_we_do_not_let_in_debians_login_ends_for_with_the_same_status)];

/// A fault, and what is typed at which prompt until login ends.
struct Trial {
    what: &'static str,
    prepare: fn() -> Outcome,
    steps: &'static [(&'static str, &'static str)],
}

const ALICE: (&str, &str) = ("login: ", "alice\r");
const PASSWORD: (&str, &str) = ("Password: ", "alice\r");

const TRIALS: [Trial; 6] = [
    Trial {
        what: "no shell",
        prepare: || changed("usermod", &["-s", "/nonexistent", "alice"]),
        steps: &[ALICE, PASSWORD],
    },
    Trial { what: "expired account", prepare: || changed("chage", &["-E", "1", "alice"]), steps: &[ALICE, PASSWORD] },
    Trial {
        what: "expired password",
        prepare: || changed("chage", &["-d", "0", "alice"]),
        steps: &[ALICE, PASSWORD, ("Current password: ", "alice\r"), ("New password: ", "\x04")],
    },
    Trial {
        what: "missing session module",
        prepare: || stack::begin_with("session required pam_nonexistent.so"),
        steps: &[ALICE, PASSWORD],
    },
    Trial {
        what: "refused session",
        prepare: || stack::begin_with("session required pam_deny.so"),
        steps: &[ALICE, PASSWORD],
    },
    Trial {
        what: "hanging module",
        prepare: || {
            settings::login_defs("LOGIN_TIMEOUT", "2")?;
            stack::begin_with("auth required JUDGE hang")
        },
        steps: &[ALICE],
    },
];

/// Every file that a trial changes.
const CHANGED: [&str; 4] = ["/etc/passwd", "/etc/shadow", "/etc/login.defs", stack::LOGIN];

fn whom_we_do_not_let_in_debians_login_ends_for_with_the_same_status() -> Outcome {
    // The time to read why before the line is hung up. Theirs tells that it does not know the key, and goes on.
    settings::login_defs("FAIL_DELAY", "1")?;
    let mut before = Vec::new();
    for file in CHANGED {
        before.push((file, fs::read(file)?));
    }
    for Trial { what, prepare, steps } in TRIALS {
        prepare()?;
        let ours = end_of(|terminal| terminal.getty(&[]), steps).map_err(|e| e.during(format!("{what}, ours")))?;
        let theirs = end_of(agetty, steps).map_err(|e| e.during(format!("{what}, the peer's")))?;
        ensure_eq!((what, ours), (what, theirs));
        for (file, bytes) in &before {
            fs::write(file, bytes)?;
        }
    }
    Ok(())
}

fn changed(program: &str, arguments: &[&str]) -> Outcome {
    run(program, arguments)?.well().map(drop)
}

fn agetty(terminal: &Terminal) -> Outcome<Process> {
    let mut agetty = Command::new(peers::program("util-linux", &["sbin/agetty", "usr/sbin/agetty"])?);
    agetty.arg("-l").arg(peers::program("login", &["bin/login", "usr/bin/login"])?);
    start_as_init(agetty.args([terminal.line(), "vt220"]))
}

/// login's exit status. The person has been told something.
fn end_of(start: fn(&Terminal) -> Outcome<Process>, steps: &[(&str, &str)]) -> Outcome<i32> {
    let mut terminal = Terminal::open()?;
    let login = start(&terminal)?;
    for (seen, typed) in steps {
        terminal.expect(seen)?;
        terminal.send(typed)?;
    }
    let status = login.status()?;
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    let (words, typed) = (terminal.rest()?, steps.last().map_or("", |(_, typed)| typed)); // which may be echoed
    ensure!(letters(&words) >= 10 + letters(typed), "nothing is told: {words:?}");
    Ok(status)
}
