//! What login begins with: the terminal, its modes, signals, files, environment; and how a getty ends without one.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;

use rustix::termios::{InputModes, LocalModes, OutputModes, SpecialCodeIndex};

use crate::harness::{GETTY, Getty, Person, Room};

/// What a login that is the script `login` prints up to "END".
fn login_prints(login: &str, options: &[&str], rest: &[&str]) -> String {
    let room = Room::with_login(&format!("#!/bin/sh\n{login}\necho END\n"));
    let mut person = Person::new();
    let _getty = room.getty(options, person.line(), rest);
    person.sees("login: ");
    person.types("alice\r");
    person.sees("alice\r\n");
    person.sees("END")
}

#[test]
fn the_line_is_the_controlling_terminal_and_all_three_standard_files() {
    let room = Room::with_login(
        "#!/bin/sh\nreadlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2\necho ctty >/dev/tty\necho END\n",
    );
    let mut person = Person::new();
    let _getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    person.types("alice\r");
    let shown = person.sees("END");
    let path = person.path().display().to_string();
    assert_eq!(shown.matches(&path).count(), 3, "{shown}");
    assert!(shown.contains("ctty"), "{shown}");
}

#[test]
fn login_leads_its_session_and_the_foreground() {
    // proc_pid_stat(5): 1 pid, 5 process group, 6 session, 8 foreground process group.
    let shown = login_prints("set -- $(cat /proc/$$/stat); echo \"<$1 $5 $6 $8>\"", &[], &[]);
    let numbers: Vec<&str> = shown[shown.find('<').unwrap() + 1..shown.find('>').unwrap()].split(' ').collect();
    assert!(numbers.iter().all(|number| *number == numbers[0]), "{shown}");
}

/// The sets of signals in what `/proc/PID/status` says, without the two that libc keeps for itself.
fn signals(status: &str) -> Vec<u64> {
    const LIBCS: u64 = 1 << 31 | 1 << 32;
    let sets = status.lines().filter_map(|line| line.strip_prefix("Sig"));
    sets.map(|set| u64::from_str_radix(set.split_whitespace().last().unwrap(), 16).unwrap() & !LIBCS).collect()
}

#[test]
fn no_signal_is_ignored_or_blocked_and_no_file_is_inherited() {
    let files = "for n in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$n ] || echo open $n; done";
    let shown = login_prints(&format!("grep -E '^Sig(Blk|Ign)' /proc/self/status; {files}"), &[], &[]);
    assert_eq!(signals(&shown), [0, 0], "{shown}");
    assert!(!shown.contains("open"), "{shown}");
}

#[test]
fn signals_that_init_ignored_and_files_it_left_open_do_not_reach_login() {
    let room =
        Room::with_login("#!/bin/sh\ngrep -E '^Sig(Blk|Ign)' /proc/self/status\n[ ! -e /proc/$$/fd/7 ] && echo END\n");
    let mut person = Person::new();
    let login = room.login();
    let script = "trap '' HUP INT CHLD USR1 40; exec 7</dev/null; exec \"$@\"";
    let words = ["-c", script, "sh", GETTY, "-l", login.to_str().unwrap(), person.line()];
    let words: Vec<_> = words.iter().map(OsStr::new).collect();
    let _getty = Getty::spawn(&mut room.command("sh", &words));
    person.sees("login: ");
    person.types("alice\r");
    let shown = person.sees("END");
    assert_eq!(signals(&shown), [0, 0], "{shown}");
}

#[test]
fn reading_blocks_again() {
    // O_NONBLOCK is 04000 in the flags of fdinfo.
    let shown = login_prints("grep flags /proc/self/fdinfo/0", &[], &[]);
    let flags = shown.split_whitespace().find_map(|word| u32::from_str_radix(word, 8).ok()).unwrap();
    assert_eq!(flags & 0o4000, 0, "{shown}");
}

#[test]
fn the_terminal_type_is_the_argument_or_agettys_default() {
    assert!(login_prints("echo \"<$TERM>\"", &[], &["xterm-256color"]).contains("<xterm-256color>"));
    assert!(login_prints("echo \"<$TERM>\"", &[], &["9600", "vt220"]).contains("<vt220>"));
    assert!(login_prints("echo \"<$TERM>\"", &[], &[]).contains("<vt102>"));
}

#[test]
fn the_modes_are_sane_and_the_erase_key_is_the_one_that_was_pressed() {
    for (typed, erase) in [("alicx\x08e\r", 0x08), ("alicx\x7fe\r", 0x7f), ("alice\r", 0x7f)] {
        let room = Room::with_login("#!/bin/sh\necho READY\nread -r x\n");
        let mut person = Person::new();
        let _getty = room.getty(&[], person.line(), &[]);
        person.sees("login: ");
        assert!(!person.modes().local_modes.intersects(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG));
        person.types(typed);
        person.sees("READY");
        let modes = person.modes();
        assert!(
            modes.local_modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::ECHOE)
        );
        assert!(modes.input_modes.contains(InputModes::ICRNL | InputModes::IXON));
        assert!(modes.output_modes.contains(OutputModes::OPOST | OutputModes::ONLCR));
        let keys = [SpecialCodeIndex::VERASE, SpecialCodeIndex::VINTR, SpecialCodeIndex::VEOF, SpecialCodeIndex::VKILL];
        assert_eq!(keys.map(|key| modes.special_codes[key]), [erase, 3, 4, 0x15]);
    }
}

#[test]
fn a_terminal_without_a_size_gets_one_and_another_keeps_it() {
    assert!(login_prints("stty size", &[], &[]).contains("24 80"));
}

#[test]
fn the_line_is_roots_and_its_group_may_write() {
    let (room, mut person) = (Room::new(), Person::new());
    let opened = person.open();
    rustix::fs::fchown(&opened, Some(rustix::fs::Uid::from_raw(65534)), None).unwrap();
    rustix::fs::fchmod(&opened, rustix::fs::Mode::from_raw_mode(0o666)).unwrap();
    let _getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    let line = person.path().metadata().unwrap();
    let tty = nix::unistd::Group::from_name("tty").unwrap().unwrap().gid.as_raw();
    assert_eq!((line.uid(), line.gid(), line.mode() & 0o7777), (0, tty, 0o620));
}

#[test]
fn the_login_beside_getty_is_run_and_else_the_systems() {
    const SAYS: &str = "#!/bin/sh\necho \"WHERE $1 $2.\"\n";
    for (beside, expected) in [(true, "beside -- alice."), (false, "system -- alice.")] {
        let (room, mut person) = (Room::new(), Person::new());
        let folder = room.path("sbin");
        std::fs::create_dir(&folder).unwrap();
        std::fs::copy(GETTY, folder.join("getty")).unwrap();
        std::fs::write(room.login(), SAYS.replace("WHERE", "system")).unwrap();
        if beside {
            std::fs::copy(room.login(), folder.join("login")).unwrap();
            std::fs::write(folder.join("login"), SAYS.replace("WHERE", "beside")).unwrap();
        }
        let (login, getty) = (room.login(), folder.join("getty"));
        let script = "mount --bind \"$1\" /bin/login && shift && exec \"$@\"";
        let words =
            ["-c", script, "sh", login.to_str().unwrap(), getty.to_str().unwrap(), person.line()].map(OsStr::new);
        let _getty = Getty::spawn(&mut room.command("sh", &words));
        person.sees("login: ");
        person.types("alice\r");
        person.sees(expected);
    }
}

#[test]
fn a_hang_up_ends_getty_without_a_failure_wherever_it_comes() {
    let points: [(&str, &[&str]); 6] = [
        ("", &[]),
        ("ali", &[]),
        ("-froot\r", &[]),
        ("\x1b[", &[]),
        ("", &["--wait-cr"]),
        ("", &["-a", "alice", "--login-pause"]),
    ];
    for (typed, options) in points {
        let (room, mut person) = (Room::new(), Person::new());
        let mut getty = room.getty(options, person.line(), &[]);
        match options {
            [] => drop(person.sees("login: ")),
            ["--wait-cr"] => crate::records::wait_for_record(&room),
            _ => drop(person.sees("[press a key")),
        }
        person.types(typed);
        drop(person);
        assert_eq!(getty.status(), Some(0), "{typed:?} {options:?}");
    }
}

#[test]
fn a_hang_up_in_the_middle_of_the_issue_ends_getty() {
    let (room, mut person) = (Room::new(), Person::new());
    std::fs::write(room.path("issue"), "line of an issue\n".repeat(3000)).unwrap();
    let issue = room.path("issue").display().to_string();
    let mut getty = room.getty(&["-f", &issue], person.line(), &[]);
    person.sees("line of an issue");
    drop(person);
    assert_eq!(getty.status(), Some(0));
}

#[test]
fn a_getty_that_ends_gives_the_modes_back() {
    let (room, mut person) = (Room::new(), Person::new());
    let kept = person.open();
    let before = person.modes();
    let mut getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    person.types("\x04");
    assert_eq!(getty.status(), Some(0));
    let after = person.modes();
    assert_eq!((before.local_modes, before.input_modes), (after.local_modes, after.input_modes));
    drop(kept);
}
