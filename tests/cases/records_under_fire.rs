//! Records that cannot be written, or not just so: nobody's login is refused or held up by them, no whole record is lost.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::mount::{MountFlags, mount, mount_bind, mount_remount};
use tests::outcome::Outcome;
use tests::people::{ALICE, BOB};
use tests::run::run;
use tests::visit::{self, Visit};
use tests::{ensure, ensure_eq, log, paths, peers, process, settings, wait};
use utmp::{Files, Record, Time};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(on_a_full_disk_no_record_is_torn_and_a_person_logs_in),
    inside!(read_only_records_cost_a_line_in_the_log_each_and_no_login),
    inside!(a_disk_that_can_be_written_again_has_records_again_and_its_next_loss_is_told),
    inside!(a_missing_utmp_is_made_anew_for_its_group),
    inside!(missing_records_cost_a_line_in_the_log_each_and_no_login),
    inside!(a_torn_record_is_cut_off_and_the_others_are_kept),
    inside!(a_symbolic_link_is_not_written_through),
    inside!(a_reader_that_holds_a_lock_for_ever_costs_no_record),
    inside!(without_the_groups_utmp_and_tty_records_and_line_are_roots),
    inside!(a_stale_login_on_the_line_is_ended_in_the_records),
    inside!(a_failed_login_is_told_where_btmp_cannot_be_written),
];

const WTMP: &str = "/var/log/wtmp";
const BTMP: &str = "/var/log/btmp";
const LASTLOG: &str = "/var/log/lastlog";
const UTMP: &str = "/run/utmp";
/// A record's size (utmp(5)).
const SIZE: u64 = 384;

fn alice_comes_and_goes() -> Outcome {
    let mut visit = Visit::begin(&ALICE)?;
    ensure_eq!(visit.shell("id -un")?, "alice");
    ensure_eq!(visit.leave()?, 0);
    Ok(())
}

/// She mistypes her password first.
fn alice_comes_at_the_second_attempt_and_goes() -> Outcome {
    let mut visit = Visit::at_the_door()?;
    visit.give("alice", "wrong")?;
    visit.terminal.expect("Login incorrect")?;
    visit.terminal.log_in(&ALICE)?;
    ensure_eq!(visit.leave()?, 0);
    Ok(())
}

/// Sees that the log has one line about each of `files`, with `word` in it.
fn are_told_once(files: &[&str], word: &str) -> Outcome {
    for file in files {
        let lines = log::lines_about(file)?;
        ensure!(lines.len() == 1 && lines[0].contains(word), "of {file} the log says {lines:#?}");
    }
    Ok(())
}

fn make_read_only(file: &str) -> Outcome {
    mount_bind(file, file)?;
    Ok(mount_remount(file, MountFlags::BIND | MountFlags::RDONLY, "")?)
}

/// Waits until the log has a line about each of `files`: whoever reads it learns which records are lost.
fn log_tells_of(files: &[&str]) -> Outcome {
    wait::until_in(Path::new(paths::LOGS), &format!("the log tells of {files:?}"), || {
        let log = fs::read_to_string(paths::MESSAGES)?;
        Ok(files.iter().all(|file| log.lines().any(|line| line.contains(file))).then_some(()))
    })
}

fn dump(file: &str) -> Outcome<String> {
    Ok(run("utmpdump", &[file])?.well()?.stdout)
}

/// A file of ten whole records on a disk with room for not quite one more, in the place of `path`.
fn on_a_full_disk(path: &str) -> Outcome {
    let folder = format!("/tmp/full{}", path.replace('/', "-"));
    fs::create_dir(&folder)?;
    mount("tmpfs", &folder, "tmpfs", MountFlags::empty(), Some(c"size=4k"))?;
    let file = format!("{folder}/file");
    let record = Record::dead_process(b"pts/99", 1, Time::now());
    let files = Files { utmp: file.clone().into(), wtmp: file.clone().into(), ..Files::system() };
    fs::write(&file, "")?;
    for _ in 0..10 {
        files.append_wtmp(&record)?;
    }
    ensure_eq!(fs::metadata(&file)?.len(), 10 * SIZE);
    Ok(mount_bind(&file, path)?)
}

fn on_a_full_disk_no_record_is_torn_and_a_person_logs_in() -> Outcome {
    for file in [UTMP, WTMP, BTMP] {
        on_a_full_disk(file)?;
    }
    alice_comes_and_goes()?;
    for file in [UTMP, WTMP, BTMP] {
        ensure_eq!((file, fs::metadata(file)?.len()), (file, 10 * SIZE));
    }
    log_tells_of(&["wtmp", "utmp"])
}

fn read_only_records_cost_a_line_in_the_log_each_and_no_login() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    for file in [UTMP, WTMP, BTMP, LASTLOG] {
        make_read_only(file)?;
    }
    let before = fs::read(WTMP)?;
    alice_comes_at_the_second_attempt_and_goes()?;
    alice_comes_at_the_second_attempt_and_goes()?;
    ensure_eq!(fs::read(WTMP)?, before);
    log_tells_of(&[UTMP])?;
    are_told_once(&[WTMP, BTMP, LASTLOG], "Read-only file system")
}

fn a_disk_that_can_be_written_again_has_records_again_and_its_next_loss_is_told() -> Outcome {
    make_read_only(WTMP)?;
    alice_comes_and_goes()?;
    are_told_once(&[WTMP], "Read-only file system")?;
    mount_remount(WTMP, MountFlags::BIND, "")?;
    alice_comes_and_goes()?;
    let last = run("last", &["-f", WTMP])?.well()?.stdout;
    ensure_eq!(last.lines().filter(|row| row.starts_with("alice")).count(), 1);
    mount_remount(WTMP, MountFlags::BIND | MountFlags::RDONLY, "")?;
    alice_comes_and_goes()?;
    ensure_eq!(log::lines_about(WTMP)?.len(), 2);
    Ok(())
}

fn a_missing_utmp_is_made_anew_for_its_group() -> Outcome {
    let before = fs::metadata(UTMP)?;
    fs::remove_file(UTMP)?;
    let visit = Visit::begin(&ALICE)?;
    run("who", &[])?.well()?.saying("alice")?;
    ensure_eq!(visit.leave()?, 0);
    let after = fs::metadata(UTMP)?;
    ensure_eq!((after.uid(), after.gid(), after.mode()), (before.uid(), before.gid(), before.mode()));
    Ok(())
}

fn missing_records_cost_a_line_in_the_log_each_and_no_login() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    for file in [UTMP, WTMP, BTMP, LASTLOG] {
        fs::remove_file(file)?;
    }
    alice_comes_at_the_second_attempt_and_goes()?;
    alice_comes_at_the_second_attempt_and_goes()?;
    for file in [WTMP, BTMP, LASTLOG] {
        ensure!(!Path::new(file).exists(), "{file} was made");
    }
    are_told_once(&[WTMP, BTMP, LASTLOG], "file=/")
}

fn a_torn_record_is_cut_off_and_the_others_are_kept() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    alice_comes_and_goes()?;
    let before = dump(WTMP)?;
    for file in [UTMP, WTMP, BTMP] {
        OpenOptions::new().append(true).open(file)?.write_all(&[b'x'; 100])?;
    }
    let mut visit = Visit::at_the_door()?;
    visit.give("bob", "wrong")?;
    visit.terminal.expect("Login incorrect")?;
    visit.terminal.log_in(&ALICE)?;
    ensure_eq!(visit.leave()?, 0);
    for file in [WTMP, BTMP] {
        ensure_eq!((file, fs::metadata(file)?.len() % SIZE), (file, 0));
    }
    let after = dump(WTMP)?;
    ensure!(after.starts_with(&before), "records of before are lost:\n{after}");
    ensure!(!after.contains("xxx") && !dump(BTMP)?.contains("xxx"), "the torn record is still there:\n{after}");
    let last = run("last", &["-f", WTMP])?.well()?.stdout;
    ensure_eq!(last.lines().filter(|row| row.starts_with("alice")).count(), 2);
    run("who", &[])?.well()?.not_saying("alice")?;
    Ok(())
}

fn a_symbolic_link_is_not_written_through() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    for file in [UTMP, WTMP, BTMP, LASTLOG] {
        let victim = format!("/tmp/victim{}", file.replace('/', "-"));
        fs::write(&victim, "precious")?;
        fs::remove_file(file)?;
        symlink(&victim, file)?;
    }
    let mut visit = Visit::at_the_door()?;
    visit.give("bob", "wrong")?;
    visit.terminal.expect("Login incorrect")?;
    visit.terminal.log_in(&ALICE)?;
    ensure_eq!(visit.leave()?, 0);
    for file in [UTMP, WTMP, BTMP, LASTLOG] {
        let victim = format!("/tmp/victim{}", file.replace('/', "-"));
        ensure_eq!(fs::read_to_string(&victim)?, "precious");
        ensure!(fs::symlink_metadata(file)?.is_symlink(), "{file} was replaced");
    }
    log_tells_of(&["wtmp", "btmp"])
}

// utmp, wtmp and lastlog are open to all who want to read, so anybody may hold a lock on them (glibc bug 24492).
fn a_reader_that_holds_a_lock_for_ever_costs_no_record() -> Outcome {
    let said = fs::File::create("/tmp/held")?;
    let mut holder = peers::judge("hold_lock")?;
    let holder = holder.args([UTMP, WTMP, LASTLOG]).uid(BOB.uid).gid(BOB.uid).stdin(Stdio::null()).stdout(said);
    let holder = process::Process::start(holder)?;
    wait::until("bob holds his locks", || Ok(fs::read_to_string("/tmp/held")?.contains("held").then_some(())))?;
    let visit = Visit::begin(&ALICE)?;
    let line = visit.terminal.line().to_owned();
    run("who", &[])?.well()?.saying(&line)?;
    ensure_eq!(visit.leave()?, 0);
    let dump = dump(WTMP)?;
    for kind in ["[7]", "[8]"] {
        let count = dump.lines().filter(|row| row.starts_with(kind) && row.contains(&line)).count();
        ensure!(count == 1, "{count} records {kind} of the visit:\n{dump}");
    }
    run("lastlog", &["-u", "alice"])?.well()?.saying(&line)?;
    // They were the locks that glibc waits for, and held all the while.
    let locks = fs::read_to_string("/proc/locks")?;
    let held =
        |row: &str| row.contains(" POSIX ") && row.contains(" READ ") && row.contains(&format!(" {} ", holder.pid()));
    ensure_eq!(locks.lines().filter(|row| held(row)).count(), 3);
    holder.signal(rustix::process::Signal::KILL)?;
    holder.status()?;
    Ok(())
}

fn without_the_groups_utmp_and_tty_records_and_line_are_roots() -> Outcome {
    let groups = fs::read_to_string("/etc/group")?;
    let kept: String = groups
        .lines()
        .filter(|line| !line.starts_with("utmp:") && !line.starts_with("tty:"))
        .fold(String::new(), |all, line| all + line + "\n");
    fs::write("/etc/group", kept)?;
    fs::remove_file(UTMP)?;
    let mut visit = Visit::at_the_door()?;
    let path = visit.terminal.pty().path();
    let line = fs::metadata(&path)?;
    ensure_eq!((line.uid(), line.gid(), line.mode() & 0o777), (0, 0, 0o600));
    visit.terminal.send("\r")?;
    visit.terminal.log_in(&ALICE)?;
    let utmp = fs::metadata(UTMP)?;
    ensure_eq!((utmp.uid(), utmp.gid(), utmp.mode() & 0o777), (0, 0, 0o664));
    let line = fs::metadata(&path)?;
    ensure_eq!((line.uid(), line.gid(), line.mode() & 0o077), (ALICE.uid, ALICE.uid, 0));
    run("who", &[])?.well()?.saying("alice")?;
    ensure_eq!(visit.leave()?, 0);
    Ok(())
}

fn a_stale_login_on_the_line_is_ended_in_the_records() -> Outcome {
    let mut ended = Command::new("true").spawn()?;
    let pid = i32::try_from(ended.id())?;
    ended.wait()?;
    let mut terminal = tests::terminal::Terminal::open()?;
    let line = terminal.line().to_owned();
    let stale = Record::user_process(line.as_bytes(), pid, b"ghost", Time::now());
    let files = Files::system();
    files.append_wtmp(&files.put(&stale)?)?;
    run("utmpdump", &[UTMP])?.well()?.saying("ghost")?;
    let getty = terminal.getty(&[])?;
    terminal.log_in(&ALICE)?;
    let who = run("who", &[])?.well()?.not_saying("ghost")?.stdout;
    ensure_eq!(who.lines().filter(|row| row.contains(&line)).count(), 1);
    let dump = dump(UTMP)?;
    ensure_eq!(dump.lines().filter(|row| row.contains(&line)).count(), 1);
    let last = run("last", &["-f", WTMP, "ghost"])?.well()?.stdout;
    ensure!(last.contains("ghost") && !last.contains("still logged in"), "the ghost is still there:\n{last}");
    terminal.enter("exit")?;
    ensure_eq!(getty.status()?, 0);
    ensure!(Path::new(visit::SESSIONS).exists(), "logind's folder is gone");
    Ok(())
}

fn a_failed_login_is_told_where_btmp_cannot_be_written() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    on_a_full_disk(BTMP)?;
    let mut visit = Visit::at_the_door()?;
    visit.give("alice", "wrong")?;
    visit.terminal.expect("Login incorrect")?;
    ensure_eq!(fs::metadata(BTMP)?.len(), 10 * SIZE);
    log_tells_of(&["btmp"])?;
    visit.terminal.log_in(&ALICE)?;
    ensure_eq!(visit.leave()?, 0);
    Ok(())
}
