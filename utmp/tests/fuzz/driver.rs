//! Attempts after attempts, each from a seed of its own, until the time is over.

use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::random::Random;

/// Attempts until the time is over, and at least one.
pub(crate) fn attempts(target: &'static str, mut attempt: impl FnMut(&mut Random)) {
    let end = Instant::now() + Duration::from_secs(setting("UTMP_FUZZ_SECONDS").unwrap_or(1));
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let first = setting("UTMP_FUZZ_SEED").unwrap_or(clock);
    let mut seed = Attempt { target, seed: first };
    loop {
        attempt(&mut Random::new(seed.seed));
        if Instant::now() >= end {
            break;
        }
        seed.seed = seed.seed.wrapping_add(1);
    }
    say(&format!("{target}: {} attempts from seed {first}", seed.seed.wrapping_sub(first).wrapping_add(1)));
}

/// The attempt that is going on; tells its seed if it fails.
struct Attempt {
    target: &'static str,
    seed: u64,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if std::thread::panicking() {
            say(&format!("{} failed with UTMP_FUZZ_SEED={}", self.target, self.seed));
        }
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

fn say(text: &str) {
    println!("{text}");
    std::io::stdout().flush().unwrap();
}
