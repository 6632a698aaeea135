//! What utmp-record does, as an init's script and `who` see it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Root, ended, judge, present, utmp_record, within_reason};
use utmp::{Kind, Record, Time};

fn run(root: &Root, arguments: &[&str]) -> Output {
    utmp_record(root.dir.path(), arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

fn kinds(records: &[Record]) -> Vec<Kind> {
    records.iter().map(|record| record.kind).collect()
}

#[test]
fn boot_and_run_levels_are_in_both_files_and_shutdown_in_wtmp_alone() {
    let root = Root::with_logs();
    for arguments in [&["boot"][..], &["runlevel", "s"], &["runlevel", "2"], &["shutdown"]] {
        let output = run(&root, arguments);
        assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    }
    let now: Vec<_> = root.files.utmp_records().unwrap().collect();
    let ever = root.files.wtmp_since(0).unwrap();
    assert_eq!(kinds(&now), [Kind::BootTime, Kind::RunLevel]);
    assert_eq!(kinds(&ever), [Kind::BootTime, Kind::RunLevel, Kind::RunLevel, Kind::RunLevel]);
    let users: Vec<_> = ever.iter().map(|record| record.user.to_string()).collect();
    assert_eq!(users, ["reboot", "runlevel", "runlevel", "shutdown"]);
    let levels: Vec<_> = ever.iter().map(Record::run_levels).collect();
    assert_eq!(levels, [None, Some((b'N', b'S')), Some((b'S', b'2')), None]);
    let release = rustix::system::uname().release().to_bytes().to_vec();
    for record in now.iter().chain(&ever) {
        assert_eq!((record.line.as_bytes(), record.id.as_bytes()), (&b"~"[..], &b"~~"[..]));
        assert_eq!(record.host.as_bytes(), release);
    }
}

#[test]
fn who_reads_the_run_level() {
    if !present("who") {
        return;
    }
    let root = Root::new();
    run(&root, &["boot"]);
    run(&root, &["runlevel", "S"]);
    run(&root, &["runlevel", "3"]);
    let told = judge("who", &["-r"], &root.files.utmp);
    assert!(told.contains("run-level 3") && told.contains("last=S"), "{told}");
    assert!(judge("who", &["-b"], &root.files.utmp).contains("system boot"));
}

#[test]
fn a_boot_that_init_recorded_is_left_alone_and_said_so() {
    let root = Root::with_logs();
    root.files.update(&Record::boot(b"init's own", Time::now())).unwrap();
    let before = fs::read(&root.files.utmp).unwrap();
    let output = run(&root, &["boot"]);
    assert!(output.status.success());
    assert_eq!(text(&output.stdout), "utmp-record: init has recorded this boot\n");
    assert_eq!(fs::read(&root.files.utmp).unwrap(), before);
    assert_eq!(fs::read(&root.files.wtmp).unwrap(), b"");
}

#[test]
fn the_boots_time_is_the_kernels_or_that_of_a_container_started_later() {
    let root = Root::new();
    run(&root, &["boot"]);
    let recorded = root.files.utmp_records().unwrap().next().unwrap().time.seconds;
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let btime: i64 = stat.lines().find_map(|line| line.strip_prefix("btime ")).unwrap().parse().unwrap();
    assert!((btime - 2..=Time::now().seconds).contains(&recorded), "{recorded}, the kernel's is {btime}");
}

#[test]
fn a_boot_is_recorded_once() {
    let root = Root::with_logs();
    run(&root, &["boot"]);
    assert!(!run(&root, &["boot"]).stdout.is_empty());
    assert_eq!(root.files.utmp_records().unwrap().len(), 1);
    assert_eq!(root.files.wtmp_since(0).unwrap().len(), 1);
}

#[test]
fn a_boot_can_be_left_to_the_init_in_wtmp() {
    let root = Root::with_logs();
    assert!(run(&root, &["--utmp-only", "boot"]).status.success());
    assert_eq!(kinds(&root.files.utmp_records().unwrap().collect::<Vec<_>>()), [Kind::BootTime]);
    assert_eq!(fs::read(&root.files.wtmp).unwrap(), b"");
}

#[test]
fn a_boot_of_another_time_does_not_count() {
    for other in [Time::from_seconds(1_000_000), Time { seconds: Time::now().seconds + 100_000, microseconds: 0 }] {
        let root = Root::with_logs();
        root.files.update(&Record::boot(b"another", other)).unwrap();
        root.files.append_wtmp(&Record::boot(b"another", other)).unwrap();
        assert!(run(&root, &["boot"]).stdout.is_empty());
        let now: Vec<_> = root.files.utmp_records().unwrap().collect();
        assert_eq!(kinds(&now), [Kind::BootTime], "it succeeds the other");
        assert!(now[0].host != "another");
        assert_eq!(root.files.wtmp_since(0).unwrap().len(), 2);
    }
}

#[test]
fn a_boot_that_init_recorded_in_wtmp_alone_is_added_to_utmp() {
    let root = Root::with_logs();
    root.files.append_wtmp(&Record::boot(b"init's own", Time::now())).unwrap();
    root.files.append_wtmp(&Record::user_process(b"tty1", 1, b"alice", Time::now())).unwrap();
    assert!(run(&root, &["boot"]).status.success());
    assert_eq!(root.files.utmp_records().unwrap().len(), 1);
    assert_eq!(root.files.wtmp_since(0).unwrap().len(), 2);
}

#[test]
fn a_run_level_and_a_shutdown_that_init_recorded_are_left_alone_and_said_so() {
    let root = Root::with_logs();
    root.files.update(&Record::run_level(b"init's own", b'N', b'3', Time::now())).unwrap();
    let before = fs::read(&root.files.utmp).unwrap();
    assert_eq!(text(&run(&root, &["runlevel", "3"]).stdout), "utmp-record: init has recorded this run level\n");
    assert_eq!((fs::read(&root.files.utmp).unwrap(), fs::read(&root.files.wtmp).unwrap()), (before, vec![]));
    assert!(run(&root, &["runlevel", "6"]).stdout.is_empty());
    assert_eq!(root.files.wtmp_since(0).unwrap()[0].run_levels(), Some((b'3', b'6')));
    let s6 = Record { id: utmp::Text::EMPTY, user: utmp::Text::new("reboot"), ..Record::shutdown(b"", Time::now()) };
    for shutdown in [Record::shutdown(b"init's own", Time::now()), s6] {
        root.files.append_wtmp(&shutdown).unwrap();
        let before = fs::read(&root.files.wtmp).unwrap();
        assert_eq!(text(&run(&root, &["shutdown"]).stdout), "utmp-record: init has recorded this shutdown\n");
        assert_eq!(fs::read(&root.files.wtmp).unwrap(), before);
    }
}

#[test]
fn what_was_recorded_of_another_boot_does_not_count() {
    let root = Root::with_logs();
    let long_ago = Time::from_seconds(1_000_000);
    root.files.update(&Record::run_level(b"", b'N', b'3', long_ago)).unwrap();
    root.files.append_wtmp(&Record::shutdown(b"", long_ago)).unwrap();
    assert!(run(&root, &["runlevel", "3"]).stdout.is_empty() && run(&root, &["shutdown"]).stdout.is_empty());
    assert_eq!(root.files.wtmp_since(0).unwrap().len(), 3);
}

#[test]
fn a_boot_as_openrc_and_dinit_record_it_is_this_one() {
    let openrc = Record { kind: Kind::RunLevel, ..Record::boot(b"", Time::now()) };
    let dinit = Record { kind: Kind::BootTime, ..Record::dead_process(b"", 0, Time::now()) };
    for boot in [openrc, dinit] {
        let root = Root::with_logs();
        root.files.append_wtmp(&boot).unwrap();
        assert!(run(&root, &["boot"]).stdout.is_empty());
        assert_eq!(root.files.wtmp_since(0).unwrap(), std::slice::from_ref(&boot));
        fs::write(&root.files.utmp, boot.to_bytes()).unwrap();
        assert_eq!(text(&run(&root, &["boot"]).stdout), "utmp-record: init has recorded this boot\n");
    }
}

#[test]
fn a_boot_before_a_shutdown_is_not_this_one() {
    let root = Root::with_logs();
    root.files.append_wtmp(&Record::boot(b"", Time::now())).unwrap();
    root.files.append_wtmp(&Record::shutdown(b"", Time::now())).unwrap();
    run(&root, &["boot"]);
    assert_eq!(root.files.wtmp_since(0).unwrap().len(), 3);
}

#[test]
fn what_cannot_be_read_or_written_is_told_with_its_cause() {
    let root = Root::new();
    fs::create_dir(&root.files.wtmp).unwrap();
    let output = run(&root, &["shutdown"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), format!("utmp-record: {} is not a regular file\n", root.files.wtmp.display()));
    fs::remove_dir(root.files.utmp.parent().unwrap()).unwrap();
    let output = run(&root, &["runlevel", "2"]);
    let told = text(&output.stderr).to_owned();
    assert!(told.contains(&format!("cannot open {}: No such file", root.files.utmp.display())), "{told}");
}

#[test]
fn wrong_usage_has_its_own_exit_code_and_writes_nothing() {
    let root = Root::with_logs();
    for arguments in [&["runlevel", "17"][..], &["reboot"], &[], &["boot", "\x1b[2J"]] {
        let output = run(&root, arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert_eq!(
            output.stderr.iter().filter(|byte| **byte < b' ').count(),
            1,
            "one line, no control bytes: {output:?}"
        );
    }
    assert!(!root.files.utmp.exists());
    assert_eq!(fs::read(&root.files.wtmp).unwrap(), b"");
}

#[test]
fn a_boot_recorded_before_the_clock_was_set_is_corrected_in_both_files() {
    let root = Root::with_logs();
    let in_1970 = Record::boot(b"6.1.0", Time::from_seconds(7));
    root.files.append_wtmp(&Record::shutdown(b"", Time::from_seconds(1_700_000_000))).unwrap();
    for record in [&in_1970, &Record::user_process(b"tty1", 1, b"alice", Time::from_seconds(9))] {
        root.files.update(record).unwrap();
        root.files.append_wtmp(record).unwrap();
    }
    let output = run(&root, &["clock-change"]);
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    let (now, ever): (Vec<_>, _) = (root.files.utmp_records().unwrap().collect(), root.files.wtmp_since(0).unwrap());
    assert_eq!(kinds(&now), [Kind::BootTime, Kind::UserProcess, Kind::OldTime, Kind::NewTime]);
    assert_eq!(kinds(&ever)[1..], [Kind::BootTime, Kind::UserProcess, Kind::OldTime, Kind::NewTime]);
    assert_eq!(now[0], ever[1]);
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let btime: i64 = stat.lines().find_map(|line| line.strip_prefix("btime ")).unwrap().parse().unwrap();
    assert!(now[0].time.seconds >= btime - 2, "{:?}", now[0]);
    let passed = |later: usize, earlier: usize| now[later].time.seconds - now[earlier].time.seconds;
    assert_eq!(now[2].time.seconds - 7, passed(3, 0), "as long after the boot by the old clock as by the new");
    let output = run(&root, &["clock-change"]);
    assert_eq!(text(&output.stdout), "utmp-record: the clock was not set since the boot was recorded\n");
    assert_eq!(root.files.wtmp_since(0).unwrap().len(), 5);
    if present("who") {
        assert!(judge("who", &["-t"], &root.files.utmp).contains("clock change"));
    }
    if present("last") {
        let told = judge("last", &["-x", "-f"], &root.files.wtmp);
        assert!(told.contains("date     new time") && told.contains("date     old time"), "{told}");
    }
}

#[test]
fn a_clock_that_was_set_already_is_not_waited_for() {
    let root = Root::with_logs();
    root.files.update(&Record::boot(b"", Time::from_seconds(7))).unwrap();
    assert!(ended(utmp_record(root.dir.path(), &["--wait", "clock-change"]).spawn().unwrap()).success());
    assert_eq!(kinds(&root.files.wtmp_since(0).unwrap()), [Kind::OldTime, Kind::NewTime]);
}

#[test]
fn a_clock_that_was_not_set_yet_is_watched_by_the_kernel() {
    let root = Root::with_logs();
    run(&root, &["boot"]);
    let mut waiting = utmp_record(root.dir.path(), &["--wait", "clock-change"]).spawn().unwrap();
    // The timer that is cancelled: of CLOCK_REALTIME, TFD_TIMER_ABSTIME and TFD_TIMER_CANCEL_ON_SET.
    let watches = |fd: &str| {
        fs::read_to_string(format!("/proc/{}/fdinfo/{fd}", waiting.id()))
            .is_ok_and(|info| info.contains("clockid: 0") && info.contains("settime flags: 03"))
    };
    let is_watched = within_reason(|| (3..9).any(|fd| watches(&fd.to_string())));
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    assert!(is_watched);
    assert_eq!(root.files.wtmp_since(0).unwrap().len(), 1);
}

#[test]
fn a_boot_of_wtmp_that_is_another_is_not_corrected() {
    let root = Root::with_logs();
    root.files.update(&Record::boot(b"", Time::from_seconds(7))).unwrap();
    root.files.append_wtmp(&Record::boot(b"", Time::from_seconds(7))).unwrap();
    root.files.append_wtmp(&Record::boot(b"", Time::from_seconds(70))).unwrap();
    assert!(run(&root, &["clock-change"]).status.success());
    let times: Vec<_> = root.files.wtmp_since(0).unwrap()[..2].iter().map(|record| record.time.seconds).collect();
    assert_eq!(times, [7, 70]);
}

#[test]
fn a_boot_for_whose_two_records_init_read_the_clock_twice_is_corrected_in_both() {
    let root = Root::with_logs();
    root.files.update(&Record::boot(b"", Time::from_seconds(7))).unwrap();
    root.files.append_wtmp(&Record::boot(b"", Time::from_seconds(8))).unwrap();
    assert!(run(&root, &["clock-change"]).status.success());
    let (now, ever): (Vec<_>, _) = (root.files.utmp_records().unwrap().collect(), root.files.wtmp_since(0).unwrap());
    assert!(now[0].time.seconds > 1_000_000_000, "{:?}", now[0]);
    assert_eq!(ever[0].time, now[0].time);
}

#[test]
fn without_a_recorded_boot_there_is_nothing_to_say_of_the_clock() {
    let root = Root::with_logs();
    assert!(run(&root, &["clock-change"]).status.success());
    assert_eq!(root.files.wtmp_since(0).unwrap(), []);
}

#[test]
fn a_line_whose_process_ended_is_nobodys() {
    let root = Root::with_logs();
    let alice = Record::user_process(b"pts/7", 77, b"alice", Time::now()).with_id(b"x7").with_host(b"far.example");
    root.files.update(&alice).unwrap();
    assert!(run(&root, &["dead", "/dev/pts/7"]).status.success());
    let now = root.files.on_line(b"pts/7").unwrap().unwrap();
    assert_eq!((now.kind, now.pid, now.id), (Kind::DeadProcess, 77, alice.id));
    assert!(now.user.is_empty() && now.host.is_empty());
    assert_eq!(root.files.wtmp_since(0).unwrap(), [now]);
    let output = run(&root, &["dead", "pts/7"]);
    assert_eq!(text(&output.stdout), "utmp-record: nobody is recorded there\n");
    assert_eq!(root.files.wtmp_since(0).unwrap().len(), 1);
}

/// The words of `text` that are options: a dash or two and letters, behind something that is no letter.
fn options(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter(|word| word.starts_with('-') && word.len() > 1 && !word.starts_with("---"))
        .filter(|word| word.trim_start_matches('-').starts_with(|c: char| c.is_ascii_alphabetic()))
        .collect()
}

#[test]
fn help_manual_and_completions_name_the_same_options_and_verbs() {
    let of = |argument: &[&str]| run(&Root::new(), argument).stdout;
    let help = of(&["--help"]);
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/man/utmp-record.8.scd");
    let manual = fs::read_to_string(manual).unwrap();
    // The options of who, last and those who set the clock are not ours.
    let manual_options: BTreeSet<_> = options(&manual)
        .into_iter()
        .filter(|word| !["-b", "-r", "-t", "-x", "-B", "-S", "--hctosys"].contains(word))
        .collect();
    assert_eq!(options(text(&help)), manual_options);
    assert_eq!(
        manual_options,
        BTreeSet::from(["--root", "--utmp-only", "--wait", "--completion", "-h", "--help", "-V", "--version"])
    );
    for verb in ["boot", "runlevel", "shutdown", "clock-change", "dead"] {
        assert!(manual.contains(&format!("\n*{verb}*")), "{verb}");
        assert!(text(&help).contains(&format!("] {verb}")), "{verb}");
        for shell in ["bash", "zsh", "fish"] {
            assert!(text(&of(&["--completion", shell])).contains(verb), "{shell}: {verb}");
        }
    }
}

#[test]
fn the_version_is_the_packages() {
    let output = Command::new(env!("CARGO_BIN_EXE_utmp-record")).arg("-V").output().unwrap();
    assert_eq!(text(&output.stdout), format!("utmp-record from session-rs {}\n", env!("CARGO_PKG_VERSION")));
}
