//! Configurations as administrators write them, and bytes that nobody writes.

use logind_core::time::Span;
use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> (Config, Vec<Complaint>) {
    let mut config = Config::default();
    let mut complaints = Vec::new();
    config.apply(Path::new("logind.conf"), text.as_bytes(), &mut complaints);
    (config, complaints)
}

fn login(lines: &str) -> Config {
    let (config, complaints) = parse(&format!("[Login]\n{lines}"));
    assert_eq!(complaints, [], "{lines}");
    config
}

#[test]
fn every_key_we_use_changes_what_it_names() {
    let config = login(
        "KillUserProcesses=Yes\nKillOnlyUsers=alice 'b ob'\nKillExcludeUsers=\nKillExcludeUsers=carol\n\
         UserStopDelaySec=1min 30s\nSessionsMax=7\nRuntimeDirectorySize=25%\nRuntimeDirectoryInodesMax=100\n\
         ManageCgroups=off\nSeatServices=gdm-password sddm\n\
         NAutoVTs=4\nReserveVT=5\nAutoVTCommand=/sbin/agetty --noclear '%I' linux\n",
    );
    let policy = Policy {
        kill_user_processes: true,
        kill_only_users: vec!["alice".into(), "b ob".into()],
        kill_exclude_users: vec!["carol".into()],
        user_stop_delay: Span::seconds(90),
        sessions_max: 7,
        auto_vts: 4,
        reserve_vt: VtNumber::new(5),
        seat_services: vec!["gdm-password".into(), "sddm".into()],
    };
    assert_eq!(config.policy, policy);
    assert_eq!(config.runtime_directory_size, MemorySize::OfMemory { permyriad: 2500 });
    assert_eq!(config.runtime_directory_inodes, Some(100));
    assert!(!config.manage_cgroups);
    assert_eq!(
        config.auto_vt_command.as_deref(),
        Some(&["/sbin/agetty", "--noclear", "%I", "linux"].map(String::from)[..])
    );
}

#[test]
fn an_empty_value_is_the_default() {
    assert_eq!(login("SessionsMax=5\nSessionsMax=\nUserStopDelaySec=1h\nUserStopDelaySec=\n"), Config::default());
}

#[test]
fn a_key_of_systemd_is_silent_and_a_wrong_one_is_said_once_with_its_line() {
    assert_eq!(login("HandleLidSwitch=ignore\nIdleAction=lock\n"), Config::default());
    let (config, complaints) = parse("[Login]\n# fine\nHandelLidSwitch=ignore\nSessionsMax=many\n[Logout]\nA=b\n");
    assert_eq!(config, Config::default());
    let said: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    let expected = [
        "logind.conf:3: unknown key HandelLidSwitch=, ignored",
        "logind.conf:4: cannot use SessionsMax=many, ignored",
        "logind.conf:5: unknown section [Logout], ignored",
    ];
    assert_eq!(said, expected);
}

#[test]
fn lines_continue_over_comments_and_end_at_the_end() {
    assert_eq!(login("KillOnlyUsers=a \\\n# no\n  b \\").policy.kill_only_users, ["a", "b"]);
    assert_eq!(parse("SessionsMax=1\n").1.len(), 1);
    assert_eq!(parse("\u{feff}[Login]\r\nSessionsMax=1\r\n").0.policy.sessions_max, 1);
    assert_eq!(parse("[Login\nSessionsMax\n=1\n").1.len(), 3);
}

#[test]
fn spans_of_time_are_read_as_systemd_reads_them() {
    let span = |text| values::time_span(text);
    assert_eq!(span("10"), Some(Span::seconds(10)));
    assert_eq!(span("2h30min"), Some(Span::seconds(9000)));
    assert_eq!(span("1.5s"), Some(Span(1_500_000)));
    assert_eq!(span("20 ms"), Some(Span(20_000)));
    assert_eq!(span("1y"), Some(Span::seconds(31_557_600)));
    assert_eq!(span("infinity"), Some(Span(u64::MAX)));
    for wrong in ["", "-1", "1 fortnight", "s", "1.", "18446744073709551615", "1..5", "infinity 1"] {
        assert_eq!(span(wrong), None, "{wrong}");
    }
}

#[test]
fn sizes_are_bytes_or_a_share_of_the_memory() {
    let size = |text| values::memory_size(text).map(|size| size.in_bytes(1000));
    assert_eq!(size("10%"), Some(100));
    assert_eq!(size("5‰"), Some(5));
    assert_eq!(size("1.5K"), Some(1536));
    assert_eq!(size("64M"), Some(64 << 20));
    for wrong in ["0", "0%", "101%", "M", "", "1KB", "16E", "-1"] {
        assert_eq!(size(wrong), None, "{wrong}");
    }
}

#[test]
fn numbers_are_decimal() {
    assert_eq!(values::number("0"), Some(0));
    for wrong in ["", "010", "+1", "-1", "0x10", "18446744073709551616", "1 "] {
        assert_eq!(values::number(wrong), None, "{wrong}");
    }
}

#[test]
fn words_may_be_quoted() {
    assert_eq!(
        values::words(r#" a "b c" d\ e '' "#),
        Some(vec!["a".into(), "b c".into(), "d e".into(), String::new()])
    );
    assert_eq!(values::words("'a"), None);
    assert_eq!(values::words("a\\"), None);
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut complaints = Vec::new();
        Config::default().apply(Path::new("f"), &bytes, &mut complaints);
        let lines = bytes.split(|&b| b == b'\n' || b == 0).count();
        prop_assert!(complaints.len() <= lines);
    }

    #[test]
    fn no_value_breaks_its_key(
        key in proptest::sample::select(vec!["KillOnlyUsers", "UserStopDelaySec", "SessionsMax", "RuntimeDirectorySize"]),
        value in "[0-9a-zµ%‰ .\\\\\"']{0,24}",
    ) {
        let (_, complaints) = parse(&format!("[Login]\n{key}={value}\n"));
        prop_assert!(complaints.len() <= 1);
    }

    #[test]
    fn whole_seconds_come_back(seconds in 0u64..=18_446_744_073_709) {
        prop_assert_eq!(values::time_span(&format!("{seconds}s")), Some(Span::seconds(seconds)));
    }
}

#[test]
fn the_manual_has_every_key_that_counts() {
    let manual = include_str!("../../../docs/man/logind.8.scd");
    let keys = manual.lines().filter_map(|line| line.strip_prefix('*')?.strip_suffix("=*"));
    let known = keys.inspect(|key| assert!(!KNOWN_ELSEWHERE.contains(key), "{key} has no effect"));
    let taken = known.filter(|key| Config::default().assign(key, "").is_ok()).count();
    let source = include_str!("../config.rs");
    let arms = source.lines().filter(|line| line.trim_start().starts_with('"') && line.contains("\" => "));
    assert_eq!(taken, arms.count());
}

#[test]
fn no_terminal_gets_a_getty_of_ours_unless_somebody_says_so() {
    let policy = Config::default().policy;
    assert_eq!((policy.auto_vts, policy.reserve_vt), (0, None), "init runs gettys of its own");
    assert_eq!(login("ReserveVT=0\n").policy.reserve_vt, None);
}

#[test]
fn terminals_that_the_kernel_does_not_tell_of_and_commands_without_a_line_are_refused() {
    for line in [
        "NAutoVTs=16",
        "NAutoVTs=-1",
        "ReserveVT=16",
        "ReserveVT=tty6",
        "AutoVTCommand=getty %I",
        "AutoVTCommand=/sbin/getty",
        "AutoVTCommand=/sbin/getty-%I",
        "AutoVTCommand=/sbin/getty '%I",
    ] {
        let (config, complaints) = parse(&format!("[Login]\n{line}\n"));
        assert_eq!((config, complaints.len()), (Config::default(), 1), "{line}");
    }
}
