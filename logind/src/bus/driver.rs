//! The few methods of a bus itself that a client of one calls, so that it takes the private door for a bus
//! (D-Bus Specification, Message Bus Messages).

use logind_api::{BUS_NAME, error};
use logind_core::names::Uid;
use zbus::message::Header;
use zbus::{MatchRule, Message};

use super::fault::Fault;
use super::incoming::ConnectionId;
use super::private_door::Connection;
use super::signals::Announcement;

/// The bus's own name.
pub(super) const DRIVER: &str = "org.freedesktop.DBus";

/// logind's unique name behind the private door.
pub(super) const OWN_NAME: &str = ":1.0";

/// How many rules a connection may have, how many all those of one user may, and how long each. Every signal is held
/// against every rule, which takes a microsecond; root, who could stop us, is not counted.
const MOST_RULES: usize = 256;
const MOST_RULES_OF_USER: usize = 512;
const LONGEST_RULE: usize = 1024;

/// Whom a message through the private door is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addressee {
    /// The registry.
    Registry,
    /// The bus.
    Driver,
    /// Somebody who is not there.
    Nobody,
}

/// Whom a message is for.
pub(super) fn addressee(header: &Header<'_>) -> Addressee {
    match header.destination().map(|name| name.as_str()) {
        Some(DRIVER) => Addressee::Driver,
        None if header.interface().is_some_and(|name| name.as_str() == DRIVER) => Addressee::Driver,
        None | Some(BUS_NAME | OWN_NAME) => Addressee::Registry,
        Some(_) => Addressee::Nobody,
    }
}

/// Answers a call to the bus. `rules_of_user`: how many rules the user has, through whatever connections.
///
/// # Errors
/// What the caller is answered instead.
pub(super) fn answer(
    id: ConnectionId,
    peer: &mut Connection,
    rules_of_user: usize,
    message: &Message,
) -> Result<Message, Fault> {
    let (header, body) = (message.header(), message.body());
    let member = header.member().map(|member| member.as_str()).unwrap_or_default();
    let built = match (member, body.signature().to_string_no_parens().as_str()) {
        ("Hello", "") => {
            if std::mem::replace(&mut peer.has_name, true) {
                return Err(Fault::new(FAILED, "Already handled an Hello message"));
            }
            reply(&header).build(&unique_name(id))
        }
        ("AddMatch", "s") => {
            add_match(peer, rules_of_user, text(message)?.as_str())?;
            reply(&header).build(&())
        }
        ("RemoveMatch", "s") => {
            remove_match(peer, text(message)?.as_str())?;
            reply(&header).build(&())
        }
        ("GetNameOwner", "s") => reply(&header).build(&owner(text(message)?.as_str(), id)?),
        ("NameHasOwner", "s") => reply(&header).build(&owner(text(message)?.as_str(), id).is_ok()),
        ("ListNames", "") => reply(&header).build(&[DRIVER, BUS_NAME, OWN_NAME, &unique_name(id)].as_slice()),
        ("ListActivatableNames", "") => reply(&header).build(&Vec::<&str>::new()),
        _ => return Err(Fault::new(error::UNKNOWN_METHOD, format!("Unknown method '{member}' of this bus"))),
    };
    built.map_err(|cause| Fault::unwritable(member, &cause))
}

/// Whether a signal of logind's is one that `rule` asks for. A rule may name the sender by any of its names; the message
/// has the unique one.
pub(super) fn matches(rule: &MatchRule<'_>, announcement: &Announcement) -> bool {
    let sender = rule.sender().is_none_or(|name| [BUS_NAME, OWN_NAME].contains(&name.as_str()));
    sender && announcement.is_meant_by(rule)
}

/// `message` as one that logind sends through the private door.
pub(super) fn from_logind(message: &Message) -> zbus::Result<Message> {
    message.with_sender(&OWN_NAME.try_into()?)
}

fn reply(header: &Header<'_>) -> zbus::message::Builder<'static> {
    Message::method_return(header).sender(DRIVER)
}

fn unique_name(id: ConnectionId) -> String {
    format!(":1.{}", id.0)
}

fn text(message: &Message) -> Result<String, Fault> {
    message.body().deserialize().map_err(|_| Fault::invalid("Invalid arguments"))
}

fn owner(name: &str, id: ConnectionId) -> Result<String, Fault> {
    match name {
        DRIVER => Ok(DRIVER.into()),
        BUS_NAME | OWN_NAME => Ok(OWN_NAME.into()),
        name if name == unique_name(id) => Ok(name.into()),
        _ => Err(Fault::new(NO_OWNER, format!("Could not get owner of name '{}': no such name", name.escape_debug()))),
    }
}

fn add_match(peer: &mut Connection, rules_of_user: usize, text: &str) -> Result<(), Fault> {
    let rule = parse(text)?;
    if !has_room_for_rule(peer.credentials.uid, peer.rules.len(), rules_of_user) {
        return Err(Fault::new(error::LIMITS_EXCEEDED, "There are too many match rules of this connection or user"));
    }
    peer.rules.push(rule);
    Ok(())
}

fn has_room_for_rule(uid: Uid, of_connection: usize, of_user: usize) -> bool {
    of_connection < MOST_RULES && (uid == Uid::ROOT || of_user < MOST_RULES_OF_USER)
}

fn remove_match(peer: &mut Connection, text: &str) -> Result<(), Fault> {
    let rule = parse(text)?;
    let at = peer.rules.iter().position(|other| *other == rule);
    let at = at.ok_or_else(|| Fault::new(NO_RULE, "The given match rule wasn't found and can't be removed"))?;
    peer.rules.swap_remove(at);
    Ok(())
}

fn parse(text: &str) -> Result<MatchRule<'static>, Fault> {
    let rule = Some(text).filter(|text| text.len() <= LONGEST_RULE).and_then(|text| MatchRule::try_from(text).ok());
    rule.map(|rule| rule.into_owned()).ok_or_else(|| Fault::new(BAD_RULE, "Invalid match rule"))
}

const FAILED: &str = "org.freedesktop.DBus.Error.Failed";
const NO_OWNER: &str = "org.freedesktop.DBus.Error.NameHasNoOwner";
const NO_RULE: &str = "org.freedesktop.DBus.Error.MatchRuleNotFound";
const BAD_RULE: &str = "org.freedesktop.DBus.Error.MatchRuleInvalid";

/// The error of a call to somebody who is not there.
pub(super) fn nobody(header: &Header<'_>) -> Fault {
    let name = header.destination().map(|name| name.as_str()).unwrap_or_default();
    let text = format!("The name {name} was not provided by any .service files");
    Fault::new("org.freedesktop.DBus.Error.ServiceUnknown", text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use zbus::{ObjectPath, Variant};

    use super::super::letter::Body;
    use super::*;

    fn told(rule: &str) -> bool {
        let path = ObjectPath::from_static_str_unchecked("/org/freedesktop/login1/session/c1");
        let values: BTreeMap<&str, Variant<'_>> = [("Active", true.into())].into();
        let interface = "org.freedesktop.login1.Session";
        let signal = Announcement::new(path, "org.freedesktop.DBus.Properties", "PropertiesChanged");
        let body = Body::of(&(interface, values, [""; 0].as_slice())).expect("a body");
        let signal = signal.with("sa{sv}as", body, (Some(interface), None));
        matches(&MatchRule::try_from(rule).expect("a rule"), &signal)
    }

    #[test]
    fn the_rules_that_libraries_make_find_our_signals() {
        let gdbus = "type='signal',sender='org.freedesktop.login1',interface='org.freedesktop.DBus.Properties',\
                     member='PropertiesChanged',path='/org/freedesktop/login1/session/c1',\
                     arg0='org.freedesktop.login1.Session'";
        let qt = "type='signal',sender=':1.0',path_namespace='/org/freedesktop/login1'";
        for rule in [gdbus, qt, "", "type='signal'", "sender='org.freedesktop.login1'", "eavesdrop='true'"] {
            assert!(told(rule), "{rule}");
        }
    }

    #[test]
    fn many_connections_give_a_user_no_more_rules_than_a_few() {
        let alice = Uid::new(1000).expect("a uid");
        assert!(has_room_for_rule(alice, MOST_RULES - 1, MOST_RULES_OF_USER - 1));
        assert!(!has_room_for_rule(alice, 0, MOST_RULES_OF_USER));
        assert!(!has_room_for_rule(alice, MOST_RULES, MOST_RULES));
        assert!(has_room_for_rule(Uid::ROOT, 0, 64 * MOST_RULES));
        assert!(!has_room_for_rule(Uid::ROOT, MOST_RULES, MOST_RULES));
    }

    #[test]
    fn the_rules_for_others_signals_do_not() {
        for rule in [
            "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'",
            "sender='org.freedesktop.DBus'",
            "sender=':1.1'",
            "type='method_call'",
            "arg0='org.freedesktop.login1.User'",
            "path='/org/freedesktop/login1/session/_31'",
        ] {
            assert!(!told(rule), "{rule}");
        }
    }
}
