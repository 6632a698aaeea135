//! Who is in front, and which session stands for its user.

use logind_core::answer::{Answer, Refusal};
use logind_core::event::{Failed, Step, Switch};
use logind_core::names::{Class, SeatId, SessionId, Type, Uid};
use logind_core::policy::Policy;
use logind_core::session::SessionState;
use logind_core::user::UserState;
use logind_core::{Core, Effect, Event, Signal};

use crate::world::{World, at_vt, graphical, of_class, remote, seat0, signals, uid, vt};

fn show(world: &mut World, number: Option<u32>) -> Vec<Effect> {
    world.handle(Event::Foreground(number.map(vt)))
}

fn active(world: &World) -> Option<SessionId> {
    world.core.seat(&seat0()).and_then(|seat| seat.active()).cloned()
}

fn state(world: &World, id: &SessionId) -> Option<SessionState> {
    world.core.session(id).map(|s| world.core.session_state(s))
}

fn user_state(world: &World, n: u32) -> Option<UserState> {
    world.core.user(uid(n)).map(|user| world.core.user_state(user))
}

fn display(world: &World, n: u32) -> Option<SessionId> {
    world.core.user(uid(n)).and_then(|user| user.display()).cloned()
}

#[test]
fn the_session_on_the_terminal_that_is_shown_is_active() {
    let mut world = World::new();
    let (one, two) = (world.open(at_vt(1000, 100, 1)), world.open(at_vt(1001, 101, 2)));
    assert_eq!(active(&world), None);
    let _ = show(&mut world, Some(1));
    assert_eq!((state(&world, &one), state(&world, &two)), (Some(SessionState::Active), Some(SessionState::Online)));
    let effects = show(&mut world, Some(2));
    let changed = |id: &SessionId| Signal::SessionChanged(*id, &["Active", "State"]);
    let front = Signal::SeatChanged(seat0(), &["ActiveSession"]);
    assert_eq!(signals(&effects), [changed(&one), changed(&two), front]);
    assert_eq!(
        (user_state(&world, 1000), user_state(&world, 1001)),
        (Some(UserState::Online), Some(UserState::Active))
    );
    for nobody in [Some(7), None] {
        let _ = show(&mut world, nobody);
        assert_eq!(active(&world), None);
    }
}

#[test]
fn a_session_without_a_seat_is_always_active() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    assert_eq!(state(&world, &id), Some(SessionState::Active));
    assert_eq!(user_state(&world, 1000), Some(UserState::Active));
}

#[test]
fn a_terminal_shown_again_is_no_news() {
    let mut world = World::new();
    world.open(at_vt(1000, 100, 1));
    let _ = show(&mut world, Some(1));
    assert_eq!(signals(&show(&mut world, Some(1))), []);
}

#[test]
fn a_session_that_closes_makes_room_for_one_that_is_open() {
    let mut world = World::new();
    let _ = show(&mut world, Some(1));
    let old = world.open(at_vt(1000, 100, 1));
    let _ = world.release(&old);
    assert_eq!(active(&world), Some(old), "nobody else is there");
    let new = world.open(at_vt(1001, 101, 1));
    assert_eq!(active(&world), Some(new));
    world.end(&new);
    assert_eq!(active(&world), Some(old));
}

#[test]
fn a_session_that_closes_stays_in_front_until_another_comes() {
    let mut world = World::new();
    let _ = show(&mut world, Some(1));
    let id = world.open(at_vt(1000, 100, 1));
    let effects = world.handle(Event::LeaderExited(id));
    assert_eq!(signals(&effects).iter().filter(|signal| matches!(signal, Signal::SeatChanged(..))).count(), 0);
    assert_eq!((active(&world), state(&world, &id)), (Some(id), Some(SessionState::Closing)));
    let next = world.open(at_vt(1001, 101, 1));
    assert_eq!(active(&world), Some(next));
}

#[test]
fn the_newest_session_on_a_terminal_is_in_front_of_its_greeter() {
    let mut world = World::new();
    let _ = show(&mut world, Some(1));
    for pid in 0..8 {
        world.open(remote(1002, 200 + pid)); // so that the names come out as c9 and c10
    }
    let greeter = world.open(of_class(Class::Greeter, at_vt(990, 100, 1)));
    world.now.monotonic += 1;
    let person = world.open(at_vt(1000, 101, 1));
    assert_eq!((greeter.as_str(), person.as_str()), ("c9", "c10"));
    assert_eq!(active(&world), Some(person));
    world.end(&person);
    assert_eq!(active(&world), Some(greeter));
}

#[test]
fn a_seat_without_sessions_has_no_one_in_front() {
    let mut world = World::new();
    let _ = show(&mut world, Some(1));
    let id = world.open(at_vt(1000, 100, 1));
    let _ = world.release(&id);
    let effects = world.handle(Event::ScopeEmpty(id));
    assert!(signals(&effects).contains(&Signal::SeatChanged(seat0(), &["ActiveSession"])));
    let _ = show(&mut world, None);
    assert!(world.core.seat(&seat0()).is_some_and(|seat| seat.sessions().is_empty()));
}

#[test]
fn what_draws_stands_for_its_user_before_text_and_persons_before_greeters() {
    let mut world = World::new();
    world.open(of_class(Class::Background, remote(1000, 100)));
    assert_eq!(display(&world, 1000), None);
    let greeter = world.open(of_class(Class::Greeter, graphical(1000, 101, 1)));
    assert_eq!(display(&world, 1000), Some(greeter));
    let bare = world.open(logind_core::login::Login { kind: Some(Type::Unspecified), ..remote(1000, 102) });
    assert_eq!(display(&world, 1000), Some(bare));
    let web = world.open(logind_core::login::Login { kind: Some(Type::Web), ..remote(1000, 103) });
    assert_eq!(display(&world, 1000), Some(web));
    let text = world.open(remote(1000, 104));
    assert_eq!(display(&world, 1000), Some(text));
    let (_, drawing) = world.begin(graphical(1000, 105, 2));
    let effects = world.handle(Event::Opened(drawing));
    assert!(effects.contains(&Effect::SaveSession(text)), "its file said that it stands for its user");
    assert_eq!(display(&world, 1000), Some(drawing));
    let effects = world.release(&drawing);
    assert!(effects.contains(&Effect::SaveSession(text)));
    assert!(signals(&effects).contains(&Signal::UserChanged(uid(1000), &["Display"])));
    assert_eq!(display(&world, 1000), Some(text));
}

#[test]
fn between_equals_the_first_stands_for_its_user() {
    let mut world = World::new();
    let open = |world: &mut World, pid| {
        world.now.monotonic += 1;
        world.open(remote(1000, pid))
    };
    let ids: Vec<SessionId> = (100..112).map(|pid| open(&mut world, pid)).collect();
    for id in &ids {
        assert_eq!(display(&world, 1000).as_ref(), Some(id));
        let _ = world.release(id);
    }
    assert_eq!(display(&world, 1000), None);
}

#[test]
fn root_at_the_console_is_like_anybody_there() {
    let mut world = World::new();
    let id = world.open(at_vt(0, 100, 1));
    let _ = show(&mut world, Some(1));
    assert_eq!(active(&world), Some(id));
    assert!(world.core.user(Uid::ROOT).is_some());
}

/// What comes of asking for `switch`: the terminal the kernel is asked to show, and the answer.
fn switch(world: &mut World, switch: Switch) -> (Option<u32>, Answer) {
    let request = world.call();
    let effects = world.handle(Event::Switch { request, switch });
    let shown = effects.iter().find_map(|effect| match effect {
        Effect::ActivateVt { request: of, vt } if *of == request => Some(vt.get().into()),
        _ => None,
    });
    assert_eq!(effects.len(), 1 + usize::from(shown.is_some()), "{effects:?}");
    match effects.last() {
        Some(Effect::Reply { request: of, answer }) if *of == request => (shown, answer.clone()),
        _ => unreachable!("the answer comes last: {effects:?}"),
    }
}

fn refused(outcome: &(Option<u32>, Answer)) -> Option<&Refusal> {
    match outcome {
        (None, Answer::Refused(refusal)) => Some(refusal),
        _ => None,
    }
}

#[test]
fn a_session_comes_to_the_front_by_its_terminal_and_is_active_once_that_is_shown() {
    let mut world = World::new();
    let (one, two) = (world.open(at_vt(1000, 100, 1)), world.open(at_vt(1001, 101, 2)));
    let _ = show(&mut world, Some(1));
    assert_eq!(switch(&mut world, Switch::Session(two)), (Some(2), Answer::Done));
    assert_eq!(active(&world), Some(one), "the kernel has not switched yet");
    assert_eq!(switch(&mut world, Switch::Session(one)), (None, Answer::Done), "it is in front already");
    assert_eq!(switch(&mut world, Switch::Vt(seat0(), vt(9))), (Some(9), Answer::Done), "nobody need be there");
}

#[test]
fn next_and_previous_go_round_the_terminals_with_sessions() {
    let mut world = World::new();
    for (pid, number) in [(100, 2), (101, 5), (102, 7)] {
        world.open(at_vt(1000, pid, number));
    }
    world.open(of_class(Class::Greeter, at_vt(990, 103, 5)));
    let neighbours = |world: &mut World, shown| {
        let _ = show(world, shown);
        let to = |world: &mut World, way| switch(world, way).0;
        (to(world, Switch::Previous(seat0())), to(world, Switch::Next(seat0())))
    };
    for (shown, previous, next) in
        [(Some(2), 7, 5), (Some(5), 2, 7), (Some(7), 5, 2), (Some(6), 5, 7), (Some(1), 7, 2), (None, 7, 2)]
    {
        assert_eq!(neighbours(&mut world, shown), (Some(previous), Some(next)), "{shown:?}");
    }
}

#[test]
fn where_there_is_nothing_to_switch_to_the_call_is_refused() {
    let mut world = World::new();
    let nobody = SessionId::new("c77").expect("a name");
    let seat7 = SeatId::new("seat7").expect("a name");
    let _ = show(&mut world, Some(1));
    for way in [Switch::Next(seat0()), Switch::Previous(seat0())] {
        assert!(matches!(refused(&switch(&mut world, way)), Some(Refusal::InvalidArgs(_))));
    }
    world.open(at_vt(1000, 100, 1));
    assert!(
        matches!(refused(&switch(&mut world, Switch::Next(seat0()))), Some(Refusal::InvalidArgs(_))),
        "it is shown"
    );
    assert_eq!(refused(&switch(&mut world, Switch::Session(nobody))), Some(&Refusal::NoSuchSession(nobody)));
    assert_eq!(refused(&switch(&mut world, Switch::Vt(seat7.clone(), vt(1)))), Some(&Refusal::NoSuchSeat(seat7)));
    let elsewhere = world.open(remote(1000, 101));
    assert!(matches!(refused(&switch(&mut world, Switch::Session(elsewhere))), Some(Refusal::NotSupported(_))));
    let (_, opening) = world.begin(at_vt(1001, 102, 2));
    assert!(matches!(refused(&switch(&mut world, Switch::Session(opening))), Some(Refusal::NoSuchSession(_))));
}

#[test]
fn a_seat_without_virtual_terminals_switches_to_none() {
    let mut world = World::new();
    world.core = Core::new(Policy::default(), false);
    for way in [Switch::Vt(seat0(), vt(1)), Switch::Next(seat0()), Switch::Previous(seat0())] {
        assert!(matches!(refused(&switch(&mut world, way)), Some(Refusal::NotSupported(_))));
    }
}

#[test]
fn a_kernel_that_does_not_switch_is_the_answer() {
    let mut world = World::new();
    let request = world.call();
    let effects = world.handle(Event::Failed(Failed { step: Step::Switch(request), errno: 6 }));
    assert_eq!(effects, [Effect::Reply { request, answer: Answer::Refused(Refusal::System(6)) }]);
}

#[test]
fn graphics_that_come_and_go_are_told_once_each() {
    let mut world = World::new();
    let told = [Effect::SaveSeat(seat0()), Effect::Announce(Signal::SeatChanged(seat0(), &["CanGraphical"]))];
    assert_eq!(world.handle(Event::Graphics(false)), []);
    for is_there in [true, false] {
        assert_eq!(world.handle(Event::Graphics(is_there)), told);
        assert_eq!(world.handle(Event::Graphics(is_there)), []);
        assert_eq!(world.core.seat(&seat0()).map(|seat| seat.has_graphics()), Some(is_there));
    }
}
