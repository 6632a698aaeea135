//! Who is in front, and which session stands for its user.

use logind_core::names::{Class, SessionId, Type, Uid};
use logind_core::session::SessionState;
use logind_core::user::UserState;
use logind_core::{Effect, Event, Signal};

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
