//! What no well-behaved client says: none of it may disturb another, or last.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;

use zbus::Message;

use super::client::{Asked, Idler, call, greeting, is_closed, peer, raw, runtime, say, send_with_fds};
use super::house::{House, MANAGER, MANAGER_INTERFACE, NEVER_FOUND};

fn ping() -> Message {
    Message::method_call("/", "Ping").interface("org.freedesktop.DBus.Peer").build(&()).expect("a message")
}

fn still_serves(house: &House) {
    runtime().block_on(async { call(&peer(house).await, "ListSeats", &()).await.expect("it serves") });
}

#[test]
fn what_is_no_introduction_ends_its_connection_and_no_other() {
    let house = House::open();
    for words in [&b"\n"[..], b"GET / HTTP/1.1\r\n", b"\0\n", b"\0AUTH EXTERNAL 31\r\nBEGIN\r\n", &[b'a'; 5000]] {
        let stream = raw(&house.socket());
        assert!(say(&stream, words).is_err() || is_closed(&stream), "{words:?}");
    }
    still_serves(&house);
}

#[test]
fn who_says_nothing_is_not_waited_for() {
    let house = House::open();
    let silent = raw(&house.socket());
    let slow = raw(&house.socket());
    say(&slow, b"\0AUTH EXTER").expect("half a line");
    assert!(is_closed(&silent) && is_closed(&slow));
    still_serves(&house);
}

#[test]
fn what_is_no_message_ends_its_connection_and_no_other() {
    let house = House::open();
    let good = ping();
    let huge = [b'l', 1, 0, 1, 0, 0, 0, 7, 1, 0, 0, 0, 0, 0, 0, 0];
    let mut lying = good.data().bytes().to_vec();
    lying[8] = 0; // a serial of nothing
    lying[9..12].fill(0);
    for bytes in [&huge[..], &lying, &[0; 64], b"x234567890123456"] {
        let stream = raw(&house.socket());
        say(&stream, &[&greeting(), good.data().bytes(), bytes].concat()).expect("sent");
        assert!(is_closed(&stream), "{bytes:?}");
    }
    still_serves(&house);
}

#[test]
fn a_body_that_is_not_what_it_says_ends_its_connection() {
    let house = House::open();
    let hint = Message::method_call("/org/freedesktop/login1/session/c1", "SetIdleHint")
        .interface("org.freedesktop.login1.Session")
        .build(&true)
        .expect("a message");
    let mut bytes = hint.data().bytes().to_vec();
    let last = bytes.len() - 4;
    bytes[last] = 2; // neither true nor false
    let stream = raw(&house.socket());
    say(&stream, &[greeting(), bytes].concat()).expect("sent");
    assert!(is_closed(&stream));
    still_serves(&house);
}

#[test]
fn a_bag_of_descriptors_ends_its_connection() {
    let house = House::open();
    let null: OwnedFd = File::open("/dev/null").expect("a file").into();
    let message = ping();
    let stream = raw(&house.socket());
    say(&stream, b"\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n").expect("sent");
    send_with_fds(&stream, message.data().bytes(), &null, 60);
    assert!(is_closed(&stream));
    let drop_by_drop = raw(&house.socket());
    say(&drop_by_drop, b"\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n").expect("sent");
    for byte in message.data().bytes().iter().take(16) {
        send_with_fds(&drop_by_drop, &[*byte], &null, 1);
    }
    assert!(is_closed(&drop_by_drop));
    still_serves(&house);
}

#[test]
fn who_does_not_read_is_dropped() {
    let house = House::open();
    let ask = Message::method_call(MANAGER, "Introspect")
        .interface("org.freedesktop.DBus.Introspectable")
        .build(&())
        .expect("a message");
    let mut stream = raw(&house.socket());
    stream.write_all(&greeting()).expect("sent");
    let asked = (0..20_000).map(|_| stream.write_all(ask.data().bytes())).take_while(Result::is_ok).count();
    assert!(asked < 20_000, "100 MB wait to be read");
    still_serves(&house);
}

#[test]
fn calls_that_wait_are_counted() {
    let house = House::open();
    runtime().block_on(async {
        let client = peer(&house).await;
        let leader = Idler::start();
        let asked = Asked { uid: NEVER_FOUND, pid: leader.pid(), ..Asked::default() };
        let calls = (0..129).map(|_| Box::pin(asked.by_pid(&client)));
        let (first, _, _) = futures_util::future::select_all(calls).await;
        let (name, _) = first.expect_err("one too many");
        assert_eq!(name, "org.freedesktop.DBus.Error.LimitsExceeded");
    });
    still_serves(&house);
}

#[test]
fn a_call_to_somebody_else_is_not_taken_for_ours() {
    let house = House::open();
    runtime().block_on(async {
        let client = peer(&house).await;
        let to = Some("org.freedesktop.systemd1");
        let error = client.call_method(to, MANAGER, Some(MANAGER_INTERFACE), "ListSeats", &()).await;
        assert!(error.expect_err("nobody is there").to_string().contains("ServiceUnknown"));
    });
}

#[test]
fn match_rules_are_counted_and_measured() {
    let house = House::open();
    runtime().block_on(async {
        let client = peer(&house).await;
        let bus = Some("org.freedesktop.DBus");
        let add = async |rule: String| client.call_method(bus, "/org/freedesktop/DBus", bus, "AddMatch", &rule).await;
        for rule in ["type='wish'".to_owned(), format!("arg0='{}'", "x".repeat(2000)), "arg0".into()] {
            add(rule).await.expect_err("refused");
        }
        let added = async { while add("type='signal'".into()).await.is_ok() {} };
        tokio::time::timeout(super::house::PATIENCE, added).await.expect("there is an end");
    });
}
