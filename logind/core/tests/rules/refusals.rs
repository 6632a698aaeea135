//! Who gets no session, and what a login cannot claim.

use logind_core::answer::{Answer, Refusal};
use logind_core::event::RequestId;
use logind_core::leader::Leader;
use logind_core::login::{Account, Login};
use logind_core::names::{Class, SeatId, SessionId, Type};
use logind_core::policy::Policy;
use logind_core::session::Stage;
use logind_core::{Core, Effect, Event};

use crate::world::{World, account, answers, at_vt, leader, of_class, remote, seat0, session, uid, vt};

fn outcome(world: &mut World, request: RequestId, account: Result<Account, i32>) -> Vec<(RequestId, Answer)> {
    answers(&world.handle(Event::UserFound { request, account }))
}

#[test]
fn a_user_nobody_knows_gets_no_session() {
    let mut world = World::new();
    let start = world.core.clone();
    let (request, _) = world.ask(remote(1000, 100));
    let refused = Answer::Refused(Refusal::NoSuchUser(uid(1000)));
    assert_eq!(outcome(&mut world, request, Err(2)), [(request, refused.clone())]);
    let (request, _) = world.ask(remote(1000, 100));
    assert_eq!(outcome(&mut world, request, Ok(account(uid(1001)))), [(request, refused)]);
    assert_eq!(world.core, start);
}

#[test]
fn a_user_database_that_fails_is_not_an_unknown_user() {
    let mut world = World::new();
    let (request, _) = world.ask(remote(1000, 100));
    assert_eq!(outcome(&mut world, request, Err(5)), [(request, Answer::Refused(Refusal::System(5)))]);
    assert_eq!(outcome(&mut world, request, Err(5)), [], "nobody waits any more");
}

#[test]
fn the_first_process_of_the_machine_leads_no_session() {
    for pid in [0, 1] {
        let refused = World::new().refusal(remote(1000, pid));
        assert!(matches!(refused, Some(Refusal::InvalidArgs(_))));
    }
}

/// A registry that believes the service `greeter`.
fn believing() -> World {
    World::with(Policy { seat_services: vec!["greeter".into()], ..Policy::default() })
}

/// A login through that service, whose leader stands nowhere.
fn claiming(seat: Option<SeatId>, number: Option<u32>) -> Login {
    let nowhere = Login { leader_vt: None, tty: String::new(), ..at_vt(1000, 100, 3) };
    Login { service: "greeter".into(), seat, vt: number.map(vt), ..nowhere }
}

#[test]
fn a_seat_that_is_not_there_has_no_sessions() {
    let seat = SeatId::new("seat7").expect("a seat");
    assert_eq!(believing().refusal(claiming(Some(seat.clone()), None)), Some(Refusal::NoSuchSeat(seat)));
}

#[test]
fn seat0_is_its_virtual_terminals() {
    let without = claiming(Some(seat0()), None);
    assert!(matches!(believing().refusal(without), Some(Refusal::InvalidArgs(_))));
}

#[test]
fn a_machine_without_virtual_terminals_has_none_to_claim() {
    let mut world = World::new();
    world.core = Core::new(Policy::default(), false);
    assert!(matches!(world.refusal(at_vt(1000, 100, 3)), Some(Refusal::InvalidArgs(_))));
}

#[test]
fn a_leader_leads_one_session_at_a_time() {
    let mut world = World::new();
    let (one, _) = world.ask(remote(1000, 100));
    let (two, _) = world.ask(remote(1000, 100));
    let _ = world.found(one, uid(1000));
    let late = answers(&world.found(two, uid(1000)));
    assert!(matches!(late[..], [(r, Answer::Refused(Refusal::SessionBusy(_)))] if r == two));
    assert!(matches!(world.refusal(remote(1001, 100)), Some(Refusal::SessionBusy(_))));
}

#[test]
fn a_process_inside_a_session_opens_no_other() {
    let mut world = World::new();
    let id = world.open(remote(1000, 100));
    let su = Login { leader_session: Some(id), ..remote(0, 101) };
    assert!(matches!(world.refusal(su), Some(Refusal::SessionBusy(_))));
}

#[test]
fn who_is_let_in_by_a_service_restarted_inside_a_session_has_a_session_of_their_own() {
    let mut world = World::new();
    let admins = world.open(Login { audit: Some(5), ..remote(0, 100) });
    let let_in = |audit| Login { audit, leader_session: Some(admins), ..remote(1000, 101) };
    // Without an audit session of its own it cannot be told from su; with the admin's, inherited, it is su.
    for audit in [None, Some(5)] {
        assert!(matches!(world.refusal(let_in(audit)), Some(Refusal::SessionBusy(_))), "{audit:?}");
    }
    assert_eq!(world.open(let_in(Some(6))), session("6"));
    assert!(world.core.session(&admins).is_some_and(|s| s.stage() == Stage::Open));
    let again = Login { audit: Some(7), leader_session: Some(session("6")), ..remote(1000, 101) };
    assert!(matches!(world.refusal(again), Some(Refusal::SessionBusy(_))), "it leads a session");
}

#[test]
fn where_the_kernel_tells_no_audit_sessions_apart_a_login_inside_a_session_is_su() {
    let mut world = World::new();
    let id = world.open(remote(0, 100));
    let su = Login { audit: Some(6), leader_session: Some(id), ..remote(1000, 101) };
    assert!(matches!(world.refusal(su), Some(Refusal::SessionBusy(_))));
}

#[test]
fn a_leader_in_a_session_that_closes_may_open_another() {
    let mut world = World::new();
    let old = world.open(remote(1000, 100));
    let _ = world.release(&old);
    let new = world.open(Login { leader_session: Some(old), ..remote(1000, 100) });
    // The leader was moved to the new scope, so the old one is empty; the leader still leads the new one.
    let _ = world.handle(Event::ScopeEmpty(old));
    assert!(matches!(world.refusal(remote(1000, 100)), Some(Refusal::SessionBusy(_))));
    assert!(world.core.session(&new).is_some());
}

#[test]
fn a_process_with_a_dead_leaders_number_is_not_that_leader() {
    let mut world = World::new();
    world.open(remote(1000, 100));
    let again = Leader { start_time: 99, ..leader(100) };
    world.open(Login { leader: again, ..remote(1000, 100) });
}

#[test]
fn a_virtual_terminal_has_one_session_that_is_no_greeter() {
    let mut world = World::new();
    let first = world.open(at_vt(1000, 100, 3));
    assert!(matches!(world.refusal(at_vt(1001, 101, 3)), Some(Refusal::SessionBusy(_))));
    world.open(of_class(Class::Greeter, at_vt(990, 102, 3)));
    let _ = world.release(&first);
    world.open(at_vt(1001, 103, 3));
}

#[test]
fn two_logins_at_once_do_not_share_a_virtual_terminal() {
    let mut world = World::new();
    let (one, _) = world.ask(at_vt(1000, 100, 3));
    let (two, _) = world.ask(at_vt(1001, 101, 3));
    let _ = world.found(two, uid(1001));
    let late = answers(&world.found(one, uid(1000)));
    assert!(matches!(late[..], [(r, Answer::Refused(Refusal::SessionBusy(_)))] if r == one));
}

#[test]
fn there_are_no_more_sessions_than_configured_counting_those_that_wait() {
    let mut world = World::with(Policy { sessions_max: 2, ..Policy::default() });
    let id = world.open(remote(1000, 100));
    let (waiting, _) = world.ask(remote(1001, 101));
    assert!(matches!(world.refusal(remote(1000, 102)), Some(Refusal::LimitsExceeded(_))));
    let _ = outcome(&mut world, waiting, Err(2));
    let (_, effects) = world.ask(remote(1001, 103));
    assert!(matches!(effects[..], [Effect::LookUpUser { .. }]));
    world.end(&id);
}

#[test]
fn no_user_has_more_than_half_of_all_sessions_also_of_those_that_close_or_wait() {
    let mut world = World::with(Policy { sessions_max: 6, ..Policy::default() });
    let closing = world.open(remote(1000, 100));
    let _ = world.release(&closing);
    world.open(remote(1000, 101));
    world.open(remote(1000, 102));
    assert!(matches!(world.refusal(remote(1000, 103)), Some(Refusal::LimitsExceeded(_))));
    let waiting: Vec<_> = (200..203).map(|pid| world.ask(remote(1001, pid)).0).collect();
    assert!(matches!(world.refusal(remote(1001, 203)), Some(Refusal::LimitsExceeded(_))));
    let _ = outcome(&mut world, waiting[0], Err(2));
    assert!(matches!(world.ask(remote(1001, 204)).1[..], [Effect::LookUpUser { .. }]));
    world.end(&closing);
    world.open(remote(1000, 104));
}

#[test]
fn half_of_one_session_is_one() {
    let mut world = World::with(Policy { sessions_max: 1, ..Policy::default() });
    world.open(remote(1000, 100));
    assert!(matches!(world.refusal(remote(1001, 101)), Some(Refusal::LimitsExceeded(_))));
}

#[test]
fn root_gets_in_however_many_sessions_there_are() {
    let mut world = World::with(Policy { sessions_max: 2, ..Policy::default() });
    world.open(remote(1000, 100));
    world.open(remote(1001, 101));
    for pid in 200..205 {
        world.open(remote(0, pid));
    }
    assert!(matches!(world.refusal(remote(1002, 102)), Some(Refusal::LimitsExceeded(_))));
}

/// Where a session is that was opened with `login`.
fn place(login: Login) -> (Option<SeatId>, Option<u8>) {
    let mut world = World::new();
    let id: SessionId = world.open(login);
    let session = world.core.session(&id).expect("it was opened");
    (session.seat().cloned(), session.vt().map(|vt| vt.get()))
}

#[test]
fn cve_2019_3842_a_seat_and_a_terminal_are_not_had_by_saying_so() {
    let claims = Login { seat: Some(seat0()), vt: Some(vt(1)), tty: String::new(), remote: false, ..remote(1000, 100) };
    assert_eq!(place(claims.clone()), (None, None));
    assert!(claims.claims_in_vain(&Policy::default()));
    assert_eq!(place(Login { leader_vt: Some(vt(2)), ..claims.clone() }), (None, None));
    assert_eq!(place(Login { tty: "tty1".into(), ..claims.clone() }), (None, None));
    assert_eq!(place(Login { tty: "tty1".into(), leader_vt: Some(vt(2)), ..claims.clone() }), (None, None));
    // A service that was started by hand at a virtual terminal has it too, and PAM's word that this is no login there.
    assert_eq!(place(Login { leader_vt: Some(vt(1)), ..claims.clone() }), (None, None));
    assert_eq!(place(Login { tty: "pts/1".into(), leader_vt: Some(vt(1)), ..claims }), (None, None));
}

#[test]
fn who_stands_at_a_terminal_is_there_whatever_the_environment_says() {
    let there = (Some(seat0()), Some(5));
    let claims = |seat: &str, number| Login { seat: SeatId::new(seat), vt: number, ..at_vt(1000, 100, 5) };
    for login in [claims("seat7", Some(vt(1))), claims("seat0", None), claims("seat0", Some(vt(6)))] {
        assert!(!login.claims_in_vain(&Policy::default()));
        assert_eq!(place(login), there);
    }
}

#[test]
fn a_display_managers_service_is_believed_if_it_is_configured_and_not_of_who_sits_elsewhere() {
    let place_of = |login: Login| {
        let mut world = believing();
        let id = world.open(login);
        world.core.session(&id).map(|s| (s.seat().cloned(), s.vt()))
    };
    let there = Some((Some(seat0()), Some(vt(3))));
    assert_eq!(place_of(claiming(Some(seat0()), Some(3))), there);
    assert_eq!(place_of(claiming(None, Some(3))), there);
    for (seat, number) in [(None, None), (Some(seat0()), Some(4)), (SeatId::new("seat7"), None)] {
        // What PAM_TTY says is the display manager's own word, and no variable changes it.
        assert_eq!(place_of(Login { tty: "tty3".into(), ..claiming(seat, number) }), there);
    }
    assert_eq!(place_of(claiming(None, None)), Some((None, None)));
    assert_eq!(place_of(Login { remote: true, ..claiming(Some(seat0()), Some(3)) }), Some((None, None)));
    assert_eq!(place_of(Login { service: "greeter2".into(), ..claiming(Some(seat0()), Some(3)) }), Some((None, None)));
}

#[test]
fn cve_2025_6018_who_sits_elsewhere_is_at_no_seat() {
    let claims = Login { seat: Some(seat0()), vt: Some(vt(1)), ..remote(1000, 100) };
    assert_eq!(place(claims.clone()), (None, None));
    assert_eq!(place(Login { tty: "tty1".into(), leader_vt: Some(vt(1)), ..claims }), (None, None));
}

#[test]
fn a_login_at_a_virtual_terminal_is_at_seat0_without_saying_so() {
    assert_eq!(place(at_vt(1000, 100, 5)), (Some(seat0()), Some(5)));
}

#[test]
fn what_a_login_leaves_open_is_chosen_from_its_terminal_and_display() {
    let kinds = |tty: &str, display: &str| {
        let mut world = World::new();
        let login = Login { kind: None, class: None, tty: tty.into(), display: display.into(), ..remote(1000, 100) };
        let id = world.open(login);
        world.core.session(&id).map(|s| (s.kind(), s.class()))
    };
    assert_eq!(kinds("pts/1", ":0"), Some((Type::X11, Class::User)));
    assert_eq!(kinds("pts/1", ""), Some((Type::Tty, Class::User)));
    assert_eq!(kinds("", ""), Some((Type::Unspecified, Class::Background)));
}
