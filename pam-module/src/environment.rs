//! What a session puts into the PAM environment.

use std::ffi::CStr;

use crate::login1::Session;
use crate::names::{SeatId, SessionId};
use crate::request::Request;
use crate::runtime_dir::RuntimeDir;

/// A variable and its value; none for one that must not be there.
pub(crate) type Variable = (&'static CStr, Option<String>);

/// The variables of a session that logind opened.
pub(crate) fn of_session(session: &Session, request: &Request) -> Vec<Variable> {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let mut variables = vec![
        (c"XDG_SESSION_TYPE", some(request.kind.as_str())),
        (c"XDG_SESSION_CLASS", some(session.class.as_str())),
        (c"XDG_SESSION_DESKTOP", some(&request.desktop)),
        // Without a seat, a claim to one that was not granted must not reach the session's programs either.
        (c"XDG_SEAT", session.seat.as_ref().map(SeatId::as_str).and_then(some)),
        (c"XDG_VTNR", session.vt.map(|vt| vt.get().to_string())),
    ];
    // A service manager hands its environment to services that are no part of a login.
    let id = Some(&session.id).filter(|_| !session.class.is_manager());
    variables.push((c"XDG_SESSION_ID", id.map(SessionId::as_str).and_then(some)));
    variables
}

/// The variables of a runtime directory.
pub(crate) fn of_runtime_dir(directory: &RuntimeDir) -> Vec<Variable> {
    let mut variables = vec![(c"XDG_RUNTIME_DIR", Some(directory.path.clone()))];
    if directory.has_bus {
        variables.push((c"DBUS_SESSION_BUS_ADDRESS", Some(format!("unix:path={}/bus", directory.path))));
    }
    variables
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use super::*;
    use crate::arguments::Arguments;
    use crate::inputs::Inputs;
    use crate::names::{Class, VtNumber};

    fn session(class: Class, seat: Option<SeatId>, vt: Option<VtNumber>) -> Session {
        Session {
            id: SessionId::parse("c1").expect("a name"),
            runtime_path: String::new(),
            life_line: OwnedFd::from(std::fs::File::open("/dev/null").expect("/dev/null")),
            uid: 1000,
            seat,
            vt,
            existed: false,
            class,
        }
    }

    fn lines(variables: Vec<Variable>) -> Vec<String> {
        let line =
            |(name, value): Variable| format!("{}={}", name.to_string_lossy(), value.as_deref().unwrap_or("(none)"));
        variables.into_iter().map(line).collect()
    }

    fn request() -> Request {
        let inputs = Inputs { tty: "tty2".into(), desktop: "sway".into(), ..Inputs::default() };
        Request::new(inputs, &Arguments::default(), |_| None)
    }

    #[test]
    fn a_session_is_told_what_it_is() {
        let session = session(Class::USER, Some(SeatId::seat0()), VtNumber::new(2));
        let expected = [
            "XDG_SESSION_TYPE=tty",
            "XDG_SESSION_CLASS=user",
            "XDG_SESSION_DESKTOP=sway",
            "XDG_SEAT=seat0",
            "XDG_VTNR=2",
            "XDG_SESSION_ID=c1",
        ];
        assert_eq!(lines(of_session(&session, &request())), expected);
    }

    #[test]
    fn a_seat_that_was_not_granted_is_taken_out() {
        let variables = lines(of_session(&session(Class::USER, None, None), &request()));
        assert!(variables.contains(&"XDG_SEAT=(none)".into()) && variables.contains(&"XDG_VTNR=(none)".into()));
    }

    #[test]
    fn a_service_managers_children_learn_no_session() {
        for class in [Class::MANAGER, Class::MANAGER_EARLY] {
            let variables = lines(of_session(&session(class, None, None), &request()));
            assert!(variables.contains(&"XDG_SESSION_ID=(none)".into()), "{variables:?}");
        }
    }

    #[test]
    fn a_bus_is_named_only_where_its_socket_is() {
        let directory = |has_bus| RuntimeDir { path: "/run/user/1000".into(), has_bus };
        assert_eq!(lines(of_runtime_dir(&directory(false))), ["XDG_RUNTIME_DIR=/run/user/1000"]);
        let bus = "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus";
        assert_eq!(lines(of_runtime_dir(&directory(true))), ["XDG_RUNTIME_DIR=/run/user/1000", bus]);
    }
}
