//! How fast and how small the tools are, beside util-linux's in the same run: `cargo bench -p utmp`.
//!
//! Prints a table; judges nothing. Each figure is the best of some runs, taken in turns, so that what else the machine does
//! falls on both. Files are made under the system's folder for temporary files and deleted again.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use utmp::{Durability, Files, Record, SIZE, Time};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const MILLION: i64 = 1_000_000;
const RUNS: usize = 5;

fn main() -> Outcome<()> {
    // `cargo test` runs this too, and there is nothing to test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    println!("| what | ours | util-linux | ratio | ours, most memory | util-linux |");
    println!("|---|---|---|---|---|---|");
    listings(dir.path())?;
    hostile(dir.path())?;
    parts(dir.path())?;
    writing(dir.path())?;
    many_writers(dir.path())?;
    Ok(())
}

fn at(seconds: i64) -> Time {
    Time::from_seconds(seconds)
}

/// Writes the records `make` makes of their numbers.
fn file(path: &Path, count: i64, make: impl FnMut(i64) -> Record) -> Outcome<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for record in (0..count).map(make) {
        file.write_all(&record.to_bytes())?;
    }
    file.flush()?;
    Ok(())
}

/// Sessions on 50 lines, a boot each 10,000 records: a history as it is.
fn ordinary(path: &Path, count: i64) -> Outcome<()> {
    let mut on: HashMap<i64, i32> = HashMap::new();
    let mut random = 88_172_645_463_325_252_u64;
    file(path, count, |number| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let (line, now) = ((random % 50) as i64, at(1_400_000_000 + number * 30));
        let name = format!("pts/{line}");
        if number % 10_000 == 9_998 {
            on.clear();
            return Record::shutdown(b"6.1.0-42-amd64", now);
        }
        if number % 10_000 == 9_999 {
            return Record::boot(b"6.1.0-42-amd64", now);
        }
        if let Some(pid) = on.remove(&line) {
            return Record::dead_process(name.as_bytes(), pid, now);
        }
        let pid = 1000 + (number % 30_000) as i32;
        on.insert(line, pid);
        let user = ["alice", "bob", "carol", "dave"][(random >> 20) as usize % 4];
        Record::user_process(name.as_bytes(), pid, user.as_bytes(), now)
            .with_host(b"host.example.org")
            .with_address([192, 0, 2, line as u8].into())
    })
}

fn listings(dir: &Path) -> Outcome<()> {
    let path = dir.join("wtmp");
    ordinary(&path, MILLION)?;
    for (name, ours, options) in [
        ("last", env!("CARGO_BIN_EXE_last"), &["-f"][..]),
        ("last -F -w -x", env!("CARGO_BIN_EXE_last"), &["-F", "-w", "-x", "-f"]),
        ("last alice", env!("CARGO_BIN_EXE_last"), &["alice", "-f"]),
        ("lastb", env!("CARGO_BIN_EXE_lastb"), &["-f"]),
        ("utmpdump", env!("CARGO_BIN_EXE_utmpdump"), &[]),
    ] {
        let peer = name.split(' ').next().unwrap_or(name);
        compare(&format!("{name}, 1,000,000 records"), ours, Some(peer), options, &path, RUNS)?;
    }
    fs::remove_file(&path)?;
    Ok(())
}

/// util-linux takes minutes for some of these: it is run once, and on a tenth. A record is to cost no more than twice what
/// it costs in an ordinary file of as many.
fn hostile(dir: &Path) -> Outcome<()> {
    let last = env!("CARGO_BIN_EXE_last");
    let path = dir.join("hostile");
    for count in [16_000, 160_000] {
        file(&path, count * 2, |number| {
            let (line, now) = (format!("ftpd{}", number % count), at(1_700_000_000 + number));
            if number < count {
                Record::user_process(line.as_bytes(), 1, b"bob", now)
            } else {
                Record::dead_process(line.as_bytes(), 1, now)
            }
        })?;
        let (peer, runs) = if count == 16_000 { (Some("last"), 1) } else { (None, RUNS) };
        compare(&format!("last, {count} distinct lines"), last, peer, &["-f"], &path, runs)?;
        if peer.is_none() {
            beside_ordinary(&path, count * 2)?;
        }
    }
    for count in [10_000, 100_000] {
        let now = Time::now().seconds - 5;
        file(&path, count, |number| {
            Record::user_process(format!("pts/{number}").as_bytes(), 5_000_000, b"nobody", at(now))
        })?;
        let (peer, runs) = if count == 10_000 { (Some("last"), 1) } else { (None, RUNS) };
        compare(&format!("last, {count} open sessions, no boot"), last, peer, &["-f"], &path, runs)?;
        if peer.is_none() {
            beside_ordinary(&path, count)?;
        }
    }
    fs::remove_file(&path)?;
    Ok(())
}

/// Our last on the hostile file and on an ordinary one of as many records, in turns.
fn beside_ordinary(hostile: &Path, records: i64) -> Outcome<()> {
    let path = hostile.with_file_name("ordinary");
    ordinary(&path, records)?;
    let (mut of_hostile, mut of_ordinary) = (Cost::MOST, Cost::MOST);
    for _ in 0..3 * RUNS {
        of_hostile = of_hostile.least(cost(Path::new(env!("CARGO_BIN_EXE_last")), &["-f"], hostile)?);
        of_ordinary = of_ordinary.least(cost(Path::new(env!("CARGO_BIN_EXE_last")), &["-f"], &path)?);
    }
    fs::remove_file(&path)?;
    let (hostile, ordinary) = (of_hostile.time, of_ordinary.time);
    let ratio = hostile.as_secs_f64() / ordinary.as_secs_f64();
    println!("| ours, beside {records} ordinary records | {hostile:.1?} | ordinary: {ordinary:.1?} | {ratio:.2} | | |");
    Ok(())
}

/// What is asked of the end of a long file is as fast as of a short one.
fn parts(dir: &Path) -> Outcome<()> {
    let last = env!("CARGO_BIN_EXE_last");
    let path = dir.join("long");
    let length = if free_space(dir)? > 6_000_000_000 { 10 * MILLION } else { 2 * MILLION };
    for count in [length / 10, length] {
        ordinary(&path, count)?;
        let since = format!(
            "{}",
            chrono::DateTime::from_timestamp(1_400_000_000 + count * 30 - 86_400, 0).unwrap_or_default().format("%F")
        );
        compare(&format!("last -n 10, {count} records"), last, Some("last"), &["-n", "10", "-f"], &path, RUNS)?;
        compare(&format!("last -s DATE, {count} records"), last, Some("last"), &["-s", &since, "-f"], &path, 2)?;
    }
    fs::remove_file(&path)?;
    Ok(())
}

fn free_space(dir: &Path) -> Outcome<u64> {
    let stat = rustix::fs::statvfs(dir)?;
    Ok(stat.f_bavail * stat.f_frsize)
}

/// A login's record with fdatasync(2), beside a bare fdatasync of as many bytes.
fn writing(dir: &Path) -> Outcome<()> {
    let files = Files::under(dir);
    fs::create_dir_all(dir.join("var/log"))?;
    fs::create_dir_all(dir.join("run"))?;
    fs::write(&files.wtmp, "")?;
    let record = Record::user_process(b"pts/1", 1, b"alice", at(1_700_000_000));
    let mut bare = File::create(dir.join("bare"))?;
    let (mut ours, mut disks, mut cached) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..500 {
        let start = Instant::now();
        files.append_wtmp_as(&record, Durability::Synced)?;
        ours.push(start.elapsed());
        let start = Instant::now();
        bare.write_all(&[1; SIZE])?;
        bare.sync_data()?;
        disks.push(start.elapsed());
        let start = Instant::now();
        files.append_wtmp(&record)?;
        cached.push(start.elapsed());
    }
    let (ours, disks, cached) = (median(ours), median(disks), median(cached));
    println!(
        "| a login's record, fdatasync | {ours:.1?} | the disk's own: {disks:.1?} | {:.2} | | |",
        ours.as_secs_f64() / disks.as_secs_f64()
    );
    println!("| a login's record, cached | {cached:.1?} | | | | |");
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// 200 writers and 20 readers for as long as `UTMP_BENCH_SECONDS` says, 30 if it says nothing.
fn many_writers(dir: &Path) -> Outcome<()> {
    let seconds = std::env::var("UTMP_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(30);
    let files = Files::under(dir);
    fs::write(&files.wtmp, "")?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let written: Vec<i64> = thread::scope(|scope| {
        let writers: Vec<_> = (0..200)
            .map(|writer| {
                let files = &files;
                scope.spawn(move || {
                    let mut count = 0;
                    while Instant::now() < end {
                        let line = format!("w{writer}");
                        let record = Record::user_process(line.as_bytes(), writer, b"alice", at(1_700_000_000 + count));
                        if files.append_wtmp(&record).is_err() {
                            break;
                        }
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        for _ in 0..20 {
            scope.spawn(|| {
                while Instant::now() < end {
                    // What a reader makes of the file is looked at below, once it stands still.
                    let _records = files.wtmp_backwards().map(|records| records.take(100).count());
                }
            });
        }
        writers.into_iter().map(|writer| writer.join().unwrap_or(-1)).collect()
    });
    let mut found = vec![0_i64; 200];
    let mut wrong = 0;
    for record in files.wtmp_since(0)? {
        match found.get_mut(record.pid as usize) {
            // Each writer's records come in their order, so none is lost and none is there twice.
            Some(count) if record.time.seconds == 1_700_000_000 + *count => *count += 1,
            _ => wrong += 1,
        }
    }
    let lost: i64 = written.iter().zip(&found).map(|(written, found)| (written - found).abs()).sum();
    let all: i64 = written.iter().sum();
    println!("| 200 writers, 20 readers, {seconds} s | {all} records, {lost} lost, {wrong} wrong | | | | |");
    Ok(())
}

/// A run of each in turns, and a row of the table. The limit keeps a quadratic peer from taking the day.
fn compare(what: &str, ours: &str, peer: Option<&str>, options: &[&str], path: &Path, runs: usize) -> Outcome<()> {
    let peer = peer.map(|name| PathBuf::from("/usr/bin").join(name)).filter(|peer| peer.exists());
    let (mut our_best, mut peer_best) = (Cost::MOST, Cost::MOST);
    for _ in 0..runs {
        our_best = our_best.least(cost(Path::new(ours), options, path)?);
        if let Some(peer) = &peer {
            peer_best = peer_best.least(cost(peer, options, path)?);
        }
    }
    let memory = |cost: Cost| format!("{} KB", cost.memory);
    let (time, ratio, peers) = if peer.is_some() {
        let ratio = peer_best.time.as_secs_f64() / our_best.time.as_secs_f64();
        (format!("{:.1?}", peer_best.time), format!("{ratio:.1}"), memory(peer_best))
    } else {
        Default::default()
    };
    println!("| {what} | {:.1?} | {time} | {ratio} | {} | {peers} |", our_best.time, memory(our_best));
    Ok(())
}

#[derive(Clone, Copy)]
struct Cost {
    time: Duration,
    memory: u64,
}

impl Cost {
    const MOST: Self = Self { time: Duration::MAX, memory: u64::MAX };

    fn least(self, other: Self) -> Self {
        Self { time: self.time.min(other.time), memory: self.memory.min(other.memory) }
    }
}

/// The most memory is what the kernel counted of a child that was started for this alone, which GNU time prints.
fn cost(program: &Path, options: &[&str], path: &Path) -> Outcome<Cost> {
    let start = Instant::now();
    let mut command = Command::new("/usr/bin/time");
    let output = command
        .args(["-f", "%M", "-q"])
        .arg(program)
        .args(options)
        .arg(path)
        .env("TZ", "UTC")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    let time = start.elapsed();
    let memory = String::from_utf8_lossy(&output.stderr).lines().last().and_then(|line| line.trim().parse().ok());
    Ok(Cost { time, memory: memory.unwrap_or(0) })
}
