//! `cargo test` over the workspace, and its random inputs for longer, counted with the cases.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use ::tests::outcome::{Failure, Outcome};
use ::tests::report::{Counts, Verdict};

use crate::runner::programs;

/// Runs the tests of every crate, shows what failed, and counts. The whole output is kept in `target/cases/cargo-test`.
pub(crate) fn cargo_test() -> Outcome<Counts> {
    let folder = programs()?.with_file_name("cases");
    fs::create_dir_all(&folder)?;
    let log = folder.join("cargo-test");
    let mut file = fs::File::create(&log)?;
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--workspace", "--locked", "--no-fail-fast", "--", "--show-output"]);
    let mut cargo = cargo.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut tally = Tally::default();
    let output = cargo.stdout.take().ok_or_else(|| Failure::new("cargo has no output"))?;
    for line in BufReader::new(output).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        writeln!(file, "{line}")?;
        if tally.read(&line) {
            println!("{line}");
        }
    }
    Ok(tally.with(cargo.wait()?))
}

/// The fuzz targets, which a test runs for a second each, for a minute each: all at once, and beside the cases.
pub(crate) struct Fuzz {
    cargo: Child,
    log: PathBuf,
}

impl Fuzz {
    /// Starts them, as what the machine does when it has nothing else to do. They were built by [`cargo_test`].
    pub(crate) fn start() -> Outcome<Self> {
        let log = programs()?.with_file_name("cases").join("fuzz");
        let mut cargo = Command::new("nice");
        cargo.args(["cargo", "test", "--workspace", "--locked", "--test", "fuzz", "--"]);
        cargo.args(["--show-output", "--test-threads=4"]).env("UTMP_FUZZ_SECONDS", "60");
        let cargo = cargo.stdin(Stdio::null()).stdout(fs::File::create(&log)?).spawn()?;
        Ok(Self { cargo, log })
    }

    /// Waits for their end, and counts.
    pub(crate) fn finish(mut self) -> Outcome<Counts> {
        let status = self.cargo.wait()?;
        let mut tally = Tally::default();
        for line in fs::read(&self.log)?.split(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(line);
            if tally.read(&line) || line.contains(" attempts from seed ") {
                println!("{line}");
            }
        }
        Ok(tally.with(status))
    }
}

/// What `cargo test -- --show-output` has said so far.
#[derive(Default, Debug)]
struct Tally {
    counts: Counts,
    /// The test whose output is being shown.
    shown: Option<String>,
    is_in_failures: bool,
}

impl Tally {
    /// The counts of a run that ended with `status`.
    fn with(self, status: ExitStatus) -> Counts {
        let mut counts = self.counts;
        if !status.success() && counts.failed == 0 {
            println!("cargo test: {status}");
            counts.failed = 1; // it did not get as far as a test
        }
        counts
    }

    // Whether the line is worth showing: a result, or part of what a failed test said.
    fn read(&mut self, line: &str) -> bool {
        if let Some(result) = line.strip_prefix("test ").filter(|_| self.shown.is_none()) {
            self.result(result)
        } else if line == "failures:" || line == "successes:" {
            self.is_in_failures = line == "failures:";
            self.shown = None;
            false
        } else if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            self.shown = Some(name.to_owned());
            self.is_in_failures
        } else {
            self.said(line);
            self.is_in_failures && self.shown.is_some()
        }
    }

    fn result(&mut self, result: &str) -> bool {
        if result.starts_with("result: ") {
            self.is_in_failures = false;
            return true;
        }
        let Some((name, verdict)) = result.rsplit_once(" ... ") else { return false };
        let verdict = match verdict.split_once(", ") {
            _ if verdict == "ok" => Verdict::Passed,
            Some(("ignored", why)) => Verdict::Skipped(why.to_owned()),
            _ if verdict == "ignored" => Verdict::Skipped("no reason given".to_owned()),
            _ => Verdict::Failed,
        };
        let is_notable = verdict != Verdict::Passed;
        self.counts.count(name, verdict);
        is_notable
    }

    // A test that could not run passes as far as cargo knows, and says so.
    fn said(&mut self, line: &str) {
        if line.is_empty() || self.is_in_failures {
            return;
        }
        if let (Some(name), Some(why)) = (&self.shown, line.strip_prefix("skipped: ")) {
            self.counts.passed -= 1;
            self.counts.count(&name.clone(), Verdict::Skipped(why.to_owned()));
            self.shown = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "running 4 tests
test name::tests::good ... ok
test name::tests::cannot ... ok
test name::tests::bad ... FAILED
test name::tests::later ... ignored, needs a moon

successes:

---- name::tests::cannot stdout ----
test tube ... ok
skipped: no root here
skipped: really


successes:
    name::tests::good

failures:

---- name::tests::bad stdout ----
thread 'x' panicked at y
skipped: not this

failures:
    name::tests::bad

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn each_test_is_counted_once_and_a_skip_is_no_pass() {
        let mut tally = Tally::default();
        let shown: Vec<&str> = OUTPUT.lines().filter(|line| tally.read(line)).collect();
        let Counts { passed, failed, skipped } = &tally.counts;
        assert_eq!((*passed, *failed), (1, 1));
        let skip = |name: &str, why: &str| (name.to_owned(), why.to_owned());
        assert_eq!(*skipped, [skip("name::tests::later", "needs a moon"), skip("name::tests::cannot", "no root here")]);
        assert!(shown.contains(&"thread 'x' panicked at y"));
        assert!(!shown.iter().any(|line| line.contains("really")));
    }
}
