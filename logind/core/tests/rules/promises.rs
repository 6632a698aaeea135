//! What holds after every event, and what is left in the end.

use std::collections::BTreeMap;

use logind_core::event::{RequestId, Witnesses};
use logind_core::names::{Class, Uid, VtNumber};
use logind_core::session::{Session, Stage};
use logind_core::{Core, Event};
use proptest::prelude::*;

use crate::kernel::Kernel;
use crate::random::{Happening, Life, happening, nobody, policy};
use crate::saved::{self, seen};
use crate::world::{ALL, account, seat0, vt};

/// What holds whenever all effects have been carried out.
fn hold_promises(kernel: &Kernel) {
    let core = &kernel.core;
    let mut on_vt: BTreeMap<VtNumber, usize> = BTreeMap::new();
    for session in core.sessions() {
        let waits = kernel.makings.iter().any(|(id, ..)| id == session.id());
        assert!(session.stage() != Stage::Opening || waits, "nobody waits for it");
        assert!(session.stage() == Stage::Open || core.next_deadline().is_some(), "nobody asks again");
        assert_eq!(kernel.ledger.sessions.contains(session.id()), session.is_announced());
        if session.stage() == Stage::Open && session.class() != Class::Greeter {
            session.vt().into_iter().for_each(|vt| *on_vt.entry(vt).or_default() += 1);
        }
        match kernel.session_files.get(session.id()) {
            Some(file) => assert_eq!(*file, saved::session_file(core, session)),
            None => assert!(!session.is_announced(), "a session without a file"),
        }
    }
    assert!(on_vt.values().all(|&n| n == 1), "two sessions on a terminal");
    let (all, max) = (core.sessions().filter(|s| s.uid() != Uid::ROOT).count() as u64, core.policy().sessions_max);
    assert!(all <= max, "more sessions than may be");
    for user in core.users() {
        assert!(user.uid() == Uid::ROOT || user.sessions().len() as u64 <= max.div_ceil(2), "more than one's share");
        assert_eq!(kernel.ledger.users.contains(&user.uid()), user.is_announced());
        let file = kernel.user_files.get(&user.uid());
        if core.sessions_of(user).iter().any(|s| s.stage() == Stage::Opening) {
            assert_eq!(file.map(|file| &file.saved), Some(&saved::of_user(user))); // it need not name what opens yet
        } else {
            assert_eq!(file, Some(&saved::user_file(core, user)));
        }
        let has_sessions = !user.sessions().is_empty();
        assert!(has_sessions || user.is_stopping() || core.next_deadline().is_some(), "a user who never goes");
    }
    let seat = core.seat(&seat0());
    for number in 1..5 {
        assert_eq!(core.has_getty(vt(number)), kernel.gettys.contains(&vt(number)), "getty on {number}");
    }
    assert_eq!(kernel.seat_file, seat.map(saved::seat_file));
    let active = seat.and_then(|seat| seat.active()).and_then(|id| core.session(id));
    assert!(active.is_none_or(|s| s.is_announced() && s.vt() == kernel.foreground));
    let is_in_front = |s: &&Session| s.seat().is_some() && core.is_active(s);
    assert!(core.sessions().filter(is_in_front).count() <= 1, "two sessions in front of one seat");
}

/// Everybody goes; words of it may get lost, but for one about each session that nobody knows to be over.
fn all_go(life: &mut Life) {
    life.kernel.effects_left = None;
    settle_calls(life);
    let kernel = &mut life.kernel;
    let all: Vec<u32> = kernel.processes.keys().copied().collect();
    all.into_iter().for_each(|pid| kernel.exit(pid));
    kernel.deliver();
    let open = kernel.core.sessions().filter(|s| s.stage() == Stage::Open).map(|s| *s.id());
    for id in open.collect::<Vec<_>>() {
        kernel.apply(Event::LeaderExited(id));
    }
    let held: Vec<_> = life.kernel.life_lines.keys().cloned().collect();
    held.iter().for_each(|id| life.kernel.close_life_line(id));
    for _ in 0..1000 {
        settle_calls(life);
        let Some(deadline) = life.kernel.core.next_deadline() else { break };
        life.kernel.now = life.kernel.now.max(deadline);
        life.kernel.apply(Event::Deadline);
        hold_promises(&life.kernel);
    }
}

fn settle_calls(life: &mut Life) {
    let is_settled =
        |kernel: &Kernel| kernel.look_ups.is_empty() && kernel.makings.is_empty() && kernel.removals.is_empty();
    while !is_settled(&life.kernel) {
        life.user_found(0, true);
        life.directory_made(0, true);
        life.directory_removed(0, true);
    }
}

/// Nothing is left, in the registry and outside, and everybody was told.
fn nothing_is_left(kernel: &mut Kernel) {
    kernel.show(None);
    kernel.show_graphics(false);
    kernel.apply(Event::Configured(policy(false)));
    (1..4).for_each(|number| kernel.exit_getty(vt(number)));
    assert_eq!(kernel.core, nobody());
    assert_eq!(kernel.core.next_deadline(), None);
    assert!(kernel.ledger.calls.is_empty(), "a call without an answer");
    assert!(kernel.ledger.sessions.is_empty() && kernel.ledger.users.is_empty(), "said to be there, never to be gone");
    assert!(kernel.ledger.begun.is_empty() && kernel.scopes.is_empty() && kernel.directories.is_empty());
    assert!(kernel.session_files.is_empty() && kernel.user_files.is_empty() && kernel.life_lines.is_empty());
}

/// The registry that is found again if nothing changes while there is no logind.
fn found_again(kernel: &Kernel) -> Core {
    let Kernel { core, now, foreground, graphics, .. } = kernel;
    let mut next = Core::new(core.policy().clone(), true);
    let _ = next.handle(*now, Event::StartedAt(*foreground));
    let _ = next.handle(*now, Event::Graphics(*graphics));
    for user in core.users() {
        let _ = next.handle(*now, Event::UserRestored(saved::of_user(user)));
    }
    for session in core.sessions() {
        let (saved, witnesses) = (saved::of_session(session), Witnesses { scope: Some(true), ..ALL });
        let _ = next.handle(*now, Event::SessionRestored { saved, witnesses });
    }
    let _ = next.handle(*now, Event::RestoreEnded);
    next
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_promises_hold_and_in_the_end_nothing_is_left(
        seed: u64,
        has_cgroups in prop::bool::weighted(0.8),
        happenings in prop::collection::vec(happening(), 0..120),
    ) {
        let mut life = Life::new(seed, has_cgroups);
        for happening in happenings {
            life.happen(happening);
            hold_promises(&life.kernel);
        }
        all_go(&mut life);
        nothing_is_left(&mut life.kernel);
    }

    #[test]
    fn what_is_saved_and_restored_is_as_it_was(
        seed: u64,
        happenings in prop::collection::vec(happening(), 0..120),
    ) {
        let mut life = Life::new(seed, true);
        let reserves = happenings.iter().any(|happening| matches!(happening, Happening::Reserve(true)));
        for happening in happenings {
            life.happen(happening);
        }
        life.kernel.effects_left = None;
        settle_calls(&mut life);
        let (core, again) = (&life.kernel.core, found_again(&life.kernel));
        prop_assert_eq!(seen(&again), seen(core));
        // Where nothing ends, not even a clock is another.
        let is_ending = core.sessions().any(|s| s.stage() != Stage::Open);
        let Kernel { getty_files, foreground, .. } = &life.kernel;
        let has_gettys = !getty_files.is_empty() || foreground.is_some() || reserves;
        if !is_ending && !has_gettys && core.users().all(|user| !user.sessions().is_empty()) {
            prop_assert_eq!(&again, core);
        }
    }

    #[test]
    fn an_event_out_of_nowhere_changes_no_registry_for_good(seed: u64, happenings in prop::collection::vec(happening(), 0..60)) {
        let mut life = Life::new(seed, true);
        for (n, happening) in happenings.into_iter().enumerate() {
            let is_login = matches!(happening, Happening::Login { .. });
            life.happen(happening);
            let before = life.kernel.core.clone();
            let nobody = RequestId(1_000_000 + n as u64);
            let stray = Event::UserFound { request: nobody, account: Ok(account(crate::world::uid(1000))) };
            prop_assert!(life.kernel.core.handle(life.kernel.now, stray).is_empty());
            for session in before.sessions() {
                let id = *session.id();
                let stray = match session.stage() {
                    Stage::Opening => Event::RuntimeDirectoryMade { session: id, request: nobody, outcome: Ok(()) },
                    Stage::Open | Stage::Closing => Event::Opened(id),
                };
                prop_assert!(life.kernel.core.handle(life.kernel.now, stray).is_empty());
            }
            prop_assert!(life.kernel.core == before, "after a login: {}", is_login);
        }
    }
}
