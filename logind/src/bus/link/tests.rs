//! A connection to a bus that says what a test lets it say.

use std::collections::HashMap;
use std::os::fd::BorrowedFd;

use zbus::connection::socket::WriteHalf;
use zbus::export::async_trait::async_trait;
use zbus::{OwnedVariant, Variant};

use super::super::outgoing::Most;
use super::*;

/// A bus that hears nothing.
#[derive(Debug)]
struct Deaf;

#[async_trait]
impl WriteHalf for Deaf {
    async fn sendmsg(&mut self, bytes: &[u8], _: &[BorrowedFd<'_>]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    async fn close(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn link() -> Link {
    Link::begin(Outgoing::to(Deaf, Most { messages: 1000, bytes: 1 << 20 })).expect("a connection")
}

fn call(sender: &'static str, body: &str) -> Message {
    Message::method_call("/", "Ping").sender(sender).build(&body).expect("a message")
}

fn question(link: &Link, about: &str) -> NonZeroU32 {
    let is_it = |question: &Question| match question {
        Question::Name => about.is_empty(),
        Question::Polkit => about == polkit::NAME,
        Question::Who(name) => name == about,
    };
    *link.asked.iter().find(|(_, question)| is_it(question)).expect("it was asked").0
}

fn answer<B: serde::Serialize + zbus::DynamicType>(sender: &'static str, to: NonZeroU32, body: &B) -> Message {
    let call = Message::method_call("/", "Any").serial(to).build(&()).expect("a message");
    Message::method_return(&call.header()).sender(sender).build(body).expect("a message")
}

fn described(uid: u32) -> HashMap<&'static str, OwnedVariant> {
    [("UnixUserID", Variant::from(uid).try_into().expect("a value"))].into()
}

fn gone(name: &str) -> Message {
    let signal = Message::signal("/org/freedesktop/DBus", DRIVER, "NameOwnerChanged").sender(DRIVER);
    signal.build(&(name, name, "")).expect("a message")
}

fn bodies(calls: &[Message]) -> Vec<String> {
    calls.iter().map(|call| call.body().deserialize::<String>().expect("a text")).collect()
}

#[tokio::test]
async fn calls_wait_in_order_until_the_bus_says_who_makes_them() {
    let mut link = link();
    for body in ["one", "two"] {
        assert!(link.heard(call(":1.5", body)).expect("heard").is_empty());
    }
    assert!(link.heard(call(":1.6", "other")).expect("heard").is_empty());
    let five = question(&link, ":1.5");
    let ready = link.heard(answer(DRIVER, five, &described(1000))).expect("heard");
    assert_eq!(bodies(&ready), ["one", "two"]);
    let next = link.heard(call(":1.5", "three")).expect("heard");
    assert_eq!(bodies(&next), ["three"]);
    assert_eq!(link.sender(&next[0]).map(|peer| peer.uid.get()), Some(1000));
    assert!(link.sender(&call(":1.6", "")).is_none());
}

#[tokio::test]
async fn only_the_bus_says_who_somebody_is() {
    let mut link = link();
    assert!(link.heard(call(":1.5", "mine")).expect("heard").is_empty());
    let five = question(&link, ":1.5");
    assert!(link.heard(answer(":1.5", five, &described(0))).expect("heard").is_empty());
    assert!(link.sender(&call(":1.5", "")).is_none());
    let name = question(&link, "");
    assert!(link.heard(answer(":1.5", name, &1_u32)).expect("heard").is_empty());
    assert!(!link.owns_name());
}

#[tokio::test]
async fn who_left_is_forgotten_and_who_left_early_gets_no_answer() {
    let mut link = link();
    link.heard(call(":1.5", "one")).expect("heard");
    let five = question(&link, ":1.5");
    link.heard(answer(DRIVER, five, &described(1000))).expect("heard");
    link.heard(gone(":1.5")).expect("heard");
    assert!(link.sender(&call(":1.5", "")).is_none());
    link.heard(call(":1.6", "one")).expect("heard");
    let six = question(&link, ":1.6");
    assert!(link.heard(answer(DRIVER, six, &"no such name")).expect("heard").is_empty());
    assert!(link.parked.is_empty() && link.known.is_empty());
}

#[tokio::test]
async fn the_name_is_asked_for_again_when_it_is_free() {
    let mut link = link();
    let first = question(&link, "");
    link.heard(answer(DRIVER, first, &3_u32)).expect("heard");
    assert!(!link.owns_name() && !link.asked.contains_key(&first));
    link.heard(gone(BUS_NAME)).expect("heard");
    let second = question(&link, "");
    link.heard(answer(DRIVER, second, &1_u32)).expect("heard");
    assert!(link.owns_name());
}

#[tokio::test]
async fn a_flood_before_the_bus_has_answered_is_refused() {
    let mut link = link();
    for _ in 0..MOST_PARKED {
        link.heard(call(":1.5", "again")).expect("heard");
    }
    assert!(matches!(link.heard(call(":1.5", "once more")), Err(Trouble::Refused(..))));
    assert!(link.heard(call(":1.6", "another's")).is_ok());
    let long = "x".repeat(LONGEST_MESSAGE);
    assert!(matches!(link.heard(call(":1.6", &long)), Err(Trouble::Refused(..))));
}

#[tokio::test]
async fn who_has_polkits_name_is_known_from_the_start_and_as_it_changes() {
    let mut link = link();
    let asked = question(&link, polkit::NAME);
    link.heard(answer(DRIVER, asked, &":1.9")).expect("heard");
    assert_eq!(link.polkit(), Some(":1.9"));
    let changes = |sender: &'static str, old: &str, new: &str| {
        let signal = Message::signal("/org/freedesktop/DBus", DRIVER, "NameOwnerChanged").sender(sender);
        signal.build(&(polkit::NAME, old, new)).expect("a message")
    };
    link.heard(changes(":1.6", ":1.9", ":1.6")).expect("heard");
    assert_eq!(link.polkit(), Some(":1.9"), "only the bus says so");
    link.heard(changes(DRIVER, ":1.9", "")).expect("heard");
    assert_eq!(link.polkit(), None);
    link.heard(changes(DRIVER, "", ":1.12")).expect("heard");
    assert_eq!(link.polkit(), Some(":1.12"));
}

#[tokio::test]
async fn a_bus_that_knows_no_polkit_names_none() {
    let mut link = link();
    let asked = question(&link, polkit::NAME);
    let call = Message::method_call("/", "Any").serial(asked).build(&()).expect("a message");
    let error = Message::error(&call.header(), "org.freedesktop.DBus.Error.NameHasNoOwner");
    link.heard(error.sender(DRIVER).build(&":1.9").expect("a message")).expect("heard");
    assert_eq!(link.polkit(), None);
}
