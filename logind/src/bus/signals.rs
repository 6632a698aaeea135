//! The signals that tell everybody what the core announces.

use logind_api::manager;
use logind_core::Signal;
use logind_core::names::{SessionId, Uid};
use zbus::match_rule::PathSpec;
use zbus::message::Type;
use zbus::{MatchRule, ObjectPath};

use super::call::View;
use super::letter::{Body, Letter};
use super::manager::MANAGER;
use super::path::{seat_path, session_path, user_path};
use super::properties::changed;
use super::seat::SEAT;
use super::session::SESSION;
use super::user::USER;

/// A signal, and what of it a rule can ask for (D-Bus Specification, Match Rules).
#[derive(Debug)]
pub(super) struct Announcement {
    /// The message.
    pub(super) letter: Letter,
    path: ObjectPath<'static>,
    interface: &'static str,
    member: &'static str,
    /// The first argument, if it is a text.
    text: Option<String>,
    /// The second argument, if it is a path.
    object: Option<ObjectPath<'static>>,
}

/// What tells of `signal`; nothing if what it tells of is gone.
pub(super) fn announcement(signal: &Signal, view: View<'_>) -> Option<zbus::Result<Announcement>> {
    let core = view.core;
    Some(match signal {
        Signal::SessionNew(id) => Ok(of_session("SessionNew", id)),
        Signal::SessionRemoved(id) => Ok(of_session("SessionRemoved", id)),
        Signal::UserNew(uid) => Ok(of_user("UserNew", *uid)),
        Signal::UserRemoved(uid) => Ok(of_user("UserRemoved", *uid)),
        Signal::SessionChanged(id, names) => changed(session_path(id), (&SESSION, core.session(id)?), names, view),
        Signal::UserChanged(uid, names) => changed(user_path(*uid), (&USER, core.user(*uid)?), names, view),
        Signal::SeatChanged(id, names) => changed(seat_path(id), (&SEAT, core.seat(id)?), names, view),
        Signal::ManagerChanged(names) => changed(manager_path(), (&MANAGER, core), names, view),
        Signal::Lock(id) => Ok(Announcement::new(session_path(id), SESSION.name, "Lock")),
        Signal::Unlock(id) => Ok(Announcement::new(session_path(id), SESSION.name, "Unlock")),
    })
}

impl Announcement {
    /// A signal without arguments.
    pub(super) fn new(path: ObjectPath<'static>, interface: &'static str, member: &'static str) -> Self {
        let letter = Letter::signal(&path, interface, member);
        Self { letter, path, interface, member, text: None, object: None }
    }

    /// The same with arguments of this signature, of which the first is `text` or no text, and the second `object` or no
    /// path.
    pub(super) fn with(
        self,
        signature: &'static str,
        body: Body,
        (text, object): (Option<&str>, Option<ObjectPath<'static>>),
    ) -> Self {
        Self { letter: self.letter.with(signature, body), text: text.map(str::to_owned), object, ..self }
    }

    /// Whether `rule` asks for it, whoever its sender.
    pub(super) fn is_meant_by(&self, rule: &MatchRule<'_>) -> bool {
        rule.msg_type().is_none_or(|kind| kind == Type::Signal)
            && rule.interface().is_none_or(|interface| interface.as_str() == self.interface)
            && rule.member().is_none_or(|member| member.as_str() == self.member)
            && rule.path_spec().is_none_or(|path| self.is_of(path))
            && rule
                .arg0ns()
                .is_none_or(|namespace| self.text.as_deref().is_some_and(|text| is_in(namespace, '.', text)))
            && rule.args().iter().all(|(at, text)| *at == 0 && self.text.as_deref() == Some(text.as_str()))
            && rule.arg_paths().iter().all(|(at, path)| *at == 1 && self.object.as_ref() == Some(path))
    }

    fn is_of(&self, path: &PathSpec<'_>) -> bool {
        match path {
            PathSpec::Path(path) => *path == self.path,
            PathSpec::PathNamespace(namespace) => namespace == "/" || is_in(namespace, '/', &self.path),
        }
    }
}

/// Whether a name is `namespace` or one below it.
fn is_in(namespace: &str, separator: char, name: &str) -> bool {
    name.strip_prefix(namespace).is_some_and(|rest| rest.is_empty() || rest.starts_with(separator))
}

fn of_session(member: &'static str, id: &SessionId) -> Announcement {
    let (name, path) = (id.as_str(), session_path(id));
    of_manager(member).with("so", Body::default().text(name).text(&path), (Some(name), Some(path)))
}

fn of_user(member: &'static str, uid: Uid) -> Announcement {
    let path = user_path(uid);
    of_manager(member).with("uo", Body::default().number(uid.get()).text(&path), (None, Some(path)))
}

fn of_manager(member: &'static str) -> Announcement {
    Announcement::new(manager_path(), MANAGER.name, member)
}

fn manager_path() -> ObjectPath<'static> {
    ObjectPath::from_static_str_unchecked(manager::PATH)
}

#[cfg(test)]
mod tests {
    use zbus::Message;

    use super::*;

    /// The rule's answer here and by zbus, which agree.
    fn answer(rule: &str, announcement: &Announcement, by_zbus: &Message) -> bool {
        let rule = MatchRule::try_from(rule).expect("a rule");
        let answer = announcement.is_meant_by(&rule);
        assert_eq!(answer, rule.matches(by_zbus).expect("an answer"), "{rule:?}");
        answer
    }

    #[test]
    fn a_rule_asks_for_what_zbus_says_that_it_asks_for() {
        let id = SessionId::new("c1").expect("a name");
        let new = of_session("SessionNew", &id);
        let by_zbus = Message::signal(manager::PATH, MANAGER.name, "SessionNew").build(&("c1", session_path(&id)));
        let by_zbus = by_zbus.expect("a message");
        for rule in [
            "",
            "type='signal'",
            "member='SessionNew'",
            "interface='org.freedesktop.login1.Manager',path='/org/freedesktop/login1'",
            "path_namespace='/org/freedesktop'",
            "path_namespace='/org/freedesktop/login1'",
            "path_namespace='/'",
            "arg0='c1'",
            "arg1path='/org/freedesktop/login1/session/c1'",
            "arg0='c1',arg1path='/org/freedesktop/login1/session/c1',destination=':1.7'",
        ] {
            assert!(answer(rule, &new, &by_zbus), "{rule}");
        }
        for rule in [
            "type='method_call'",
            "type='error'",
            "member='SessionRemoved'",
            "interface='org.freedesktop.login1.Session'",
            "path='/org/freedesktop/login1/session/c1'",
            "path_namespace='/org/freedesktop/login1/session'",
            "arg0='c2'",
            "arg1='/org/freedesktop/login1/session/c1'",
            "arg0path='/org/freedesktop/login1/session/c1'",
            "arg1path='/org/freedesktop/login1/session/c2'",
            "arg0namespace='org.freedesktop'",
            "arg7='c1'",
        ] {
            assert!(!answer(rule, &new, &by_zbus), "{rule}");
        }
    }

    #[test]
    fn a_rule_finds_changes_by_the_interface_that_changed() {
        let path = || session_path(&SessionId::new("c1").expect("a name"));
        let (interface, body) = (super::super::standard::PROPERTIES, (SESSION.name, 7_u32));
        let changed = Announcement::new(path(), interface, "PropertiesChanged");
        let changed = changed.with("su", Body::default().text(SESSION.name).number(7), (Some(SESSION.name), None));
        let by_zbus = Message::signal(path(), interface, "PropertiesChanged").build(&body).expect("a message");
        let of_session = "arg0='org.freedesktop.login1.Session'";
        for rule in [of_session, "arg0namespace='org.freedesktop.login1'", "arg0namespace='org.freedesktop'"] {
            assert!(answer(rule, &changed, &by_zbus), "{rule}");
        }
        for rule in ["arg0='org.freedesktop.login1.User'", "arg0namespace='org.freedesktop.login'", "arg1='7'"] {
            assert!(!answer(rule, &changed, &by_zbus), "{rule}");
        }
        // Here we are stricter than zbus, as the specification is.
        let beside = MatchRule::try_from("path_namespace='/org/freedesktop/login1/sess'").expect("a rule");
        assert!(!changed.is_meant_by(&beside));
    }
}
