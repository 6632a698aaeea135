//! What may come from anybody, made up at random for a while: records, their text, times, and ranges of them.
//!
//! Each target runs for `UTMP_FUZZ_SECONDS`, one if that is not set, from `UTMP_FUZZ_SEED`, or from a seed of its own. It
//! prints the seed of an attempt that failed: given again, it is the first attempt.

#[cfg(test)]
mod driver;
#[cfg(test)]
mod mutation;
#[cfg(test)]
#[path = "../shared/random.rs"]
mod random;
#[cfg(test)]
mod ranges;
#[cfg(test)]
mod records;
#[cfg(test)]
mod text;
#[cfg(test)]
mod times;
