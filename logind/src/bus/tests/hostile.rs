//! What no well-behaved client says: none of it may disturb another, or last.

use std::fs::File;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::time::Duration;

use logind_core::event::{Event, RequestId};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rustix::io::Errno;
use zbus::Message;

use super::client::{Asked, Idler, call, greeting, is_closed, peer, raw, runtime, say, send_with_fds};
use super::house::{House, MANAGER, MANAGER_INTERFACE, NEVER_FOUND, graphical};

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
    send_with_fds(&stream, message.data().bytes(), &null, 60).expect("sent");
    assert!(is_closed(&stream));
    let drop_by_drop = raw(&house.socket());
    say(&drop_by_drop, b"\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n").expect("sent");
    // It is closed as soon as there are too many, which may be before the last is sent.
    let mut drops = message.data().bytes().iter().take(16);
    let refused = drops.find_map(|byte| send_with_fds(&drop_by_drop, &[*byte], &null, 1).err());
    assert!(matches!(refused, None | Some(Errno::PIPE | Errno::CONNRESET)), "{refused:?}");
    assert!(is_closed(&drop_by_drop));
    still_serves(&house);
}

#[test]
fn who_asks_without_reading_is_not_listened_to_until_it_reads() {
    let house = House::open();
    let ask = Message::method_call(MANAGER, "Introspect")
        .interface("org.freedesktop.DBus.Introspectable")
        .build(&())
        .expect("a message");
    let mut stream = raw(&house.socket());
    stream.set_write_timeout(Some(Duration::from_millis(500))).expect("a deadline");
    stream.write_all(&greeting()).expect("sent");
    let bytes = ask.data().bytes();
    let mut written = 0;
    while let Ok(count) = stream.write(&bytes[written % bytes.len()..]) {
        written += count;
        assert!(written < 100 << 20, "it goes on for ever");
    }
    still_serves(&house);
    stream.shutdown(Shutdown::Write).expect("no more");
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).expect("the answers");
    let described = answers.windows(7).filter(|part| part == b"</node>").count();
    assert!(described > 64, "{described} answers to {} calls", written / bytes.len());
}

#[test]
fn who_lets_signals_pile_up_is_dropped() {
    let house = House::open();
    let bus = "org.freedesktop.DBus";
    let rule = Message::method_call("/org/freedesktop/DBus", "AddMatch").interface(bus).build(&"type='signal'");
    let stream = raw(&house.socket());
    say(&stream, &[&greeting(), rule.expect("a message").data().bytes()].concat()).expect("sent");
    let session = house.login(graphical(4711, 70_201));
    for number in 0..20_000 {
        house.happen(Event::IdleHint { request: RequestId(1 << 40), session, idle: number % 2 == 0 });
    }
    still_serves(&house);
    assert!(is_closed(&stream));
}

#[test]
fn no_bytes_in_a_message_s_place_disturb_others() {
    let house = House::open();
    let message = Message::method_call(MANAGER, "GetSession").interface(MANAGER_INTERFACE).build(&"c1");
    let message = message.expect("a message").data().bytes().to_vec();
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    let garbled = (0..message.len(), any::<u8>(), any::<bool>());
    let outcome = TestRunner::new(config).run(&garbled, |(at, byte, is_cut)| {
        let mut bytes = message.clone();
        bytes[at] = byte;
        bytes.truncate(if is_cut { at } else { message.len() });
        let stream = raw(&house.socket());
        say(&stream, &[greeting(), bytes].concat()).expect("sent");
        stream.shutdown(Shutdown::Write).expect("no more");
        prop_assert!(is_closed(&stream));
        still_serves(&house);
        Ok(())
    });
    outcome.expect("undisturbed");
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
