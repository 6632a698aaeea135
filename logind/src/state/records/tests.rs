//! State files: what libsystemd reads in them, and what is found again after a restart, also in broken ones.

use std::fs;

use logind_core::Event;
use logind_core::event::{SavedStage, Witnesses};
use logind_core::leader::Leader;
use logind_core::login::Account;
use logind_core::names::{Class, Type, VtNumber};
use logind_core::policy::Policy;
use logind_core::time::Moment;
use proptest::prelude::*;

use super::*;

const NOW: Moment = Moment { monotonic: 5_000_000, realtime: 1_900_000_000_000_000 };
const ALIVE: Witnesses = Witnesses { leader: true, life_line: true, scope: Some(true) };

fn records() -> (tempfile::TempDir, Records) {
    let place = tempfile::tempdir().expect("a directory");
    let at = |name: &str| place.path().join(name);
    let (sessions, users, seats, gettys) = (at("sessions"), at("users"), at("seats"), at("gettys"));
    let places = Places { sessions: &sessions, users: &users, seats: &seats, gettys: &gettys };
    let records = Records::open(places, "boot-1").expect("directories");
    (place, records)
}

fn user() -> SavedUser {
    let account = Account { uid: Uid::new(1000).expect("a uid"), gid: 100, name: "DOM\\alice".into() };
    SavedUser { account, began: NOW, stopping: false, last_session: None }
}

fn session(id: &str) -> SavedSession {
    SavedSession {
        id: SessionId::new(id).expect("a name"),
        uid: Uid::new(1000).expect("a uid"),
        stage: SavedStage::Open,
        leader: Leader { pid: 4711, start_time: 99, pidfs_id: Some(7) },
        service: "login".into(),
        kind: Type::Tty,
        original_kind: Type::Tty,
        class: Class::User,
        desktop: String::new(),
        seat: Some(SeatId::seat0()),
        vt: VtNumber::new(2),
        tty: "tty2".into(),
        display: String::new(),
        remote: false,
        remote_user: String::new(),
        remote_host: String::new(),
        audit: Some(3),
        began: NOW,
        locked: true,
        idle: true,
        idle_since: NOW,
        tell_at: None,
        kill_at: None,
    }
}

/// A registry with these sessions of one user, the first virtual terminal of which is in front.
fn core_with(sessions: &[SavedSession]) -> Core {
    let mut core = Core::new(Policy::default(), true);
    let mut happen = |event| drop(core.handle(NOW, event));
    happen(Event::Foreground(VtNumber::new(2)));
    happen(Event::UserRestored(user()));
    for saved in sessions {
        happen(Event::SessionRestored { saved: saved.clone(), witnesses: ALIVE });
    }
    core
}

fn text(place: &tempfile::TempDir, name: &str) -> String {
    fs::read_to_string(place.path().join(name)).expect("it is there")
}

#[test]
fn a_session_file_is_what_libsystemd_reads() {
    let (place, records) = records();
    let core = core_with(&[session("3")]);
    records.save_session(&core, &session("3").id).expect("saved");
    let life_line = place.path().join("sessions/3.ref");
    let expected = format!(
        "# This is private data. Do not parse.\nUID=1000\nUSER=DOM\\\\alice\nACTIVE=1\nIS_DISPLAY=1\nSTATE=active\n\
         REMOTE=0\nLEADER_FD_SAVED=0\nTYPE=tty\nORIGINAL_TYPE=tty\nCLASS=user\nSCOPE=session-3.scope\nFIFO={}\n\
         SEAT=seat0\nTTY=tty2\nTTY_VALIDITY=from-pam\nSERVICE=login\nVTNR=2\nLEADER=4711\nLEADER_PIDFDID=7\nAUDIT=3\n\
         REALTIME=1900000000000000\nMONOTONIC=5000000\nLEADER_START_TIME=99\nLOCKED_HINT=1\nIDLE_HINT=1\n\
         IDLE_SINCE_HINT=1900000000000000\nIDLE_SINCE_HINT_MONOTONIC=5000000\nANNOUNCED=1\nBOOT_ID=boot-1\n",
        life_line.display()
    );
    assert_eq!(text(&place, "sessions/3"), expected);
}

#[test]
fn user_and_seat_files_are_what_libsystemd_reads() {
    let (place, records) = records();
    let remote = SavedSession { seat: None, vt: None, tty: "pts/1".into(), remote: true, ..session("c4") };
    let core = core_with(&[session("3"), remote]);
    records.save_user(&core, user().account.uid).expect("saved");
    records.save_seat(&core, &SeatId::seat0()).expect("saved");
    let expected = "# This is private data. Do not parse.\nNAME=DOM\\\\alice\nSTATE=active\nSTOPPING=no\nGC_MODE=pin\n\
         RUNTIME=/run/user/1000\nDISPLAY=3\nREALTIME=1900000000000000\nMONOTONIC=5000000\nSESSIONS=3 c4\nSEATS=seat0\n\
         ACTIVE_SESSIONS=3 c4\nONLINE_SESSIONS=3 c4\nACTIVE_SEATS=seat0\nONLINE_SEATS=seat0\nGID=100\nBOOT_ID=boot-1\n";
    assert_eq!(text(&place, "users/1000"), expected);
    let expected = "# This is private data. Do not parse.\nIS_SEAT0=1\nCAN_MULTI_SESSION=1\nCAN_TTY=1\nCAN_GRAPHICAL=0\n\
         ACTIVE=3\nACTIVE_UID=1000\nSESSIONS=3\nUIDS=1000\n";
    assert_eq!(text(&place, "seats/seat0"), expected);
}

#[test]
fn what_was_saved_is_found_again() {
    let (_place, records) = records();
    let saved = [session("3"), SavedSession { audit: None, remote_host: "a \"b\\".into(), ..session("c9") }];
    let core = core_with(&saved);
    for one in &saved {
        records.save_session(&core, &one.id).expect("saved");
    }
    records.save_user(&core, user().account.uid).expect("saved");
    assert_eq!(records.sessions().expect("a list"), saved);
    assert_eq!(records.users().expect("a list"), [user()]);
}

#[test]
fn what_is_broken_or_of_another_boot_is_removed_and_the_rest_is_found() {
    let (place, records) = records();
    let core = core_with(&[session("3")]);
    records.save_session(&core, &session("3").id).expect("saved");
    let good = text(&place, "sessions/3");
    let sessions = place.path().join("sessions");
    fs::write(sessions.join("4"), "").expect("a file");
    fs::write(sessions.join("5"), good.replace("boot-1", "boot-0")).expect("a file");
    fs::write(sessions.join("6"), good.replace("LEADER=4711", "LEADER=1")).expect("a file");
    fs::write(sessions.join("a-b"), &good).expect("a file");
    fs::write(sessions.join("7.ref"), "").expect("a file");
    fs::write(sessions.join("3.ref"), "").expect("a file");
    assert_eq!(records.sessions().expect("a list"), [session("3")]);
    let mut left: Vec<_> = fs::read_dir(&sessions).expect("a list").flatten().map(|entry| entry.file_name()).collect();
    left.sort();
    assert_eq!(left, ["3", "3.ref"]);
}

#[test]
fn a_session_that_is_forgotten_leaves_no_file() {
    let (place, records) = records();
    let core = core_with(&[session("3")]);
    records.save_session(&core, &session("3").id).expect("saved");
    fs::write(place.path().join("sessions/3.ref"), "").expect("a file");
    fs::write(place.path().join("seats/seat9"), "").expect("a file");
    records.forget_session(&session("3").id).expect("forgotten");
    records.forget_seats_but(&core).expect("forgotten");
    assert_eq!(fs::read_dir(place.path().join("sessions")).expect("a list").count(), 0);
    assert_eq!(fs::read_dir(place.path().join("seats")).expect("a list").count(), 0);
}

proptest! {
    #[test]
    fn restoring_what_was_saved_changes_nothing(
        (tty, service, remote_host) in ("[^\\p{Cc}]{0,12}", "[a-z-]{0,8}", "[^\\p{Cc}]{0,20}"),
        (stage, kind, class) in (0usize..3, 0usize..6, 0usize..11),
        (remote, audit, pidfs_id) in (any::<bool>(), any::<Option<u32>>(), any::<Option<u64>>()),
        (start_time, realtime, monotonic) in (any::<u64>(), any::<u64>(), any::<u64>()),
    ) {
        let (_place, records) = records();
        let saved = SavedSession {
            stage: [SavedStage::Open, SavedStage::Closing, SavedStage::Undone][stage],
            kind: Type::ALL[kind],
            class: Class::ALL[class],
            leader: Leader { pid: 2, start_time, pidfs_id },
            began: Moment { realtime, monotonic },
            seat: None,
            vt: None,
            tty,
            service,
            remote_host,
            remote,
            audit,
            tell_at: (stage > 0 && audit.is_some()).then_some(NOW),
            kill_at: (stage > 0 && audit.is_none()).then_some(NOW),
            ..session("c1")
        };
        let core = core_with(std::slice::from_ref(&saved));
        records.save_session(&core, &saved.id).expect("saved");
        prop_assert_eq!(records.sessions().expect("a list"), [saved]);
    }

    #[test]
    fn no_bytes_in_a_file_are_fatal(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..500) {
        let (place, records) = records();
        let core = core_with(&[session("3")]);
        records.save_session(&core, &session("3").id).expect("saved");
        let good = fs::read(place.path().join("sessions/3")).expect("it is there");
        let torn: Vec<u8> = good.iter().take(cut).chain(&bytes).copied().collect();
        for name in ["sessions/3", "users/1000"] {
            fs::write(place.path().join(name), &torn).expect("a file");
        }
        let _read = (records.sessions().expect("a list"), records.users().expect("a list"));
    }
}

#[test]
fn gettys_are_found_again_and_files_that_are_none_of_this_boots_are_removed() {
    let (place, records) = records();
    let vt = |n| VtNumber::new(n).expect("a terminal");
    let process = |pid, pidfs_id| Leader { pid, start_time: 99, pidfs_id };
    let saved = [(vt(12), process(4711, Some(7))), (vt(3), process(4712, None))];
    for (vt, process) in saved {
        records.save_getty(vt, process).expect("saved");
    }
    for (name, text) in [
        ("tty4", "PID=1\nSTART_TIME=9\nBOOT_ID=boot-0\n"),
        ("tty5", "PID=-1\nSTART_TIME=9\nBOOT_ID=boot-1\n"),
        ("tty6", "PID=1\nBOOT_ID=boot-1\n"),
        ("ttyS0", "PID=1\nSTART_TIME=9\nBOOT_ID=boot-1\n"),
        ("tty7", ""),
    ] {
        fs::write(place.path().join("gettys").join(name), text).expect("a file");
    }
    assert_eq!(records.gettys().expect("listed"), saved);
    records.forget_getty(vt(3)).expect("removed");
    assert_eq!(records.gettys().expect("listed"), saved[..1]);
    assert_eq!(fs::read_dir(place.path().join("gettys")).expect("listed").count(), 1);
}
