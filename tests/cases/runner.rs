//! Runs cases: each in a process of its own with a deadline, a few at a time, with what they said kept.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tests::outcome::{Failure, Outcome};
use tests::paths::PROGRAMS;
use tests::process::Process;
use tests::report::{Counts, Verdict};
use tests::sys::end_with_parent;

use crate::case::{Case, Place};

/// After so long a case has hung, also on a machine that is many times slower than it is wont to be.
const DEADLINE: Duration = Duration::from_secs(600);
/// How long a sandbox told to end may take for it.
const GRACE: Duration = Duration::from_secs(10);
/// The exit status of a case that cannot run (as automake's tests have it).
const SKIPPED: i32 = 77;
/// How much of a log is shown when a case failed.
const TAIL: usize = 60;

/// Runs one case in this process: what the runner starts, in the sandbox or outside.
pub(crate) fn run_here(case: &Case) -> ExitCode {
    match (case.run)() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(why)) => {
            println!("{why}");
            ExitCode::FAILURE
        }
        Err(Failure::Skipped(why)) => {
            println!("skipped: {why}");
            ExitCode::from(SKIPPED.unsigned_abs().to_le_bytes()[0])
        }
    }
}

/// Runs the cases, `jobs` at a time, and says how each went.
pub(crate) fn run(cases: &[&Case], jobs: usize) -> Outcome<Counts> {
    let folder = programs()?.with_file_name("cases");
    let waiting = Mutex::new(cases.iter());
    let counts = Mutex::new(Counts::default());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(case) = waiting.lock().ok().and_then(|mut waiting| waiting.next()) {
                    let began = Instant::now();
                    let (verdict, words) = try_case(case, &folder.join(case.name));
                    let mut counts = counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    println!("{} ... {verdict} ({:.1} s)", case.name, began.elapsed().as_secs_f32());
                    if verdict == Verdict::Failed {
                        println!("{words}");
                    }
                    counts.count(case.name, verdict);
                }
            });
        }
    });
    counts.into_inner().map_err(Failure::from)
}

/// The folder of this program, where the others lie too.
pub(crate) fn programs() -> Outcome<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.parent().unwrap_or(Path::new("/")).to_owned())
}

fn try_case(case: &Case, folder: &Path) -> (Verdict, String) {
    match attempt(case, folder) {
        Ok(Some(0)) => (Verdict::Passed, String::new()),
        Ok(Some(SKIPPED)) => (Verdict::Skipped(reason(folder)), String::new()),
        Ok(Some(status)) => (Verdict::Failed, shown(folder, &format!("exit status {status}"))),
        Ok(None) => (Verdict::Failed, shown(folder, &format!("it hung for {} s and was ended", DEADLINE.as_secs()))),
        Err(Failure::Failed(why) | Failure::Skipped(why)) => (Verdict::Failed, shown(folder, &why)),
    }
}

// The exit status; none if the deadline passed.
fn attempt(case: &Case, folder: &Path) -> Outcome<Option<i32>> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => fs::create_dir_all(folder)?,
    }
    let output = File::create(folder.join("output"))?;
    let mut command = match case.place {
        Place::Inside(options) => {
            let mut sandbox = Command::new(programs()?.join("sandbox"));
            sandbox.arg("--logs").arg(folder.join("log")).args(options);
            sandbox.args(["--", &format!("{PROGRAMS}/cases")]);
            sandbox
        }
        Place::Outside => Command::new(std::env::current_exe()?),
    };
    command.args(["--inside", case.name]).current_dir(folder);
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    end_with_parent(&mut command);
    let process = Process::start(&mut command)?;
    if process.ended_within(DEADLINE)? {
        return process.status().map(Some);
    }
    process.signal(Signal::TERM)?;
    if !process.ended_within(GRACE)? {
        process.signal(Signal::KILL)?;
    }
    process.status()?;
    Ok(None)
}

fn reason(folder: &Path) -> String {
    let output = fs::read_to_string(folder.join("output")).unwrap_or_default();
    let reason = output.lines().rev().find_map(|line| line.strip_prefix("skipped: "));
    reason.unwrap_or("it does not say why").to_owned()
}

// What there is to see of a failed case: its own words, then the ends of the logs.
fn shown(folder: &Path, what: &str) -> String {
    let mut files = vec![folder.join("output")];
    let logs = fs::read_dir(folder.join("log")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut logs: Vec<PathBuf> = logs.filter(|path| is_text(path)).collect();
    logs.sort();
    files.append(&mut logs);
    let mut shown = format!("  {what}; all there is to see is in {}\n", folder.display()).into_bytes();
    for file in files {
        let text = fs::read(&file).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        if lines.is_empty() {
            continue;
        }
        // Writing to a vector does not fail.
        let _ = writeln!(shown, "  --- {}", file.strip_prefix(folder).unwrap_or(&file).display());
        for line in &lines[lines.len().saturating_sub(TAIL)..] {
            let _ = writeln!(shown, "  {line}");
        }
    }
    String::from_utf8_lossy(&shown).into_owned()
}

fn is_text(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "messages") || path.extension().is_some_and(|kind| kind == "log")
}
