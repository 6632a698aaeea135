//! Ten thousand sessions: what one event asks for does not grow with what else is there.

use logind_core::event::{Target, Whom};
use logind_core::names::SessionId;
use logind_core::policy::Policy;
use logind_core::{Effect, Event};

use crate::world::{NOTHING, SECOND, World, graphical, remote, session};

const MANY: u32 = 10_000;

/// A registry with `n` other sessions, all of one user or each of its own.
fn with(n: u32, is_one_user: bool) -> World {
    let mut world = World::with(Policy { sessions_max: u64::from(MANY) * 3, ..Policy::default() });
    for other in 0..n {
        world.open(remote(if is_one_user { 1000 } else { 100_000 + other }, 1000 + other));
    }
    world
}

/// How many effects each step has in the life of one more session of user 1000.
fn life(world: &mut World) -> Vec<usize> {
    let mut counts = Vec::new();
    let mut count = |effects: &[Effect]| counts.push(effects.len());
    let (request, mut effects) = world.ask(graphical(1000, 500, 1));
    effects.extend(world.found(request, crate::world::uid(1000)));
    count(&effects);
    let id: SessionId = crate::world::being_opened(&effects).expect("an opening");
    count(&world.handle(Event::Opened(id)));
    count(&world.handle(Event::Foreground(Some(crate::world::vt(1)))));
    let target = Target::Session(id);
    let request = world.call();
    count(&world.handle(Event::Kill { request, target: target.clone(), whom: Whom::All, signal: 10 }));
    count(&world.handle(Event::IdleHint { request, session: id, idle: true }));
    count(&world.handle(Event::LockedHint { request, session: id, locked: true }));
    count(&world.handle(Event::Lock { request, session: Some(id), locked: true }));
    count(&world.handle(Event::Foreground(None)));
    count(&world.release(&id));
    count(&world.handle(Event::Terminate { request, target }));
    count(&world.handle(Event::LifeLineClosed(id)));
    count(&world.handle(Event::LeaderExited(id)));
    count(&world.pass(SECOND));
    count(&world.probed(&id, NOTHING));
    counts
}

#[test]
fn an_event_of_one_session_asks_for_no_more_among_ten_thousand() {
    assert_eq!(life(&mut with(MANY, false)), life(&mut with(0, false)));
    assert_eq!(life(&mut with(MANY, true)).len(), 14);
    // Of one user the display and the announcement of the user are there once, whoever else is.
    assert_eq!(life(&mut with(MANY, true)), life(&mut with(1, true)));
}

#[test]
fn ten_thousand_sessions_end_one_by_one_with_the_same_few_effects_each() {
    let mut world = with(MANY, true);
    let most = |world: &mut World, n: u32| {
        let id = session(&format!("c{n}"));
        let closing = world.handle(Event::LeaderExited(id)).len();
        closing.max(world.handle(Event::ScopeEmpty(id)).len())
    };
    let counts: Vec<usize> = (1..=MANY).map(|n| most(&mut world, n)).collect();
    assert!(counts.iter().all(|&n| n <= 5), "{:?}", counts.iter().max());
    assert_eq!(world.core.session_count(), 0);
}

#[test]
fn a_deadline_asks_only_about_those_whose_time_has_come() {
    let mut world = with(100, true);
    let _ = world.release(&session("c1"));
    let _ = world.pass(SECOND);
    let _ = world.release(&session("c2"));
    assert_eq!(world.pass(SECOND), [Effect::Probe(session("c2"))]);
}
