//! When each line was last given up: a logout, met before its login by who reads backwards.
//!
//! A hostile file has a hundred thousand lines. So a line is found by a hash whose seed nobody knows who names lines,
//! and one with a short name, as terminals have, takes half of the memory of one with a long name.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use crate::view::View;

/// Bytes of a short name.
const SHORT: usize = 16;

/// Lines, and when each was given up.
#[derive(Clone)]
pub(crate) struct GivenUp {
    short: HashMap<Name<SHORT>, i64, Seed>,
    long: HashMap<Name<32>, i64, Seed>,
}

impl GivenUp {
    /// Nothing is known of any line.
    pub(crate) fn new() -> Self {
        let seed = Seed::new();
        Self { short: HashMap::with_hasher(seed), long: HashMap::with_hasher(seed) }
    }

    /// The line of `view` is given up at `seconds`; when it was given up next, if that is known.
    #[inline]
    pub(crate) fn insert(&mut self, view: &View<'_>, seconds: i64) -> Option<i64> {
        let name = view.padded_line();
        match name.split_first_chunk::<SHORT>() {
            Some((start, rest)) if rest == [0; SHORT] => self.short.insert(Name(*start), seconds),
            _ => self.long.insert(Name(name), seconds),
        }
    }

    /// The system went down: no line is anybody's.
    pub(crate) fn clear(&mut self) {
        self.short.clear();
        self.long.clear();
    }
}

/// A line's name up to its first NUL, the rest NUL.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name<const N: usize>([u8; N]);

impl<const N: usize> Hash for Name<N> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

/// What hashes differ by from run to run.
#[derive(Clone, Copy)]
struct Seed(u64, u64);

impl Seed {
    fn new() -> Self {
        let random = RandomState::new();
        Self(random.hash_one(0_u8), random.hash_one(1_u8) | 1)
    }
}

impl BuildHasher for Seed {
    type Hasher = Folded;

    #[inline]
    fn build_hasher(&self) -> Folded {
        Folded { state: self.0, by: self.1 }
    }
}

/// Hashes eight bytes by a multiplication, of which both halves count.
struct Folded {
    state: u64,
    by: u64,
}

impl Hasher for Folded {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for word in bytes.as_chunks::<8>().0 {
            let product = u128::from(self.state ^ u64::from_le_bytes(*word)) * u128::from(self.by);
            self.state = (product as u64) ^ ((product >> 64) as u64);
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::Encoding;
    use crate::record::{Record, Time};

    #[test]
    fn a_line_is_its_whole_name_whatever_its_length() {
        let mut given_up = GivenUp::new();
        let mut insert = |line: &str, seconds| {
            let record = Record::dead_process(line.as_bytes(), 1, Time::default());
            given_up.insert(&Encoding::NATIVE.view(&record.to_bytes()).unwrap(), seconds)
        };
        let lines: Vec<String> = (1..=32).map(|length| "x".repeat(length)).collect();
        for round in 0..2 {
            for (number, line) in lines.iter().enumerate() {
                let number = number as i64;
                assert_eq!(insert(line, number + round), (round == 1).then_some(number), "{line}");
            }
        }
        given_up.clear();
        let record = Record::dead_process(b"x", 1, Time::default());
        assert_eq!(given_up.insert(&Encoding::NATIVE.view(&record.to_bytes()).unwrap(), 1), None);
    }

    #[test]
    fn names_that_differ_little_have_hashes_that_differ_in_every_bit() {
        let seed = Seed::new();
        let hashes = (0..4096_u32).map(|number| {
            let mut name = [0; SHORT];
            let text = format!("pts/{number}");
            name[..text.len()].copy_from_slice(text.as_bytes());
            seed.hash_one(Name(name))
        });
        let mut counts = [0; 64];
        for hash in hashes {
            counts.iter_mut().enumerate().for_each(|(bit, count)| *count += hash >> bit & 1);
        }
        // Half of 4096, give or take eight times the deviation that chance has.
        assert!(counts.iter().all(|count| (1792..=2304).contains(count)), "{counts:?}");
    }
}
