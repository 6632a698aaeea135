//! Gettys that logind starts itself.

use logind_core::effect::VtDeed::{Free, Look, Prepare, StartGetty};
use logind_core::event::{VtNews, VtUse};
use logind_core::policy::Policy;
use logind_core::time::Span;
use logind_core::{Core, Effect, Event};

use crate::world::{SECOND, World, at_vt, vt};

const SOON: Span = Span::milliseconds(100);

/// A machine with tty1 in front, and gettys on demand on the first six.
fn machine() -> World {
    started(Policy { auto_vts: 6, ..Policy::default() })
}

fn started(policy: Policy) -> World {
    let mut world = World::with(policy);
    let _ = world.handle(Event::StartedAt(Some(vt(1))));
    let _ = world.handle(Event::RestoreEnded);
    world
}

fn show(world: &mut World, number: u32) -> Vec<Effect> {
    deeds(world.handle(Event::Foreground(Some(vt(number)))))
}

fn seen(world: &mut World, number: u32, by: VtUse) -> Vec<Effect> {
    world.handle(Event::Vt(vt(number), VtNews::Seen(by)))
}

fn exited(world: &mut World, number: u32) -> Vec<Effect> {
    world.handle(Event::Vt(vt(number), VtNews::GettyExited))
}

/// What is done at terminals; seats and sessions have tests of their own.
fn deeds(effects: Vec<Effect>) -> Vec<Effect> {
    effects.into_iter().filter(|effect| matches!(effect, Effect::Vt(..))).collect()
}

/// A machine with a getty of ours on tty3, which is shown.
fn with_getty() -> World {
    let mut world = machine();
    let _ = show(&mut world, 3);
    assert_eq!(seen(&mut world, 3, VtUse::Free), [Effect::Vt(vt(3), StartGetty)]);
    world
}

#[test]
fn a_terminal_that_is_switched_to_gets_a_getty_if_nobody_has_it() {
    let mut world = machine();
    assert_eq!(show(&mut world, 3), [Effect::Vt(vt(3), Look)]);
    assert_eq!(seen(&mut world, 3, VtUse::Free), [Effect::Vt(vt(3), StartGetty)]);
    assert!(world.core.has_getty(vt(3)));
    let _ = show(&mut world, 1);
    assert_eq!(show(&mut world, 3), [], "it has one");
    assert_eq!(seen(&mut world, 3, VtUse::Free), [], "nobody asked");
}

#[test]
fn a_terminal_that_somebody_has_gets_none() {
    for by in [VtUse::Open, VtUse::Getty] {
        let mut world = machine();
        assert_eq!(show(&mut world, 3), [Effect::Vt(vt(3), Look)]);
        assert_eq!(seen(&mut world, 3, by), []);
        assert_eq!(world.core.next_deadline(), None, "nobody waits for it to become free");
    }
    let mut world = machine();
    world.open(at_vt(1000, 100, 3));
    assert_eq!(show(&mut world, 3), [], "a session is there");
}

#[test]
fn where_an_init_starts_its_next_getty_none_of_ours_comes_first() {
    let mut world = machine();
    let _ = show(&mut world, 2);
    assert_eq!(seen(&mut world, 2, VtUse::Left), []);
    assert_eq!(world.core.next_deadline(), Some(world.now + SECOND));
    assert_eq!(deeds(world.pass(SECOND)), [Effect::Vt(vt(2), Look)]);
    assert_eq!(seen(&mut world, 2, VtUse::Getty), []);
    // Where nobody comes back, ours does.
    let _ = show(&mut world, 4);
    let _ = seen(&mut world, 4, VtUse::Left);
    let _ = world.pass(SECOND);
    assert_eq!(seen(&mut world, 4, VtUse::Left), [Effect::Vt(vt(4), StartGetty)]);
}

#[test]
fn who_opened_the_terminal_while_it_was_waited_for_keeps_it() {
    let mut world = machine();
    let _ = show(&mut world, 2);
    let _ = seen(&mut world, 2, VtUse::Left);
    let _ = world.pass(SECOND);
    assert_eq!(seen(&mut world, 2, VtUse::Open), []);
}

#[test]
fn what_is_shown_when_logind_starts_is_the_inits() {
    let mut world = World::with(Policy { auto_vts: 6, ..Policy::default() });
    assert_eq!(deeds(world.handle(Event::StartedAt(Some(vt(1))))), []);
    let prepared = (1..=6).map(|n| Effect::Vt(vt(n), Prepare)).collect::<Vec<_>>();
    assert_eq!(deeds(world.handle(Event::RestoreEnded)), prepared);
}

#[test]
fn terminals_beyond_those_configured_are_left_alone() {
    let mut world = machine();
    assert_eq!(show(&mut world, 7), []);
    let mut none = started(Policy::default());
    assert_eq!(show(&mut none, 3), []);
}

#[test]
fn a_machine_without_virtual_terminals_prepares_and_reserves_none() {
    let policy = Policy { auto_vts: 6, reserve_vt: Some(vt(6)), ..Policy::default() };
    let mut world = World::new();
    world.core = Core::new(policy, false);
    assert_eq!(deeds(world.handle(Event::RestoreEnded)), []);
}

#[test]
fn the_reserved_terminal_has_a_getty_from_the_start_and_always() {
    let mut world = World::with(Policy { reserve_vt: Some(vt(6)), ..Policy::default() });
    assert_eq!(deeds(world.handle(Event::RestoreEnded)), [Effect::Vt(vt(6), Look)]);
    assert_eq!(seen(&mut world, 6, VtUse::Free), [Effect::Vt(vt(6), StartGetty)]);
    assert_eq!(exited(&mut world, 6), []);
    assert_eq!(deeds(world.pass(SOON)), [Effect::Vt(vt(6), Look)]);
    assert_eq!(seen(&mut world, 6, VtUse::Left), [Effect::Vt(vt(6), StartGetty)], "it was ours that left");
}

#[test]
fn after_a_logout_in_front_the_next_getty_comes_at_once() {
    let mut world = with_getty();
    world.now = world.now + Span::seconds(60);
    let id = world.open(at_vt(1000, 100, 3));
    let _ = world.release(&id);
    assert_eq!(exited(&mut world, 3), []);
    assert_eq!(world.core.next_deadline(), Some(world.now + SOON));
    assert_eq!(deeds(world.pass(SOON)), [Effect::Vt(vt(3), Look)]);
    // What the session left running has the terminal open; the getty hangs it up.
    assert_eq!(seen(&mut world, 3, VtUse::Open), [Effect::Vt(vt(3), StartGetty)]);
}

#[test]
fn a_getty_that_ends_again_and_again_is_started_ever_more_slowly() {
    let mut world = with_getty();
    let mut pauses = Vec::new();
    for _ in 0..12 {
        assert_eq!(exited(&mut world, 3), []);
        let at = world.core.next_deadline().expect("it is started again");
        let pause = Span(at.monotonic - world.now.monotonic);
        pauses.push(pause);
        assert_eq!(world.pass(pause), [Effect::Vt(vt(3), Look)]);
        assert_eq!(seen(&mut world, 3, VtUse::Free), [Effect::Vt(vt(3), StartGetty)]);
    }
    assert!(pauses.windows(2).all(|two| two[1] == Span(two[0].0 * 2) || two[1] == Span::seconds(30)), "{pauses:?}");
    assert_eq!(pauses.last(), Some(&Span::seconds(30)));
    world.now = world.now + Span::seconds(11);
    let _ = exited(&mut world, 3);
    assert_eq!(world.core.next_deadline(), Some(world.now + SOON), "one that lived is as good as the first");
}

#[test]
fn a_terminal_that_is_left_without_a_getty_is_freed() {
    let mut world = with_getty();
    let _ = exited(&mut world, 3);
    assert_eq!(show(&mut world, 1), [Effect::Vt(vt(3), Free), Effect::Vt(vt(1), Look)]);
    assert_eq!(world.core.next_deadline(), None);
    let mut behind = with_getty();
    let _ = show(&mut behind, 7);
    assert_eq!(exited(&mut behind, 3), [Effect::Vt(vt(3), Free)]);
    assert_eq!(exited(&mut behind, 3), [], "it is told once");
}

#[test]
fn a_terminal_behind_is_freed_once_the_last_of_its_session_is_gone() {
    let mut world = with_getty();
    let id = world.open(at_vt(1000, 100, 3));
    let _ = show(&mut world, 7);
    let _ = world.release(&id);
    assert_eq!(exited(&mut world, 3), [], "something of the session may live on there");
    assert_eq!(deeds(world.handle(Event::ScopeEmpty(id))), [Effect::Vt(vt(3), Free)]);
}

#[test]
fn a_killed_login_in_front_is_followed_by_a_getty_whatever_is_seen_first() {
    let mut world = with_getty();
    let id = world.open(at_vt(1000, 100, 3));
    assert_eq!(exited(&mut world, 3), []);
    let _ = world.handle(Event::LeaderExited(id));
    assert_eq!(deeds(world.pass(SOON)), [Effect::Vt(vt(3), Look)]);
    // However late the word of the session comes.
    let mut world = with_getty();
    let id = world.open(at_vt(1000, 100, 3));
    let _ = exited(&mut world, 3);
    assert_eq!(deeds(world.pass(SOON)), []);
    assert_eq!(deeds(world.handle(Event::LeaderExited(id))), [Effect::Vt(vt(3), Look)]);
}

#[test]
fn where_a_getty_of_others_is_found_in_place_of_ours_it_stays() {
    let mut world = with_getty();
    let _ = exited(&mut world, 3);
    let _ = world.pass(SOON);
    assert_eq!(seen(&mut world, 3, VtUse::Getty), []);
    assert_eq!(world.core.next_deadline(), None);
}

#[test]
fn a_terminal_that_is_not_shown_any_more_when_it_has_been_looked_at_gets_none() {
    let mut world = machine();
    let _ = show(&mut world, 3);
    let _ = world.handle(Event::Foreground(Some(vt(7))));
    assert_eq!(seen(&mut world, 3, VtUse::Free), []);
    assert!(!world.core.has_getty(vt(3)));
}

#[test]
fn a_restarted_logind_starts_no_second_getty_and_one_for_that_which_is_gone() {
    let mut world = World::with(Policy { auto_vts: 6, ..Policy::default() });
    let _ = world.handle(Event::StartedAt(Some(vt(3))));
    for number in [3, 4] {
        let _ = world.handle(Event::Vt(vt(number), VtNews::GettyFound));
    }
    let _ = world.handle(Event::RestoreEnded);
    assert_eq!(show(&mut world, 4), []);
    assert_eq!(show(&mut world, 3), []);
    assert_eq!(exited(&mut world, 4), [Effect::Vt(vt(4), Free)]);
    let _ = exited(&mut world, 3);
    assert_eq!(deeds(world.pass(SOON)), [Effect::Vt(vt(3), Look)]);
}

#[test]
fn with_fewer_terminals_configured_a_getty_stays_until_it_ends() {
    let mut world = with_getty();
    assert_eq!(world.handle(Event::Configured(Policy::default())), []);
    assert!(world.core.has_getty(vt(3)));
    assert_eq!(exited(&mut world, 3), [], "the kernel frees nothing that is shown");
    assert_eq!(show(&mut world, 1), [Effect::Vt(vt(3), Free)]);
}
