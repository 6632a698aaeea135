//! What brings a session or a virtual terminal to the front, through both doors.

use std::collections::HashMap;

use futures_util::StreamExt;
use logind_core::event::Event;
use logind_core::names::VtNumber;
use tokio::time::timeout;
use zbus::{Connection, DynamicType, MatchRule, MessageStream, OwnedVariant};

use super::client::{on_bus, runtime};
use super::house::{ALICE, BOB, House, PATIENCE, as_user, call, graphical, login_at, run};

const LOGIN1: &str = "org.freedesktop.login1";
const SEAT0: &str = "/org/freedesktop/login1/seat/seat0";

/// Calls a method of the object at `path`; an error by its name.
async fn ask<B: serde::Serialize + DynamicType>(client: &Connection, path: &str, method: &str, body: &B) -> String {
    let (interface, member) = method.split_once('.').expect("an interface and a member");
    let interface = format!("{LOGIN1}.{interface}");
    match client.call_method(Some(LOGIN1), path, Some(interface.as_str()), member, body).await {
        Ok(_) => "done".into(),
        Err(error) => error.to_string().split(": ").next().unwrap_or_default().to_owned(),
    }
}

/// The session in front.
async fn in_front(client: &Connection) -> String {
    let properties = "org.freedesktop.DBus.Properties";
    let body = (format!("{LOGIN1}.Seat"), "ActiveSession");
    let answer = client.call_method(Some(LOGIN1), SEAT0, Some(properties), "Get", &body).await.expect("an answer");
    let value: OwnedVariant = answer.body().deserialize().expect("a value");
    let (id, _): (String, zbus::OwnedObjectPath) = value.try_into().expect("a session");
    id
}

fn show(house: &House, number: u32) {
    house.happen(Event::Foreground(VtNumber::new(number)));
}

async fn switch_in_every_way(client: &Connection) {
    let one = "/org/freedesktop/login1/session/c1";
    let manager = "/org/freedesktop/login1";
    assert_eq!(in_front(client).await, "c1");
    assert_eq!(ask(client, manager, "Manager.ActivateSession", &"c2").await, "done");
    assert_eq!(in_front(client).await, "c2");
    assert_eq!(ask(client, one, "Session.Activate", &()).await, "done");
    assert_eq!(in_front(client).await, "c1");
    assert_eq!(ask(client, manager, "Manager.ActivateSessionOnSeat", &("c2", "seat0")).await, "done");
    assert_eq!(in_front(client).await, "c2");
    assert_eq!(ask(client, SEAT0, "Seat.ActivateSession", &"c1").await, "done");
    assert_eq!(in_front(client).await, "c1");
    assert_eq!(ask(client, SEAT0, "Seat.SwitchTo", &5u32).await, "done");
    assert_eq!(in_front(client).await, "c2");
    assert_eq!(ask(client, SEAT0, "Seat.SwitchToNext", &()).await, "done");
    assert_eq!(in_front(client).await, "c1");
    assert_eq!(ask(client, SEAT0, "Seat.SwitchToPrevious", &()).await, "done");
    assert_eq!(in_front(client).await, "c2");
    assert_eq!(ask(client, SEAT0, "Seat.SwitchTo", &9u32).await, "done");
    assert_eq!(in_front(client).await, "");
    assert_eq!(ask(client, SEAT0, "Seat.SwitchTo", &2u32).await, "done");
}

#[test]
fn every_call_that_switches_brings_its_session_to_the_front() {
    let mut house = House::open();
    house.start_bus();
    house.login(login_at(2, ALICE, 71_001));
    house.login(login_at(5, BOB, 71_002));
    show(&house, 2);
    runtime().block_on(async {
        for address in [house.address(), house.bus_address()] {
            switch_in_every_way(&on_bus(&address).await).await;
        }
    });
}

#[test]
fn what_cannot_be_switched_to_is_refused_by_name() {
    let house = House::open();
    house.login(graphical(ALICE, 71_011));
    runtime().block_on(async {
        let client = on_bus(&house.address()).await;
        let manager = "/org/freedesktop/login1";
        let no_session = "org.freedesktop.login1.NoSuchSession";
        let invalid = "org.freedesktop.DBus.Error.InvalidArgs";
        assert_eq!(ask(&client, manager, "Manager.ActivateSession", &"c9").await, no_session);
        assert_eq!(ask(&client, SEAT0, "Seat.ActivateSession", &"c9").await, no_session);
        let not_on_seat = "org.freedesktop.login1.SessionNotOnSeat";
        assert_eq!(ask(&client, manager, "Manager.ActivateSessionOnSeat", &("c1", "seat0")).await, not_on_seat);
        assert_eq!(ask(&client, SEAT0, "Seat.ActivateSession", &"c1").await, not_on_seat);
        let no_seat = "org.freedesktop.login1.NoSuchSeat";
        assert_eq!(ask(&client, manager, "Manager.ActivateSessionOnSeat", &("c1", "seat7")).await, no_seat);
        let one = "/org/freedesktop/login1/session/c1";
        assert_eq!(ask(&client, one, "Session.Activate", &()).await, "org.freedesktop.DBus.Error.NotSupported");
        for number in [0u32, 64, u32::MAX] {
            assert_eq!(ask(&client, SEAT0, "Seat.SwitchTo", &number).await, invalid, "{number}");
        }
        assert_eq!(ask(&client, SEAT0, "Seat.SwitchToNext", &()).await, invalid);
        assert_eq!(ask(&client, SEAT0, "Seat.SwitchToPrevious", &()).await, invalid);
    });
}

#[test]
fn without_polkit_who_is_in_front_may_switch_away_and_nobody_else_but_root() {
    let house = House::open();
    house.login(login_at(2, ALICE, 71_021));
    house.login(login_at(5, BOB, 71_022));
    show(&house, 2);
    let activate = |id: &str, uid| run(&mut as_user(call(&house.address(), "ActivateSession", &["s", id]), uid));
    let refused = activate("c2", BOB).expect_err("he would take her screen");
    assert!(refused.contains("denied"), "{refused}");
    activate("c2", ALICE).expect("she leaves hers");
    let refused = activate("c1", ALICE).expect_err("he is in front now");
    assert!(refused.contains("denied"), "{refused}");
}

#[test]
fn a_switch_is_told_of_the_session_that_was_in_front_of_that_which_is_and_of_the_seat_in_this_order() {
    let house = House::open();
    house.login(login_at(2, ALICE, 71_031));
    house.login(login_at(5, BOB, 71_032));
    show(&house, 2);
    runtime().block_on(async {
        let client = on_bus(&house.address()).await;
        let rule = MatchRule::builder().msg_type(zbus::message::Type::Signal).sender(LOGIN1).build().expect("a rule");
        let mut stream = MessageStream::for_match_rule(rule, &client, None).await.expect("it is added");
        let expected = [
            ("session/c1", vec![("Active", "Bool(false)"), ("State", "online")]),
            ("session/c2", vec![("Active", "Bool(true)"), ("State", "active")]),
            ("seat/seat0", vec![("ActiveSession", "c2")]),
        ];
        show(&house, 5);
        for (path, values) in expected {
            let message = timeout(PATIENCE, stream.next()).await.expect("in time").expect("connected").expect("told");
            let header = message.header();
            assert!(header.path().is_some_and(|at| at.as_str().ends_with(path)), "{path}: {header:?}");
            let (_, changed, _): (String, HashMap<String, OwnedVariant>, Vec<String>) =
                message.body().deserialize().expect("PropertiesChanged");
            assert_eq!(changed.len(), values.len());
            for (name, value) in values {
                let told = format!("{:?}", changed.get(name));
                assert!(told.contains(value), "{path} {name}: {told}");
            }
        }
    });
}
