//! How a user goes after the last session, and comes back meanwhile.

use logind_core::answer::{Answer, Refusal};
use logind_core::event::RequestId;
use logind_core::names::Uid;
use logind_core::policy::Policy;
use logind_core::time::Span;
use logind_core::user::UserState;
use logind_core::{Effect, Event, Signal};

use crate::world::{SECOND, STOP_DELAY, World, answers, at_vt, being_opened, remote, signals, uid};

fn user() -> Uid {
    uid(1000)
}

fn removed(world: &mut World, outcome: Result<(), i32>) -> Vec<Effect> {
    world.handle(Event::RuntimeDirectoryRemoved { uid: user(), outcome })
}

/// A user whose runtime directory is being removed.
fn stopping() -> World {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    world.end(&id);
    let effects = world.pass(STOP_DELAY);
    assert_eq!(effects, [Effect::SaveUser(user()), Effect::RemoveRuntimeDirectory(user())]);
    world
}

#[test]
fn a_user_without_sessions_goes_after_the_stop_delay_and_leaves_nothing() {
    let start = World::new().core;
    let mut world = stopping();
    assert_eq!(
        removed(&mut world, Ok(())),
        [Effect::RemoveSlice(user()), Effect::ForgetUser(user()), Effect::Announce(Signal::UserRemoved(user())),]
    );
    assert_eq!(world.core.next_deadline(), None);
    assert_eq!(world.core, start);
}

#[test]
fn a_user_who_comes_back_within_the_delay_never_went() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    world.end(&id);
    assert_eq!(world.core.next_deadline(), Some(world.now + STOP_DELAY));
    assert_eq!(world.core.user(user()).map(|u| world.core.user_state(u)), Some(UserState::Closing));
    let _ = world.pass(Span::seconds(9));
    let (_, again) = world.begin(remote(1000, 101));
    assert_eq!(world.core.next_deadline(), None);
    assert_eq!(world.pass(STOP_DELAY), []);
    let effects = world.handle(Event::Opened(again));
    assert!(!signals(&effects).contains(&Signal::UserNew(user())));
    assert_eq!(world.core.user(user()).and_then(|u| u.last_session()), None);
}

/// Two logins that wait while the runtime directory is removed.
fn with_waiting() -> (World, [RequestId; 2]) {
    let mut world = stopping();
    let calls = [101, 102].map(|pid| {
        let (request, _) = world.ask(remote(1000, pid));
        assert_eq!(world.found(request, user()), []);
        request
    });
    (world, calls)
}

#[test]
fn logins_wait_while_the_runtime_directory_is_removed_and_then_are_the_first() {
    let (mut world, [one, two]) = with_waiting();
    assert_eq!(
        removed(&mut world, Ok(())),
        [
            Effect::RemoveSlice(user()),
            Effect::ForgetUser(user()),
            Effect::Announce(Signal::UserRemoved(user())),
            Effect::LookUpUser { request: one, uid: user() },
            Effect::LookUpUser { request: two, uid: user() },
        ]
    );
    let id = being_opened(&world.found(one, user())).expect("it begins now");
    assert!(signals(&world.handle(Event::Opened(id))).contains(&Signal::UserNew(user())));
}

#[test]
fn logins_that_waited_for_a_removal_that_failed_keep_the_user() {
    let (mut world, [one, two]) = with_waiting();
    let effects = removed(&mut world, Err(16));
    assert_eq!(effects.len(), 3);
    for request in [two, one] {
        let id = being_opened(&world.found(request, user())).expect("it begins now");
        assert!(!signals(&world.handle(Event::Opened(id))).contains(&Signal::UserNew(user())));
    }
    assert_eq!(world.core.next_deadline(), None);
    assert_eq!(world.core.user(user()).map(|u| u.is_stopping()), Some(false));
}

#[test]
fn of_two_logins_that_waited_the_failure_of_one_is_not_the_others() {
    let (mut world, [one, two]) = with_waiting();
    let _ = removed(&mut world, Ok(()));
    let failing = being_opened(&world.found(one, user())).expect("it begins now");
    assert_eq!(answers(&world.fail(&failing, 28)), [(one, Answer::Refused(Refusal::System(28)))]);
    let id = being_opened(&world.found(two, user())).expect("it begins as well");
    assert!(matches!(answers(&world.handle(Event::Opened(id)))[..], [(r, Answer::Opened { .. })] if r == two));
}

#[test]
fn a_user_whose_waiting_logins_are_all_refused_goes_after_all() {
    for outcome in [Ok(()), Err(16)] {
        let start = World::new().core;
        let mut world = stopping();
        let (request, _) = world.ask(at_vt(1000, 101, 3));
        let _ = world.found(request, user());
        let other = world.open(at_vt(1001, 102, 3)); // takes the terminal meanwhile
        let _ = removed(&mut world, outcome);
        let effects = world.found(request, user());
        assert!(matches!(answers(&effects)[..], [(r, Answer::Refused(Refusal::SessionBusy(_)))] if r == request));
        if outcome.is_err() {
            let _ = world.pass(STOP_DELAY);
            let _ = removed(&mut world, Ok(()));
        }
        assert!(world.core.user(user()).is_none());
        world.end(&other);
        let _ = world.pass(STOP_DELAY);
        let _ = world.handle(Event::RuntimeDirectoryRemoved { uid: uid(1001), outcome: Ok(()) });
        assert_eq!(world.core, start);
    }
}

#[test]
fn a_runtime_directory_that_cannot_be_removed_is_tried_again() {
    let mut world = stopping();
    for (delay, pause) in [(10, 10), (0, 1), (3600, 30)] {
        let user_stop_delay = Span::seconds(delay);
        let _ = world.handle(Event::Configured(Policy { user_stop_delay, ..Policy::default() }));
        assert_eq!(removed(&mut world, Err(16)), [Effect::SaveUser(user())]);
        assert_eq!(world.core.next_deadline(), Some(world.now + Span::seconds(pause)));
        assert!(world.pass(Span::seconds(pause)).contains(&Effect::RemoveRuntimeDirectory(user())));
    }
    assert!(removed(&mut world, Ok(())).contains(&Effect::ForgetUser(user())));
}

#[test]
fn a_stop_delay_of_nothing_and_one_without_end_are_both_kept() {
    let mut world = World::with(Policy { user_stop_delay: Span(0), ..Policy::default() });
    let id = world.open(remote(1000, 100));
    world.end(&id);
    assert!(world.handle(Event::Deadline).contains(&Effect::RemoveRuntimeDirectory(user())));
    let mut world = World::with(Policy { user_stop_delay: Span(u64::MAX), ..Policy::default() });
    let id = world.open(remote(1000, 100));
    world.end(&id);
    assert_eq!(world.pass(Span::seconds(1_000_000_000)), []);
}

#[test]
fn a_user_with_a_session_that_closes_is_not_gone() {
    let mut world = World::new();
    let (one, two) = (world.open(remote(1000, 100)), world.open(remote(1000, 101)));
    let _ = world.release(&two);
    world.end(&one);
    for _ in 0..60 {
        let effects = world.pass(SECOND);
        assert!(!effects.contains(&Effect::RemoveRuntimeDirectory(user())));
    }
}
