//! How a login becomes a session.

use logind_core::answer::{Answer, Refusal};
use logind_core::event::{RequestId, Target, Witnesses};
use logind_core::login::Login;
use logind_core::names::{Class, SessionId, Uid};
use logind_core::session::Stage;
use logind_core::{Effect, Event, Signal};

use crate::world::{
    ALL, NOTHING, SECOND, STOP_DELAY, World, account, answers, at_vt, being_opened, is_asked, is_removed, kills,
    of_class, remote, seat0, session, signals, uid, vt,
};

#[test]
fn a_login_that_asks_has_its_user_looked_up() {
    let mut world = World::new();
    let (request, effects) = world.ask(remote(1000, 100));
    assert_eq!(effects, [Effect::LookUpUser { request, uid: uid(1000) }]);
    assert_eq!(world.core.session_count(), 0);
}

#[test]
fn a_user_who_has_a_session_is_known_and_saved_already() {
    let mut world = World::new();
    world.open(remote(1000, 100));
    let (_, effects) = world.ask(remote(1000, 101));
    assert_eq!(effects.first(), Some(&Effect::SaveSession(session("c2"))));
    assert_eq!(being_opened(&effects), Some(session("c2")));
}

#[test]
fn a_session_of_a_known_user_is_made_files_first_and_its_leader_moved_last() {
    let mut world = World::new();
    let (request, _) = world.ask(remote(1000, 100));
    let (id, user) = (session("c1"), uid(1000));
    assert_eq!(
        world.found(request, user),
        [
            Effect::SaveUser(user),
            Effect::SaveSession(id),
            Effect::MakeRuntimeDirectory { session: id, request, uid: user, gid: 1000 },
            Effect::MakeLifeLine(id),
            Effect::WatchLeader { session: id, request },
            Effect::MakeScope { session: id, uid: user, request },
            Effect::WatchScope { session: id, uid: user },
            Effect::ConfirmOpen(id),
        ]
    );
    assert_eq!(world.core.session(&id).map(|s| s.stage()), Some(Stage::Opening));
}

/// A login of user 1000 whose runtime directory is being made.
fn waiting_for_directory(world: &mut World, login: Login) -> (RequestId, SessionId) {
    let request = world.call();
    let mut effects = world.handle(Event::Login { request, login });
    if let [Effect::LookUpUser { .. }] = effects[..] {
        effects = world.handle(Event::UserFound { request, account: Ok(account(uid(1000))) });
    }
    let session = effects.iter().find_map(|effect| match effect {
        Effect::MakeRuntimeDirectory { session, .. } => Some(*session),
        _ => None,
    });
    (request, session.expect("a directory is made"))
}

fn made(world: &mut World, session: &SessionId, request: RequestId, outcome: Result<(), i32>) -> Vec<Effect> {
    world.handle(Event::RuntimeDirectoryMade { session: *session, request, outcome })
}

#[test]
fn a_session_waits_for_its_runtime_directory_and_nobody_waits_for_the_session() {
    let mut world = World::new();
    let (request, id) = waiting_for_directory(&mut world, remote(1000, 100));
    assert_eq!(world.core.session(&id).map(|s| s.stage()), Some(Stage::Opening));
    world.open(remote(1001, 101));
    let effects = made(&mut world, &id, request, Ok(()));
    assert_eq!((effects.first(), being_opened(&effects)), (Some(&Effect::MakeLifeLine(id)), Some(id)));
    assert_eq!(world.core.next_deadline(), None);
}

#[test]
fn a_login_whose_runtime_directory_cannot_be_made_is_refused_with_what_the_kernel_says() {
    let mut world = World::new();
    let start = world.core.clone();
    let (request, id) = waiting_for_directory(&mut world, remote(1000, 100));
    let effects = made(&mut world, &id, request, Err(20));
    assert_eq!(answers(&effects), [(request, Answer::Refused(Refusal::System(20)))]);
    let effects = world.probed(&id, Witnesses { scope: Some(false), ..NOTHING });
    assert!(is_removed(&effects, &id) && signals(&effects).is_empty());
    forget_user(&mut world);
    assert_eq!(world.core, start);
}

#[test]
fn a_runtime_directory_that_is_not_made_in_time_costs_one_login_and_its_later_end_nothing() {
    const ETIMEDOUT: i32 = 110;
    for late in [Ok(()), Err(107)] {
        let mut world = World::new();
        let start = world.core.clone();
        let (request, id) = waiting_for_directory(&mut world, remote(1000, 100));
        assert_eq!(world.core.next_deadline(), Some(world.now + SECOND));
        let effects = world.pass(SECOND);
        assert_eq!(answers(&effects), [(request, Answer::Refused(Refusal::System(ETIMEDOUT)))]);
        assert!(is_asked(&effects, &id) && signals(&effects).is_empty());
        assert_eq!(made(&mut world, &id, request, late), []);
        assert!(is_removed(&world.probed(&id, Witnesses { scope: Some(false), ..ALL }), &id));
        assert_eq!(made(&mut world, &id, request, late), []);
        forget_user(&mut world);
        assert_eq!(world.core, start);
    }
}

#[test]
fn the_directory_of_a_login_that_gave_up_is_not_taken_for_that_of_a_later_session_of_the_same_name() {
    let mut world = World::new();
    let audited = |pid| Login { audit: Some(7), ..remote(1000, pid) };
    let (former, id) = waiting_for_directory(&mut world, audited(100));
    let _ = world.pass(SECOND);
    let _ = world.probed(&id, NOTHING);
    let (request, again) = waiting_for_directory(&mut world, audited(101));
    assert_eq!(again, id);
    assert_eq!(made(&mut world, &id, former, Ok(())), []);
    assert_eq!(made(&mut world, &id, former, Err(107)), []);
    assert_eq!(being_opened(&made(&mut world, &id, request, Ok(()))), Some(id));
}

#[test]
fn a_runtime_directory_that_an_open_session_has_is_not_looked_at_again() {
    let mut world = World::new();
    let open = world.open(remote(1000, 100));
    let request = world.call();
    let effects = world.handle(Event::Login { request, login: remote(1000, 101) });
    assert_eq!(being_opened(&effects), Some(session("c2")));
    assert!(!effects.iter().any(|e| matches!(e, Effect::MakeRuntimeDirectory { .. })));
    let _ = world.handle(Event::Opened(session("c2")));
    world.end(&session("c2"));
    let _ = world.release(&open);
    waiting_for_directory(&mut world, remote(1000, 102));
}

#[test]
fn an_opened_session_is_written_and_announced_and_its_login_answered_last() {
    let mut world = World::new();
    let _ = world.handle(Event::Foreground(Some(vt(3))));
    let (request, id) = world.begin(at_vt(1000, 100, 3));
    let user = uid(1000);
    assert_eq!(
        world.handle(Event::Opened(id)),
        [
            Effect::SaveSeat(seat0()),
            Effect::SaveSession(id),
            Effect::SaveUser(user),
            Effect::SaveSession(id),
            Effect::SaveUser(user),
            Effect::Announce(Signal::UserNew(user)),
            Effect::Announce(Signal::SessionNew(id)),
            Effect::Announce(Signal::SessionChanged(id, &["Active", "State"])),
            Effect::Announce(Signal::SeatChanged(seat0(), &["ActiveSession"])),
            Effect::Announce(Signal::UserChanged(user, &["Display"])),
            Effect::Reply {
                request,
                answer: Answer::Opened { session: id, uid: user, seat: Some(seat0()), vt: Some(vt(3)) }
            },
        ]
    );
}

#[test]
fn a_users_second_session_announces_no_second_user() {
    let mut world = World::new();
    world.open(remote(1000, 100));
    let (_, second) = world.begin(remote(1000, 101));
    let effects = world.handle(Event::Opened(second));
    assert_eq!(signals(&effects), [Signal::SessionNew(second)]);
}

#[test]
fn the_first_logins_of_one_user_may_come_together() {
    let mut world = World::new();
    let (one, _) = world.ask(remote(1000, 100));
    let (two, _) = world.ask(remote(1000, 101));
    let (three, _) = world.ask(remote(1000, 102));
    let begun = [two, three, one].map(|request| being_opened(&world.found(request, uid(1000))).expect("an opening"));
    let announced = begun.iter().flat_map(|id| signals(&world.handle(Event::Opened(*id))));
    let announced: Vec<Signal> = announced.collect();
    assert_eq!(announced.iter().filter(|&s| *s == Signal::UserNew(uid(1000))).count(), 1);
    assert_eq!(world.core.user(uid(1000)).map(|user| user.sessions().len()), Some(3));
}

#[test]
fn a_session_is_named_by_its_audit_session_or_counted() {
    let mut world = World::new();
    let audited = |pid| Login { audit: Some(7), ..remote(1000, pid) };
    assert_eq!(world.open(audited(100)), session("7"));
    assert_eq!(world.open(audited(101)), session("c1"));
    assert_eq!(world.open(remote(1000, 102)), session("c2"));
}

#[test]
fn a_manager_has_no_scope_of_its_own() {
    let mut world = World::new();
    let (request, _) = world.ask(of_class(Class::Manager, remote(1000, 100)));
    let effects = world.found(request, uid(1000));
    let of_scope = |e: &&Effect| matches!(e, Effect::MakeScope { .. } | Effect::WatchScope { .. });
    assert_eq!(effects.iter().find(of_scope), None);
    let id = being_opened(&effects).expect("an opening");
    let _ = world.handle(Event::Opened(id));
    let _ = world.handle(Event::LeaderExited(id));
    assert!(is_asked(&world.handle(Event::LifeLineClosed(id)), &id));
    let effects = world.probed(&id, Witnesses { scope: None, ..NOTHING });
    assert!(is_removed(&effects, &id));
    assert!(!effects.iter().any(|e| matches!(e, Effect::RemoveScope { .. })));
}

/// What an opening that fails at its `step`th effect has made, and then what is left of it in the end.
fn fail_at(step: usize, without_cgroups: bool) {
    let mut world = World::new();
    let start = world.core.clone();
    let (request, _) = world.ask(at_vt(1000, 100, 3));
    let effects = world.found(request, uid(1000));
    let id = being_opened(&effects).expect("an opening");
    let was_moved = effects[..step].iter().any(|e| matches!(e, Effect::MakeScope { .. }));

    let effects = world.fail(&id, 28);
    assert_eq!(answers(&effects), [(request, Answer::Refused(Refusal::System(28)))]);
    assert!(is_asked(&effects, &id));
    assert!(signals(&effects).is_empty() && world.fail(&id, 28).is_empty());

    let scope = (!without_cgroups).then_some(was_moved);
    let mut effects = world.probed(&id, Witnesses { scope, ..ALL });
    if was_moved && !without_cgroups {
        assert!(!is_removed(&effects, &id), "its leader is in the scope");
        effects = world.handle(Event::ScopeEmpty(id));
    }
    assert!(is_removed(&effects, &id) && kills(&effects).is_empty());
    assert!(effects.contains(&Effect::RemoveScope { session: id, uid: uid(1000) }));
    assert_eq!(signals(&effects), []);
    forget_user(&mut world);
    assert_eq!(world.core, start);
}

/// The stop delay passes, and the runtime directory is removed; nobody hears of a user who was never announced.
fn forget_user(world: &mut World) {
    assert!(world.pass(STOP_DELAY).contains(&Effect::RemoveRuntimeDirectory(uid(1000))));
    let effects = world.handle(Event::RuntimeDirectoryRemoved { uid: uid(1000), outcome: Ok(()) });
    assert_eq!(effects, [Effect::RemoveSlice(uid(1000)), Effect::ForgetUser(uid(1000))]);
}

#[test]
fn an_opening_that_fails_at_any_step_is_answered_once_and_leaves_nothing() {
    for step in 1..=6 {
        fail_at(step, false);
        fail_at(step, true);
    }
}

#[test]
fn the_terminal_of_a_failed_opening_is_free_and_nobody_is_in_front_there() {
    let mut world = World::new();
    let _ = world.handle(Event::Foreground(Some(vt(3))));
    let (_, failed) = world.begin(at_vt(1000, 100, 3));
    let _ = world.fail(&failed, 28);
    assert_eq!(signals(&world.handle(Event::Foreground(Some(vt(3))))), []);
    assert_eq!(world.core.seat(&seat0()).and_then(|seat| seat.active()), None);
    let next = world.open(at_vt(1000, 101, 3));
    assert_eq!(world.core.seat(&seat0()).and_then(|seat| seat.active()), Some(&next));
}

#[test]
fn a_session_over_before_it_opened_is_answered_and_then_closes() {
    let ends: [fn(&SessionId) -> Event; 3] =
        [|id| Event::LeaderExited(*id), |id| Event::LifeLineClosed(*id), |id| Event::ScopeEmpty(*id)];
    for end in ends {
        let mut world = World::new();
        let (request, id) = world.begin(remote(1000, 100));
        assert_eq!(world.handle(end(&id)), []);
        let effects = world.handle(Event::Opened(id));
        assert!(matches!(answers(&effects)[..], [(r, Answer::Opened { .. })] if r == request));
        assert!(is_asked(&effects, &id));
        assert_eq!(world.core.session(&id).map(|s| s.stage()), Some(Stage::Closing));
        let effects = world.probed(&id, NOTHING);
        assert!(is_removed(&effects, &id) && signals(&effects).contains(&Signal::SessionRemoved(id)));
    }
}

#[test]
fn a_session_over_before_it_failed_to_open_is_only_refused() {
    let mut world = World::new();
    let (request, id) = world.begin(remote(1000, 100));
    let _ = world.handle(Event::LeaderExited(id));
    assert_eq!(answers(&world.fail(&id, 3)), [(request, Answer::Refused(Refusal::System(3)))]);
    let effects = world.probed(&id, NOTHING);
    assert!(is_removed(&effects, &id) && signals(&effects).is_empty());
}

#[test]
fn ending_a_user_by_force_ends_the_session_that_opens_as_well() {
    let mut world = World::new();
    let (_, id) = world.begin(remote(1000, 100));
    let request = world.call();
    let effects = world.handle(Event::Terminate { request, target: Target::User(uid(1000)) });
    assert_eq!(effects, [Effect::Reply { request, answer: Answer::Done }]);
    let _ = world.release(&id); // what is said later takes nothing back
    assert_eq!(kills(&world.handle(Event::Opened(id))), [15, 1, 18]);
}

#[test]
fn a_session_that_is_being_opened_is_not_there_to_be_killed() {
    let mut world = World::new();
    let (_, id) = world.begin(remote(1000, 100));
    let request = world.call();
    let effects = world.handle(Event::Terminate { request, target: Target::Session(id) });
    assert_eq!(answers(&effects), [(request, Answer::Refused(Refusal::NoSuchSession(id)))]);
}

#[test]
fn root_has_a_session_like_anybody() {
    let mut world = World::new();
    let id = world.open(at_vt(0, 100, 1));
    assert_eq!(world.core.session(&id).map(|s| s.uid()), Some(Uid::ROOT));
}
