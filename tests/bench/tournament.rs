//! The measurements there are, who takes part in each, and holding one: every contestant in turn, round after round, so
//! that what else the machine does meets all alike.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tests::outcome::{Failure, Outcome};
use tests::paths::{BUS, PROGRAMS};
use tests::sys::end_with_parent;

use crate::login::Whose;
use crate::table::Table;
use crate::{accounts, crowd, endurance, figure, kernel, lines, login, module, rest, scale};

/// Our logind's own door.
const DOOR: &str = "/run/session-rs/login1";

/// A measurement.
#[derive(Debug)]
pub(crate) struct Match {
    pub(crate) name: &'static str,
    about: &'static str,
    contestants: &'static [Contestant],
    /// A long one is measured so often at most.
    rounds_max: usize,
}

/// Who is measured. The last of a match is the peer that the others are compared with.
#[derive(Debug)]
struct Contestant {
    name: &'static str,
    sandbox: &'static [&'static str],
    measure: fn() -> Outcome,
}

const ELOGIND: &[&str] = &["--logind=elogind"];

/// All measurements.
pub(crate) const MATCHES: &[Match] = &[
    Match {
        name: "one-user",
        about: "CreateSession and close, all sessions of one user",
        rounds_max: 5,
        contestants: &[
            Contestant { name: "door", sandbox: &[], measure: || scale::measure(DOOR, &accounts::one()) },
            Contestant { name: "bus", sandbox: &[], measure: || scale::measure(BUS, &accounts::one()) },
            Contestant { name: "the kernel alone", sandbox: &[], measure: kernel::measure },
            Contestant { name: "elogind", sandbox: ELOGIND, measure: || scale::measure(BUS, &accounts::one()) },
        ],
    },
    Match {
        name: "many-users",
        about: "CreateSession and close, the sessions of 100 users",
        rounds_max: 5,
        contestants: &[
            Contestant { name: "door", sandbox: &[], measure: || scale::measure(DOOR, &accounts::many()?) },
            Contestant { name: "bus", sandbox: &[], measure: || scale::measure(BUS, &accounts::many()?) },
            Contestant { name: "elogind", sandbox: ELOGIND, measure: || scale::measure(BUS, &accounts::many()?) },
        ],
    },
    Match {
        name: "crowd",
        about: "8 clients at once, each of another user",
        rounds_max: 5,
        contestants: &[
            Contestant { name: "door", sandbox: &[], measure: || crowd::measure(DOOR, &accounts::many()?) },
            Contestant { name: "bus", sandbox: &[], measure: || crowd::measure(BUS, &accounts::many()?) },
            Contestant { name: "elogind", sandbox: ELOGIND, measure: || crowd::measure(BUS, &accounts::many()?) },
        ],
    },
    Match {
        name: "rest",
        about: "the daemon with nothing to do",
        rounds_max: 1,
        contestants: &[
            Contestant { name: "session-rs", sandbox: &[], measure: rest::measure },
            Contestant { name: "elogind", sandbox: ELOGIND, measure: rest::measure },
        ],
    },
    Match {
        name: "login",
        about: "getty and login against agetty and Debian's login, with the same PAM stack and our logind",
        rounds_max: 5,
        contestants: &[
            Contestant { name: "session-rs", sandbox: &[], measure: || login::measure(Whose::Ours) },
            Contestant { name: "agetty, login", sandbox: &[], measure: || login::measure(Whose::Theirs) },
        ],
    },
    Match {
        name: "six-lines",
        about: "one getty that keeps six lines against six agettys",
        rounds_max: 5,
        contestants: &[
            Contestant { name: "session-rs", sandbox: &[], measure: || lines::measure(Whose::Ours) },
            Contestant { name: "agetty", sandbox: &[], measure: || lines::measure(Whose::Theirs) },
        ],
    },
    Match {
        name: "module",
        about: "what a PAM session module adds to the process that loads it",
        rounds_max: 3,
        contestants: &[
            Contestant { name: "session-rs", sandbox: &[], measure: || module::measure("pam_session_rs.so") },
            Contestant { name: "pam_permit.so", sandbox: &[], measure: || module::measure("pam_permit.so") },
            Contestant { name: "pam_elogind.so", sandbox: &[], measure: module::measure_elogind },
        ],
    },
    Match {
        name: "endurance",
        about: "what 20,000 sessions leave behind in logind",
        rounds_max: 1,
        contestants: &[
            Contestant { name: "door", sandbox: &[], measure: || endurance::measure(DOOR, &accounts::one()) },
            Contestant { name: "elogind", sandbox: ELOGIND, measure: || endurance::measure(BUS, &accounts::one()) },
        ],
    },
];

/// The measurement of that name.
///
/// # Errors
/// That there is none.
pub(crate) fn find(name: &str) -> Outcome<&'static Match> {
    let found = MATCHES.iter().find(|game| game.name == name);
    found.ok_or_else(|| Failure::new(format!("there is no measurement {name:?}")))
}

/// Those whose name contains one of `names`; all, without names.
///
/// # Errors
/// That there are none.
pub(crate) fn select(names: &[String]) -> Outcome<Vec<&'static Match>> {
    let is_meant = |game: &&Match| names.is_empty() || names.iter().any(|name| game.name.contains(name.as_str()));
    let selected: Vec<_> = MATCHES.iter().filter(is_meant).collect();
    if selected.is_empty() { Err(Failure::new(format!("no measurement is named so: {names:?}"))) } else { Ok(selected) }
}

impl Match {
    /// Measures one contestant in this process.
    ///
    /// # Errors
    /// That there is no such contestant, and what went wrong.
    pub(crate) fn play(&self, contestant: &str) -> Outcome {
        let found = self.contestants.iter().find(|one| one.name == contestant);
        (found.ok_or_else(|| Failure::new(format!("there is no contestant {contestant:?}")))?.measure)()
    }

    /// Measures all contestants, round by round, each time in a new sandbox.
    ///
    /// # Errors
    /// What went wrong in a sandbox.
    pub(crate) fn hold(&self, rounds: usize) -> Outcome<Table> {
        let mut table = Table::new(self.name, self.about, self.contestants.iter().map(|one| one.name));
        for round in 1..=rounds.min(self.rounds_max) {
            for (column, contestant) in self.contestants.iter().enumerate() {
                eprint!("{}, round {round}: {}        \r", self.name, contestant.name);
                std::io::stderr().flush()?;
                for (name, value) in figure::read(&in_sandbox(self.name, contestant)?)? {
                    table.enter(column, &name, value);
                }
            }
        }
        eprintln!();
        Ok(table)
    }
}

fn in_sandbox(game: &str, contestant: &Contestant) -> Outcome<String> {
    let mut sandbox = Command::new(programs()?.join("sandbox"));
    sandbox.args(contestant.sandbox).args(["--", &format!("{PROGRAMS}/bench"), "--inside", game, contestant.name]);
    sandbox.stdin(Stdio::null()).stderr(Stdio::inherit());
    end_with_parent(&mut sandbox);
    let output = sandbox.output()?;
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(words);
    }
    Err(Failure::new(format!("{game} with {} failed ({})\n{words}", contestant.name, output.status)))
}

fn programs() -> Outcome<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.parent().unwrap_or(Path::new("/")).to_owned())
}
