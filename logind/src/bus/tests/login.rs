//! CreateSession as a PAM module calls it, and as nobody should.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;

use zbus::{Message, OwnedObjectPath, OwnedVariant};

use super::client::{Asked, Idler, call, greeting, on_bus, peer, raw, runtime, say};
use super::house::{self, House, MANAGER, MANAGER_INTERFACE, run};

type Opened = (String, OwnedObjectPath, String, zbus::OwnedFd, u32, String, u32, bool);

const INVALID: &str = "org.freedesktop.DBus.Error.InvalidArgs";

#[test]
fn a_login_gets_its_session_and_its_life_line_through_both_doors() {
    let mut house = House::open();
    house.start_bus();
    runtime().block_on(async {
        let (private, bus) = (peer(&house).await, on_bus(&house.bus_address()).await);
        let mut leaders = Vec::new();
        for (client, name) in [(&private, "c1"), (&bus, "c2")] {
            let leader = Idler::start();
            let asked = Asked { pid: leader.pid(), tty: "/dev/pts/7", ..Asked::default() };
            let message = asked.by_pid(client).await.expect("a session");
            let body = message.body();
            let (id, path, runtime_path, life_line, uid, seat, vt, existing): Opened = body.deserialize().expect("all");
            assert_eq!((id.as_str(), path.as_str()), (name, &*format!("/org/freedesktop/login1/session/{name}")));
            assert_eq!((runtime_path.as_str(), uid), ("/run/user/4711", 4711));
            assert_eq!((seat.as_str(), vt, existing), ("", 0, false));
            rustix::io::fcntl_getfd(life_line.as_fd()).expect("it is open");
            let (name, _) = asked.by_pid(client).await.expect_err("the leader has one already");
            assert_eq!(name, "org.freedesktop.login1.SessionBusy");
            leaders.push(leader);
        }
    });
}

#[test]
fn a_caller_may_be_its_own_leader() {
    let mut house = House::open();
    house.start_bus();
    let arguments = ["uusssssussbssa(sv)", "4711", "0", "login", "", "", "", "", "0", "", "", "false", "", "", "0"];
    for (address, name) in [(house.address(), "c1"), (house.bus_address(), "c2")] {
        let opened = run(&mut house::call(&address, "CreateSession", &arguments)).expect("a session");
        assert!(opened.starts_with(&format!("soshusub \"{name}\"")), "{opened}");
    }
}

#[test]
fn a_leader_may_be_named_by_its_pidfd() {
    let house = House::open();
    runtime().block_on(async {
        let client = peer(&house).await;
        let leader = Idler::start();
        let (pidfd, null) = (leader.pidfd(), File::open("/dev/null").expect("a file"));
        let asked = Asked { kind: "wayland", class: "user", desktop: "sway", ..Asked::default() };
        assert_eq!(asked.by_fd(&client, null.as_fd(), 0).await.expect_err("no pidfd").0, INVALID);
        assert_eq!(asked.by_fd(&client, pidfd.as_fd(), 1).await.expect_err("no such flag").0, INVALID);
        let message = asked.by_fd(&client, pidfd.as_fd(), 0).await.expect("a session");
        assert_eq!(message.body().deserialize::<Opened>().expect("all").0, "c1");
        drop(leader);
        let (name, _) = asked.by_fd(&client, pidfd.as_fd(), 0).await.expect_err("it is gone");
        assert_eq!(name, "org.freedesktop.DBus.Error.UnixProcessIdUnknown");
    });
}

#[test]
fn a_connection_without_descriptors_opens_no_session() {
    let house = House::open();
    let leader = Idler::start();
    let limits: Vec<(&str, OwnedVariant)> = Vec::new();
    let body = (4711_u32, leader.pid(), "x", "", "", "", "", 0_u32, "", "", false, "", "", limits);
    let call = Message::method_call(MANAGER, "CreateSession").interface(MANAGER_INTERFACE).build(&body);
    let mut stream = raw(&house.socket());
    say(&stream, &[&greeting(), call.expect("a message").data().bytes()].concat()).expect("sent");
    let refusal = b"org.freedesktop.DBus.Error.NotSupported";
    let mut answer = Vec::new();
    while !answer.windows(refusal.len()).any(|part| part == refusal) {
        let mut part = [0; 512];
        let count = stream.read(&mut part).expect("an answer");
        assert!(count > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&part[..count]);
    }
}

#[test]
fn arguments_are_hostile_until_parsed() {
    let house = House::open();
    let long = "x".repeat(4097);
    let asked = |change: fn(&mut Asked<'_>)| {
        let mut asked = Asked::default();
        change(&mut asked);
        asked
    };
    runtime().block_on(async {
        let client = peer(&house).await;
        for (what, asked) in [
            ("uid", asked(|a| a.uid = u32::MAX)),
            ("uid", asked(|a| a.uid = 0xffff)),
            ("pid 1", asked(|a| a.pid = 1)),
            ("type", asked(|a| a.kind = "hologram")),
            ("class", asked(|a| a.class = "god")),
            ("desktop", asked(|a| a.desktop = "a\nSTATE=active")),
            ("service", asked(|a| a.service = "a\u{7f}b")),
            ("service", asked(|a| a.service = "a\u{9b}b")),
            ("service", Asked { service: &long, ..Asked::default() }),
            ("VT", asked(|a| a.vt = 64)),
            ("tty", asked(|a| a.tty = "../../etc/shadow")),
            ("tty", asked(|a| a.tty = "/dev//etc/shadow")),
            ("tty", asked(|a| a.tty = "/etc/shadow")),
        ] {
            let (name, text) = asked.by_pid(&client).await.expect_err(what);
            assert_eq!(name, INVALID, "{what}: {text}");
        }
        let (name, _) = asked(|a| a.seat = "seat/../x").by_pid(&client).await.expect_err("seat");
        assert_eq!(name, "org.freedesktop.login1.NoSuchSeat");
        let (name, _) = asked(|a| a.pid = 0x7fff_ffff).by_pid(&client).await.expect_err("no process");
        assert_eq!(name, "org.freedesktop.DBus.Error.UnixProcessIdUnknown");
        let sessions: Vec<(String, u32, String, String, OwnedObjectPath)> =
            call(&client, "ListSessions", &()).await.expect("a list").body().deserialize().expect("rows");
        assert_eq!(sessions, []);
    });
}
