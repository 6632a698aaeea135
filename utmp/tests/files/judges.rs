//! What other people's programs read in the files we wrote.

use std::fs;
use std::io::Write;

use crate::support::{NOW, Root, judge, present};
use utmp::{Appended, Exit, Record, Time};

fn later(seconds: i64) -> Time {
    Time { seconds: NOW.seconds + seconds, ..NOW }
}

#[test]
fn who_reads_boot_run_level_and_lines() {
    if !present("who") {
        return;
    }
    let root = Root::new();
    root.files.update(&Record::boot(b"6.1.0", NOW)).unwrap();
    root.files.update(&Record::run_level(b"6.1.0", b'N', b'S', NOW)).unwrap();
    root.files.update(&Record::run_level(b"6.1.0", b'S', b'2', later(5))).unwrap();
    root.files.update(&Record::login_process(b"tty1", 100, later(6))).unwrap();
    root.files.update(&Record::login_process(b"tty2", 101, later(6))).unwrap();
    root.files.update(&Record::user_process(b"tty1", 100, b"alice", later(60)).with_host(b"far.example")).unwrap();
    root.files.update(&Record::user_process(b"pts/0", 102, b"bob", later(61))).unwrap();
    let dead = Record::dead_process(b"pts/0", 102, later(120)).with_exit(Exit { termination: 1, exit: 2 });
    root.files.update(&dead).unwrap();
    let utmp = &root.files.utmp;
    assert!(judge("who", &["-b"], utmp).contains("system boot  Mar  4 05:06"));
    let level = judge("who", &["-r"], utmp);
    assert!(level.contains("run-level 2") && level.contains("last=S"), "{level}");
    let waiting = judge("who", &["-l"], utmp);
    assert!(waiting.contains("LOGIN    tty2") && waiting.contains("101 id=2"), "{waiting}");
    assert_eq!(judge("who", &[], utmp), "alice    tty1         Mar  4 05:07 (far.example)\n");
    let all = judge("who", &["-a"], utmp);
    assert!(all.contains("pts/0") && all.contains("102 id=ts/0  term=1 exit=2"), "{all}");
}

#[test]
fn last_reads_logins_and_logouts() {
    if !present("last") {
        return;
    }
    let root = Root::with_logs();
    for record in [
        Record::boot(b"6.1.0", NOW),
        Record::run_level(b"6.1.0", b'N', b'2', later(1)),
        Record::user_process(b"tty1", 100, b"alice", later(60)).with_host(b"far.example"),
        Record::dead_process(b"tty1", 100, later(3660)),
        Record::shutdown(b"6.1.0", later(7200)),
    ] {
        assert_eq!(root.files.append_wtmp(&record).unwrap(), Appended::Written);
    }
    let told = judge("last", &["-x", "-F", "-f"], &root.files.wtmp);
    for line in [
        "alice    tty1         far.example      Wed Mar  4 05:07:07 2026 - Wed Mar  4 06:07:07 2026  (01:00)",
        "shutdown system down  6.1.0            Wed Mar  4 07:06:07 2026",
        "runlevel (to lvl 2)   6.1.0            Wed Mar  4 05:06:08 2026 - Wed Mar  4 07:06:07 2026  (01:59)",
        "reboot   system boot  6.1.0            Wed Mar  4 05:06:07 2026 - Wed Mar  4 07:06:07 2026  (02:00)",
    ] {
        assert!(told.contains(line), "{line} in\n{told}");
    }
}

#[test]
fn last_reads_what_was_there_before_a_torn_tail_was_healed() {
    if !present("last") {
        return;
    }
    let root = Root::with_logs();
    root.files.append_wtmp(&Record::user_process(b"tty1", 100, b"alice", NOW)).unwrap();
    fs::OpenOptions::new().append(true).open(&root.files.wtmp).unwrap().write_all(b"torn").unwrap();
    root.files.append_wtmp(&Record::user_process(b"tty2", 101, b"bob", later(60))).unwrap();
    let told = judge("last", &["-f"], &root.files.wtmp);
    assert!(told.contains("alice    tty1") && told.contains("bob      tty2"), "{told}");
}

#[test]
fn lastb_reads_refused_logins() {
    if !present("lastb") {
        return;
    }
    let root = Root::with_logs();
    let refused = Record::failed_login(b"tty1", 100, b"mallory", NOW).with_address([192, 0, 2, 7].into());
    root.files.append_btmp(&refused.with_host(b"far.example")).unwrap();
    let told = judge("lastb", &["-i", "-f"], &root.files.btmp);
    assert!(told.starts_with("mallory  tty1         192.0.2.7        Wed Mar  4 05:06 - 05:06  (00:00)"), "{told}");
}

#[test]
fn utmpdump_reads_every_field() {
    if !present("utmpdump") {
        return;
    }
    let root = Root::new();
    let record = Record::user_process(b"tty1", 100, b"alice", NOW)
        .with_id(b"c1")
        .with_host(b"far.example")
        .with_address("2001:db8::1".parse().unwrap());
    root.files.update(&record).unwrap();
    assert_eq!(
        judge("utmpdump", &[], &root.files.utmp),
        "[7] [00100] [c1  ] [alice   ] [tty1        ] [far.example         ] [2001:db8::1    ] \
         [2026-03-04T05:06:07,000089+00:00]\n"
    );
}
