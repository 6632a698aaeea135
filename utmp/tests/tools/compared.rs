//! Case by case beside the installed util-linux: on files of every shape, with every option, byte for byte.

use std::fs;

use utmp::Encoding;

use crate::made::{self, LAST, LASTB, Random, UTMPDUMP, encoded, is_peer};

const TIMES: &[&str] =
    &["2023-11-14", "2023-11-15 01:00", "20231120000000", "-3hours", "now", "today", "2023-12-24 18:00"];
const NAMES: &[&str] =
    &["root", "bob", "1", "3", "tty2", "pts/0", "ftp", "uucp", "reboot", "system boot", "shutdown", "LOGINx", "nobody"];
const ZONES: &[&str] =
    &["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "XXX-3:30"];

const WRITTEN_TIMES: &[&str] = &[
    "now",
    "today",
    "yesterday",
    "tomorrow",
    "+5min",
    "-2days",
    "-2 days",
    "2 days ago",
    "+1h 30min",
    "-1.5h",
    "+90",
    "12:34",
    "12:34:56",
    "2:3",
    "-.5h",
    "-1.h",
    "1d2h ago",
    "Mon 2001-01-01",
    "2001-01-02",
    " 12:34",
    "12:34 ",
    "-3m",
    "20010101000000",
    "99-01-01",
    "24:00",
    "-100msec",
    "-1d 1",
    "NOW",
    "-1month",
    "-10weeks",
    "2001-02-31 1:1",
];

fn options(random: &mut Random) -> Vec<&'static str> {
    let mut options = Vec::new();
    for option in ["-x", "-a", "-i", "-R", "-w"] {
        if random.often(30) {
            options.push(option);
        }
    }
    match random.below(8) {
        0 => options.push("-F"),
        1..5 => options.extend(["--time-format", random.one_of(&["notime", "short", "full", "iso"])]),
        _ => {}
    }
    for (option, values) in [("-n", &["0", "1", "7", "-1"][..]), ("-s", TIMES), ("-p", TIMES)] {
        if random.often(20) {
            options.extend([option, random.one_of(values)]);
        }
    }
    if random.often(5) {
        options.push(random.one_of(&["-3", "-10", "-1"]));
    }
    if random.often(30) {
        options.extend([random.one_of(NAMES), random.one_of(NAMES)]);
    }
    options
}

#[test]
fn last_and_lastb_print_what_util_linux_prints() {
    if !is_peer("/usr/bin/last") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wtmp");
    let name = path.to_str().unwrap();
    for seed in 0..400 {
        let mut random = Random::new(seed);
        fs::write(&path, encoded(Encoding::NATIVE, &made::file(&mut random))).unwrap();
        let mut arguments = vec!["-f", name];
        if random.often(10) {
            arguments.extend(["--file", name]); // the same file twice is two lists
        }
        arguments.extend(options(&mut random));
        let zone = random.one_of(ZONES);
        for (ours, theirs) in [(LAST, "/usr/bin/last"), (LASTB, "/usr/bin/lastb")] {
            let (ours, theirs) = (made::run(ours, zone, &arguments), made::run(theirs, zone, &arguments));
            assert_eq!(
                String::from_utf8_lossy(&ours.stdout),
                String::from_utf8_lossy(&theirs.stdout),
                "seed {seed}: {arguments:?} in {zone}"
            );
            assert_eq!(ours.status.code(), theirs.status.code(), "seed {seed}: {arguments:?}");
        }
    }
}

#[test]
fn lastb_until_a_time_is_util_linuxs() {
    if !is_peer("/usr/bin/lastb") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("btmp");
    for seed in 0..100 {
        let mut random = Random::new(seed);
        fs::write(&path, encoded(Encoding::NATIVE, &made::file(&mut random))).unwrap();
        let mut arguments = vec!["-f", path.to_str().unwrap(), "-t", random.one_of(TIMES)];
        arguments.extend(options(&mut random));
        let (ours, theirs) = (made::run(LASTB, "UTC", &arguments), made::run("/usr/bin/lastb", "UTC", &arguments));
        assert_eq!(
            String::from_utf8_lossy(&ours.stdout),
            String::from_utf8_lossy(&theirs.stdout),
            "seed {seed}: {arguments:?}"
        );
    }
}

/// Runs a program where `hosts` is all that is known of names.
fn with_hosts(program: &str, hosts: &std::path::Path, arguments: &[&str]) -> std::process::Output {
    let script = "mount --bind \"$0\" /etc/hosts && mount --bind \"$0.switch\" /etc/nsswitch.conf && exec \"$@\"";
    let hosts = hosts.to_str().unwrap();
    made::run("/usr/bin/unshare", "UTC", &[&["-m", "sh", "-c", script, hosts, program], arguments].concat())
}

#[test]
fn the_names_of_addresses_are_those_that_util_linux_finds() {
    if !is_peer("/usr/bin/last") || !made::may_mount() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (path, hosts) = (dir.path().join("wtmp"), dir.path().join("hosts"));
    let names = "192.0.2.7 seven.example.org seven\n192.0.2.8 eight\n2001:db8::1 a.name.that.is.longer.than.its.column.example\n";
    fs::write(&hosts, names).unwrap();
    fs::write(dir.path().join("hosts.switch"), "passwd: files\nhosts: files\n").unwrap();
    let mut named = 0;
    for seed in 0..60 {
        let mut random = Random::new(seed);
        fs::write(&path, encoded(Encoding::NATIVE, &made::file(&mut random))).unwrap();
        let mut arguments = vec!["-f", path.to_str().unwrap(), "-d"];
        arguments.extend(options(&mut random));
        for (ours, theirs) in [(LAST, "/usr/bin/last"), (LASTB, "/usr/bin/lastb")] {
            let (ours, theirs) = (with_hosts(ours, &hosts, &arguments), with_hosts(theirs, &hosts, &arguments));
            assert_eq!(
                String::from_utf8_lossy(&ours.stdout),
                String::from_utf8_lossy(&theirs.stdout),
                "seed {seed}: {arguments:?} {ours:?}"
            );
            named += ours.stdout.windows(9).filter(|text| *text == b"seven.exa").count();
        }
    }
    assert!(named > 100, "{named} names were found");
}

#[test]
fn what_cannot_be_done_is_told_with_the_same_words_and_status() {
    if !is_peer("/usr/bin/last") {
        return;
    }
    for arguments in [
        &["-n", "abc"][..],
        &["-z"],
        &["--foo"],
        &["-F", "--time-format", "iso"],
        &["-s", "xx"],
        &["-t", "24:00"],
        &["-p", ""],
        &["-n", ""],
        &["-n", "3x"],
        &["--time-format", "foo"],
        &["--hel=5"],
    ] {
        let (ours, theirs) = (made::run(LAST, "UTC", arguments), made::run("/usr/bin/last", "UTC", arguments));
        assert_eq!(
            String::from_utf8_lossy(&ours.stderr),
            // getopt names the program by its path.
            String::from_utf8_lossy(&theirs.stderr).replace("/usr/bin/last", "last"),
            "{arguments:?}"
        );
        assert_eq!(ours.status.code(), theirs.status.code(), "{arguments:?}");
    }
}

#[test]
fn times_mean_what_they_mean_to_util_linux() {
    if !is_peer("/usr/bin/last") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("btmp");
    let now = utmp::Time::now().seconds;
    // A minute is near enough: both programs look at the clock for themselves.
    let refused = |minute: i64| {
        let at = utmp::Time::from_seconds((now / 60 + minute) * 60 + 30);
        utmp::Record::failed_login(b"tty1", 1, b"mallory", at)
    };
    let records: Vec<_> = (-6000..3000).map(refused).collect();
    fs::write(&path, encoded(Encoding::NATIVE, &records)).unwrap();
    let oldest = |program: &str, time: &str| {
        let output = made::run(program, "Europe/Berlin", &["-F", "-R", "-f", path.to_str().unwrap(), "-s", time]);
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().take_while(|line| !line.is_empty()).last().unwrap_or_default().to_owned();
        (output.status.code(), line)
    };
    for time in WRITTEN_TIMES {
        assert_eq!(oldest(LASTB, time), oldest("/usr/bin/lastb", time), "{time}");
    }
}

#[test]
fn utmpdump_writes_the_text_that_util_linux_writes() {
    if !is_peer("/usr/bin/utmpdump") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wtmp");
    for seed in 0..100 {
        let mut random = Random::new(seed);
        fs::write(&path, encoded(Encoding::NATIVE, &made::file(&mut random))).unwrap();
        let name = [path.to_str().unwrap()];
        let (ours, theirs) =
            (made::run(UTMPDUMP, "Asia/Tokyo", &name), made::run("/usr/bin/utmpdump", "Asia/Tokyo", &name));
        assert_eq!(String::from_utf8_lossy(&ours.stdout), String::from_utf8_lossy(&theirs.stdout), "seed {seed}");
        assert_eq!(ours.stderr, theirs.stderr, "seed {seed}");
    }
}

#[test]
fn utmpdump_reads_the_text_that_util_linux_reads() {
    if !is_peer("/usr/bin/utmpdump") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (path, text) = (dir.path().join("wtmp"), dir.path().join("text"));
    let made_of = |program: &str, text: &std::path::Path| {
        let output = made::run(program, "UTC", &["-r", text.to_str().unwrap()]);
        let records = output.stdout.chunks_exact(Encoding::NATIVE.size());
        // util-linux keeps the blanks that fill up the id.
        let trimmed = |bytes| {
            let record = Encoding::NATIVE.view(bytes).unwrap().to_record();
            let id = utmp::Text::new(record.id.as_bytes().trim_ascii_end());
            utmp::Record { id, ..record }
        };
        records.map(trimmed).collect::<Vec<_>>()
    };
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let mut records = made::file(&mut random);
        // An IPv6 address that is written with dots is lost in util-linux.
        records.retain(|record| record.address[..10] != [0; 10] || record.address[12..] == [0; 4]);
        fs::write(&path, encoded(Encoding::NATIVE, &records)).unwrap();
        fs::write(&text, made::run("/usr/bin/utmpdump", "UTC", &[path.to_str().unwrap()]).stdout).unwrap();
        assert_eq!(made_of(UTMPDUMP, &text), made_of("/usr/bin/utmpdump", &text), "seed {seed}");
    }
    fs::write(&text, "[7] [00123] [1   ] [bob     ] [tty1        ] [h                   ] [1.2.3.4        ] [Tue Nov 14 22:13:20 2023 GMT]\n").unwrap();
    assert_eq!(made_of(UTMPDUMP, &text), made_of("/usr/bin/utmpdump", &text));
}
