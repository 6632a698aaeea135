//! The built module in a program that loads it through libpam, in a mount namespace with a /run of its own.

mod host;
mod peer;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use host::{ALICE, SOCKET, after, in_a_namespace, lines, runtime_directory, start};
use peer::{Act, Asked, Peer, Seen, Session};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use zbus::wire::LE;

/// PAM_SUCCESS and PAM_SESSION_ERR.
const SUCCESS: &str = "0";
const SESSION_ERR: &str = "14";

/// A logind that opens every session, each with a writing end of `life_line`.
fn logind(life_line: OwnedFd) -> Peer {
    logind_with(life_line, Session::of(ALICE))
}

fn logind_with(life_line: OwnedFd, session: Session) -> Peer {
    Peer::listen(Path::new(SOCKET), move |_, seen| match seen.member.as_str() {
        "CreateSessionWithPIDFD" => {
            Act::Send(session.reply(seen, LE, &life_line), vec![life_line.try_clone().expect("a copy")])
        }
        _ => peer::done(seen),
    })
}

fn pipe() -> (OwnedFd, OwnedFd) {
    pipe_with(PipeFlags::CLOEXEC).expect("a pipe")
}

/// Whether nobody holds the pipe's other end, now or within `patience` seconds.
fn is_let_go(reading_end: &OwnedFd, patience: i64) -> bool {
    let mut ends = [PollFd::new(reading_end, PollFlags::empty())];
    let timeout = Timespec { tv_sec: patience, tv_nsec: 0 };
    poll(&mut ends, Some(&timeout)).expect("poll") == 1 && ends[0].revents().contains(PollFlags::HUP)
}

fn asked(peer: &Peer) -> Asked {
    peer.seen().iter().find(|seen| seen.member.starts_with("CreateSession")).map(Seen::asked).expect("a request")
}

#[test]
fn a_hundred_logins_leave_no_code_no_descriptor_and_no_thread_behind() {
    in_a_namespace("a_hundred_logins_leave_no_code_no_descriptor_and_no_thread_behind", |host| {
        host.make_runtime_directory();
        let logind = logind(pipe().1);
        let said = lines(&mut host.command("", "cycles"));
        assert_eq!(after(&said, "before"), after(&said, "after"));
        let [before] = after(&said, "before")[..] else { unreachable!("{said:?}") };
        let numbers = |line: &str| line.split(' ').filter_map(|word| word.parse().ok()).collect::<Vec<u32>>();
        let [fds, threads, mapped] = numbers(before)[..] else { unreachable!("{said:?}") };
        assert_eq!((threads, mapped), (1, 0));
        let inside = after(&said, "inside").concat();
        assert_eq!(numbers(&inside), [fds + 1, 1, 1], "the life line and the module, nothing else");
        assert_eq!((logind.count("CreateSessionWithPIDFD"), logind.count("ReleaseSession")), (100, 100));
        assert_eq!(after(&said, "log"), [""; 0]);
    });
}

#[test]
fn a_host_with_threads_is_served_and_left_as_it_was() {
    in_a_namespace("a_host_with_threads_is_served_and_left_as_it_was", |host| {
        host.make_runtime_directory();
        let logind = logind(pipe().1);
        let said = lines(&mut host.command("timeout=60", "threads"));
        assert_eq!(after(&said, "before"), after(&said, "after"));
        assert_eq!((logind.count("CreateSessionWithPIDFD"), logind.count("ReleaseSession")), (160, 160));
        assert!(after(&said, "log").is_empty(), "{said:?}");
    });
}

#[test]
fn failed_logins_leave_nothing_behind_either() {
    in_a_namespace("failed_logins_leave_nothing_behind_either", |host| {
        let peer = Peer::listen(Path::new(SOCKET), |before, seen| match before % 3 {
            0 => Act::Send(vec![0xff; 40], (0..7).map(|_| pipe().1).collect()),
            1 => peer::refused(seen, "org.freedesktop.DBus.Error.LimitsExceeded"),
            _ => peer::refused(seen, "org.freedesktop.login1.SessionBusy"),
        });
        let said = lines(&mut host.command("", "cycles"));
        assert_eq!(after(&said, "before"), after(&said, "after"));
        assert_eq!(
            (after(&said, "log").len(), peer.count("CreateSessionWithPIDFD")),
            (67, 100),
            "a line for each failure"
        );
    });
}

#[test]
fn a_session_is_told_what_it_is() {
    in_a_namespace("a_session_is_told_what_it_is", |host| {
        host.make_runtime_directory();
        let _bus = UnixListener::bind(runtime_directory().join("bus")).expect("a socket");
        let logind = logind_with(pipe().1, Session { seat: "seat0".into(), vt: 3, ..Session::of(ALICE) });
        let said =
            lines(host.command("desktop=sway", "once").args(["tty=/dev/tty3", "env:XDG_SEAT=seat0", "env:XDG_VTNR=3"]));
        assert_eq!(after(&said, "open"), [SUCCESS]);
        let expected = [
            "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/4711/bus",
            "XDG_RUNTIME_DIR=/run/user/4711",
            "XDG_SEAT=seat0",
            "XDG_SESSION_CLASS=user",
            "XDG_SESSION_DESKTOP=sway",
            "XDG_SESSION_ID=c1",
            "XDG_SESSION_TYPE=tty",
            "XDG_VTNR=3",
        ];
        assert_eq!(after(&said, "env"), expected);
        let expected = Asked {
            uid: ALICE,
            service: "service".into(),
            kind: "tty".into(),
            class: "user".into(),
            desktop: "sway".into(),
            seat: "seat0".into(),
            vt: 3,
            tty: "tty3".into(),
            ..Asked::default()
        };
        assert_eq!(asked(&logind), expected);
        assert_eq!(logind.seen().last().map(Seen::text).as_deref(), Some("c1"), "released by name");
    });
}

#[test]
fn cve_2025_6018_a_remote_login_claims_no_seat_and_keeps_none_in_its_environment() {
    in_a_namespace("cve_2025_6018_a_remote_login_claims_no_seat_and_keeps_none_in_its_environment", |host| {
        let logind = logind(pipe().1);
        let hostile = ["tty=ssh", "rhost=192.0.2.1", "env:XDG_SEAT=seat0", "env:XDG_VTNR=1"];
        let said = lines(host.command("", "once").args(hostile));
        let request = asked(&logind);
        assert_eq!((&*request.seat, request.vt, request.is_remote, &*request.remote_host), ("", 0, true, "192.0.2.1"));
        assert!(!after(&said, "env").iter().any(|line| line.starts_with("XDG_SEAT") || line.starts_with("XDG_VTNR")));
    });
}

#[test]
fn cve_2025_6018_a_variable_that_pam_env_took_from_the_user_is_no_claim_where_pam_names_the_terminal() {
    let name = "cve_2025_6018_a_variable_that_pam_env_took_from_the_user_is_no_claim_where_pam_names_the_terminal";
    in_a_namespace(name, |host| {
        for (tty, place) in [("tty=/dev/tty3", ("seat0", 3)), ("tty=pts/4", ("", 0)), ("tty=cron", ("", 0))] {
            let logind = logind(pipe().1);
            let said = lines(host.command("", "once").args([tty, "env:XDG_SEAT=seat0", "env:XDG_VTNR=1"]));
            let request = asked(&logind);
            assert_eq!((&*request.seat, request.vt), place, "{tty}");
            assert!(
                !after(&said, "env").iter().any(|line| line.starts_with("XDG_SEAT") || line.starts_with("XDG_VTNR"))
            );
            fs::remove_file(SOCKET).expect("our own socket");
        }
    });
}

#[test]
fn cve_2019_3842_the_caller_of_a_set_user_id_program_chooses_nothing() {
    in_a_namespace("cve_2019_3842_the_caller_of_a_set_user_id_program_chooses_nothing", |host| {
        let hostile = [("XDG_SEAT", "seat0"), ("XDG_VTNR", "1"), ("XDG_SESSION_TYPE", "wayland")];
        let place = |command: &mut Command| {
            let logind = logind(pipe().1);
            lines(command.envs(hostile));
            let request = asked(&logind);
            fs::remove_file(SOCKET).expect("our own socket");
            (request.seat, request.vt, request.kind)
        };
        assert_eq!(place(&mut host.command("", "once")), ("seat0".into(), 1, "wayland".into()), "root's own word");
        assert_eq!(place(&mut host.set_user_id_command("", "once")), (String::new(), 0, "unspecified".into()));
    });
}

#[test]
fn the_caller_of_a_set_user_id_program_chooses_no_bus() {
    in_a_namespace("the_caller_of_a_set_user_id_program_chooses_no_bus", |host| {
        let peer = Peer::listen(Path::new("/run/test/bus"), |_, seen| peer::refused(seen, "x.y"));
        let address = ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/test/bus");
        lines(host.set_user_id_command("", "once").envs([address]));
        assert_eq!(peer.seen().len(), 0);
        lines(host.command("", "once").envs([address]));
        assert_eq!(peer.count("Hello"), 1);
    });
}

#[test]
fn what_a_daemon_refuses_of_the_environment_costs_nobody_the_session() {
    in_a_namespace("what_a_daemon_refuses_of_the_environment_costs_nobody_the_session", |host| {
        host.make_runtime_directory();
        for (tty, variable, error) in [
            ("", "XDG_SESSION_CLASS=greeter", "org.freedesktop.DBus.Error.InvalidArgs"),
            ("pts/3", "XDG_SESSION_INCOMPLETE=1", "org.freedesktop.DBus.Error.InvalidArgs"),
            ("", "XDG_SESSION_TYPE=mir", "org.freedesktop.DBus.Error.InvalidArgs"),
            ("ssh", "XDG_SESSION_DESKTOP=\"", "org.freedesktop.DBus.Error.InvalidArgs"),
            ("", "XDG_SEAT=seat7", "org.freedesktop.login1.NoSuchSeat"),
            ("", "XDG_VTNR=7", "org.freedesktop.login1.SessionBusy"),
        ] {
            let (_, life_line) = pipe();
            let picky = Peer::listen(Path::new(SOCKET), move |_, seen| match seen.member.as_str() {
                "CreateSessionWithPIDFD" => {
                    let Asked { class, kind, desktop, seat, vt, .. } = seen.asked();
                    let is_bare = ["user", "background"].contains(&&*class) && ["tty", "unspecified"].contains(&&*kind);
                    if is_bare && (&*desktop, &*seat, vt) == ("", "", 0) {
                        let life_line = life_line.try_clone().expect("a copy");
                        Act::Send(Session::of(ALICE).reply(seen, LE, &life_line), vec![life_line])
                    } else {
                        peer::refused(seen, error)
                    }
                }
                "GetSessionByPID" => peer::refused(seen, "org.freedesktop.login1.NoSessionForPID"),
                _ => peer::done(seen),
            });
            let settings = [format!("tty={tty}"), format!("env:{variable}")];
            let said = lines(host.command("required", "once").args(settings));
            assert!(after(&said, "env").contains(&"XDG_SESSION_ID=c1"), "{variable}: {said:?}");
            assert_eq!(after(&said, "log").len(), 1, "{said:?}");
            drop(picky);
            fs::remove_file(SOCKET).expect("our own socket");
        }
    });
}

#[test]
fn what_a_daemon_refuses_of_the_administrators_words_is_told() {
    in_a_namespace("what_a_daemon_refuses_of_the_administrators_words_is_told", |host| {
        let peer =
            Peer::listen(Path::new(SOCKET), |_, seen| peer::refused(seen, "org.freedesktop.DBus.Error.InvalidArgs"));
        let said = lines(&mut host.command("class=greeter required", "once"));
        assert_eq!((after(&said, "open"), peer.seen().len()), (vec![SESSION_ERR], 1));
    });
}

#[test]
fn without_logind_a_login_goes_on_with_a_runtime_directory_and_one_line_in_the_log() {
    in_a_namespace("without_logind_a_login_goes_on_with_a_runtime_directory_and_one_line_in_the_log", |host| {
        for _ in ["made", "found"] {
            let said = lines(&mut host.command("", "once"));
            assert_eq!(after(&said, "open"), [SUCCESS]);
            assert_eq!(after(&said, "env"), ["XDG_RUNTIME_DIR=/run/user/4711"]);
            assert_eq!(after(&said, "log").len(), 1, "{said:?}");
            let stat = fs::symlink_metadata(runtime_directory()).expect("a directory");
            assert_eq!((stat.uid(), stat.gid(), stat.mode() & 0o7777), (ALICE, ALICE, 0o700));
        }
    });
}

#[test]
fn without_logind_a_directory_that_is_not_the_users_is_not_named() {
    in_a_namespace("without_logind_a_directory_that_is_not_the_users_is_not_named", |host| {
        symlink("/etc", runtime_directory()).expect("a link");
        let said = lines(&mut host.command("", "once"));
        assert_eq!((after(&said, "open"), after(&said, "env")), (vec![SUCCESS], vec![]));
        assert_eq!(after(&said, "log").len(), 1, "{said:?}");
        assert_eq!(fs::metadata("/etc").expect("/etc").uid(), 0);
    });
}

#[test]
fn without_logind_a_required_session_refuses_the_login() {
    in_a_namespace("without_logind_a_required_session_refuses_the_login", |host| {
        let said = lines(&mut host.command("required", "once"));
        assert_eq!((after(&said, "open"), after(&said, "env")), (vec![SESSION_ERR], vec![]));
        assert_eq!(after(&said, "log").len(), 1, "{said:?}");
    });
}

#[test]
fn a_hung_logind_is_not_waited_for() {
    in_a_namespace("a_hung_logind_is_not_waited_for", |host| {
        let hung = Peer::listen(Path::new(SOCKET), |_, _| Act::Hang);
        let said = lines(&mut host.command("timeout=4", "once"));
        assert_eq!(
            (after(&said, "open"), after(&said, "env")),
            (vec![SUCCESS], vec!["XDG_RUNTIME_DIR=/run/user/4711"])
        );
        assert_eq!((after(&said, "log").len(), hung.seen().len()), (1, 1), "{said:?}");
    });
}

#[test]
fn what_the_user_directory_takes_is_not_taken_from_logind() {
    in_a_namespace("what_the_user_directory_takes_is_not_taken_from_logind", |host| {
        host.make_runtime_directory();
        let _logind = logind(pipe().1);
        let mut child = start(&mut host.command("timeout=5", "slow-directory"));
        let mut said = BufReader::new(child.stdout.take().expect("its output")).lines().map_while(Result::ok);
        assert!(said.any(|line| line == "asked for alice"));
        // As long as logind may take, and no event tells of it.
        poll(&mut [], Some(&Timespec { tv_sec: 5, tv_nsec: 0 })).expect("poll");
        child.stdin.take().expect("its input").write_all(b"\n").expect("a line");
        let said: Vec<_> = said.collect();
        assert!(said.iter().any(|line| line == "env XDG_SESSION_ID=c1"), "{said:?}");
        assert!(child.wait().expect("its end").success());
    });
}

#[test]
fn a_hung_logind_does_not_hold_the_logout() {
    in_a_namespace("a_hung_logind_does_not_hold_the_logout", |host| {
        let (reading, writing) = pipe();
        let _logind = Peer::listen(Path::new(SOCKET), move |_, seen| match seen.member.as_str() {
            "ReleaseSession" => Act::Hang,
            _ => Act::Send(Session::of(ALICE).reply(seen, LE, &writing), vec![writing.try_clone().expect("a copy")]),
        });
        let said = lines(&mut host.command("timeout=4", "once"));
        assert_eq!((after(&said, "open"), after(&said, "close")), (vec![SUCCESS], vec![SUCCESS]));
        drop(_logind);
        assert!(is_let_go(&reading, 0));
    });
}

#[test]
fn inside_a_session_nothing_is_set_and_nothing_is_said() {
    in_a_namespace("inside_a_session_nothing_is_set_and_nothing_is_said", |host| {
        let _logind =
            Peer::listen(Path::new(SOCKET), |_, seen| peer::refused(seen, "org.freedesktop.login1.SessionBusy"));
        for arguments in ["", "required"] {
            let said = lines(&mut host.command(arguments, "once"));
            assert_eq!((after(&said, "open"), after(&said, "close")), (vec![SUCCESS], vec![SUCCESS]));
            assert_eq!((after(&said, "env"), after(&said, "log")), (vec![], vec![]));
        }
        assert!(!runtime_directory().exists());
    });
}

#[test]
fn a_class_of_none_is_not_registered() {
    in_a_namespace("a_class_of_none_is_not_registered", |host| {
        let logind = logind(pipe().1);
        let said = lines(&mut host.command("class=none", "once"));
        assert_eq!((after(&said, "open"), after(&said, "env"), after(&said, "log")), (vec![SUCCESS], vec![], vec![]));
        assert_eq!(logind.seen().len(), 0);
        lines(host.command("", "once").arg("env:XDG_SESSION_CLASS=none"));
        assert_eq!(asked(&logind).class, "background", "the environment cannot say it");
    });
}

#[test]
fn a_service_managers_children_learn_no_session() {
    in_a_namespace("a_service_managers_children_learn_no_session", |host| {
        host.make_runtime_directory();
        let _logind = logind(pipe().1);
        let said = lines(&mut host.command("class=manager", "once"));
        let expected = ["XDG_RUNTIME_DIR=/run/user/4711", "XDG_SESSION_CLASS=manager", "XDG_SESSION_TYPE=unspecified"];
        assert_eq!(after(&said, "env"), expected);
    });
}

#[test]
fn a_fork_that_closes_its_copy_ends_no_session() {
    in_a_namespace("a_fork_that_closes_its_copy_ends_no_session", |host| {
        let (reading, writing) = pipe();
        let logind = Peer::listen(Path::new(SOCKET), {
            let mut writing = Some(writing);
            move |_, seen| match writing.take() {
                Some(end) => Act::Send(Session::of(ALICE).reply(seen, LE, &end), vec![end]),
                None => peer::done(seen),
            }
        });
        let mut child = start(&mut host.command("", "fork"));
        let mut said = BufReader::new(child.stdout.take().expect("its output")).lines().map_while(Result::ok);
        assert!(said.by_ref().any(|line| line == "child gone"));
        assert!(!is_let_go(&reading, 0) && logind.count("ReleaseSession") == 0);
        child.stdin.take().expect("its input").write_all(b"\n").expect("a line");
        assert!(said.any(|line| line == "close 0"));
        assert!(child.wait().expect("its end").success());
        assert!(is_let_go(&reading, 0) && logind.count("ReleaseSession") == 1);
    });
}

#[test]
fn a_killed_host_lets_go_of_the_life_line() {
    in_a_namespace("a_killed_host_lets_go_of_the_life_line", |host| {
        let (reading, writing) = pipe();
        let _logind = Peer::listen(Path::new(SOCKET), {
            let mut writing = Some(writing);
            move |_, seen| match writing.take() {
                Some(end) => Act::Send(Session::of(ALICE).reply(seen, LE, &end), vec![end]),
                None => Act::Drop,
            }
        });
        let mut direct = Command::new(host.module().with_file_name("host"));
        direct.args(host.command("", "fork").get_args().skip(2));
        let mut child = start(&mut direct);
        let mut said = BufReader::new(child.stdout.take().expect("its output")).lines().map_while(Result::ok);
        assert!(said.any(|line| line == "child gone"));
        child.kill().expect("SIGKILL");
        child.wait().expect("its end");
        assert!(is_let_go(&reading, 20));
    });
}

#[test]
fn a_close_without_an_open_succeeds_and_asks_nobody() {
    in_a_namespace("a_close_without_an_open_succeeds_and_asks_nobody", |host| {
        let logind = logind(pipe().1);
        assert_eq!(lines(&mut host.command("required", "close-only")), ["close 0"]);
        assert_eq!(logind.seen().len(), 0);
    });
}

#[test]
fn in_another_section_the_module_decides_nothing() {
    in_a_namespace("in_another_section_the_module_decides_nothing", |host| {
        let expected = ["authenticate 0", "account 0", "credentials 0", "password 0"];
        assert_eq!(lines(&mut host.command("required", "other-types")), expected);
    });
}

#[test]
fn a_wrong_argument_is_named_once_and_locks_nobody_out() {
    in_a_namespace("a_wrong_argument_is_named_once_and_locks_nobody_out", |host| {
        let _logind = logind(pipe().1);
        host.make_runtime_directory();
        let said = lines(&mut host.command("nested=new", "once"));
        assert_eq!(after(&said, "open"), [SUCCESS]);
        assert_eq!(after(&said, "log").len(), 2, "when it opens and when it closes: {said:?}");
    });
}

/// A bus of our own where the system's is looked for, until it is dropped.
struct Bus(Child);

impl Bus {
    const SOCKET: &str = "/run/dbus/system_bus_socket";

    fn start() -> Self {
        let mut daemon = Command::new("dbus-daemon");
        daemon.args(["--session", "--nofork", "--print-address", &format!("--address=unix:path={}", Self::SOCKET)]);
        let mut daemon = daemon.stdout(Stdio::piped()).spawn().expect("dbus-daemon");
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().expect("its output")).read_line(&mut address).expect("its address");
        Self(daemon)
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_bus_without_a_login_manager_is_no_reason_to_wait() {
    in_a_namespace("a_bus_without_a_login_manager_is_no_reason_to_wait", |host| {
        let _bus = Bus::start();
        let said = lines(&mut host.command("timeout=60", "once"));
        assert_eq!(
            (after(&said, "open"), after(&said, "env")),
            (vec![SUCCESS], vec!["XDG_RUNTIME_DIR=/run/user/4711"])
        );
        assert_eq!(after(&said, "log").len(), 1, "{said:?}");
    });
}

#[test]
fn a_login_manager_on_the_bus_is_asked_where_logind_has_no_socket() {
    in_a_namespace("a_login_manager_on_the_bus_is_asked_where_logind_has_no_socket", |host| {
        host.make_runtime_directory();
        let _bus = Bus::start();
        let (reading, writing) = pipe();
        let elogind = Peer::on_bus(Path::new(Bus::SOCKET), {
            let mut writing = Some(writing);
            move |_, seen| match (seen.member.as_str(), writing.take()) {
                ("CreateSession", Some(end)) => Act::Send(Session::of(ALICE).reply(seen, LE, &end), vec![end]),
                ("CreateSessionWithPIDFD", end) => {
                    writing = end;
                    peer::refused(seen, "org.freedesktop.DBus.Error.UnknownMethod")
                }
                _ => peer::done(seen),
            }
        });
        let said = lines(host.command("", "once").arg("tty=/dev/tty3"));
        assert_eq!((after(&said, "open"), after(&said, "log")), (vec![SUCCESS], vec![]));
        assert!(after(&said, "env").contains(&"XDG_SESSION_ID=c1"));
        let members: Vec<_> = elogind.seen().into_iter().map(|call| call.member).collect();
        assert_eq!(members, ["CreateSessionWithPIDFD", "CreateSession", "ReleaseSession"]);
        drop((elogind, _bus));
        assert!(is_let_go(&reading, 20));
    });
}

#[test]
fn pamtester_opens_and_closes_a_session() {
    in_a_namespace("pamtester_opens_and_closes_a_session", |host| {
        host.make_runtime_directory();
        let logind = logind(pipe().1);
        let service = format!("session required {}\nsession required pam_permit.so\n", host.module().display());
        fs::write(host.services().join("pamtester"), service).expect("a service of our own");
        let bound = Command::new("mount").arg("--bind").arg(host.services()).arg("/etc/pam.d").status();
        assert!(bound.is_ok_and(|status| status.success()));
        let mut pamtester = Command::new("pamtester");
        lines(pamtester.args(["-I", "tty=/dev/tty4", "pamtester", "alice", "open_session", "close_session"]));
        assert_eq!((asked(&logind).tty.as_str(), logind.count("ReleaseSession")), ("tty4", 1));
    });
}

#[test]
fn the_module_shows_libpam_its_six_functions_and_nobody_anything_else() {
    in_a_namespace("the_module_shows_libpam_its_six_functions_and_nobody_anything_else", |host| {
        let symbols = lines(Command::new("nm").args(["-D", "--defined-only"]).arg(host.module()));
        let mut names: Vec<_> = symbols.iter().filter_map(|line| line.rsplit(' ').next()).collect();
        names.sort_unstable();
        let expected = ["acct_mgmt", "authenticate", "chauthtok", "close_session", "open_session", "setcred"];
        assert_eq!(names, expected.map(|name| format!("pam_sm_{name}")));
        let dynamic = lines(Command::new("readelf").arg("--dynamic").arg(host.module())).concat();
        assert!(dynamic.contains("soname: [pam_session_rs.so]") && !dynamic.contains("libpam_misc"));
        assert!(!dynamic.contains("NODELETE"));
    });
}
