//! What everybody is told, through both doors.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use logind_core::event::{Event, RequestId, Target};
use tokio::time::timeout;
use zbus::{Connection, MatchRule, Message, MessageStream, OwnedVariant};

use super::client::{on_bus, peer, runtime};
use super::house::{ALICE, House, PATIENCE, graphical, login_at};

const SENDER: &str = "org.freedesktop.login1";

async fn listen(client: &Connection) -> MessageStream {
    let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal).sender(SENDER).build().expect("a rule");
    MessageStream::for_match_rule(rule, client, None).await.expect("it is added")
}

/// The next signals: member and path of each.
async fn told(stream: &mut MessageStream, count: usize) -> Vec<(String, String, Message)> {
    let mut told = Vec::new();
    while told.len() < count {
        let message = timeout(PATIENCE, stream.next()).await.expect("in time").expect("connected").expect("a message");
        let header = message.header();
        let text = |part: Option<String>| part.unwrap_or_default();
        let member = text(header.member().map(ToString::to_string));
        told.push((member, text(header.path().map(ToString::to_string)), message));
    }
    told
}

fn changes(message: &Message) -> (String, Vec<String>) {
    type Changed = (String, HashMap<String, OwnedVariant>, Vec<String>);
    let (interface, changed, invalidated): Changed = message.body().deserialize().expect("PropertiesChanged");
    assert!(invalidated.is_empty());
    let mut names: Vec<_> = changed.into_keys().collect();
    names.sort();
    (interface, names)
}

fn hear_a_session(house: &House, address: &str) {
    let request = RequestId(1 << 40);
    runtime().block_on(async {
        let client = on_bus(address).await;
        let mut stream = listen(&client).await;
        let id = house.login(graphical(ALICE, 80_001));
        let opened = told(&mut stream, 3).await;
        let members: Vec<_> = opened.iter().map(|(member, path, _)| (member.as_str(), path.as_str())).collect();
        let (manager, user) = ("/org/freedesktop/login1", "/org/freedesktop/login1/user/_4711");
        assert_eq!(members, [("UserNew", manager), ("SessionNew", manager), ("PropertiesChanged", user)]);

        house.happen(Event::IdleHint { request, session: id, idle: true });
        let idle = told(&mut stream, 3).await;
        let session = format!("/org/freedesktop/login1/session/{id}");
        assert_eq!([&idle[0].1, &idle[1].1, &idle[2].1], [&session, user, manager]);
        for (_, _, message) in &idle {
            assert_eq!(changes(message).1, ["IdleHint", "IdleSinceHint", "IdleSinceHintMonotonic"]);
        }
        assert_eq!(changes(&idle[0].2).0, "org.freedesktop.login1.Session");

        house.happen(Event::Lock { request, session: Some(id), locked: true });
        house.happen(Event::Lock { request, session: None, locked: false });
        let locks = told(&mut stream, 2).await;
        assert_eq!((locks[0].0.as_str(), &locks[0].1), ("Lock", &session));
        assert_eq!((locks[1].0.as_str(), &locks[1].1), ("Unlock", &session));

        house.happen(Event::Terminate { request, target: Target::Session(id) });
        let removed = async { while told(&mut stream, 1).await[0].0 != "SessionRemoved" {} };
        timeout(PATIENCE, removed).await.expect("it is told");
    });
}

#[test]
fn a_session_s_life_is_told_through_the_private_door() {
    let house = House::open();
    hear_a_session(&house, &house.address());
}

#[test]
fn a_session_s_life_is_told_on_the_system_bus() {
    let mut house = House::open();
    house.start_bus();
    hear_a_session(&house, &house.bus_address());
}

#[test]
fn who_asked_for_no_signals_gets_none() {
    let house = House::open();
    runtime().block_on(async {
        let client = peer(&house).await;
        let mut stream = MessageStream::from(&client);
        house.login(login_at(2, ALICE, 80_011));
        let ping = client.call_method(None::<()>, "/", Some("org.freedesktop.DBus.Peer"), "Ping", &()).await;
        ping.expect("an answer");
        let first = stream.next().await.expect("connected").expect("a message");
        assert_eq!(first.message_type(), zbus::message::Type::MethodReturn);
        assert!(timeout(Duration::from_millis(50), stream.next()).await.is_err(), "and nothing more");
    });
}
