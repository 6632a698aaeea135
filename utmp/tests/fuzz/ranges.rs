//! The search for a time in a long file, beside reading all of it.

use std::fs::File;
use std::os::unix::fs::FileExt;

use utmp::{Encoding, History, Record, Step, Time};

use crate::driver;
use crate::random::Random;

/// Enough for a search to leave some of them out.
const RECORDS: usize = 30_000;
const T: i64 = 1_600_000_000;
/// How far a clock may be set back without a record being lost, as last(1) has it.
const SET_BACK: usize = 86_400;
/// So many records in a row may be of a clock that is behind by more.
const UNSET: usize = 63;

#[test]
fn a_search_finds_what_reading_all_finds_wherever_the_clock_was_wrong_as_it_may_be() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wtmp");
    let encoding = Encoding::NATIVE;
    let mut bytes: Vec<u8> = (0..RECORDS)
        .flat_map(|number| encoding.encode(&Record::user_process(b"pts/1", number as i32, b"alice", Time::default())))
        .collect();
    driver::attempts("ranges", |random| {
        let times = times(random);
        for (record, seconds) in bytes.chunks_exact_mut(encoding.size()).zip(&times) {
            // A record of its own would cost more than the search.
            let place = if encoding.size() == 384 { 340 } else { 344 };
            record[place..place + 4].copy_from_slice(&(*seconds as u32).to_ne_bytes());
        }
        let file = File::create(&path).unwrap();
        file.write_all_at(&bytes[..times.len() * encoding.size()], 0).unwrap();
        let history = History::open(&path, None).unwrap();
        for _ in 0..2 {
            let since = times[random.below(times.len())] + random.one_of(&[-1, 0, 1, 100_000]);
            let mut expected = (0..times.len()).rev().filter(|number| times[*number] >= since);
            let mut read = 0;
            let mut records = history.backward_since(since).unwrap();
            while let Some(step) = records.next().unwrap() {
                let Step::Record(view) = step else { panic!("nothing is torn") };
                read += 1;
                if view.seconds() >= since {
                    assert_eq!(Some(view.pid() as usize), expected.next(), "since {since}");
                }
            }
            assert_eq!(expected.next(), None, "since {since}, {read} of {} records read", times.len());
        }
    });
}

/// What the clock showed at each record: it runs, is set back by up to a day, and by a year or to 1970
/// for a few records now and then.
fn times(random: &mut Random) -> Vec<i64> {
    let count = 1 + random.below(RECORDS);
    let step = random.one_of(&[0, 1, 30, 600]);
    let (jitter, bursts) = (random.one_of(&[1, 60, 3600, SET_BACK + 1]), random.one_of(&[0, 1, 5, 20]));
    let mut now = T;
    let mut ahead = 0;
    let mut times: Vec<_> = (0..count)
        .map(|_| {
            now += random.below(step + 1) as i64;
            if random.often(1) {
                ahead = random.below(jitter) as i64;
            }
            now + ahead
        })
        .collect();
    let mut burst = 0;
    for _ in 0..bursts {
        // Two in a row would be one that is longer.
        burst += UNSET + 1 + random.below(2 * count / (bursts + 1));
        let is_in_1970 = random.often(50);
        for time in times.iter_mut().skip(burst).take(1 + random.below(UNSET)) {
            *time = if is_in_1970 { 3 + random.below(1000) as i64 } else { *time - 365 * 86_400 };
        }
    }
    times
}
