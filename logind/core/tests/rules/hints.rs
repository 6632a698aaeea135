//! What sessions say of themselves, and what they are asked to do with their lock screens.

use logind_core::answer::{Answer, Refusal};
use logind_core::names::{Class, SessionId};
use logind_core::session::Idle;
use logind_core::{Effect, Event, Signal};

use crate::world::{World, answers, graphical, of_class, remote, seat0, session, signals, uid};

const IDLE: &[&str] = &["IdleHint", "IdleSinceHint", "IdleSinceHintMonotonic"];

fn idle(world: &mut World, id: &SessionId, idle: bool) -> Vec<Effect> {
    let request = world.call();
    let effects = world.handle(Event::IdleHint { request, session: *id, idle });
    assert_eq!(answers(&effects).len(), 1);
    effects
}

fn locked(world: &mut World, id: &SessionId, locked: bool) -> Vec<Effect> {
    let request = world.call();
    let effects = world.handle(Event::LockedHint { request, session: *id, locked });
    assert_eq!(answers(&effects).len(), 1);
    effects
}

fn lock(world: &mut World, session: Option<&SessionId>, locked: bool) -> Vec<Effect> {
    let request = world.call();
    let effects = world.handle(Event::Lock { request, session: session.cloned(), locked });
    assert_eq!(answers(&effects).len(), 1);
    effects
}

fn refusal(effects: &[Effect]) -> Option<Refusal> {
    match effects {
        [Effect::Reply { answer: Answer::Refused(why), .. }] => Some(why.clone()),
        _ => None,
    }
}

#[test]
fn a_session_that_says_it_is_idle_is_told_of_with_its_user_its_seat_and_the_machine() {
    let mut world = World::new();
    let id = world.open(graphical(1000, 100, 1));
    let effects = idle(&mut world, &id, true);
    assert_eq!(
        signals(&effects),
        [
            Signal::SessionChanged(id, IDLE),
            Signal::UserChanged(uid(1000), IDLE),
            Signal::SeatChanged(seat0(), IDLE),
            Signal::ManagerChanged(IDLE),
        ]
    );
    assert!(effects.contains(&Effect::SaveSession(id)));
    assert_eq!(signals(&idle(&mut world, &id, true)), [], "it is no news");
    assert_eq!(world.core.session(&id).map(|s| s.idle()), Some(Idle { is_idle: true, since: world.now }));
}

#[test]
fn only_a_session_that_draws_says_it_is_idle() {
    let mut world = World::new();
    let text = world.open(remote(1000, 100));
    assert!(matches!(refusal(&idle(&mut world, &text, true)), Some(Refusal::NotSupported(_))));
    let lock_screen = world.open(of_class(Class::LockScreen, graphical(1000, 101, 1)));
    assert!(matches!(refusal(&idle(&mut world, &lock_screen, true)), Some(Refusal::NotSupported(_))));
}

#[test]
fn a_user_a_seat_and_the_machine_are_idle_when_all_their_sessions_are() {
    let mut world = World::new();
    assert!(world.core.idle().is_idle, "nobody is here");
    let (one, two) = (world.open(graphical(1000, 100, 1)), world.open(graphical(1001, 101, 2)));
    let _ = idle(&mut world, &one, true);
    let first = world.now;
    let of = |world: &World, n| world.core.user(uid(n)).map(|user| world.core.user_idle(user));
    assert_eq!(of(&world, 1000), Some(Idle { is_idle: true, since: first }));
    assert_eq!(of(&world, 1001).map(|idle| idle.is_idle), Some(false));
    assert!(!world.core.idle().is_idle);
    world.now.monotonic += 5;
    let _ = idle(&mut world, &two, true);
    let seat = world.core.seat(&seat0()).map(|seat| world.core.seat_idle(seat));
    assert_eq!(seat, Some(Idle { is_idle: true, since: world.now }));
    assert_eq!(world.core.idle(), Idle { is_idle: true, since: world.now });
    let _ = world.release(&two);
    assert_eq!(world.core.idle(), Idle { is_idle: true, since: first }, "who leaves counts no more");
}

#[test]
fn a_session_says_when_it_is_locked() {
    let mut world = World::new();
    let id = world.open(graphical(1000, 100, 1));
    assert_eq!(signals(&locked(&mut world, &id, true)), [Signal::SessionChanged(id, &["LockedHint"])]);
    assert_eq!(signals(&locked(&mut world, &id, true)), []);
    assert_eq!(world.core.session(&id).map(|s| s.is_locked()), Some(true));
    let greeter = world.open(of_class(Class::Greeter, graphical(990, 101, 2)));
    assert!(matches!(refusal(&locked(&mut world, &greeter, true)), Some(Refusal::NotSupported(_))));
}

#[test]
fn a_session_is_asked_to_lock_and_all_are_that_can() {
    let mut world = World::new();
    let (one, two) = (world.open(graphical(1000, 100, 1)), world.open(remote(1001, 101)));
    let greeter = world.open(of_class(Class::Greeter, graphical(990, 102, 2)));
    let (_, opening) = world.begin(remote(1002, 103));
    assert_eq!(signals(&lock(&mut world, Some(&one), true)), [Signal::Lock(one)]);
    assert_eq!(signals(&lock(&mut world, None, false)), [Signal::Unlock(one), Signal::Unlock(two)]);
    assert!(matches!(refusal(&lock(&mut world, Some(&greeter), true)), Some(Refusal::NotSupported(_))));
    assert!(matches!(refusal(&lock(&mut world, Some(&opening), true)), Some(Refusal::NoSuchSession(_))));
}

#[test]
fn a_session_nobody_was_told_of_says_and_hears_nothing() {
    let mut world = World::new();
    let (_, failed) = world.begin(graphical(1000, 100, 1));
    let _ = world.fail(&failed, 28);
    for id in [failed, session("c9")] {
        let gone = Some(Refusal::NoSuchSession(id));
        assert_eq!(refusal(&idle(&mut world, &id, true)), gone);
        assert_eq!(refusal(&locked(&mut world, &id, true)), gone);
        assert_eq!(refusal(&lock(&mut world, Some(&id), true)), gone);
    }
    assert_eq!(signals(&lock(&mut world, None, true)), []);
}
