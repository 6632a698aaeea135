//! What a session is given: groups, limits, variables, a home, a shell; and what modules see of it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use utmp::Kind;

use crate::machine::{Machine, STACK};

/// Has every opening and closing of a session noted in /run/events.
pub(crate) fn note_sessions(machine: &Machine, service: &str) {
    let hook = "#!/bin/sh\necho \"$PAM_TYPE $PAM_SERVICE $PAM_USER $PAM_TTY ${PAM_RHOST:--}\" >>/run/events\n";
    machine.write("run/hook", hook);
    fs::set_permissions(machine.path("run/hook"), fs::Permissions::from_mode(0o755)).expect("it can be run");
    machine.write(&format!("etc/pam.d/{service}"), &format!("{STACK}session required pam_exec.so /run/hook\n"));
}

/// The sessions noted.
pub(crate) fn events(machine: &Machine) -> Vec<String> {
    let events = fs::read_to_string(machine.path("run/events")).unwrap_or_default();
    events.lines().map(str::to_owned).collect()
}

#[test]
fn limits_and_variables_of_pam_are_in_force_in_the_shell() {
    let Some(machine) = Machine::new() else { return };
    let stack = format!("{STACK}session required pam_limits.so\nsession required pam_env.so\n");
    machine.write("etc/pam.d/login", &stack);
    machine.write("etc/security/limits.conf", "alice - nofile 123\nalice hard core 0\n");
    machine.write("etc/environment", "FROM_PAM=a=b\nPATH=/opt/bin:/usr/bin:/bin\n");
    let mut seat = machine.login(&[]);
    seat.logs_in("alice", "alices-secret");
    assert_eq!(seat.asks("ulimit -n; ulimit -H -c"), "123\n0");
    assert_eq!(seat.asks("echo $FROM_PAM $PATH $HOSTILE."), "a=b /opt/bin:/usr/bin:/bin .");
}

#[test]
fn limits_that_pam_does_not_set_are_left_as_they_were() {
    let Some(machine) = Machine::new() else { return };
    let command = format!("ulimit -S -n 77; ulimit -S -c 0; exec {} -f alice", env!("CARGO_BIN_EXE_login"));
    let mut seat = machine.run(&["sh", "-c", &command]);
    seat.sees("$ ");
    assert_eq!(seat.asks("ulimit -n; ulimit -c"), "77\n0");
}

#[test]
fn a_program_that_a_module_starts_ends_with_its_pipe_as_everywhere() {
    let Some(machine) = Machine::new() else { return };
    machine.write("run/hook", "#!/bin/sh\ngrep ^SigIgn: /proc/self/status >>/run/ignored\n");
    fs::set_permissions(machine.path("run/hook"), fs::Permissions::from_mode(0o755)).expect("it can be run");
    machine.write("etc/pam.d/login", &format!("{STACK}session required pam_exec.so /run/hook\n"));
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
    let ignored = fs::read_to_string(machine.path("run/ignored")).expect("both have run");
    let masks = ignored.split_whitespace().filter_map(|word| u64::from_str_radix(word, 16).ok());
    let pipes: Vec<_> = masks.map(|mask| mask >> (libc::SIGPIPE - 1) & 1).collect();
    assert_eq!(pipes, [0, 0], "at the beginning and at the end: {ignored}");
}

#[test]
fn nothing_of_the_callers_process_reaches_the_shell() {
    let Some(machine) = Machine::new() else { return };
    machine.add("etc/passwd", "probe:x:1002:1002::/:/bin/sh -c 'grep ^Sig /proc/self/status; read seen'\n");
    machine.add("etc/shadow", "probe:*:20000::::::\n");
    let caller = |name: &str| {
        let traps = "trap '' HUP INT QUIT USR1 TERM TSTP CHLD PIPE ALRM";
        format!("{traps}; exec 7</etc/shadow; exec {} -f {name}", env!("CARGO_BIN_EXE_login"))
    };
    let mut seat = machine.run(&["sh", "-c", &caller("probe")]);
    seat.sees("SigCgt:");
    seat.types("\r");
    assert_eq!(seat.exits(), Some(0));
    // 32 and 33 are the C library's own.
    let mask = |name: &str| {
        let screen = seat.screen();
        let value = screen.lines().find_map(|line| line.strip_prefix(name)).expect("it is told").trim().to_owned();
        u64::from_str_radix(&value, 16).expect("a number") & !(0b11 << 31)
    };
    assert_eq!((mask("SigBlk:"), mask("SigIgn:")), (0, 0), "{}", seat.screen());

    let mut seat = machine.run(&["sh", "-c", &caller("alice")]);
    seat.sees("$ ");
    assert_eq!(seat.asks("ls /proc/self/fd | tr '\\n' ' '"), "0 1 2 3 ", "3 is the folder that ls reads");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
}

#[test]
fn the_shell_can_never_be_root_again() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    let status = seat.asks("grep -E '^(Uid|Gid|Groups|CapPrm|CapEff):' /proc/$$/status | tr '\\t' ' '");
    let expected = "Uid: 1000 1000 1000 1000\nGid: 1000 1000 1000 1000\nGroups: 60 1000 2000 \nCapPrm: 0000000000000000\nCapEff: 0000000000000000";
    assert_eq!(status, expected);
}

#[test]
fn root_has_no_groups_that_a_directory_could_keep_waiting() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&["-f", "root"]);
    seat.sees("# ");
    seat.types("id -G; echo $HOME $PATH\r");
    seat.sees("\n0\r\n/root /usr/local/sbin:");
}

#[test]
fn a_remote_login_has_its_own_service_and_its_host_verbatim_cve_2026_3184() {
    let Some(machine) = Machine::new() else { return };
    note_sessions(&machine, "remote");
    let domain = "pc.sub.example.org";
    let mut seat = machine.login(&["-h", domain, "-f", "alice"]);
    seat.sees("$ ");
    assert_eq!(events(&machine), [format!("open_session remote alice /dev/{} {domain}", seat.name())]);
    assert_eq!(machine.utmp()[0].host.as_bytes(), domain.as_bytes());
    assert!(machine.judged_by("who", &[], "run/utmp").contains(&format!("({domain})")));

    let mut seat = machine.login(&["-h", "2001:db8::7", "--", "bob"]);
    seat.sees("Password: ");
    seat.types("no\r");
    seat.sees("Login incorrect");
    assert_eq!(machine.btmp()[0].address[..4], [0x20, 0x01, 0x0d, 0xb8]);
}

#[test]
fn one_login_is_one_record_also_where_a_module_writes_it() {
    let Some(machine) = Machine::new() else { return };
    machine.write("etc/pam.d/login", &format!("{STACK}session required pam_lastlog.so\n"));
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
    assert_eq!(machine.wtmp().iter().map(|r| r.kind).collect::<Vec<_>>(), [Kind::UserProcess, Kind::DeadProcess]);
    let last = machine.judged_by("last", &["-f"], "log/wtmp");
    assert_eq!(last.matches("alice").count(), 1, "{last}");
    assert!(!last.contains("logged in") && !last.contains("gone"), "{last}");
}

#[test]
fn a_kept_environment_is_kept_without_what_steers_the_shell() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&["-p", "-f", "alice"]);
    seat.sees("$ ");
    assert_eq!(seat.asks("echo $HOSTILE $USER $HOME $PATH"), "yes alice /home/alice /usr/bin:/bin");
}

#[test]
fn who_has_no_home_starts_in_the_root_folder_unless_that_is_forbidden() {
    let Some(machine) = Machine::new() else { return };
    fs::remove_dir(machine.path("home/alice")).expect("it was there");
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("No directory /home/alice");
    seat.sees("$ ");
    assert_eq!(seat.asks("pwd; echo $HOME"), "/\n/");
    machine.add("etc/login.defs", "DEFAULT_HOME no\nFAIL_DELAY 1\n");
    note_sessions(&machine, "login");
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("cannot enter /home/alice");
    seat.exits();
    assert_eq!(events(&machine).len(), 2, "the session was opened, and closed");
}

#[test]
fn shells_that_are_missing_or_have_arguments() {
    let Some(machine) = Machine::new() else { return };
    note_sessions(&machine, "login");
    machine.add("etc/login.defs", "FAIL_DELAY 1\n"); // the time to read why, before the line is hung up
    machine.add("etc/passwd", "lost:x:1002:1002::/:/bin/no-such-shell\nquick:x:1003:1003::/:/bin/sh -c id\\040-u\n");
    machine.add("etc/passwd", "empty:x:1004:1004::/:\nrelative:x:1005:1005::/:sh\n");
    machine.add("etc/shadow", "lost:*:20000::::::\nquick:*:20000::::::\nempty:*:20000::::::\nrelative:*:20000::::::\n");
    let mut seat = machine.login(&["-f", "lost"]);
    seat.sees("cannot run /bin/no-such-shell: ");
    assert_eq!(seat.exits(), Some(0), "the session was opened and closed");
    assert_eq!(machine.utmp()[0].exit.exit, 127);
    assert_eq!(events(&machine).len(), 2);
    let mut seat = machine.login(&["-f", "relative"]);
    seat.sees("cannot run sh: ");
    let mut seat = machine.login(&["-f", "empty"]);
    seat.sees("$ ");
    assert_eq!(seat.asks("echo $0 $SHELL"), "-sh /bin/sh");
    let mut seat = machine.login(&["-f", "quick"]);
    seat.exits(); // and the line was hung up, maybe with the shell's words still on their way
    assert_eq!(
        machine.utmp()[0].exit.exit,
        127,
        "a blank makes it a command of sh, which finds none: {}",
        seat.screen()
    );
}

#[test]
fn accounting_files_that_are_missing_cost_no_login() {
    let Some(machine) = Machine::new() else { return };
    for file in ["log/wtmp", "log/btmp", "log/lastlog", "run/utmp", "etc/login.defs"] {
        fs::remove_file(machine.path(file)).expect("it was there");
    }
    let mut seat = machine.login(&[]);
    seat.logs_in("alice", "alices-secret");
    assert!(!machine.path("log/wtmp").exists() && !machine.path("log/btmp").exists());
    assert_eq!(machine.utmp().len(), 1, "utmp is made");
    let utmp = fs::metadata(machine.path("run/utmp")).expect("it is made");
    assert_eq!((utmp.uid(), utmp.gid(), utmp.mode() & 0o777), (0, 43, 0o664), "and is no user's");
}

#[test]
fn nothing_that_login_makes_belongs_to_the_user_cve_2008_5394() {
    let Some(machine) = Machine::new() else { return };
    fs::remove_file(machine.path("run/utmp")).expect("it was there");
    let groups = fs::read_to_string(machine.path("etc/group")).expect("it is read");
    machine.write("etc/group", &groups.replace("utmp:x:43:\n", ""));
    let mut seat = machine.login(&["-f", "alice"]);
    seat.sees("$ ");
    let utmp = fs::metadata(machine.path("run/utmp")).expect("it is made");
    assert_eq!((utmp.uid(), utmp.gid()), (0, 0), "also without a group utmp");
}

#[test]
fn what_the_shell_makes_is_not_everybodys_whatever_init_left() {
    let Some(machine) = Machine::new() else { return };
    let command = format!("umask 0; exec {} -f alice", env!("CARGO_BIN_EXE_login"));
    let mut seat = machine.run(&["sh", "-c", &command]);
    seat.sees("$ ");
    assert_eq!(seat.asks("umask"), "0022");
}

#[test]
fn a_wrapper_around_login_survives_it() {
    let Some(machine) = Machine::new() else { return };
    let login = format!("{} -f alice", env!("CARGO_BIN_EXE_login"));
    let mut seat = machine.run(&["script", "-qec", &login, "/dev/null"]);
    seat.sees("$ ");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
    for wrapper in ["", "chroot / "] {
        let mut seat = machine.run(&["sh", "-c", &format!("{wrapper}{login}; echo and back: $?")]);
        seat.sees("$ ");
        assert_eq!(seat.asks("ps -o tty= -p $$"), seat.name(), "the shell has the line to itself");
        seat.types("exit\r");
        seat.sees("and back: 0");
        assert!(!seat.is_hung_up());
    }
}

#[test]
fn the_stacks_that_we_ship_let_people_in() {
    let Some(machine) = Machine::new() else { return };
    machine.write("etc/pam.d/login", include_str!("../../../dist/pam.d/login"));
    machine.write("etc/pam.d/remote", include_str!("../../../dist/pam.d/remote"));
    for arguments in [&["--", "alice"][..], &["-h", "here", "--", "alice"]] {
        let mut seat = machine.login(arguments);
        seat.sees("Password: ");
        seat.types("alices-secret\r");
        seat.sees("$ ");
        seat.types("exit\r");
        assert_eq!(seat.exits(), Some(0));
    }
    machine.write("etc/nologin", "closed\n");
    for arguments in [&["--", "alice"][..], &["-f", "alice"], &["-h", "here", "-f", "alice"]] {
        let mut seat = machine.login(arguments);
        seat.sees("closed");
        assert!(!seat.screen().contains("$ "));
    }
}
