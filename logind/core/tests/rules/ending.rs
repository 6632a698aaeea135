//! How a session ends: once and always, whoever tells of it.

use logind_core::answer::{Answer, Refusal};
use logind_core::event::Witnesses;
use logind_core::names::{Class, SessionId};
use logind_core::session::{SessionState, Stage};
use logind_core::time::Span;
use logind_core::{Effect, Event, Signal};

use crate::world::{
    ALL, NOTHING, SECOND, World, answers, is_asked, is_removed, kills, of_class, remote, session, signals, uid,
};

#[test]
fn a_released_session_closes_and_the_kernel_is_asked_in_a_second() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    let request = world.call();
    assert_eq!(
        world.handle(Event::Release { request, session: id }),
        [
            Effect::SaveSession(id),
            Effect::Announce(Signal::SessionChanged(id, &["State"])),
            Effect::Announce(Signal::UserChanged(uid(1000), &["Display"])),
            Effect::SaveUser(uid(1000)),
            Effect::Reply { request, answer: Answer::Done },
        ]
    );
    assert_eq!(world.core.next_deadline(), Some(world.now + SECOND));
    let state = world.core.session(&id).map(|s| world.core.session_state(s));
    assert_eq!(state, Some(SessionState::Closing));
}

#[test]
fn a_closing_session_whose_scope_is_empty_is_gone() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    let _ = world.release(&id);
    assert_eq!(
        world.handle(Event::ScopeEmpty(id)),
        [
            Effect::RemoveScope { session: id, uid: uid(1000) },
            Effect::ForgetSession(id),
            Effect::SaveUser(uid(1000)),
            Effect::Announce(Signal::SessionRemoved(id)),
        ]
    );
    assert!(world.core.session(&id).is_none());
}

#[test]
fn a_closing_session_stays_while_processes_live_and_the_kernel_is_asked_ever_less_often() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    let _ = world.handle(Event::LeaderExited(id));
    for seconds in [1, 2, 4, 8, 16, 30, 30, 30] {
        let wait = Span::seconds(seconds);
        assert_eq!(world.core.next_deadline(), Some(world.now + wait));
        assert_eq!(world.pass(wait), [Effect::Probe(id)]);
        assert_eq!(world.probed(&id, Witnesses { scope: Some(true), ..NOTHING }), []);
    }
    assert!(is_removed(&world.probed(&id, NOTHING), &id));
}

type End = fn(&mut World, &SessionId) -> Vec<Effect>;

const ENDS: [End; 4] = [
    |world, id| world.release(id),
    |world, id| world.handle(Event::LeaderExited(*id)),
    |world, id| world.handle(Event::LifeLineClosed(*id)),
    |world, id| world.handle(Event::ScopeEmpty(*id)),
];

/// All orders of 0, 1, 2 and 3.
fn orders() -> Vec<[usize; 4]> {
    let all = (0..256).map(|n| [n % 4, n / 4 % 4, n / 16 % 4, n / 64]);
    all.filter(|order| (0..4).all(|n| order.contains(&n))).collect()
}

#[test]
fn a_session_ends_once_in_whatever_order_its_witnesses_speak() {
    for order in orders() {
        let mut world = World::new();
        let id = world.open(remote(1000, 100));
        let mut effects: Vec<Effect> = order.iter().flat_map(|&end| ENDS[end](&mut world, &id)).collect();
        if world.core.session(&id).is_some() {
            assert!(is_asked(&effects, &id), "{order:?}");
            effects.extend(world.probed(&id, NOTHING));
        }
        let count = |effect: &Effect| effects.iter().filter(|&e| e == effect).count();
        assert_eq!(count(&Effect::RemoveScope { session: id, uid: uid(1000) }), 1, "{order:?}");
        assert_eq!(count(&Effect::ForgetSession(id)), 1, "{order:?}");
        assert_eq!(count(&Effect::Announce(Signal::SessionRemoved(id))), 1, "{order:?}");
        assert_eq!(answers(&effects).len(), 1, "{order:?}");
        assert!(world.core.session(&id).is_none(), "{order:?}");
    }
}

#[test]
fn one_witness_is_enough_and_the_deadline_finds_the_rest() {
    for end in &ENDS[..3] {
        let mut world = World::new();
        let id = world.open(remote(1000, 100));
        let _ = end(&mut world, &id);
        assert_eq!(world.pass(SECOND), [Effect::Probe(id)]);
        assert!(is_removed(&world.probed(&id, NOTHING), &id));
    }
}

#[test]
fn the_kernel_is_asked_at_once_when_leader_and_life_line_are_gone() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    assert!(!is_asked(&world.handle(Event::LifeLineClosed(id)), &id));
    assert!(is_asked(&world.handle(Event::LeaderExited(id)), &id));
}

#[test]
fn without_cgroups_a_session_is_its_leader_and_its_life_line() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    let _ = world.release(&id);
    for left in [ALL, Witnesses { leader: false, ..ALL }, Witnesses { life_line: false, ..ALL }] {
        let effects = world.probed(&id, Witnesses { scope: None, ..left });
        assert!(!is_removed(&effects, &id), "{left:?}");
    }
    assert!(is_removed(&world.probed(&id, Witnesses { scope: None, ..NOTHING }), &id));
}

#[test]
fn an_open_session_is_not_ended_by_an_answer_nobody_asked_for() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    assert_eq!(world.probed(&id, NOTHING), []);
    assert_eq!(world.core.session(&id).map(|s| s.stage()), Some(Stage::Open));
}

#[test]
fn words_about_sessions_that_are_gone_change_nothing() {
    let mut world = World::new();
    let start = world.core.clone();
    let id = session("c9");
    for event in [
        Event::Opened(id),
        Event::LifeLineClosed(id),
        Event::LeaderExited(id),
        Event::ScopeEmpty(id),
        Event::RuntimeDirectoryRemoved { uid: uid(1000), outcome: Ok(()) },
        Event::Deadline,
    ] {
        assert_eq!(world.handle(event), []);
    }
    assert_eq!(world.probed(&id, NOTHING), []);
    assert_eq!(world.fail(&id, 5), []);
    let effects = world.release(&id);
    assert!(matches!(&answers(&effects)[..], [(_, Answer::Refused(Refusal::NoSuchSession(no)))] if *no == id));
    assert_eq!(world.core, start);
}

#[test]
fn a_step_of_the_wall_clock_ends_nothing_early() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    let _ = world.release(&id);
    world.now.realtime += 1_000_000_000_000;
    assert_eq!(world.handle(Event::Deadline), []);
    world.now.realtime = 0;
    assert_eq!(world.pass(SECOND), [Effect::Probe(id)]);
}

#[test]
fn a_session_that_ends_at_once_says_goodbye_after_all_else() {
    let mut world = World::new();
    let id = world.open(of_class(Class::Background, remote(1000, 100)));
    assert_eq!(world.handle(Event::ScopeEmpty(id)), [Effect::Probe(id)]);
    let effects = world.probed(&id, NOTHING);
    assert_eq!(effects.last(), Some(&Effect::Announce(Signal::SessionRemoved(id))));
    assert!(kills(&effects).is_empty() && signals(&effects).len() == 2);
}

#[test]
fn an_open_session_whose_scope_was_emptied_by_others_is_its_leader_and_its_life_line() {
    for last in [Witnesses { leader: false, ..ALL }, Witnesses { life_line: false, ..ALL }, NOTHING] {
        let mut world = World::new();
        let id = world.open(remote(1000, 100));
        let before = world.core.clone();
        assert_eq!(world.handle(Event::ScopeEmpty(id)), [Effect::Probe(id)]);
        assert_eq!(world.probed(&id, Witnesses { scope: Some(false), ..ALL }), []);
        assert_eq!(world.core, before, "somebody moved it");
        assert_eq!(world.probed(&id, NOTHING), [], "nobody asks now");
        assert_eq!(world.handle(Event::ScopeEmpty(id)), [Effect::Probe(id)]);
        let effects = world.probed(&id, Witnesses { scope: Some(false), ..last });
        assert!(is_removed(&effects, &id) && kills(&effects).is_empty(), "{last:?}");
        assert_eq!(signals(&effects).last(), Some(&Signal::SessionRemoved(id)));
    }
}

#[test]
fn a_leader_that_was_moved_ends_its_session_when_it_exits() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    let _ = world.handle(Event::ScopeEmpty(id));
    let _ = world.probed(&id, Witnesses { scope: Some(false), ..ALL });
    let _ = world.handle(Event::LifeLineClosed(id));
    assert!(is_asked(&world.handle(Event::LeaderExited(id)), &id));
    assert!(is_removed(&world.probed(&id, NOTHING), &id));
}
