//! What a restart finds again.

use logind_core::event::{SavedSession, SavedStage, SavedUser, Target, Witnesses};
use logind_core::names::Class;
use logind_core::policy::Policy;
use logind_core::session::Stage;
use logind_core::time::Span;
use logind_core::{Core, Effect, Event, Signal};

use crate::saved::{self, seen};
use crate::world::{
    ALL, NOTHING, SECOND, STOP_DELAY, World, account, at_vt, graphical, is_removed, kills, of_class, remote, session,
    signals, uid, vt,
};

fn restore_user(world: &mut World, saved: SavedUser) {
    assert_eq!(world.handle(Event::UserRestored(saved)), []);
}

fn restore_session(world: &mut World, saved: SavedSession, witnesses: Witnesses) -> Vec<Effect> {
    world.handle(Event::SessionRestored { saved, witnesses })
}

/// The registry that a logind finds which was started after the one of `world` was killed; nothing else changed.
fn restarted(world: &World) -> World {
    let mut next = World::with(world.core.policy().clone());
    next.now = world.now;
    let _ = next.handle(Event::Foreground(Some(vt(1))));
    for user in world.core.users() {
        restore_user(&mut next, saved::of_user(user));
    }
    for session in world.core.sessions() {
        let _ = restore_session(&mut next, saved::of_session(session), ALL);
    }
    let _ = next.handle(Event::RestoreEnded);
    next
}

/// One session of an announced user, as its file has it.
fn one(stage: SavedStage) -> (SavedUser, SavedSession) {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    let user = world.core.user(uid(1000)).map(saved::of_user).expect("a user");
    let session = world.core.session(&id).map(saved::of_session).expect("a session");
    (user, SavedSession { stage, ..session })
}

#[test]
fn a_restart_finds_open_sessions_as_they_were() {
    let mut world = World::new();
    let _ = world.handle(Event::Foreground(Some(vt(1))));
    for (n, login) in [
        at_vt(1000, 100, 1),
        of_class(Class::Greeter, graphical(990, 101, 1)),
        graphical(1000, 102, 2),
        remote(1001, 103),
        of_class(Class::Manager, remote(1001, 104)),
        of_class(Class::Background, remote(0, 105)),
    ]
    .into_iter()
    .enumerate()
    {
        world.now = world.now + Span(n as u64);
        world.open(login);
    }
    for pid in 110..120 {
        world.open(remote(1002, pid)); // c10 sorts before c9
    }
    assert_eq!(restarted(&world).core, world.core);
}

#[test]
fn a_restart_finds_a_user_who_is_about_to_go_or_going() {
    let mut world = World::new();
    let _ = world.handle(Event::Foreground(Some(vt(1))));
    let id = world.open(remote(1000, 100));
    world.end(&id);
    let _ = world.pass(SECOND);
    let mut next = restarted(&world);
    assert_eq!(next.core, world.core);
    assert_eq!(next.pass(Span::seconds(9)), world.pass(Span::seconds(9)));
    assert_eq!(restarted(&next).core, world.core);
}

#[test]
fn a_restart_keeps_what_closes_closing_and_its_leader_free() {
    let mut world = World::new();
    let _ = world.handle(Event::Foreground(Some(vt(1))));
    let old = world.open(at_vt(1000, 100, 1));
    let _ = world.release(&old);
    let new = world.open(at_vt(1000, 100, 1));
    let mut next = restarted(&world);
    assert_eq!(seen(&next.core), seen(&world.core));
    assert!(next.refusal(remote(1000, 100)).is_some(), "{new} is led by it");
    let effects = next.handle(Event::ScopeEmpty(old));
    assert!(is_removed(&effects, &old) && signals(&effects).contains(&Signal::SessionRemoved(old)));
    assert!(next.refusal(remote(1000, 100)).is_some());
}

#[test]
fn a_session_without_any_user_file_leaves_no_file_and_no_empty_scope() {
    let mut world = World::new();
    let start = world.core.clone();
    let (user, saved) = one(SavedStage::Open);
    let effects = restore_session(&mut world, saved.clone(), ALL);
    let gone = Effect::RemoveScope { session: saved.id, uid: user.account.uid };
    assert_eq!(effects, [gone, Effect::ForgetSession(saved.id)]);
    assert_eq!(world.core, start);
}

#[test]
fn processes_that_were_told_to_go_are_killed_in_time_by_the_next_logind() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    let request = world.call();
    let effects = world.handle(Event::Terminate { request, target: Target::Session(id) });
    let saved = effects.iter().position(|effect| *effect == Effect::SaveSession(id));
    let told = effects.iter().position(|effect| matches!(effect, Effect::Kill { .. }));
    assert!(saved < told && saved.is_some(), "{effects:?}");
    let _ = world.pass(Span::seconds(3));
    let mut next = restarted(&world);
    assert_eq!(kills(&next.pass(SECOND)), []);
    assert_eq!(kills(&next.pass(SECOND)), [9]);
    assert_eq!(kills(&next.pass(Span::seconds(60))), []);

    let mut late = restarted(&world);
    assert_eq!(kills(&late.pass(Span::seconds(60))), [9]);
}

#[test]
fn a_login_that_said_it_is_over_has_no_longer_than_its_twenty_seconds_over_a_restart() {
    let killing = Policy { kill_user_processes: true, ..Policy::default() };
    let mut world = World::with(killing);
    let [id, lost] = [100, 101].map(|pid| world.open(remote(1000, pid)));
    let _ = world.handle(Event::LifeLineClosed(lost));
    for id in [id, lost] {
        let effects = world.release(&id);
        assert!(effects.contains(&Effect::SaveSession(id)), "{effects:?}");
    }
    let _ = world.pass(Span::seconds(15));
    let mut next = restarted(&world);
    assert_eq!(kills(&next.pass(Span::seconds(4))), []);
    assert_eq!(kills(&next.pass(SECOND)), [15, 1, 18, 15, 1, 18]);
    let mut late = restarted(&world);
    assert_eq!(kills(&late.pass(Span::seconds(60))), [15, 1, 18, 15, 1, 18]);
}

/// What is left of a login that never got an answer, and so no life line.
const UNANSWERED: Witnesses = Witnesses { life_line: false, ..ALL };

#[test]
fn a_login_that_was_answered_keeps_its_session_though_its_file_could_not_say_so() {
    let (world, effects) = ends(SavedStage::Opening, ALL, Policy::default());
    let found = world.core.session(&session("c1")).expect("it is open");
    assert!(found.stage() == Stage::Open && found.is_announced());
    assert!(effects.contains(&Effect::SaveSession(session("c1"))));
    assert_eq!(signals(&effects), []);
}

/// How the session of a file ends after a restart, if the kernel says this is left.
fn ends(stage: SavedStage, left: Witnesses, policy: Policy) -> (World, Vec<Effect>) {
    let mut world = World::with(policy);
    let (user, saved) = one(stage);
    restore_user(&mut world, user);
    let mut effects = restore_session(&mut world, saved, left);
    effects.extend(world.handle(Event::RestoreEnded));
    (world, effects)
}

#[test]
fn whichever_witness_is_gone_after_a_restart_the_session_ends_clean() {
    let bools = [false, true];
    let scopes = [None, Some(false), Some(true)];
    for stage in [SavedStage::Opening, SavedStage::Open, SavedStage::Closing, SavedStage::Undone] {
        for (leader, life_line, scope) in bools
            .iter()
            .flat_map(|&leader| bools.iter().map(move |&life_line| (leader, life_line)))
            .flat_map(|(leader, life_line)| scopes.iter().map(move |&scope| (leader, life_line, scope)))
        {
            let left = Witnesses { leader, life_line, scope };
            let (mut world, mut effects) = ends(stage, left, Policy::default());
            let was_open = stage == SavedStage::Open || (stage == SavedStage::Opening && life_line);
            let stays_open = was_open && leader && life_line;
            let stage_now = world.core.session(&session("c1")).map(|s| s.stage());
            assert_eq!(stage_now == Some(Stage::Open), stays_open, "{stage:?} {left:?}");
            if stays_open {
                effects.extend(world.handle(Event::LeaderExited(session("c1"))));
            }
            effects.extend(world.pass(SECOND));
            effects.extend(world.probed(&session("c1"), Witnesses { scope: scope.and(Some(false)), ..NOTHING }));
            let was_known = stage == SavedStage::Closing || was_open;
            let removed = Signal::SessionRemoved(session("c1"));
            assert_eq!(signals(&effects).contains(&removed), was_known, "{stage:?} {left:?}");
            let _ = world.pass(STOP_DELAY);
            let effects = world.handle(Event::RuntimeDirectoryRemoved { uid: uid(1000), outcome: Ok(()) });
            assert_eq!(signals(&effects).contains(&Signal::UserRemoved(uid(1000))), was_known);
            assert_eq!(world.core, World::new().core, "{stage:?} {left:?}");
        }
    }
}

#[test]
fn a_login_that_a_restart_left_without_answer_is_never_killed() {
    for stage in [SavedStage::Opening, SavedStage::Undone] {
        let killing = Policy { kill_user_processes: true, ..Policy::default() };
        let (mut world, mut effects) = ends(stage, UNANSWERED, killing);
        for _ in 0..100 {
            effects.extend(world.pass(SECOND));
            effects.extend(world.probed(&session("c1"), UNANSWERED));
        }
        effects.extend(world.handle(Event::LeaderExited(session("c1"))));
        assert_eq!(kills(&effects), []);
        assert!(signals(&effects).is_empty());
    }
}

#[test]
fn the_file_of_a_login_left_without_answer_says_that_it_closes() {
    let (world, effects) = ends(SavedStage::Opening, UNANSWERED, Policy::default());
    assert!(effects.contains(&Effect::SaveSession(session("c1"))));
    let found = world.core.session(&session("c1")).map(saved::of_session).expect("its login goes on");
    assert_eq!(found.stage, SavedStage::Undone);
    assert_eq!(seen(&restarted(&world).core), seen(&world.core));
}

#[test]
fn what_a_closing_session_left_running_is_killed_after_a_restart_once_its_leader_is_gone() {
    let killing = Policy { kill_user_processes: true, ..Policy::default() };
    let left = Witnesses { scope: Some(true), ..NOTHING };
    let (_, effects) = ends(SavedStage::Closing, left, killing.clone());
    assert_eq!(kills(&effects), [15, 1, 18]);
    let (mut world, effects) = ends(SavedStage::Closing, ALL, killing);
    assert_eq!(kills(&effects), []);
    assert_eq!(kills(&world.handle(Event::LeaderExited(session("c1")))), [15, 1, 18]);
}

#[test]
fn a_user_whose_removal_was_cut_short_is_removed_after_the_restart() {
    let mut world = World::new();
    let stopping =
        SavedUser { account: account(uid(1000)), began: world.now, stopping: true, last_session: Some(world.now) };
    restore_user(&mut world, stopping);
    let effects = world.handle(Event::RestoreEnded);
    assert!(effects.contains(&Effect::RemoveRuntimeDirectory(uid(1000))));
    let (request, _) = world.ask(remote(1000, 100));
    assert_eq!(world.found(request, uid(1000)), [], "it waits");
}

#[test]
fn a_user_whose_last_session_of_many_lives_on_after_a_restart_is_not_about_to_go() {
    let mut world = World::new();
    let (user, saved) = one(SavedStage::Open);
    restore_user(&mut world, user);
    let second = SavedSession { id: session("c2"), ..saved.clone() };
    let _ = restore_session(&mut world, saved, NOTHING);
    let _ = restore_session(&mut world, second, ALL);
    let effects = world.handle(Event::RestoreEnded);
    assert_eq!(world.core.next_deadline(), None);
    assert!(effects.contains(&Effect::SaveSession(session("c2"))), "it stands for its user now");
}

#[test]
fn the_names_of_restored_sessions_are_not_given_again() {
    let mut world = World::new();
    for pid in 100..105 {
        world.open(remote(1000, pid));
    }
    let mut next = restarted(&world);
    assert_eq!(next.open(remote(1000, 200)), session("c6"));
}

#[test]
fn a_registry_with_nothing_to_find_again_is_a_new_one() {
    let mut core = Core::new(Policy::default(), true);
    let now = World::new().now;
    assert_eq!(core.handle(now, Event::RestoreEnded).len(), 1);
    assert_eq!(core, World::new().core);
}
