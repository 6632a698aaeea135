//! Runs scenarios one after the other. Neighbours share a machine as long as it is in order; after a failure, or for other
//! wants, the next gets a fresh one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

use tests::outcome::{Failure, Outcome};
use tests::report::{Counts, Verdict};

use crate::image::{self, Image};
use crate::machine::{Machine, keep_logs, qemu};
use crate::scenario::Scenario;
use crate::{paths, programs};

/// How much of a log is shown when a scenario failed.
const TAIL: usize = 40;
/// What `tests/expected-skips` calls all scenarios together.
const ALL: &str = "vm";

/// Runs the scenarios and says how each went. Whoever `goes_on` keeps the machine after a failure.
///
/// # Errors
/// What kept the machine from being made.
pub(crate) fn run(scenarios: &[&Scenario], goes_on: bool) -> Outcome<Counts> {
    if let Some(why) = lacking() {
        return Ok(all_skipped(scenarios, &why));
    }
    enter_folder()?;
    let place = qemu::take_place()?;
    if let Err(Failure::Skipped(why)) = image::suite() {
        return Ok(all_skipped(scenarios, &why));
    }
    for init in scenarios.iter().map(|scenario| scenario.init).collect::<BTreeSet<_>>() {
        Image::current(init)?;
        programs::make(init)?;
    }
    let mut counts = Counts::default();
    let mut machine: Option<Machine> = None;
    for scenario in scenarios {
        let began = Instant::now();
        let outcome = attempt(scenario, &mut machine, &place);
        let verdict = match &outcome {
            Ok(()) => Verdict::Passed,
            Err(Failure::Skipped(why)) => Verdict::Skipped(why.clone()),
            Err(Failure::Failed(_)) => Verdict::Failed,
        };
        println!("{} ... {verdict} ({:.1} s)", scenario.name, began.elapsed().as_secs_f32());
        if let Err(Failure::Failed(why)) = outcome {
            show(scenario, &why, machine.as_mut())?;
            machine.take_if(|machine| !goes_on || machine.clear().is_err());
        }
        counts.count(scenario.name, verdict);
    }
    Ok(counts)
}

/// Goes to the folder of all that machines need: QEMU's sockets are named relative to it, because their names must be short.
///
/// # Errors
/// That it cannot be made.
pub(crate) fn enter_folder() -> Outcome {
    let folder = paths::folder()?;
    fs::create_dir_all(&folder)?;
    Ok(std::env::set_current_dir(folder)?)
}

// What this system does not have that a machine needs.
fn lacking() -> Option<String> {
    let folders: Vec<_> = std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    let is_missing = |program: &&str| !folders.iter().any(|folder| folder.join(program).exists());
    let program = ["qemu-system-x86_64", "mmdebstrap", "apt-get"].into_iter().find(is_missing)?;
    Some(format!("{program} is not installed"))
}

fn all_skipped(scenarios: &[&Scenario], why: &str) -> Counts {
    println!("vm: skipped: {why}");
    let mut counts = Counts::default();
    scenarios.iter().for_each(|_| counts.count(ALL, Verdict::Skipped(why.to_owned())));
    counts
}

fn attempt(scenario: &Scenario, machine: &mut Option<Machine>, place: &File) -> Outcome {
    machine.take_if(|machine| machine.init() != scenario.init || machine.without() != scenario.without);
    let machine = match machine {
        Some(machine) => machine,
        None => machine.insert(Machine::start(Image::current(scenario.init)?, scenario.without, place.try_clone()?)?),
    };
    (scenario.run)(machine)?;
    machine.settle().map_err(|error| error.during("afterwards"))
}

fn show(scenario: &Scenario, why: &str, machine: Option<&mut Machine>) -> Outcome {
    let folder = paths::folder()?.join(scenario.name);
    keep_logs(machine, &folder)?;
    println!("  {why}\n  all there is to see is in {}", folder.display());
    for name in [paths::CONSOLE_LOG, "messages"] {
        let text = fs::read(Path::new(&folder).join(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        println!("  --- {name}");
        for line in &lines[lines.len().saturating_sub(TAIL)..] {
            println!("  {}", line.escape_debug());
        }
    }
    Ok(())
}
