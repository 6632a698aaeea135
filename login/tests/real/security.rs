//! What others' logins let happen, tried on ours: a test for each rule that was learnt, with the number it became known by.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use rustix::process::Pid;
use utmp::{Record, Time};

use crate::machine::{Machine, STACK};
use crate::seat::{Seat, ends};

/// A stack that lets in whoever comes as far as PAM.
const OPEN: &str = "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n";

const LOGIN: &str = env!("CARGO_BIN_EXE_login");

/// login as `script` calls it, in the process that the script began in.
fn run(machine: &Machine, script: &str) -> Seat {
    machine.run(&["sh", "-c", &script.replace("LOGIN", LOGIN)])
}

/// The path of a login that everybody may run as root.
fn set_user_id_login(machine: &Machine) -> &'static str {
    let login = machine.path("run/login");
    fs::copy(LOGIN, &login).expect("a copy");
    fs::set_permissions(&login, fs::Permissions::from_mode(0o4755)).expect("it is root's for everybody");
    "/run/login"
}

fn answers_to_id(seat: &mut Seat) -> String {
    seat.asks("id -u; id -g; id -G; echo $HOME")
}

#[test]
fn cve_2026_24061_no_variable_and_no_host_becomes_a_name_or_an_option() {
    let Some(machine) = Machine::new() else { return };
    machine.write("etc/pam.d/login", OPEN);
    machine.write("etc/pam.d/remote", OPEN);
    let mut seat = run(&machine, "USER='-f root' LOGNAME=-froot exec LOGIN -p");
    seat.sees("login: "); // it asks, whatever the variables say
    assert_eq!(run(&machine, "exec LOGIN -p -h '-f' root").exits(), Some(1));
    assert_eq!(run(&machine, "exec LOGIN -h 'pc -f root'").exits(), Some(1));
    assert_eq!(run(&machine, "exec LOGIN -h '' root").exits(), Some(1));
    assert!(machine.wtmp().is_empty());
}

#[test]
fn cve_2007_0882_what_follows_the_options_end_is_no_option() {
    let Some(machine) = Machine::new() else { return };
    machine.write("etc/pam.d/login", OPEN);
    machine.write("etc/pam.d/remote", OPEN);
    for arguments in [&["--", "-f", "root"][..], &["-p", "-h", "here", "--", "-froot"], &["--", "-h", "here"]] {
        assert_eq!(machine.login(arguments).exits(), Some(1), "{arguments:?}");
    }
    assert!(machine.wtmp().is_empty());
}

#[test]
fn cve_2001_0797_any_number_of_variables_and_arguments_is_no_overflow() {
    let Some(machine) = Machine::new() else { return };
    let many = "i=0; while [ $i -lt 3000 ]; do export V$i=xxxxxxxxxxxxxxxx; set -- \"$@\" A$i=y; i=$((i+1)); done";
    let mut seat = run(&machine, &format!("{many}; exec LOGIN -p -- alice \"$@\""));
    seat.sees("Password: ");
    seat.types("alices-secret\r");
    seat.sees("$ ");
    assert_eq!(seat.asks("echo $V2999 $A2999"), "xxxxxxxxxxxxxxxx y");
}

#[test]
fn cve_2001_1147_what_a_module_does_to_the_c_librarys_entry_changes_nobody() {
    let Some(machine) = Machine::new() else { return };
    machine.begin_stack_with(
        "auth optional HOSTILE overwrite\naccount optional HOSTILE overwrite\nsession optional HOSTILE overwrite",
    );
    let mut seat = machine.login(&[]);
    seat.logs_in("alice", "alices-secret");
    assert_eq!(answers_to_id(&mut seat), "1000\n1000\n1000 60 2000\n/home/alice");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
    assert!(machine.wtmp().iter().take(1).all(|record| record.user.as_bytes() == b"alice"));
}

#[test]
fn cve_2008_5394_what_utmp_says_of_a_line_moves_no_owner() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = run(&machine, "read go; exec LOGIN -f alice");
    let record = Record::login_process(b"../etc/shadow", seat.pid().as_raw_nonzero().get(), Time::now());
    machine.write_utmp(&record);
    seat.types("\r");
    seat.sees("$ ");
    assert_eq!(seat.asks("stat -c '%u %a' /etc/shadow"), "0 600");
    assert_eq!(seat.owner().0, 1000, "the line that it is on is hers");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
}

#[test]
fn a_line_named_by_a_symbolic_link_is_the_line_itself() {
    let Some(machine) = Machine::new() else { return };
    let script = "ln -s $(tty) /run/line; exec LOGIN -f alice </run/line >/run/line 2>&1";
    let mut seat = run(&machine, script);
    seat.sees("$ ");
    assert_eq!(machine.utmp()[0].line.as_bytes(), seat.name().as_bytes());
    assert_eq!(seat.owner().0, 1000);
}

#[test]
fn a_line_with_a_second_name_is_refused() {
    let Some(machine) = Machine::new() else { return };
    let line = "mount -t tmpfs tmpfs /dev/shm; mknod -m 600 /dev/shm/line c 5 0";
    let mut seat = run(&machine, &format!("{line}; exec LOGIN --nohangup -f alice </dev/shm/line >/dev/shm/line 2>&1"));
    seat.sees("$ "); // with one name it is a line like others
    let linked =
        "ln /dev/shm/line /dev/shm/alias; LOGIN -f alice </dev/shm/alias; echo $?; stat -c '%u %a' /dev/shm/line";
    let mut seat = run(&machine, &format!("{line}; {linked}; read end"));
    seat.sees("is not the terminal on standard input");
    seat.sees("1\r\n0 600\r\n");
}

#[test]
fn a_line_whose_name_was_given_to_another_device_is_refused() {
    let Some(machine) = Machine::new() else { return };
    for swapped in ["/dev/zero", "/etc/shadow"] {
        let script =
            format!("mount --bind {swapped} $(tty); LOGIN -f alice; echo $?; stat -c '%u' {swapped}; read end");
        let mut seat = run(&machine, &script);
        seat.sees("1\r\n0\r\n");
        assert!(machine.wtmp().is_empty());
    }
}

#[test]
fn cve_2005_4890_cve_2016_2779_what_a_session_pushes_into_its_line_nobody_reads_after_it() {
    let Some(machine) = Machine::new() else { return };
    if fs::read_to_string("/proc/sys/dev/tty/legacy_tiocsti").is_ok_and(|text| text.trim() == "0") {
        println!("skipped: this kernel lets nobody push anything");
        return;
    }
    // TIOCSTI is 0x5412 (asm-generic/ioctls.h).
    let push = "$SIG{HUP} = 'IGNORE'; for (1 .. $ARGV[0]) { for my $c (split //, \"echo pu''shed\\n\") { \
        ioctl(STDIN, 0x5412, $c) or exit; } select(undef, undef, undef, 0.001) }";
    machine.write("run/push", push);
    let mut seat = run(&machine, "LOGIN -f alice; echo back; read word; echo \"root read <$word>\"");
    seat.sees("$ ");
    seat.types("perl /run/push 1\r");
    seat.sees("$ pushed\r\n"); // it can, while the line is its own
    seat.types("perl /run/push 5000 & exit\r");
    seat.sees("back\r\n");
    seat.types("mine\r");
    seat.sees("root read <");
    assert_eq!(seat.sees(">"), "mine>");
}

#[test]
fn who_had_the_line_before_cannot_open_it_again_when_it_is_hung_up() {
    let Some(machine) = Machine::new() else { return };
    if Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: no strace to hold login up with");
        return;
    }
    // TCGETS is 0x5401 (asm-generic/ioctls.h): it fails on what was hung up.
    let keep = "$SIG{$_} = 'IGNORE' for qw(HUP PIPE); my $modes = ' ' x 64; \
        while (open(my $line, '+<', $ARGV[0])) { syswrite(STDOUT, \"open\\n\"); 1 while ioctl($line, 0x5401, $modes) }";
    machine.write("run/keep", keep);
    let before = "line=$(tty); chown alice $line; chmod 600 $line; mkfifo /run/open; \
        setpriv --reuid 1000 --clear-groups perl /run/keep $line </dev/null >/run/open 2>/dev/null & read open </run/open";
    // Whoever can open it has twenty milliseconds after each ioctl(2), and so after the hang-up.
    let slowly = "strace -DDD -o /dev/null -e trace=ioctl -e inject=ioctl:delay_exit=20000";
    let mut seat =
        run(&machine, &format!("{before}; echo \"kept $open by @$!@\"; read go; exec {slowly} LOGIN --hangup"));
    seat.sees("kept open by @");
    let keeper = seat.sees("@").trim_end_matches('@').parse().expect("a number");
    seat.types("\r");
    ends(Pid::from_raw(keeper).expect("a process"));
    assert_eq!(seat.owner(), (0, 0, 0o600));
}

#[test]
fn cve_2024_28085_nobody_writes_to_a_line_that_is_another_users() {
    let Some(machine) = Machine::new() else { return };
    machine.write("etc/login.defs", "FAIL_DELAY 0\n"); // TTYPERM as it is where nobody sets it
    let mut alice = machine.login(&["-f", "alice"]);
    alice.sees("$ ");
    let mut bob = machine.login(&["-f", "bob"]);
    bob.sees("$ ");
    let line = format!("/dev/{}", alice.name());
    assert_eq!(
        bob.asks(&format!(
            "{{ printf '\\033[2J' >{line}; }} 2>&1 | grep -c denied; head -c1 {line} 2>&1 | grep -c denied"
        )),
        "1\n1"
    );
    assert_eq!(alice.owner().2, 0o600);
    assert!(!alice.screen().contains('\x1b'));
}

#[test]
fn a_session_begins_with_the_users_groups_and_ids_and_none_of_the_callers() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = run(&machine, "exec setpriv --groups 4,24,27 --regid 43 LOGIN -f alice");
    seat.sees("$ ");
    assert_eq!(answers_to_id(&mut seat), "1000\n1000\n1000 60 2000\n/home/alice");
    let back = "for id in 0 43; do setpriv --reuid $id true 2>/dev/null && echo $id; setpriv --regid $id true 2>/dev/null && echo $id; done";
    assert_eq!(seat.asks(back), "", "nothing of root comes back");
}

#[test]
fn the_callers_limits_neither_end_a_login_nor_keep_anything_from_being_recorded() {
    let Some(machine) = Machine::new() else { return };
    machine.write(
        "etc/pam.d/login",
        &format!(
            "auth required pam_unix.so nodelay\nauth [default=ignore] pam_faillock.so authfail dir=/run\n{}",
            &STACK[STACK.find("account").expect("it has accounts")..]
        ),
    );
    let limits = "ulimit -S -t 1000; ulimit -S -f 0; ulimit -S -n 11; ulimit -S -s 4096";
    let mut seat = run(&machine, &format!("{limits}; exec LOGIN"));
    seat.sees("login: ");
    seat.types("alice\r");
    seat.sees("Password: ");
    seat.types("wrong\r");
    seat.logs_in("alice", "alices-secret");
    assert_eq!(machine.btmp().len(), 1);
    assert!(fs::metadata(machine.path("run/alice")).is_ok_and(|tally| tally.len() > 0), "nothing is tallied");
    assert_eq!(seat.asks("ulimit -t; ulimit -f; ulimit -n; ulimit -s"), "1000\n0\n11\n4096");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
    assert_eq!(machine.wtmp().len(), 2, "login and logout");
}

#[test]
fn a_set_user_id_login_raises_its_callers_hard_limits_or_lets_nobody_in() {
    let Some(machine) = Machine::new() else { return };
    let login = set_user_id_login(&machine);
    let mut seat = run(&machine, &format!("ulimit -f 0; exec setpriv --reuid 1000 --clear-groups {login} bob"));
    let status = fs::read_to_string("/proc/self/status").expect("this process is there");
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:")).expect("it has some").trim();
    let may_raise = u64::from_str_radix(capabilities, 16).expect("a number") & 1 << 24 != 0; // CAP_SYS_RESOURCE
    if !may_raise {
        seat.sees("limits");
        assert_eq!(seat.exits(), Some(1));
        return;
    }
    seat.sees("Password: ");
    seat.types("wrong\r");
    seat.logs_in("bob", "bobs-secret");
    assert_eq!(machine.btmp().len(), 1);
    assert_eq!(seat.asks("ulimit -H -f"), "0");
}

#[test]
fn what_pam_limits_in_a_session_limits_no_record_of_it() {
    let Some(machine) = Machine::new() else { return };
    let modules = "session required pam_limits.so\nsession optional pam_lastlog.so\n";
    machine.write("etc/pam.d/login", &format!("{STACK}{modules}"));
    machine.write("etc/security/limits.conf", "alice soft fsize 0\nalice - nofile 11\nalice - stack unlimited\n");
    let mut seat = run(&machine, "ulimit -S -f 10; ulimit -S -s 4096; exec LOGIN -f alice");
    seat.sees("$ ");
    assert_eq!(seat.asks("ulimit -f; ulimit -n; ulimit -s"), "0\n11\nunlimited");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
    assert_eq!(machine.wtmp().len(), 2, "login and logout");
}

#[test]
fn a_set_user_id_login_is_roots_alone_and_its_callers_to_neither_stop_nor_time() {
    let Some(machine) = Machine::new() else { return };
    machine.begin_stack_with("auth optional HOSTILE report=auth\nsession optional HOSTILE report=close");
    let login = set_user_id_login(&machine);
    // Timers live through exec (setitimer(2)).
    let timers =
        format!("use Time::HiRes qw(setitimer); setitimer($_, 10000) for 0 .. 2; chdir '/home/alice'; exec '{login}'");
    let mut seat = run(
        &machine,
        &format!("exec setpriv --reuid 1000 --regid 1000 --groups 1000,2000 perl -e \"{timers}\"").replace('$', "\\$"),
    );
    seat.sees("login: ");
    let alices = |program: &[&str]| {
        let pid = seat.pid().as_raw_nonzero().to_string();
        let ids = ["--reuid", "1000", "--regid", "1000", "--clear-groups"];
        Command::new("setpriv").args(ids).args(program).arg(pid).output().expect("it runs").status.success()
    };
    assert!(!alices(&["kill", "-0"]), "she can end it before it records her failures");
    assert!(!alices(&["renice", "-n", "19", "-p"]), "she can slow it down");
    seat.types("bob\r");
    seat.sees("Password: ");
    seat.types("bobs-secret\r");
    seat.sees("$ ");
    seat.types("exit\r");
    assert_eq!(seat.exits(), Some(0));
    let report = |phase: &str| format!("{phase}: user 0 0 0, group 0 0 0, 0 timers, in /\n");
    assert_eq!(fs::read_to_string(machine.path("run/report")).expect("a report"), report("auth") + &report("close"));
}

#[test]
fn the_callers_environment_steers_neither_login_nor_the_shell() {
    let Some(machine) = Machine::new() else { return };
    machine.write("run/evil", "echo steered\n");
    let hostile = "LD_PRELOAD=/run/evil LD_AUDIT=/run/evil BASH_ENV=/run/evil ENV=/run/evil SHELLOPTS=xtrace IFS=/ TERM=../run/evil \
        NLSPATH=/run/evil TZ=/dev/zero MALLOC_TRACE=/run/traced LOCPATH=/run TMPDIR=/run";
    for keep in ["", "-p"] {
        let mut seat = run(&machine, &format!("exec env {hostile} LOGIN {keep} -f alice"));
        seat.sees("$ ");
        let variables = "env | grep -cE '^(LD_|BASH_ENV|ENV|SHELLOPTS|IFS|NLSPATH)'; echo $TERM";
        assert_eq!(seat.asks(variables), "0\ndumb", "{keep}");
        assert!(!seat.screen().contains("steered"));
    }
    assert!(!machine.path("run/traced").exists());
}

#[test]
fn cve_2024_10963_cve_2024_22365_cve_2025_6020_our_stacks_have_no_module_with_that_past() {
    let stacks = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/pam.d")).expect("the stacks");
    let mut lines = 0;
    for stack in stacks {
        let text = fs::read_to_string(stack.expect("an entry").path()).expect("a stack");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            lines += 1;
            let is_risky = ["pam_namespace", "pam_access", "user_readenv=1"].iter().any(|word| line.contains(word));
            assert!(!is_risky, "{line}");
        }
    }
    assert!(lines > 10 && !STACK.is_empty(), "they were read");
}
