//! Object paths: how names are written in them, and which object a path means for a caller.

use logind_api::manager;
use logind_core::Caller;
use logind_core::Core;
use logind_core::names::{SeatId, SessionId, Uid};
use logind_core::seat::Seat;
use logind_core::session::Session;
use logind_core::user::User;
use zbus::ObjectPath;

use super::known;

/// What a path means.
pub(super) enum Object<'a> {
    /// The manager.
    Manager(&'a Core),
    /// A session.
    Session(&'a Session),
    /// A user.
    User(&'a User),
    /// A seat.
    Seat(&'a Seat),
    /// Nothing but a way to others.
    Branch(Branch),
}

/// A path that is there only to be walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Branch {
    /// Above the manager: the child that leads there.
    Above(&'static str),
    /// The sessions.
    Sessions,
    /// The users.
    Users,
    /// The seats.
    Seats,
}

/// The object of a session.
pub(super) fn session_path(id: &SessionId) -> ObjectPath<'static> {
    child("session", &escape(id.as_str()))
}

/// The object of a user.
pub(super) fn user_path(uid: Uid) -> ObjectPath<'static> {
    child("user", &user_label(uid))
}

/// The object of a seat.
pub(super) fn seat_path(id: &SeatId) -> ObjectPath<'static> {
    child("seat", &escape(id.as_str()))
}

/// The path that stands for "none" where a type asks for one.
pub(super) fn no_path() -> ObjectPath<'static> {
    ObjectPath::from_static_str_unchecked("/")
}

fn child(kind: &str, label: &str) -> ObjectPath<'static> {
    // Every label is made of `[A-Za-z0-9_]` and not empty, so the whole is a path.
    ObjectPath::from_string_unchecked([manager::PATH, "/", kind, "/", label].concat())
}

fn user_label(uid: Uid) -> String {
    format!("_{uid}")
}

/// A name as a component of a path: every byte but `[A-Za-z0-9]`, and a digit in front, as `_` and two hex digits; the
/// empty name as `_` (`bus_label_escape` of sd-bus).
pub(super) fn escape(name: &str) -> String {
    if name.is_empty() {
        return "_".into();
    }
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default(); // four bits are a digit
    let mut label = String::with_capacity(name.len() + 2);
    for (at, byte) in name.bytes().enumerate() {
        if byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit()) {
            label.push(char::from(byte));
        } else {
            label.extend(['_', digit(byte >> 4), digit(byte & 0xf)]);
        }
    }
    label
}

/// The name that a component of a path was made from; what no name gives stands for itself (`bus_label_unescape`).
/// None if the bytes are no text.
pub(super) fn unescape(label: &str) -> Option<String> {
    if label == "_" {
        return Some(String::new());
    }
    let hex = |digits: &[u8]| match digits.iter().map(|&digit| char::from(digit).to_digit(16)).collect::<Vec<_>>()[..] {
        [Some(high), Some(low)] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    };
    let mut rest = label.as_bytes();
    let mut name = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| byte == b'_').and_then(hex);
        name.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(name).ok()
}

/// The object at `path` for `caller`, who is asked for only where the path means the caller's own.
pub(super) fn resolve<'a, 'c>(path: &str, core: &'a Core, caller: impl FnOnce() -> &'c Caller) -> Option<Object<'a>> {
    let Some(below) = path.strip_prefix(manager::PATH) else {
        return above(path).map(Object::Branch);
    };
    match below {
        "" => return Some(Object::Manager(core)),
        "/session" => return Some(Object::Branch(Branch::Sessions)),
        "/user" => return Some(Object::Branch(Branch::Users)),
        "/seat" => return Some(Object::Branch(Branch::Seats)),
        _ => {}
    }
    let (kind, label) = below.strip_prefix('/')?.split_once('/')?;
    match kind {
        "session" => session_at(label, core, caller).map(Object::Session),
        "user" => user_at(label, core, caller).map(Object::User),
        "seat" => seat_at(label, core, caller).map(Object::Seat),
        _ => None,
    }
}

fn above(path: &str) -> Option<Branch> {
    match path {
        "/" => Some(Branch::Above("org")),
        "/org" => Some(Branch::Above("freedesktop")),
        "/org/freedesktop" => Some(Branch::Above("login1")),
        _ => None,
    }
}

fn session_at<'a, 'c>(label: &str, core: &'a Core, caller: impl FnOnce() -> &'c Caller) -> Option<&'a Session> {
    match label {
        "self" => own_session(core, caller()),
        "auto" => auto_session(core, caller()),
        _ => known::session(core, &SessionId::new(&unescape(label)?)?),
    }
}

fn user_at<'a, 'c>(label: &str, core: &'a Core, caller: impl FnOnce() -> &'c Caller) -> Option<&'a User> {
    if label == "self" {
        return own_user(core, caller());
    }
    let uid = label.strip_prefix('_')?.parse().ok().and_then(Uid::new)?;
    known::user(core, uid).filter(|_| user_label(uid) == label) // u32::parse takes "+5" and "05"
}

fn seat_at<'a, 'c>(label: &str, core: &'a Core, caller: impl FnOnce() -> &'c Caller) -> Option<&'a Seat> {
    let session = match label {
        "self" => own_session(core, caller())?,
        "auto" => auto_session(core, caller())?,
        _ => return core.seat(&SeatId::new(&unescape(label)?)?),
    };
    core.seat(session.seat()?)
}

/// The session in whose scope the caller runs: `self`.
pub(super) fn own_session<'a>(core: &'a Core, caller: &Caller) -> Option<&'a Session> {
    known::session(core, caller.session.as_ref()?)
}

/// The caller's own session, else the display session of the user in whose slice it runs: `auto`.
pub(super) fn auto_session<'a>(core: &'a Core, caller: &Caller) -> Option<&'a Session> {
    own_session(core, caller).or_else(|| known::session(core, own_user(core, caller)?.display()?))
}

/// The user in whose slice the caller runs, which need not be the one it runs as.
pub(super) fn own_user<'a>(core: &'a Core, caller: &Caller) -> Option<&'a User> {
    known::user(core, caller.owner?)
}

/// The labels below an object, those that depend on the caller only if they resolve.
pub(super) fn children(object: &Object<'_>, core: &Core, caller: &Caller) -> Vec<String> {
    let mut labels: Vec<String> = match object {
        Object::Manager(_) => ["session", "user", "seat"].map(String::from).into(),
        Object::Branch(Branch::Above(child)) => vec![(*child).into()],
        Object::Branch(Branch::Sessions) => {
            known::sessions(core).map(|session| escape(session.id().as_str())).collect()
        }
        Object::Branch(Branch::Users) => known::users(core).map(|user| user_label(user.uid())).collect(),
        Object::Branch(Branch::Seats) => core.seats().map(|seat| escape(seat.id().as_str())).collect(),
        Object::Session(_) | Object::User(_) | Object::Seat(_) => Vec::new(),
    };
    let resolves = |label: &str| match object {
        Object::Branch(Branch::Sessions) => session_at(label, core, || caller).is_some(),
        Object::Branch(Branch::Users) => label == "self" && user_at(label, core, || caller).is_some(),
        Object::Branch(Branch::Seats) => seat_at(label, core, || caller).is_some(),
        _ => false,
    };
    labels.extend(["self", "auto"].into_iter().filter(|label| resolves(label)).map(String::from));
    labels
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_written_as_sd_bus_writes_them() {
        for (name, label) in
            [("1", "_31"), ("c1", "c1"), ("12", "_312"), ("seat0", "seat0"), ("seat-usb", "seat_2dusb")]
        {
            assert_eq!(escape(name), label);
            assert_eq!(unescape(label).as_deref(), Some(name));
        }
        assert_eq!(escape(""), "_");
        assert_eq!(unescape("_").as_deref(), Some(""));
    }

    #[test]
    fn what_no_name_gives_stands_for_itself() {
        for label in ["a_", "a_1", "_zz", "__", "a_é"] {
            assert_eq!(unescape(label).as_deref(), Some(label), "{label}");
        }
        assert_eq!(unescape("_+1").as_deref(), Some("_+1")); // from_str_radix takes a sign
        assert_eq!(unescape("_ff"), None);
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in ".*") {
            let label = escape(&name);
            prop_assert!(label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
            prop_assert_eq!(unescape(&label), Some(name));
        }

        #[test]
        fn no_label_panics(label in ".*") {
            let _ = unescape(&label);
        }
    }
}
