//! How the cases went: counted, and said case by case.

use std::fmt;

/// How one case or test went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// What its name says is so.
    Passed,
    /// It is not.
    Failed,
    /// With the reason.
    Skipped(String),
}

/// How many went how, and which were skipped why.
#[derive(Default, Debug)]
pub struct Counts {
    /// How many passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
    /// Name and reason.
    pub skipped: Vec<(String, String)>,
}

impl Counts {
    /// Counts one more.
    pub fn count(&mut self, name: &str, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed => self.failed += 1,
            Verdict::Skipped(why) => self.skipped.push((name.to_owned(), why)),
        }
    }

    /// Counts what others have counted.
    pub fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped.extend_from_slice(&other.skipped);
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped.len())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("ok"),
            Self::Failed => f.write_str("FAILED"),
            Self::Skipped(why) => write!(f, "skipped: {why}"),
        }
    }
}
