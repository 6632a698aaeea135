//! Who may do what.

use logind_core::answer::Refusal;
use logind_core::event::Target;
use logind_core::names::SessionId;
use logind_core::{Act, Caller, Gate};

use crate::world::{World, remote, seat0, session, uid};

const MANAGE: Gate = Gate::Ask("org.freedesktop.login1.manage");
const LOCK: Gate = Gate::Ask("org.freedesktop.login1.lock-sessions");

/// Root, the session's user elsewhere, the same in that session, somebody else elsewhere, and somebody else who is in
/// that session (su).
fn callers(id: &SessionId) -> [Caller; 5] {
    let caller = |n, session: Option<&SessionId>| Caller {
        uid: uid(n),
        pid: 500,
        session: session.cloned(),
        owner: session.map(|_| uid(1000)),
    };
    [caller(0, None), caller(1000, None), caller(1000, Some(id)), caller(1001, None), caller(1001, Some(id))]
}

/// What each of the callers hears; a refusal is always that access is denied.
fn hear(act: &Act<'_>, expected: [Option<&Gate>; 5]) {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    assert_eq!(id, session("c1"));
    for (caller, expected) in callers(&id).iter().zip(expected) {
        let gate = world.core.gate(caller, act);
        match expected {
            Some(expected) => assert_eq!(gate, *expected, "{caller:?} {act:?}"),
            None => assert!(matches!(gate, Gate::Shut(Refusal::AccessDenied(_))), "{caller:?} {act:?}"),
        }
    }
}

const OPEN: Option<&Gate> = Some(&Gate::Open);
const SHUT: Option<&Gate> = None;

#[test]
fn anybody_may_look() {
    hear(&Act::Look, [OPEN; 5]);
}

#[test]
fn only_root_opens_sessions() {
    hear(&Act::CreateSession, [OPEN, SHUT, SHUT, SHUT, SHUT]);
}

#[test]
fn a_session_is_released_from_inside_by_its_user_or_by_root() {
    hear(&Act::ReleaseSession(&session("c1")), [OPEN, SHUT, OPEN, SHUT, SHUT]);
    hear(&Act::ReleaseSession(&session("c2")), [OPEN, SHUT, SHUT, SHUT, SHUT]);
}

#[test]
fn a_session_is_managed_by_its_user_by_root_and_by_whom_polkit_lets() {
    let ask = Some(&MANAGE);
    hear(&Act::Manage(&Target::Session(session("c1"))), [OPEN, OPEN, OPEN, ask, ask]);
    hear(&Act::Manage(&Target::Session(session("c2"))), [OPEN, ask, ask, ask, ask]);
    hear(&Act::Manage(&Target::User(uid(1000))), [OPEN, OPEN, OPEN, ask, ask]);
    hear(&Act::Manage(&Target::User(uid(0))), [OPEN, ask, ask, ask, ask]);
    hear(&Act::Manage(&Target::Seat(seat0())), [OPEN, ask, ask, ask, ask]);
}

#[test]
fn only_a_sessions_user_and_root_speak_for_it() {
    hear(&Act::Hint(&session("c1")), [OPEN, OPEN, OPEN, SHUT, SHUT]);
    hear(&Act::Hint(&session("c2")), [OPEN, SHUT, SHUT, SHUT, SHUT]);
}

#[test]
fn a_session_is_locked_by_its_user_by_root_and_by_whom_polkit_lets() {
    let ask = Some(&LOCK);
    hear(&Act::Lock(Some(&session("c1"))), [OPEN, OPEN, OPEN, ask, ask]);
    hear(&Act::Lock(Some(&session("c2"))), [OPEN, ask, ask, ask, ask]);
    hear(&Act::Lock(None), [OPEN, ask, ask, ask, ask]);
}
