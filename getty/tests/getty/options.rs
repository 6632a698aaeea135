//! What the options do.

use std::time::{Duration, Instant};

use rustix::termios::ControlModes;

use crate::harness::{Getty, Person, Room, until};

fn called_with(options: &[&str], rest: &[&str]) -> String {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(options, person.line(), rest);
    if !options.iter().any(|option| matches!(*option, "-a" | "--autologin" | "-n" | "--skip-login")) {
        person.sees("login: ");
        person.types("alice\r");
    }
    let shown = person.sees(".\r\n");
    shown[shown.rfind("\r\n<").map_or(0, |at| at + 2)..].trim_end().to_owned()
}

#[test]
fn the_line_may_come_before_its_speed_or_after_it() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["38400"], person.line(), &["vt100"]);
    person.sees("login: ");
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&[], person.line(), &["38400", "vt100"]);
    person.sees("login: ");
    let (room, mut person) = (Room::new(), Person::new());
    let path = person.path().display().to_string();
    let _getty = room.getty(&["--noclear"], &path, &["vt100"]);
    person.sees("login: ");
}

#[test]
fn autologin_asks_nothing() {
    assert_eq!(called_with(&["-a", "alice"], &[]), "<-f><--><alice>.");
    assert_eq!(called_with(&["--autologin", "alice"], &[]), "<-f><--><alice>.");
    assert_eq!(called_with(&["-a", "alice", "-o", r"-p -f -- \u"], &[]), "<-p><-f><--><alice>.");
}

#[test]
fn an_automatic_login_is_announced() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-a", "alice"], person.line(), &[]);
    assert!(person.sees("<-f>").contains(" login: alice (automatic login)\r\n"));
}

#[test]
fn an_automatic_login_may_wait_for_a_key() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-a", "alice", "-p"], person.line(), &[]);
    person.sees("[press a key to log in]");
    person.types("x");
    person.sees("<-f><--><alice>.");
}

#[test]
fn login_options_replace_the_usual_ones() {
    assert_eq!(called_with(&["-o", r"-p -- \u"], &[]), "<-p><--><alice>.");
    assert_eq!(called_with(&["--login-options", r"-h host \u x\ux"], &[]), "<-h><host><alice><xalicex>.");
}

#[test]
fn login_may_ask_itself() {
    assert_eq!(called_with(&["-n", "-i", "-N"], &[]), "\r\n.");
    assert_eq!(called_with(&["-n", "-i", "-N", "-o", r"-p -- \u"], &[]), "<-p><-->.");
}

#[test]
fn the_issue_is_shown_also_where_login_asks_itself() {
    let (room, mut person) = (Room::new(), Person::new());
    std::fs::write(room.path("issue"), "THE ISSUE\n").unwrap();
    let issue = room.path("issue").display().to_string();
    let _getty = room.getty(&["-n", "-f", &issue], person.line(), &[]);
    person.sees("THE ISSUE\r\n");
    person.sees(".\r\n");
}

#[test]
fn login_is_told_where_people_come_from_only_if_that_is_asked_for() {
    assert_eq!(called_with(&["-H", "box"], &[]), "<--><alice>.");
    assert_eq!(called_with(&["-E", "-H", "box"], &[]), "<-h><box><--><alice>.");
    assert_eq!(called_with(&["--remote", "--nohostname"], &[]), "<-H><--><alice>.");
    assert_eq!(called_with(&["-E"], &[]), "<--><alice>.");
    assert_eq!(called_with(&["-E", "-H", "box", "-o", r"-p -- \u"], &[]), "<-p><--><alice>.");
}

#[test]
fn the_host_is_in_the_record() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["--host", "concentrator.example"], person.line(), &[]);
    person.sees("login: ");
    assert_eq!(room.wtmp()[0].host, "concentrator.example");
}

#[test]
fn login_begins_where_it_was_told_to() {
    let room = Room::with_login("#!/bin/sh\npwd\nnice\necho END\n");
    let mut person = Person::new();
    let _getty = room.getty(&["-C", "/usr/lib", "-P", "7"], person.line(), &[]);
    person.sees("login: ");
    person.types("alice\r");
    let nice = (rustix::process::getpriority_process(None).unwrap() + 7).min(19); // the tests' own may not be 0
    assert!(person.sees("END").ends_with(&format!("\r\n/usr/lib\r\n{nice}\r\nEND")));
}

#[test]
fn another_root_has_its_own_login_and_nothing_of_the_old_one() {
    let (room, mut person) = (Room::new(), Person::new());
    let root = room.path("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::copy("/bin/sh", root.join("sh")).unwrap();
    for library in libraries("/bin/sh") {
        let place = root.join(library.strip_prefix("/").unwrap());
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::copy(library, place).unwrap();
    }
    std::fs::write(root.join("login"), "#!/sh\npwd\necho *\necho END\n").unwrap();
    std::fs::set_permissions(root.join("login"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut names: Vec<_> = std::fs::read_dir(&root).unwrap().map(|one| one.unwrap().file_name()).collect();
    names.sort();
    let names = names.join(std::ffi::OsStr::new(" ")).into_string().unwrap();
    let root = root.display().to_string();
    let _getty = room.getty(&["-r", &root, "-l", "/login"], person.line(), &[]);
    person.sees("login: ");
    person.types("alice\r");
    assert!(person.sees("END").ends_with(&format!("\r\n/\r\n{names}\r\nEND")));
}

/// The libraries that `program` is linked against, as ldd(1) lists them.
fn libraries(program: &str) -> Vec<std::path::PathBuf> {
    let listed = std::process::Command::new("ldd").arg(program).output().unwrap().stdout;
    let words = String::from_utf8(listed).unwrap();
    words.split_whitespace().filter(|word| word.starts_with('/')).map(Into::into).collect()
}

#[test]
fn a_place_that_is_not_there_is_told_on_the_line_and_init_held_off() {
    for option in ["-C", "-r"] {
        let (room, mut person) = (Room::new(), Person::new());
        let getty = room.getty(&[option, "/no/such"], person.line(), &[]);
        person.sees("login: ");
        person.types("alice\r");
        person.sees("cannot enter /no/such: No such file or directory");
        assert!(!getty.ends_within(Duration::from_millis(100)));
    }
}

#[test]
fn more_keys_may_erase() {
    let options = ["--erase-chars", "#", "--kill-chars", "@", "-i", "-N"];
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&options, person.line(), &[]);
    person.sees("login: ");
    person.types("mallory@alicx#e\r");
    person.sees("<--><alice>.");
}

#[test]
fn a_key_may_have_to_come_before_the_prompt() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-p"], person.line(), &[]);
    assert!(!person.sees("[press a key to log in]").contains("login: "));
    person.types("x");
    person.sees("login: ");
    person.types("alice\r");
    person.sees("<--><alice>.");
}

#[test]
fn an_automatic_login_together_with_a_host_asks_for_the_name() {
    for host in [&["-H", "box"][..], &["-E"]] {
        let (room, mut person) = (Room::new(), Person::new());
        let _getty = room.getty(&[&["-a", "root"], host].concat(), person.line(), &[]);
        person.sees("login: ");
        person.types("alice\r");
        assert!(!person.sees("<alice>.").contains("<-f>"));
    }
}

#[test]
fn the_line_may_be_opened_later() {
    let (room, mut person) = (Room::new(), Person::new());
    let started = Instant::now();
    let _getty = room.getty(&["-d", "1"], person.line(), &[]);
    person.sees("login: ");
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_line_is_hung_up_once_also_where_that_is_asked_for() {
    for option in ["--hangup", "--nohints"] {
        let (room, mut person) = (Room::new(), Person::new());
        let (trace, login) = (room.path("trace"), room.login());
        let words = ["-e", "trace=ioctl", "-o", trace.to_str().unwrap(), crate::harness::GETTY, option];
        let words = [&words[..], &["-l", login.to_str().unwrap(), person.line()]].concat();
        if std::process::Command::new("strace").arg("-V").output().is_err() {
            return println!("skipped: no strace");
        }
        let words: Vec<_> = words.iter().map(std::ffi::OsStr::new).collect();
        let _getty = Getty::spawn(&mut room.command("strace", &words));
        person.sees("login: ");
        let traced = std::fs::read_to_string(trace).unwrap();
        assert_eq!(traced.matches("TIOCVHANGUP").count(), 1, "{option}: {traced}");
    }
}

#[test]
fn a_line_is_never_hung_up_where_that_is_asked_for() {
    let (room, mut person) = (Room::new(), Person::new());
    let holder = person.open();
    let _getty = room.getty(&["--nohangup"], person.line(), &[]);
    person.sees("login: ");
    assert!(rustix::termios::tcgetattr(&holder).is_ok());
}

#[test]
fn a_line_that_comes_late_is_used_where_that_is_asked_for() {
    let room = Room::new();
    let login = room.login();
    // Pseudo terminals of the getty's own, of which there is none yet.
    let script = "mkdir /dev/shm/pts && mount -t devpts -o newinstance,ptmxmode=600 devpts /dev/shm/pts && exec \"$@\"";
    let words = ["-c", script, "sh", crate::harness::GETTY, "--onifexists", "-l", login.to_str().unwrap(), "shm/pts/0"];
    let getty = Getty::spawn(&mut room.command("sh", &words.map(std::ffi::OsStr::new)));
    let pts = std::path::PathBuf::from(format!("/proc/{}/root/dev/shm/pts", getty.pid()));
    until(|| pts.join("ptmx").exists().then_some(()));
    assert!(!getty.ends_within(Duration::from_millis(500)));
    let mut person = Person::in_instance(&pts);
    person.sees("login: ");
    person.types("alice\r");
    person.sees("<--><alice>.");
}

#[test]
fn a_line_that_is_no_console_is_waited_for_where_that_is_asked_for() {
    let (room, person) = (Room::new(), Person::new());
    let getty = room.getty(&["--onifconsole"], person.line(), &[]);
    assert!(!getty.ends_within(Duration::from_millis(300)));
    assert!(room.wtmp().is_empty());
}

#[test]
fn a_line_that_is_a_console_is_used_where_that_is_asked_for() {
    let (room, mut person) = (Room::new(), Person::new());
    let login = room.login();
    let script =
        "echo tty0 $1 >/run/active && mount --bind /run/active /sys/class/tty/console/active && shift && exec \"$@\"";
    let words =
        ["-c", script, "sh", person.line(), crate::harness::GETTY, "--onifconsole", "-l", login.to_str().unwrap()];
    let words = [&words[..], &[person.line()]].concat();
    let words: Vec<_> = words.into_iter().map(std::ffi::OsStr::new).collect();
    let _getty = Getty::spawn(&mut room.command("sh", &words));
    person.sees("login: ");
}

#[test]
fn locked_modes_do_not_outlive_who_locked_them() {
    let (room, mut person) = (Room::new(), Person::new());
    // TIOCSLCKTRMIOS (ioctl_tty(2)) is 0x5457, O_NOCTTY 0400; four sets of modes are locked, or not, and the characters.
    let script = "use Fcntl; sysopen(my $line, $ARGV[0], O_RDWR | 0400) or die; \
                  my $locks = pack('IIIIx20', 0xffffffff, 0xffffffff, 0, 0xffffffff); ioctl($line, 0x5457, $locks) or die";
    let _held = person.open(); // a line that was closed looks hung up to the person
    let locked = std::process::Command::new("perl").args(["-e", script]).arg(person.path()).status();
    assert!(locked.is_ok_and(|status| status.success()), "perl locks the modes");
    let _getty = room.getty(&[], person.line(), &[]);
    person.sees("login: ");
    assert!(!person.modes().local_modes.contains(rustix::termios::LocalModes::ECHO));
}

#[test]
fn the_prompt_may_have_the_full_name_of_the_host() {
    let (room, mut person) = (Room::new(), Person::new());
    let login = room.login();
    let script = "hostname box.corp.example && exec \"$@\"";
    let words = ["--uts", "sh", "-c", script, "sh", crate::harness::GETTY, "--long-hostname", "-i", "-N", "-l"];
    let words = [&words[..], &[login.to_str().unwrap(), person.line()]].concat();
    let words: Vec<_> = words.iter().map(std::ffi::OsStr::new).collect();
    let _getty = Getty::spawn(&mut room.command("unshare", &words));
    assert_eq!(person.sees("login: "), "box.corp.example login: ");
}

#[test]
fn nobody_is_waited_for_longer_than_the_timeout() {
    for typed in ["", "ali"] {
        let (room, mut person) = (Room::new(), Person::new());
        let started = Instant::now();
        let mut getty = room.getty(&["-t", "1"], person.line(), &[]);
        person.sees("login: ");
        person.types(typed);
        assert_eq!(getty.status(), Some(0));
        assert!(started.elapsed() >= Duration::from_secs(1));
    }
}

#[test]
fn a_terminal_that_takes_no_output_does_not_outlast_the_timeout() {
    let (room, person) = (Room::new(), Person::new());
    std::fs::write(room.path("issue"), "line of an issue\n".repeat(3000)).unwrap();
    let issue = room.path("issue").display().to_string();
    let mut getty = room.getty(&["-t", "1", "-f", &issue], person.line(), &[]);
    assert_eq!(getty.status(), Some(0));
}

#[test]
fn the_issue_is_shown_with_its_escapes_and_after_an_empty_line() {
    let (room, mut person) = (Room::new(), Person::new());
    std::fs::write(room.path("issue"), "on \\l\\\\ \\e{bold}x\n").unwrap();
    let issue = room.path("issue").display().to_string();
    let _getty = room.getty(&["-f", &issue], person.line(), &[]);
    let shown = person.sees("login: ");
    assert!(shown.starts_with(&format!("\r\non {}\\ \x1b[1mx\r\n", person.line())), "{shown:?}");
}

#[test]
fn the_issue_the_empty_line_and_the_host_may_be_left_out() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-i", "-N", "--nohostname"], person.line(), &[]);
    assert_eq!(person.sees("login: "), "login: ");
}

#[test]
fn each_prompt_has_a_line_of_its_own_also_where_the_empty_line_is_left_out() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-i", "-N", "--nohostname"], person.line(), &[]);
    person.sees("login: ");
    for _ in 0..2 {
        person.types("\r");
        assert_eq!(person.sees("login: "), "\r\nlogin: ");
    }
}

#[test]
fn the_prompt_names_the_host_up_to_its_first_dot() {
    let (room, mut person) = (Room::new(), Person::new());
    let login = room.login();
    let script = "hostname box.corp.example && exec \"$@\"";
    let words = [
        "--uts",
        "sh",
        "-c",
        script,
        "sh",
        crate::harness::GETTY,
        "-i",
        "-N",
        "-l",
        login.to_str().unwrap(),
        person.line(),
    ];
    let words: Vec<_> = words.iter().map(std::ffi::OsStr::new).collect();
    let _getty = Getty::spawn(&mut room.command("unshare", &words));
    assert_eq!(person.sees("login: "), "box login: ");
}

#[test]
fn enter_may_have_to_come_before_the_issue() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-w", "-i", "-N"], person.line(), &[]);
    crate::records::wait_for_record(&room);
    person.types("noise\r");
    assert!(person.sees("login: ").ends_with(" login: "));
}

#[test]
fn only_a_vt_is_cleared() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-i"], person.line(), &[]);
    assert!(!person.sees("login: ").contains('\x1b'));
}

#[test]
fn a_speed_is_set_and_a_break_goes_on_to_the_next() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&[], person.line(), &["9600,250000"]);
    person.sees("login: ");
    assert_eq!(person.modes().output_speed(), 9600);
    person.types("\0\0\0"); // one BREAK, as long as a person's finger
    person.sees("login: ");
    assert_eq!(person.modes().output_speed(), 250_000);
    person.types("alice\r");
    person.sees("<--><alice>.");
}

#[test]
fn a_speed_that_no_table_has_is_still_there_when_login_begins() {
    let room = Room::with_login("#!/bin/sh\necho READY\nread -r x\n");
    let mut person = Person::new();
    let _getty = room.getty(&[], person.line(), &["31250"]);
    person.sees("login: ");
    person.types("alice\r");
    person.sees("READY");
    assert_eq!(person.modes().output_speed(), 31_250);
}

#[test]
fn the_speed_of_the_line_may_be_kept() {
    let (room, mut person) = (Room::new(), Person::new());
    let own = person.modes().output_speed();
    let _getty = room.getty(&["--keep-baud"], person.line(), &["115200,9600"]);
    person.sees("login: ");
    assert_eq!(person.modes().output_speed(), own);
    person.types("\0");
    person.sees("login: ");
    assert_eq!(person.modes().output_speed(), 115_200);
}

#[test]
fn the_carrier_and_flow_control_are_as_asked() {
    let control_modes = |options: &[&str]| {
        let (room, mut person) = (Room::new(), Person::new());
        let _getty = room.getty(options, person.line(), &[]);
        person.sees("login: ");
        person.modes().control_modes
    };
    assert!(control_modes(&["-L"]).contains(ControlModes::CLOCAL));
    assert!(!control_modes(&["-L=never"]).contains(ControlModes::CLOCAL));
    assert!(control_modes(&["-h"]).contains(ControlModes::CRTSCTS));
    assert!(!control_modes(&[]).contains(ControlModes::CRTSCTS));
}

#[test]
fn standard_input_may_be_the_line() {
    let (room, mut person) = (Room::new(), Person::new());
    let login = room.login();
    let words = ["-l", login.to_str().unwrap(), "-", "xterm"].map(std::ffi::OsStr::new);
    let mut command = room.command(crate::harness::GETTY, &words);
    let mut getty = Getty::spawn(command.stdin(person.open()));
    person.sees("login: ");
    person.types("alice\r");
    person.sees("<--><alice>.");
    assert_eq!(getty.status(), Some(0));
}
