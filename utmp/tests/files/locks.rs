//! Writers beside each other lose nothing, and nobody who holds a lock for ever costs a record.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread;

use rustix::fs::{FlockOperation, fcntl_lock, flock};

use crate::support::{NOW, Root, compiled, ended, present, utmp_record};
use utmp::{Kind, Record};

fn held_for_reading(path: &std::path::Path) -> File {
    let file = File::open(path).unwrap();
    fcntl_lock(&file, FlockOperation::LockShared).unwrap();
    file
}

#[test]
fn readers_who_never_let_go_cost_no_record_and_make_no_queue() {
    let root = Root::with_logs();
    root.files.update(&Record::run_level(b"", b'N', b'1', NOW)).unwrap();
    let held = [held_for_reading(&root.files.utmp), held_for_reading(&root.files.wtmp)];
    let start = |level: i32| utmp_record(root.dir.path(), &["runlevel", &level.to_string()]).spawn().unwrap();
    let writers: Vec<_> = (2..10).map(start).collect();
    for writer in writers {
        assert!(ended(writer).success());
    }
    drop(held);
    assert_eq!(root.files.wtmp_since(0).unwrap().len(), 8);
    let (_, level) = root.files.utmp_records().unwrap().next().unwrap().run_levels().unwrap();
    assert!((b'2'..=b'9').contains(&level), "{level}");
}

#[test]
fn a_writer_of_ours_that_was_stopped_costs_no_record() {
    let root = Root::with_logs();
    fs::create_dir(&root.files.lock_dir).unwrap();
    let hold = |name| {
        let file = File::create(root.files.lock_dir.join(name)).unwrap();
        flock(&file, FlockOperation::LockExclusive).unwrap();
        file
    };
    let _held = [hold("utmp.lock"), hold("wtmp.lock")];
    assert!(ended(utmp_record(root.dir.path(), &["runlevel", "2"]).spawn().unwrap()).success());
    assert_eq!(root.files.utmp_records().unwrap().len(), 1);
    assert_eq!(root.files.wtmp_since(0).unwrap().len(), 1);
}

#[test]
fn processes_and_threads_of_ours_lose_nothing_to_each_other() {
    let root = Root::with_logs();
    let line = |thread: i32, number: i32| format!("tty{thread}{number}");
    for (thread, number) in (0..6).flat_map(|thread| (0..5).map(move |number| (thread, number))) {
        let line = line(thread, number);
        let bob = Record::user_process(line.as_bytes(), 1_000_000 + thread * 10 + number, b"bob", NOW);
        root.files.update(&bob.with_id(format!("b{thread}{number}").as_bytes())).unwrap();
    }
    thread::scope(|scope| {
        for thread in 0..6 {
            let (files, root) = (&root.files, root.dir.path());
            scope.spawn(move || {
                for number in 0..60 {
                    let line = format!("pts/{thread}{number}");
                    let record = Record::user_process(line.as_bytes(), 1000 * thread + number, b"alice", NOW);
                    files.update(&record.clone().with_id(format!("{thread}{number}").as_bytes())).unwrap();
                    files.append_wtmp(&record).unwrap();
                }
            });
            scope.spawn(move || {
                for number in 0..5 {
                    assert!(ended(utmp_record(root, &["dead", &line(thread, number)]).spawn().unwrap()).success());
                }
            });
        }
    });
    let users = |record: &Record| record.kind == Kind::UserProcess && record.user == "alice";
    assert_eq!(root.files.utmp_records().unwrap().filter(users).count(), 360);
    let appended = root.files.wtmp_since(0).unwrap();
    assert_eq!(appended.iter().filter(|record| users(record)).count(), 360);
    assert_eq!(appended.iter().filter(|record| record.kind == Kind::DeadProcess).count(), 30);
}

#[test]
fn writers_of_glibc_and_ours_lose_nothing_to_each_other() {
    if !present("cc") {
        return;
    }
    let root = Root::with_logs();
    fs::write(&root.files.utmp, "").unwrap();
    let program = compiled("beside", root.dir.path());
    let theirs = Command::new(program).arg(&root.files.utmp).arg(&root.files.wtmp).arg("100").spawn().unwrap();
    for number in 0..100 {
        let record = Record::user_process(format!("pts/{number}").as_bytes(), number, b"alice", NOW);
        root.files.update(&record).unwrap();
        root.files.append_wtmp(&record).unwrap();
    }
    assert!(ended(theirs).success());
    let count = |records: &[Record], line: &[u8]| {
        records.iter().filter(|record| record.line.as_bytes().starts_with(line)).count()
    };
    let (now, ever) = (root.files.utmp_records().unwrap().collect::<Vec<_>>(), root.files.wtmp_since(0).unwrap());
    assert_eq!((count(&now, b"pts/"), count(&now, b"glibc/"), now.len()), (100, 100, 200));
    assert_eq!((count(&ever, b"pts/"), count(&ever, b"glibc/"), ever.len()), (100, 100, 200));
}

#[test]
fn without_a_place_for_the_lock_file_the_record_is_written() {
    let mut root = Root::with_logs();
    root.files.lock_dir = root.dir.path().join("no/such/place");
    root.files.update(&Record::boot(b"", NOW)).unwrap();
    root.files.append_wtmp(&Record::boot(b"", NOW)).unwrap();
    assert_eq!(root.files.wtmp_since(0).unwrap().len(), 1);
}

#[test]
fn nobody_but_its_owner_can_open_a_lock_file() {
    let root = Root::with_logs();
    root.files.append_wtmp(&Record::boot(b"", NOW)).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(root.files.lock_dir.join("wtmp.lock")), 0o600);
    assert_eq!(mode(root.files.lock_dir.clone()), 0o755);
}

#[test]
fn who_writes_without_the_lock_cuts_nothing_off() {
    let root = Root::with_logs();
    fs::create_dir(&root.files.lock_dir).unwrap();
    let lock = File::create(root.files.lock_dir.join("wtmp.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    // Half a record: torn, or being written just now by whoever has the lock.
    let half = &Record::boot(b"", NOW).to_bytes()[..100];
    fs::write(&root.files.wtmp, half).unwrap();
    let record = Record::user_process(b"tty1", 1, b"alice", NOW);
    root.files.append_wtmp(&record).unwrap();
    assert_eq!(fs::read(&root.files.wtmp).unwrap(), [half, &record.to_bytes()].concat());
    assert_eq!(root.files.wtmp_backwards().unwrap().next().unwrap().unwrap(), record);
}
