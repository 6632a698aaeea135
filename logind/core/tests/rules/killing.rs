//! When processes are killed, and above all when they are not.

use logind_core::answer::{Answer, Refusal};
use logind_core::event::{Failed, Step, Target, Whom, Witnesses};
use logind_core::names::SessionId;
use logind_core::policy::Policy;
use logind_core::session::Stage;
use logind_core::time::Span;
use logind_core::{Effect, Event};

use crate::world::{ALL, NOTHING, SECOND, World, answers, at_vt, is_removed, kills, remote, seat0, session, uid};

const GO: [i32; 3] = [15, 1, 18];
const KILL: [i32; 1] = [9];
const GRACE: Span = Span::seconds(5);

fn killing() -> World {
    World::with(Policy { kill_user_processes: true, ..Policy::default() })
}

/// What is sent to the session's processes while `seconds` pass and `left` is left of it.
fn sent_within(world: &mut World, seconds: u64, id: &SessionId, left: Witnesses) -> Vec<i32> {
    let step = |_| {
        let effects = world.pass(SECOND);
        let mut sent = kills(&effects);
        if effects.contains(&Effect::Probe(*id)) {
            sent.extend(kills(&world.probed(id, left)));
        }
        sent
    };
    (0..seconds).flat_map(step).collect()
}

#[test]
fn what_a_session_leaves_running_lives_on_unless_configured() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    let mut effects = world.release(&id);
    effects.extend(world.handle(Event::LeaderExited(id)));
    assert_eq!(kills(&effects), []);
    assert_eq!(sent_within(&mut world, 100, &id, Witnesses { scope: Some(true), ..NOTHING }), []);
}

#[test]
fn a_login_that_closes_its_pam_session_is_not_killed_before_it_exited() {
    let mut world = killing();
    let id = world.open(remote(1000, 100));
    assert_eq!(kills(&world.release(&id)), []);
    assert_eq!(sent_within(&mut world, 19, &id, ALL), []);
    assert_eq!(kills(&world.handle(Event::LeaderExited(id))), GO);
    assert_eq!(kills(&world.handle(Event::LeaderExited(id))), []);
    assert_eq!(sent_within(&mut world, 5, &id, Witnesses { scope: Some(true), ..NOTHING }), KILL);
    assert!(is_removed(&world.handle(Event::ScopeEmpty(id)), &id));
}

#[test]
fn what_was_killed_and_lives_is_killed_whenever_the_kernel_is_asked() {
    // The signal may have found no descriptor to be sent by.
    let mut world = killing();
    let id = world.open(remote(1000, 100));
    assert_eq!(kills(&world.handle(Event::LeaderExited(id))), GO);
    let populated = Witnesses { scope: Some(true), ..NOTHING };
    assert_eq!(sent_within(&mut world, 5, &id, populated), KILL);
    for _ in 0..3 {
        assert_eq!(kills(&world.probed(&id, populated)), KILL);
    }
    let effects = world.probed(&id, NOTHING);
    assert!(is_removed(&effects, &id) && kills(&effects).is_empty());
}

#[test]
fn a_login_that_said_it_is_over_and_does_not_exit_is_killed_after_twenty_seconds() {
    let mut world = killing();
    let id = world.open(remote(1000, 100));
    let _ = world.release(&id);
    assert_eq!(sent_within(&mut world, 20, &id, ALL), GO);
}

#[test]
fn a_login_that_is_released_before_it_opened_gets_its_twenty_seconds_too() {
    let mut world = killing();
    let (_, id) = world.begin(remote(1000, 100));
    let _ = world.release(&id);
    assert_eq!(kills(&world.handle(Event::Opened(id))), []);
    assert_eq!(sent_within(&mut world, 19, &id, ALL), []);
    assert_eq!(sent_within(&mut world, 1, &id, ALL), GO);
}

#[test]
fn a_login_that_only_lost_its_life_line_is_never_killed_while_it_lives() {
    // Its call took longer than it waited: nobody took the life line, and the person is logged in without a session.
    let mut world = killing();
    let id = world.open(remote(1000, 100));
    let _ = world.handle(Event::LifeLineClosed(id));
    assert_eq!(sent_within(&mut world, 3600, &id, Witnesses { life_line: false, ..ALL }), []);
    assert_eq!(kills(&world.handle(Event::LeaderExited(id))), GO);
}

#[test]
fn a_login_that_lost_its_life_line_and_then_says_it_is_over_has_twenty_seconds() {
    let mut world = killing();
    let id = world.open(remote(1000, 100));
    let _ = world.handle(Event::LifeLineClosed(id));
    assert_eq!(sent_within(&mut world, 100, &id, ALL), []);
    let _ = world.release(&id);
    assert_eq!(sent_within(&mut world, 19, &id, ALL), []);
    let _ = world.release(&id); // asking again puts nothing off
    assert_eq!(sent_within(&mut world, 1, &id, ALL), GO);
}

#[test]
fn a_leader_whose_exit_was_missed_is_found_gone_by_the_question() {
    let mut world = killing();
    let id = world.open(remote(1000, 100));
    let _ = world.handle(Event::LifeLineClosed(id));
    assert_eq!(sent_within(&mut world, 1, &id, Witnesses { scope: Some(true), ..NOTHING }), GO);
}

#[test]
fn a_login_whose_opening_failed_is_never_killed() {
    let mut world = killing();
    let (_, id) = world.begin(remote(1000, 100));
    let mut effects = world.fail(&id, 28);
    effects.extend(world.probed(&id, ALL));
    assert_eq!(kills(&effects), []);
    assert_eq!(sent_within(&mut world, 100, &id, ALL), []);
    assert_eq!(kills(&world.handle(Event::LeaderExited(id))), []);
}

#[test]
fn root_and_other_excluded_users_keep_their_processes() {
    let mut world = killing();
    let id = world.open(remote(0, 100));
    assert_eq!(kills(&world.handle(Event::LeaderExited(id))), []);
    let only = Policy { kill_user_processes: true, kill_only_users: vec!["user1001".into()], ..Policy::default() };
    let mut world = World::with(only);
    let (spared, meant) = (world.open(remote(1000, 100)), world.open(remote(1001, 101)));
    assert_eq!(kills(&world.handle(Event::LeaderExited(spared))), []);
    assert_eq!(kills(&world.handle(Event::LeaderExited(meant))), GO);
}

fn terminate(world: &mut World, target: Target) -> Vec<Effect> {
    let request = world.call();
    let effects = world.handle(Event::Terminate { request, target });
    assert_eq!(answers(&effects).len(), 1);
    effects
}

#[test]
fn a_session_that_is_ended_by_force_is_told_to_go_and_then_killed() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    assert_eq!(kills(&terminate(&mut world, Target::Session(id))), GO);
    assert_eq!(world.core.session(&id).map(|s| s.stage()), Some(Stage::Closing));
    assert_eq!(sent_within(&mut world, 4, &id, ALL), []);
    assert_eq!(kills(&terminate(&mut world, Target::Session(id))), [], "it was told");
    assert_eq!(sent_within(&mut world, 1, &id, ALL), KILL);
    assert_eq!(kills(&terminate(&mut world, Target::Session(id))), [], "it was killed");
}

#[test]
fn a_session_that_closes_already_can_be_ended_by_force() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    let _ = world.release(&id);
    let _ = world.pass(Span::seconds(50));
    assert_eq!(kills(&terminate(&mut world, Target::Session(id))), GO);
    assert_eq!(kills(&world.pass(GRACE)), KILL);
}

#[test]
fn a_user_and_a_seat_end_with_all_their_sessions() {
    let mut world = World::new();
    let (one, two, other) =
        (world.open(at_vt(1000, 100, 1)), world.open(remote(1000, 101)), world.open(at_vt(1001, 102, 2)));
    let closing = |world: &World, id: &SessionId| world.core.session(id).map(|s| s.stage()) == Some(Stage::Closing);
    assert_eq!(kills(&terminate(&mut world, Target::User(uid(1000)))).len(), 6);
    assert!(closing(&world, &one) && closing(&world, &two) && !closing(&world, &other));
    let _ = terminate(&mut world, Target::Seat(seat0()));
    assert!(closing(&world, &other));
}

#[test]
fn nobody_is_ended_who_is_not_there() {
    let mut world = World::new();
    let seat = logind_core::names::SeatId::new("seat9").expect("a seat");
    let cases = [
        (Target::Session(session("c9")), Refusal::NoSuchSession(session("c9"))),
        (Target::User(uid(1000)), Refusal::NoSuchUser(uid(1000))),
        (Target::Seat(seat.clone()), Refusal::NoSuchSeat(seat)),
    ];
    for (target, refusal) in cases {
        let refused = Answer::Refused(refusal);
        assert!(matches!(&answers(&terminate(&mut world, target.clone()))[..], [(_, a)] if *a == refused));
        let request = world.call();
        let effects = world.handle(Event::Kill { request, target, whom: Whom::All, signal: 15 });
        assert_eq!(answers(&effects), [(request, refused)]);
    }
}

#[test]
fn a_signal_is_sent_before_it_is_said_to_be() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    let request = world.call();
    let (target, whom) = (Target::Session(id), Whom::Leader);
    assert_eq!(
        world.handle(Event::Kill { request, target, whom, signal: 10 }),
        [
            Effect::Kill { request: Some(request), session: id, uid: uid(1000), whom, signal: 10 },
            Effect::Reply { request, answer: Answer::Done },
        ]
    );
    let failed = Event::Failed(Failed { step: Step::Kill(request), errno: 3 });
    assert_eq!(answers(&world.handle(failed)), [(request, Answer::Refused(Refusal::System(3)))]);
}

#[test]
fn of_several_sessions_each_gets_the_signal_if_it_can() {
    let mut world = World::new();
    let ids = [world.open(remote(1000, 100)), world.open(remote(1000, 101))];
    let request = world.call();
    let target = Target::User(uid(1000));
    let effects = world.handle(Event::Kill { request, target, whom: Whom::All, signal: 15 });
    let kill =
        |id: &SessionId| Effect::Kill { request: None, session: *id, uid: uid(1000), whom: Whom::All, signal: 15 };
    assert_eq!(effects, [kill(&ids[0]), kill(&ids[1]), Effect::Reply { request, answer: Answer::Done }]);
}

#[test]
fn there_are_64_signals() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    for signal in [i32::MIN, -1, 0, 65, i32::MAX] {
        let request = world.call();
        let target = Target::Session(id);
        let effects = world.handle(Event::Kill { request, target, whom: Whom::All, signal });
        assert!(matches!(&effects[..], [Effect::Reply { answer: Answer::Refused(Refusal::InvalidArgs(_)), .. }]));
    }
}
