//! The rows against what org.freedesktop.login1 is.

use std::collections::BTreeSet;

use super::super::manager::MANAGER;
use super::super::seat::SEAT;
use super::super::session::SESSION;
use super::super::table::{Change, Deed, Interface, signature};
use super::super::user::USER;

/// Every member there is; those that begin with `-` are not built yet.
const LOGIN1: &str = include_str!("login1.txt");

fn members<T>(interface: &Interface<T>) -> Vec<String> {
    let noun = interface.name.rsplit('.').next().expect("a name has a last part");
    let line = |text: String| format!("{noun}.{text}").trim_end().to_owned();
    let methods = interface
        .methods
        .iter()
        .map(|method| format!("{}({}) {}", method.name, signature(method.takes), signature(method.gives)));
    let properties = interface
        .properties
        .iter()
        .filter(|property| property.change != Change::Hidden)
        .map(|property| format!("{}: {} {}", property.name, property.kind, property.change.name()));
    let signals = interface.signals.iter().map(|signal| format!("{}! {}", signal.name, signature(signal.carries)));
    methods.chain(properties).chain(signals).map(line).collect()
}

#[test]
fn every_row_is_what_login1_says_and_nothing_else_is_there() {
    let ours = [members(&MANAGER), members(&SESSION), members(&USER), members(&SEAT)].concat();
    let theirs: BTreeSet<_> = LOGIN1.lines().filter(|line| !line.starts_with(['#', '-'])).collect();
    assert_eq!(ours.iter().map(String::as_str).collect::<BTreeSet<_>>(), theirs);
    assert_eq!(ours.len(), theirs.len(), "a row is there twice");
}

#[test]
fn every_member_of_login1_is_accounted_for() {
    let count = |noun: &str, sign: &str| {
        let lines = LOGIN1.lines().map(|line| line.trim_start_matches('-')).filter(|line| line.starts_with(noun));
        lines.filter(|line| line.contains(sign)).count()
    };
    let counts = ["Manager.", "Session.", "User.", "Seat."].map(|noun| ["(", ": ", "!"].map(|sign| count(noun, sign)));
    assert_eq!(counts.map(|[_, properties, signals]| (properties, signals)), [(51, 10), (29, 4), (15, 0), (8, 0)]);
}

/// The gates of an interface's methods, by name.
fn gates<T>(interface: &Interface<T>) -> Vec<(&'static str, &'static str)> {
    let gate = |deed: &Deed<T>| match deed {
        Deed::Look(_) => "look",
        Deed::CreateSession(_) => "create",
        Deed::Release(..) => "release",
        Deed::Manage(..) => "manage",
        Deed::Hint(..) => "hint",
        Deed::Lock(..) => "lock",
        Deed::Switch(_) => "switch",
    };
    interface.methods.iter().map(|method| (method.name, gate(&method.deed))).collect()
}

#[test]
fn what_changes_something_is_behind_its_gate() {
    for (method, gate) in [gates(&MANAGER), gates(&SESSION), gates(&USER), gates(&SEAT)].concat() {
        let expected = match method {
            "CreateSession" | "CreateSessionWithPIDFD" => "create",
            "ReleaseSession" => "release",
            "SetIdleHint" | "SetLockedHint" => "hint",
            _ if method.starts_with("Activate") || method.starts_with("SwitchTo") => "switch",
            _ if method.starts_with("Get") || method.starts_with("List") => "look",
            _ if method.starts_with("Lock") || method.starts_with("Unlock") => "lock",
            _ if method.starts_with("Kill") || method.starts_with("Terminate") => "manage",
            _ => panic!("{method} has a gate that this test does not know"),
        };
        assert_eq!(gate, expected, "{method}");
    }
}
