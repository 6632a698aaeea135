//! Who may do what.

use logind_core::answer::Refusal;
use logind_core::event::{Switch, Target};
use logind_core::names::SessionId;
use logind_core::{Act, Caller, Event, Gate, Question};

use crate::world::{World, at_vt, remote, seat0, session, uid, vt};

const MANAGE: Gate = ask("org.freedesktop.login1.manage", false);
const LOCK: Gate = ask("org.freedesktop.login1.lock-sessions", false);

const fn ask(action: &'static str, without_polkit: bool) -> Gate {
    Gate::Ask(Question { action, without_polkit })
}

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

#[test]
fn who_is_in_front_may_switch_away_where_there_is_no_polkit_and_nobody_else() {
    let mut world = World::new();
    let (front, back) = (world.open(at_vt(1000, 100, 1)), world.open(at_vt(1001, 101, 2)));
    let _ = world.handle(Event::Foreground(Some(vt(1))));
    let elsewhere = world.open(remote(1002, 102));
    let switches = [Switch::Session(back), Switch::Session(front), Switch::Vt(seat0(), vt(7)), Switch::Next(seat0())];
    for switch in switches.into_iter().chain([Switch::Previous(seat0())]) {
        let hear =
            |n| world.core.gate(&Caller { uid: uid(n), pid: 500, session: None, owner: None }, &Act::Switch(&switch));
        assert_eq!(hear(0), Gate::Open);
        assert_eq!(hear(1000), ask("org.freedesktop.login1.chvt", true));
        // Also who has a session there, but not in front: the keyboard is somebody else's.
        for n in [1001, 1002, 1003] {
            assert_eq!(hear(n), ask("org.freedesktop.login1.chvt", false), "{n} {switch:?}");
        }
    }
    for nothing in [Switch::Session(elsewhere), Switch::Session(session("c99"))] {
        let own = Caller { uid: uid(1002), pid: 500, session: None, owner: None };
        assert_eq!(world.core.gate(&own, &Act::Switch(&nothing)), ask("org.freedesktop.login1.chvt", false));
    }
}

#[test]
fn who_has_logged_out_and_left_something_running_takes_no_terminal_from_the_next() {
    let mut world = World::new();
    let front = world.open(at_vt(1000, 100, 1));
    let _ = world.handle(Event::Foreground(Some(vt(1))));
    let alice = Caller { uid: uid(1000), pid: 500, session: Some(front), owner: Some(uid(1000)) };
    let away = Switch::Vt(seat0(), vt(2));
    assert_eq!(world.core.gate(&alice, &Act::Switch(&away)), ask("org.freedesktop.login1.chvt", true));
    let _ = world.release(&front);
    assert_eq!(world.core.gate(&alice, &Act::Switch(&away)), ask("org.freedesktop.login1.chvt", false));
}
