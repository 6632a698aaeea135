//! What util-linux got after 2.38 and what is ours alone, line for line.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use utmp::{Encoding, Record, Text, Time};

use crate::made::{self, LAST, LASTB, Random, T, UTMPDUMP, encoded, is_peer, printed};

fn at(seconds: i64) -> Time {
    Time::from_seconds(T + seconds)
}

fn user(line: &str, name: &str, seconds: i64) -> Record {
    Record::user_process(line.as_bytes(), 4_194_305, name.as_bytes(), at(seconds)).with_host(b"far.away.example.org")
}

fn dead(line: &str, seconds: i64) -> Record {
    Record::dead_process(line.as_bytes(), 4_194_305, at(seconds))
}

fn boot(seconds: i64) -> Record {
    Record::boot(b"6.1.0", at(seconds))
}

fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    (dir, path)
}

fn wtmp(records: &[Record]) -> (TempDir, PathBuf) {
    file("wtmp", &encoded(Encoding::NATIVE, records))
}

fn last(path: &std::path::Path, options: &[&str]) -> String {
    let text = printed(LAST, &[&["-f", path.to_str().unwrap()], options].concat());
    // The footer is the same everywhere.
    text.split("\nwtmp begins").next().unwrap_or_default().to_owned()
}

fn peer(path: &std::path::Path, options: &[&str]) -> String {
    let output = made::run("/usr/bin/last", "UTC", &[&["-f", path.to_str().unwrap()], options].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split("\nwtmp begins").next().unwrap_or_default().to_owned()
}

#[test]
fn a_name_that_is_cut_off_is_marked_when_asked_for() {
    let (_dir, path) =
        wtmp(&[user("pts/0", "longusername", 0), dead("pts/0", 60), user("pts/0", "eightchr", 70), dead("pts/0", 80)]);
    assert_eq!(
        last(&path, &["--mark"]),
        "eightchr pts/0        far.away.exampl* Tue Nov 14 22:14 - 22:14  (00:00)\n\
         longuse* pts/0        far.away.exampl* Tue Nov 14 22:13 - 22:14  (00:01)\n"
    );
    assert_eq!(
        last(&path, &["--mark", "-w", "-n1"]),
        "eightchr pts/0        far.away.example.org Tue Nov 14 22:14 - 22:14  (00:00)\n"
    );
}

#[test]
fn fields_are_separated_by_tabs_when_asked_for() {
    let (_dir, path) =
        wtmp(&[boot(-60), user("pts/0", "long\tusername", 0), dead("pts/0", 60), user("pts/1", "bob", 90)]);
    assert_eq!(
        last(&path, &["-T"]),
        "bob\tpts/1\tfar.away.example.org\tTue Nov 14 22:14\tgone\t- no logout\n\
         long username\tpts/0\tfar.away.example.org\tTue Nov 14 22:13\t- 22:14\t(00:01)\n\
         reboot\tsystem boot\t6.1.0\tTue Nov 14 22:12\tstill\trunning\n"
    );
    assert_eq!(
        last(&path, &["-T", "-w", "-a", "--time-format=iso", "long\tusername"]),
        "long username\tpts/0\t2023-11-14T22:13:20+00:00\t- 2023-11-14T22:14:20+00:00\t(00:01)\tfar.away.example.org\n"
    );
}

#[test]
fn a_boot_that_crashed_is_marked_when_asked_for() {
    let (_dir, path) =
        wtmp(&[boot(0), user("tty1", "bob", 60), boot(3600), Record::shutdown(b"6.1.0", at(7200)), boot(9000)]);
    assert_eq!(
        last(&path, &["--mark", "-R"]),
        "reboot   system boot  Wed Nov 15 00:43   still running\n\
         reboot   system boot  Tue Nov 14 23:13 - 00:13  (01:00)\n\
         bob      tty1         Tue Nov 14 22:14 - crash  (00:59)\n\
         reboot   system boot  Tue Nov 14 22:13 - crash  (01:00)\n"
    );
    // util-linux 2.38 lets the first one end with the shutdown of the second, and so do we unless asked.
    assert!(last(&path, &["-R"]).ends_with("reboot   system boot  Tue Nov 14 22:13 - 00:13  (02:00)\n"));
}

#[test]
fn until_picks_what_is_listed_and_not_what_is_known() {
    let records = [boot(-100), user("tty1", "bob", 0), dead("tty1", 7200), Record::shutdown(b"6.1.0", at(9000))];
    let (_dir, path) = wtmp(&records);
    let until = ["-R", "-t", "2023-11-14 23:00"];
    assert_eq!(
        last(&path, &until),
        "bob      tty1         Tue Nov 14 22:13 - 00:13  (02:00)\n\
         reboot   system boot  Tue Nov 14 22:11 - 00:43  (02:31)\n"
    );
    if is_peer("/usr/bin/last") {
        assert_eq!(
            peer(&path, &until),
            "bob      tty1         Tue Nov 14 22:13    gone - no logout\n\
             reboot   system boot  Tue Nov 14 22:11   still running\n"
        );
    }
}

#[test]
fn a_torn_stretch_costs_no_session() {
    let records = [user("tty1", "bob", 0), dead("tty1", 60), user("tty2", "alice", 70), dead("tty2", 80)];
    let mut bytes = encoded(Encoding::NATIVE, &records);
    bytes.extend_from_slice(&[0x21; 10]);
    let (_dir, path) = file("wtmp", &bytes);
    let whole = "alice    tty2         Tue Nov 14 22:14 - 22:14  (00:00)\n\
                 bob      tty1         Tue Nov 14 22:13 - 22:14  (00:01)\n";
    assert_eq!(last(&path, &["-R"]), whole);
    let told = made::run(LAST, "UTC", &["-f", path.to_str().unwrap()]).stderr;
    let told = String::from_utf8(told).unwrap();
    assert!(told.ends_with(&format!("wtmp: 10 bytes at {} are no record\n", bytes.len() - 10)), "{told}");
    if is_peer("/usr/bin/last") {
        assert!(!peer(&path, &["-R"]).contains("bob      tty1"), "util-linux finds none");
    }
}

#[test]
fn a_file_of_another_machine_is_read_as_it_was_written() {
    let records = [user("tty1", "bob", 0), dead("tty1", 60)];
    let listed = "bob      tty1         Tue Nov 14 22:13 - 22:14  (00:01)\n";
    for encoding in Encoding::ALL {
        let (_dir, path) = file("wtmp", &encoded(encoding, &records));
        assert_eq!(last(&path, &["-R"]), listed, "{encoding}");
        assert_eq!(last(&path, &["-R", "--encoding", &encoding.to_string()]), listed, "{encoding}");
        if is_peer("/usr/bin/last") && encoding != Encoding::NATIVE {
            assert!(!peer(&path, &["-R"]).contains(listed), "util-linux reads its own machine's alone");
        }
    }
}

#[test]
fn a_time_after_2038_is_what_it_is() {
    let (_dir, path) = wtmp(&[user("tty1", "bob", 2_600_000_000 - T), dead("tty1", 2_600_000_060 - T)]);
    assert_eq!(
        last(&path, &["-R", "-F"]),
        "bob      tty1         Wed May 22 14:13:20 2052 - Wed May 22 14:14:20 2052  (00:01)\n"
    );
    if is_peer("/usr/bin/last") && Encoding::NATIVE.size() == 384 {
        assert!(peer(&path, &["-R", "-F"]).contains(" 1916 "), "util-linux 2.38 takes the seconds for signed");
    }
}

#[test]
fn no_name_makes_a_line_of_its_own() {
    let (_dir, path) = wtmp(&[user("tty1", "a\nb\rc\x07", 0), dead("tty1", 60)]);
    assert_eq!(last(&path, &["-R"]), "a*Jb*Mc*G   tty1         Tue Nov 14 22:13 - 22:14  (00:01)\n");
    if is_peer("/usr/bin/last") {
        assert!(peer(&path, &["-R"]).starts_with("a\nb\rc\x07"), "util-linux prints them");
    }
}

#[test]
fn sessions_go_on_from_a_rotated_file_into_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("wtmp.1"), dir.path().join("wtmp"));
    fs::write(&old, encoded(Encoding::NATIVE, &[boot(0), user("tty1", "bob", 10), user("tty2", "alice", 20)])).unwrap();
    fs::write(&new, encoded(Encoding::NATIVE, &[dead("tty1", 3610), boot(7200)])).unwrap();
    let list = |first: &PathBuf, second: &PathBuf| {
        let files = ["-R", "-f", first.to_str().unwrap(), "-f", second.to_str().unwrap()];
        let of = |program: &str| String::from_utf8(made::run(program, "UTC", &files).stdout).unwrap();
        (of(LAST), of("/usr/bin/last"))
    };
    let of_old = "alice    tty2         Tue Nov 14 22:13 - crash  (01:59)\n\
                  bob      tty1         Tue Nov 14 22:13 - 23:13  (01:00)\n";
    for (first, second) in [(&new, &old), (&old, &new)] {
        let (ours, theirs) = list(first, second);
        assert!(ours.contains(of_old), "{ours}");
        if is_peer("/usr/bin/last") {
            assert!(theirs.contains("bob      tty1         Tue Nov 14 22:13    gone - no logout\n"), "{theirs}");
        }
    }
}

#[test]
fn json_tells_every_field_and_is_valid_for_every_byte() {
    let all: Vec<u8> = (1..=32).collect();
    let high: Vec<u8> = (200..=231).collect();
    let records = [
        boot(-100),
        Record { user: Text::new(&all), ..user("tty1", "", 0) }.with_address([192, 0, 2, 7].into()),
        Record { user: Text::new(&high), ..user("tty1", "", 5) },
        dead("tty1", 60),
    ];
    let (_dir, path) = wtmp(&records);
    let json = printed(LAST, &["--json", "-f", path.to_str().unwrap()]);
    assert!(json.contains(r#""user":"\u0001\u0002\u0003"#), "{json}");
    assert!(json.contains(r#""user_bytes":"c8c9cacb"#), "{json}");
    assert!(json.contains(
        r#""address":"192.0.2.7","pid":4194305,"login":"2023-11-14T22:13:20+00:00","login_seconds":1700000000,"logout":"2023-11-14T22:13:25+00:00","logout_seconds":1700000005,"end":"logout"}"#
    ), "{json}");
    assert!(json.ends_with("\"files\":[\n{\"file\":\"wtmp\",\"begins\":\"2023-11-14T22:11:40+00:00\",\"begins_seconds\":1699999900}\n]}\n"), "{json}");
    assert_eq!(json.matches("\"type\"").count(), 3);
    assert_eq!(printed(LASTB, &["--json", "-f", path.to_str().unwrap()]).matches("\"refused\"").count(), 4);
}

#[test]
fn a_chart_shows_who_was_on_when() {
    let (_dir, path) = wtmp(&[
        boot(0),
        user("tty1", "bob", 0),
        dead("tty1", 1700),
        user("tty2", "al\x1bice", 3400),
        dead("tty2", 6799),
        boot(6800),
    ]);
    let chart = last(&path, &["--chart"]);
    let rows: Vec<_> = chart.lines().collect();
    assert_eq!(rows.len(), 4, "{chart}");
    assert!(rows[0].starts_with("            Tue Nov 14 22:13") && rows[0].ends_with("Wed Nov 15 00:06"), "{chart}");
    assert_eq!(rows[2], format!("{:<10} |{}{}", r"al\x1bice", ".".repeat(34), "#".repeat(34)));
    assert_eq!(rows[3], format!("{:<10} |{}{}", "bob", "#".repeat(18), ".".repeat(50)));
}

#[test]
fn utmpdumps_json_loses_nothing_in_any_encoding() {
    for (seed, encoding) in Encoding::ALL.into_iter().cycle().take(24).enumerate() {
        let name = encoding.to_string();
        let mut bytes = encoded(encoding, &made::file(&mut Random::new(seed as u64 + 1000)));
        // Also where nothing stands; but what has neither a type nor a line is no record.
        for at in (0..bytes.len()).step_by(97).filter(|at| at % encoding.size() >= 40) {
            bytes[at] ^= 1;
        }
        let (dir, path) = file("wtmp", &bytes);
        let (text, back) = (dir.path().join("text"), dir.path().join("back"));
        let of = |path: &PathBuf| path.to_str().unwrap().to_owned();
        printed(UTMPDUMP, &["--json", "--encoding", &name, "-o", &of(&text), &of(&path)]);
        printed(UTMPDUMP, &["--json", "--encoding", &name, "-r", "-o", &of(&back), &of(&text)]);
        let (whole, read) = (bytes, fs::read(&back).unwrap());
        assert!(whole == read, "{name}, seed {seed}: {} of {} bytes", read.len(), whole.len());
    }
}

#[test]
fn utmpdump_shows_the_last_records_and_those_that_are_appended() {
    use std::io::{BufRead, BufReader, Write};
    let records: Vec<_> = (0..15).map(|number| user("tty1", &format!("u{number}"), number)).collect();
    let (_dir, path) = wtmp(&records);
    let mut child = std::process::Command::new(UTMPDUMP)
        .arg("-f")
        .arg(&path)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    for number in 5..15 {
        assert!(lines.next().unwrap().contains(&format!("[u{number} ")));
    }
    let appended = Encoding::NATIVE.encode(&user("tty2", "new", 99));
    let mut wtmp = fs::OpenOptions::new().append(true).open(&path).unwrap();
    // A record that comes in two parts is one.
    wtmp.write_all(&appended[..100]).unwrap();
    wtmp.write_all(&appended[100..]).unwrap();
    assert!(lines.next().unwrap().contains("[new "));
    drop(wtmp);
    fs::remove_file(&path).unwrap();
    assert_eq!(lines.next(), None, "it ends when the file is deleted");
    assert!(child.wait().unwrap().success());
}

/// A record as an init writes it that does not write it as utmp(5) says.
fn of_init(kind: utmp::Kind, line: &str, id: &str, user: &str, seconds: i64) -> Record {
    let record = Record::user_process(line.as_bytes(), 0, user.as_bytes(), at(seconds));
    Record { kind, id: Text::new(id), ..record }
}

#[test]
fn the_boots_and_shutdowns_of_every_init_are_understood() {
    use utmp::Kind::{BootTime, RunLevel};
    let listed = |up: Record, down: Record| {
        let (_dir, path) = wtmp(&[up, user("tty1", "bob", 60), down, boot(7200)]);
        last(&path, &["-x", "-R"])
    };
    let standard = |name: &str| {
        format!(
            "reboot   system boot  Wed Nov 15 00:13   still running\n\
             {name} system down  Tue Nov 14 23:13 - 00:13  (01:00)\n\
             bob      tty1         Tue Nov 14 22:14 - down   (00:59)\n\
             reboot   system boot  Tue Nov 14 22:13 - 23:13  (01:00)\n"
        )
    };
    let (up, down) = (of_init(BootTime, "~", "~~", "reboot", 0), of_init(RunLevel, "~", "~~", "shutdown", 3600));
    let sysvinit = of_init(RunLevel, "~~", "~~", "shutdown", 3600);
    let dinit = of_init(BootTime, "", "", "", 0);
    let openrc = of_init(RunLevel, "~~", "~~", "reboot", 0);
    assert_eq!(listed(up.clone(), down.clone()), standard("shutdown"), "systemd, finit, utmp-record");
    assert_eq!(listed(up.clone(), sysvinit.clone()), standard("shutdown"), "sysvinit");
    assert_eq!(listed(openrc, sysvinit), standard("shutdown"), "OpenRC");
    assert_eq!(listed(dinit.clone(), down), standard("shutdown"), "dinit");
    let s6 = of_init(RunLevel, "~", "", "reboot", 3600);
    assert_eq!(listed(up, s6.clone()), standard("reboot  "), "s6-linux-init, to come up again");
    if is_peer("/usr/bin/last") {
        let (_dir, path) = wtmp(&[dinit, user("tty1", "bob", 60), s6, boot(7200)]);
        let theirs = peer(&path, &["-x", "-R"]);
        assert!(!theirs.contains("system down") && theirs.contains("crash"), "{theirs}");
        assert_eq!(theirs.matches("system boot").count(), 2, "{theirs}");
    }
}

#[test]
fn a_living_session_whose_login_uid_is_unset_is_not_gone() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    // Something that lives in nobody's login, as far as audit knows, until its input ends.
    let unset = "echo 4294967295 >/proc/self/loginuid 2>/dev/null; cat /proc/self/loginuid; echo; exec cat";
    let mut command = Command::new("sh");
    let mut living = command.args(["-c", unset]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut uid = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(living.stdout.take().unwrap()), &mut uid).unwrap();
    if uid.trim() != "4294967295" {
        writeln!(std::io::stderr(), "skipped: a living session whose login uid is unset: {uid:?} cannot be unset")
            .unwrap();
        drop(living.stdin.take());
        living.wait().unwrap();
        return;
    }
    let root = Record::user_process(b"pts/9999", living.id() as i32, b"root", Time::now());
    let (_dir, path) = wtmp(&[root]);
    let (ours, theirs) = (last(&path, &["-R"]), is_peer("/usr/bin/last").then(|| peer(&path, &["-R"])));
    drop(living.stdin.take());
    living.wait().unwrap();
    assert!(ours.contains("still logged in"), "{ours}");
    assert!(theirs.is_none_or(|theirs| theirs.contains("gone - no logout")), "util-linux 2.38 takes it for another's");
}
