//! A host that loads the module again and again in one process and must find itself as it was: `tests/judges/pam_host.c`.

use std::fs;

use tests::outcome::{Failure, Outcome};
use tests::people::ALICE;
use tests::{ensure, ensure_eq, peers, process, run, stack, visit};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(a_host_that_opens_and_closes_a_thousand_times_is_as_before),
    inside!(without_a_bus_it_is_as_before_too, "--no-bus"),
    inside!(a_host_with_threads_is_as_before),
    inside!(a_host_that_forks_between_open_and_close_is_as_before),
    inside!(a_host_that_signals_interrupt_is_as_before),
    inside!(a_host_without_standard_descriptors_keeps_their_numbers_free),
    inside!(without_logind_a_host_is_as_before_too, "--logind=none", "--no-bus"),
];

/// How much more may be resident at the end than after the first handle: pages that the kernel brought in beside others.
const SLACK_KB: u64 = 64;

/// How many bytes libc may keep for threads: it makes room for as many modules as were ever loaded at one time. A thousand
/// sessions that left but five bytes each would be more.
const SLACK_OF_THREADS: u64 = 4096;

/// What the host said.
struct Report(String);

impl Report {
    fn of(mode: &str, handles: u32, pairs: u32) -> Outcome<Self> {
        stack::write("embedding", &[&format!("required {} {}", stack::ours()?, stack::PATIENT)])?;
        let (handles, pairs) = (handles.to_string(), pairs.to_string());
        let mut host = peers::judge("pam_host")?;
        host.args([mode, "embedding", ALICE.name, &handles, &pairs]);
        host.env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0");
        Ok(Self(run::output(&mut host)?.well()?.stdout))
    }

    fn values(&self, when: &str, key: &str) -> Vec<&str> {
        let prefix = format!("{when}.{key}=");
        self.0.lines().filter_map(|line| line.strip_prefix(&prefix)).collect()
    }

    fn number(&self, when: &str, key: &str) -> Outcome<u64> {
        let value = self.values(when, key).first().copied();
        Ok(value.ok_or_else(|| Failure::new(format!("no {when}.{key} in\n{}", self.0)))?.parse()?)
    }

    /// Sees that nothing is mapped, running or open that was not before, and that no sessions but the first, for which
    /// libpam and libc keep something, cost more than `slack` bytes of the heap.
    fn is_as_before(&self, slack: u64) -> Outcome {
        ensure!(!self.values("start", "map").is_empty(), "no maps in\n{}", self.0);
        for key in ["map", "threads", "fds"] {
            ensure_eq!((key, self.values("once", key)), (key, self.values("start", key)));
            ensure_eq!((key, self.values("end", key)), (key, self.values("start", key)));
        }
        let (once, end) = (self.number("once", "heap")?, self.number("end", "heap")?);
        ensure!(end <= once + slack, "in the heap: {once} bytes after the first, {end} at the end");
        let (once, end) = (self.number("once", "resident_kb")?, self.number("end", "resident_kb")?);
        ensure!(end <= once + SLACK_KB, "resident: {once} kB after the first, {end} kB at the end");
        Ok(())
    }
}

/// Runs the host, each of whose pairs of calls must have been a session.
fn is_as_before(mode: &str, handles: u32, pairs: u32) -> Outcome {
    let before = process::all()?;
    let report = Report::of(mode, handles, pairs)?;
    ensure_eq!(report.number("end", "sessions")?, u64::from(handles * pairs));
    report.is_as_before(0)?;
    visit::as_before(&before)
}

fn a_host_that_opens_and_closes_a_thousand_times_is_as_before() -> Outcome {
    is_as_before("plain", 100, 10)
}

fn without_a_bus_it_is_as_before_too() -> Outcome {
    a_host_that_opens_and_closes_a_thousand_times_is_as_before()
}

fn a_host_with_threads_is_as_before() -> Outcome {
    let before = process::all()?;
    // One process leads one session at a time: of those that come together one gets it, the others go on without.
    let report = Report::of("threads", 25, 5)?;
    ensure!(report.number("end", "sessions")? > 0, "no session in\n{}", report.0);
    report.is_as_before(SLACK_OF_THREADS)?;
    visit::as_before(&before)
}

fn a_host_that_forks_between_open_and_close_is_as_before() -> Outcome {
    is_as_before("fork", 20, 10)
}

fn a_host_that_signals_interrupt_is_as_before() -> Outcome {
    is_as_before("signals", 20, 10)
}

fn a_host_without_standard_descriptors_keeps_their_numbers_free() -> Outcome {
    is_as_before("closed", 5, 10)
}

fn without_logind_a_host_is_as_before_too() -> Outcome {
    let before = process::all()?;
    Report::of("alone", 100, 10)?.is_as_before(0)?;
    ensure_eq!(fs::read_dir(visit::RUNTIME)?.count(), 1);
    process::none_but(&before)
}
