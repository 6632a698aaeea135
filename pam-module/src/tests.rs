//! The road from a request to a session, with a peer at its end that does not always behave.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use logind_api::error;
use rustix::fs::{MemfdFlags, memfd_create};
use zbus::wire::{BE, Endian, LE};

use crate::arguments::Arguments;
use crate::connection::Failure;
use crate::deadline::Deadline;
use crate::doors::{self, Door, Registration, release};
use crate::inputs::Inputs;
use crate::login1::{Session, session_of};
use crate::message::{Head, Incoming, LONGEST, Malformed};
use crate::names::Class;
use crate::peer::{self, Act, Greeting, Message, Peer, Seen};
use crate::request::Request;
use crate::socket::Silence;

/// What a peer does.
type Script = Box<dyn FnMut(usize, &Seen) -> Act + Send>;

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);
/// Long enough for a first call on any machine, and waited for to its end.
const SOME: Duration = Duration::from_secs(4);

fn request() -> Request {
    let inputs = Inputs { uid: 4711, service: "login".into(), tty: "/dev/tty3".into(), ..Inputs::default() };
    Request::new(inputs, &Arguments::default(), |_| None)
}

fn life_line() -> OwnedFd {
    memfd_create("life-line", MemfdFlags::CLOEXEC).expect("a file in memory")
}

fn session(seen: &Seen, endian: Endian) -> Act {
    let fd = life_line();
    Act::Send(peer::Session::of(4711).reply(seen, endian, &fd), vec![fd])
}

/// Asks at these doors.
fn register(doors: &[Door], request: &Request, deadline: Deadline) -> Result<Registration, Failure> {
    doors::register(&doors[0], &doors[1..], request, deadline).map_err(|none| none.failure)
}

/// What comes of one request to a peer that does `script`.
fn outcome(
    script: impl FnMut(usize, &Seen) -> Act + Send + 'static,
    time: Duration,
) -> (Result<Registration, Failure>, Vec<Seen>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("login1");
    let peer = Peer::listen(&path, script);
    let answer = register(&[socket(&path)], &request(), Deadline::after(time));
    (answer, peer.seen())
}

fn socket(path: &Path) -> Door {
    Door::Socket(path.to_str().expect("a path of ours").to_owned())
}

fn opened(answer: Result<Registration, Failure>) -> Session {
    match answer {
        Ok(Registration::Opened(session, _)) => session,
        other => unreachable!("no session: {other:?}"),
    }
}

#[test]
fn a_session_is_asked_for_by_pidfd_and_read_whole() {
    let (answer, seen) = outcome(|_, seen| session(seen, LE), LONG);
    let session = opened(answer);
    assert_eq!((session.id.as_str(), session.uid, session.class), ("c1", 4711, Class::USER));
    assert_eq!((session.runtime_path.as_str(), session.seat, session.vt), ("/run/user/4711", None, None));
    let [call] = seen.as_slice() else { unreachable!("{seen:?}") };
    let heading = (&*call.destination, &*call.path, &*call.interface, &*call.member);
    let manager = "org.freedesktop.login1.Manager";
    assert_eq!(heading, ("org.freedesktop.login1", "/org/freedesktop/login1", manager, "CreateSessionWithPIDFD"));
    let asked = call.asked();
    assert_eq!((asked.uid, &*asked.service, &*asked.kind, &*asked.tty), (4711, "login", "tty", "tty3"));
}

#[test]
fn a_big_endian_answer_is_an_answer() {
    assert_eq!(opened(outcome(|_, seen| session(seen, BE), LONG).0).uid, 4711);
}

#[test]
fn an_answer_that_comes_byte_by_byte_is_an_answer() {
    let dribble = |_, seen: &Seen| {
        let fd = life_line();
        Act::Dribble(peer::Session::of(4711).reply(seen, LE, &fd), vec![fd])
    };
    assert_eq!(opened(outcome(dribble, LONG).0).id.as_str(), "c1");
}

#[test]
fn the_life_line_is_not_inherited_by_programs_the_host_executes() {
    let session = opened(outcome(|_, seen| session(seen, LE), LONG).0);
    let flags = rustix::io::fcntl_getfd(&session.life_line).expect("an open descriptor");
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
}

#[test]
fn a_daemon_without_pidfds_is_asked_with_the_pid() {
    let (answer, seen) = outcome(
        |_, seen| match seen.member.as_str() {
            "CreateSession" => session(seen, LE),
            _ => peer::refused(seen, error::UNKNOWN_METHOD),
        },
        LONG,
    );
    opened(answer);
    assert_eq!(seen.last().and_then(|call| call.asked().pid), Some(std::process::id()));
}

#[test]
fn a_daemon_that_does_not_know_a_new_class_is_asked_for_its_older_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("login1");
    let peer = Peer::listen(&path, |before, seen| match before {
        0 => peer::refused(seen, error::INVALID_ARGS),
        _ => session(seen, LE),
    });
    let root = Inputs { tty: "tty1".into(), ..Inputs::default() };
    let request = Request::new(root, &Arguments::default(), |_| None);
    let session = opened(register(&[socket(&path)], &request, Deadline::after(LONG)));
    assert_eq!(session.class, Class::USER);
    let classes: Vec<_> = peer.seen().iter().map(|call| call.asked().class).collect();
    assert_eq!(classes, ["user-early", "user"]);
}

#[test]
fn a_class_that_was_asked_for_is_not_exchanged() {
    let (answer, seen) = outcome(|_, seen| peer::refused(seen, error::INVALID_ARGS), LONG);
    assert!(matches!(answer, Err(Failure::Refused(_))));
    assert_eq!(seen.len(), 1);
}

/// Refuses a session, and says whether the caller is in one.
fn busy(seen: &Seen, is_member: bool) -> Act {
    match seen.member.as_str() {
        "GetSessionByPID" if is_member => peer::done(seen),
        "GetSessionByPID" => peer::refused(seen, error::NO_SESSION_FOR_PID),
        _ => peer::refused(seen, error::SESSION_BUSY),
    }
}

#[test]
fn who_is_in_a_session_already_is_a_member() {
    let (answer, _) = outcome(|_, seen| busy(seen, true), LONG);
    assert!(matches!(answer, Ok(Registration::Member)));
}

#[test]
fn who_is_in_no_session_and_finds_the_virtual_terminal_taken_has_none() {
    let (answer, seen) = outcome(|_, seen| busy(seen, false), LONG);
    assert_eq!(answer.err(), Some(Failure::Taken));
    assert_eq!(seen.last().map(|call| (call.member.clone(), call.number())), Some(("GetSessionByPID".into(), 0)));
}

#[test]
fn who_asks_for_no_virtual_terminal_cannot_find_it_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("login1");
    let peer = Peer::listen(&path, |_, seen| busy(seen, false));
    let inputs = Inputs { uid: 4711, tty: "pts/3".into(), ..Inputs::default() };
    let request = Request::new(inputs, &Arguments::default(), |_| None);
    let answer = register(&[socket(&path)], &request, Deadline::after(LONG));
    assert!(matches!(answer, Ok(Registration::Member)), "{answer:?}");
    assert_eq!(peer.seen().len(), 1);
}

#[test]
fn a_daemon_that_does_not_say_where_we_are_is_believed() {
    let (answer, _) = outcome(|_, seen| peer::refused(seen, error::SESSION_BUSY), LONG);
    assert!(matches!(answer, Ok(Registration::Member)));
}

#[test]
fn a_refusal_keeps_its_name_and_is_not_asked_again() {
    let (answer, seen) = outcome(|_, seen| peer::refused(seen, error::LIMITS_EXCEEDED), LONG);
    assert!(matches!(&answer, Err(Failure::Refused(refusal)) if refusal.is(error::LIMITS_EXCEEDED)), "{answer:?}");
    assert_eq!(seen.len(), 1);
}

#[test]
fn where_nobody_listens_the_next_door_is_tried_and_then_the_login_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let stale = folder.path().join("stale");
    drop(std::os::unix::net::UnixListener::bind(&stale).expect("a socket"));
    let bus = folder.path().join("bus");
    let doors = [socket(&folder.path().join("none")), socket(&stale), Door::Bus(bus.to_str().expect("ours").into())];
    let begun = Instant::now();
    let answer = register(&doors, &request(), Deadline::after(LONG));
    assert!(matches!(answer, Err(Failure::Silence(Silence::Absent(_)))), "{answer:?}");
    assert!(begun.elapsed() < LONG / 2, "nobody there is known at once");

    let peer = Peer::listen(&bus, |_, seen| match seen.member.as_str() {
        "CreateSessionWithPIDFD" => session(seen, LE),
        _ => peer::done(seen),
    });
    let answer = register(&doors, &request(), Deadline::after(LONG));
    let Ok(Registration::Opened(session, door)) = answer else { unreachable!("{answer:?}") };
    assert_eq!(door, doors[2]);
    release(&door, &session.id, Deadline::after(LONG)).expect("an answer");
    let members: Vec<_> = peer.seen().into_iter().map(|call| call.member).collect();
    assert_eq!(members, ["Hello", "CreateSessionWithPIDFD", "Hello", "ReleaseSession"]);
    assert_eq!(peer.seen().last().map(Seen::text).as_deref(), Some("c1"));
}

#[test]
fn a_failure_names_the_door_it_was_met_at() {
    let folder = tempfile::tempdir().expect("a folder");
    let refusing = folder.path().join("refusing");
    let _peer = Peer::listen(&refusing, |_, seen| peer::refused(seen, error::LIMITS_EXCEEDED));
    let (refusing, none) = (socket(&refusing), socket(&folder.path().join("none")));
    let other = socket(&folder.path().join("other"));
    let met = |first: &Door, last: &Door| {
        doors::register(first, std::slice::from_ref(last), &request(), Deadline::after(LONG)).err().map(|met| met.door)
    };
    assert_eq!(met(&refusing, &none), Some(refusing.clone()));
    assert_eq!(met(&none, &refusing), Some(refusing));
    assert_eq!(met(&none, &other), Some(other));
}

#[test]
fn a_bus_that_knows_no_login1_is_as_good_as_none() {
    let service_unknown = "org.freedesktop.DBus.Error.ServiceUnknown";
    let (answer, _) = outcome(move |_, seen| peer::refused(seen, service_unknown), LONG);
    assert!(matches!(answer, Err(Failure::Silence(Silence::Absent(_)))), "{answer:?}");
}

#[test]
fn a_logind_that_is_killed_inside_the_call_is_asked_again_when_it_is_back() {
    let (answer, seen) = outcome(|before, seen| if before < 3 { Act::Drop } else { session(seen, LE) }, LONG);
    opened(answer);
    assert_eq!(seen.len(), 4);
}

#[test]
fn a_logind_that_comes_back_with_a_new_socket_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("login1");
    let first = Peer::listen(&path, |_, _| Act::Die);
    let again = path.clone();
    let second = std::thread::spawn(move || {
        while again.exists() {
            std::thread::yield_now();
        }
        Peer::listen(&again, |_, seen| session(seen, LE))
    });
    opened(register(&[socket(&path)], &request(), Deadline::after(LONG)));
    drop((first, second.join().expect("a second peer")));
}

#[test]
fn a_session_that_a_broken_call_left_behind_is_given_time_to_end() {
    let (answer, seen) = outcome(
        |before, seen| match before {
            0 => Act::Drop,
            1..5 => busy(seen, before < 3),
            _ => session(seen, LE),
        },
        LONG,
    );
    opened(answer);
    assert_eq!(seen.len(), 6);
}

#[test]
fn who_is_a_member_only_after_a_broken_call_is_told_as_a_failure() {
    for is_member in [true, false] {
        let script = move |before, seen: &Seen| if before == 0 { Act::Drop } else { busy(seen, is_member) };
        assert_eq!(outcome(script, SOME).0.err(), Some(Failure::Orphaned));
    }
}

#[test]
fn a_logind_that_breaks_off_and_then_hangs_is_told_to_have_broken_off() {
    let (answer, seen) = outcome(|before, _| if before == 0 { Act::Drop } else { Act::Hang }, SOME);
    assert!(matches!(answer, Err(Failure::Silence(Silence::Broken(_)))), "{answer:?}");
    assert_eq!(seen.len(), 2);
}

#[test]
fn a_logind_that_stays_away_is_waited_for_until_the_deadline() {
    let begun = Instant::now();
    let (answer, _) = outcome(|_, _| Act::Die, SOME);
    assert!(matches!(answer, Err(Failure::Silence(Silence::Broken(_)))), "{answer:?}");
    assert!(begun.elapsed() >= SOME && begun.elapsed() < LONG / 2);
}

#[test]
fn nobody_waits_longer_than_the_deadline_whatever_the_peer_does() {
    let signal = Message { kind: 4, ..Message::REPLY }.bytes();
    let hang: Script = Box::new(|_, _| Act::Hang);
    let half: Script = Box::new(|_, seen| {
        let bytes = peer::Session::of(4711).reply(seen, LE, &life_line());
        Act::Send(bytes[..bytes.len() / 2].to_vec(), Vec::new())
    });
    let flood: Script = Box::new(move |_, _| Act::Flood(signal.clone()));
    for script in [hang, half, flood] {
        let begun = Instant::now();
        assert_eq!(outcome(script, SHORT).0.err(), Some(Failure::Silence(Silence::Late)));
        assert!(begun.elapsed() < LONG / 2);
    }
}

#[test]
fn a_greeting_that_is_none_ends_the_attempt() {
    for greeting in
        [Greeting::Rejecting, Greeting::WithoutDescriptors, Greeting::Endless, Greeting::Garbage, Greeting::Silent]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("login1");
        let peer = Peer::greeting(&path, greeting, |_, seen| session(seen, LE));
        let time = if greeting == Greeting::Silent { SHORT } else { LONG };
        let begun = Instant::now();
        let answer = register(&[socket(&path)], &request(), Deadline::after(time));
        let late = Failure::Silence(Silence::Late);
        assert_eq!(answer.as_ref().err() == Some(&late), greeting == Greeting::Silent, "{greeting:?}: {answer:?}");
        assert!(answer.is_err() && peer.seen().is_empty() && begun.elapsed() < LONG / 2, "{greeting:?}");
    }
}

#[test]
fn a_full_backlog_does_not_hold_the_login() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("login1");
    let address = rustix::net::SocketAddrUnix::new(&path).expect("an address");
    let stream = || {
        rustix::net::socket(rustix::net::AddressFamily::UNIX, rustix::net::SocketType::STREAM, None).expect("a socket")
    };
    let listener = stream();
    rustix::net::bind(&listener, &address).expect("a path");
    rustix::net::listen(&listener, 0).expect("a listener that never accepts");
    let waiting = stream();
    rustix::net::connect(&waiting, &address).expect("the one that fits");
    let answer = register(&[socket(&path)], &request(), Deadline::after(SHORT));
    assert_eq!(answer.err(), Some(Failure::Silence(Silence::Late)));
}

/// A reply whose parts are all right, but for what `change` does to them.
fn altered(change: impl Fn(&mut peer::Session) + Send + 'static) -> Option<Failure> {
    let script = move |_, seen: &Seen| {
        let (fd, mut session) = (life_line(), peer::Session::of(4711));
        change(&mut session);
        Act::Send(session.reply(seen, LE, &fd), vec![fd])
    };
    outcome(script, LONG).0.err()
}

#[test]
fn a_reply_that_says_impossible_things_is_not_believed() {
    for id in ["", "../../etc", "c1\nXDG_SEAT=seat0", "c 1"] {
        assert_eq!(altered(move |s| s.id = id.into()), Some(Failure::Nonsense("session id")), "{id:?}");
    }
    for seat in ["seat", "tty1", "seat0/x", "seat0\n"] {
        assert_eq!(altered(move |s| s.seat = seat.into()), Some(Failure::Nonsense("seat")), "{seat:?}");
    }
    assert_eq!(altered(|s| s.vt = 64), Some(Failure::Nonsense("virtual terminal")));
    assert_eq!(altered(|s| s.vt = u32::MAX), Some(Failure::Nonsense("virtual terminal")));
}

/// A reply of these bytes, with as many file descriptors beside it.
fn malformed(bytes: impl Fn(&Seen) -> Vec<u8> + Send + 'static, descriptors: usize) -> Option<Failure> {
    let script = move |_, seen: &Seen| Act::Send(bytes(seen), (0..descriptors).map(|_| life_line()).collect());
    outcome(script, LONG).0.err()
}

fn good(seen: &Seen) -> Vec<u8> {
    peer::Session::of(4711).reply(seen, LE, &life_line())
}

/// A reply of these types and bytes that announces so many file descriptors.
fn answer(seen: &Seen, signature: &str, body: &[u8], descriptors: u32) -> Vec<u8> {
    Message { reply_serial: seen.serial, signature, body, descriptors, ..Message::REPLY }.bytes()
}

/// What is wrong, the reply, how many file descriptors are beside it, what it is taken for.
type Case = (&'static str, fn(&Seen) -> Vec<u8>, usize, Malformed);

#[test]
fn a_reply_that_is_not_what_it_says_is_refused() {
    let number = |bytes: &mut Vec<u8>, at: usize, n: u32| bytes[at..at + 4].copy_from_slice(&n.to_le_bytes());
    let cases: [Case; 6] = [
        ("garbage", |_| vec![0xff; 64], 0, Malformed::Head),
        (
            "another protocol version",
            |seen| {
                let mut bytes = good(seen);
                bytes[3] = 2;
                bytes
            },
            1,
            Malformed::Head,
        ),
        ("no life line", good, 0, Malformed::Descriptors),
        ("two life lines", good, 2, Malformed::Descriptors),
        ("other types", |seen| answer(seen, "s", &[1, 0, 0, 0, b'c', 0], 0), 0, Malformed::Signature),
        ("no body", |seen| answer(seen, "soshusub", &[], 1), 1, Malformed::Body),
    ];
    for (what, bytes, descriptors, expected) in cases {
        assert_eq!(malformed(bytes, descriptors), Some(Failure::Malformed(expected)), "{what}");
    }
    for (at, what) in [(4, "body"), (12, "header")] {
        let too_long = move |seen: &Seen| {
            let mut bytes = good(seen);
            number(&mut bytes, at, u32::MAX);
            bytes
        };
        assert_eq!(malformed(too_long, 1), Some(Failure::Malformed(Malformed::TooLong)), "{what}");
    }
}

#[test]
fn a_huge_reply_is_not_read() {
    let huge = |seen: &Seen| answer(seen, "s", &vec![b'x'; LONGEST], 0);
    assert_eq!(malformed(huge, 0), Some(Failure::Malformed(Malformed::TooLong)));
}

#[test]
fn what_came_with_a_refused_reply_does_not_stay_open() {
    for count in [2, 60] {
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).expect("a pipe");
        let script = move |_, seen: &Seen| {
            Act::Send(good(seen), (0..count).map(|_| write.try_clone().expect("a copy")).collect())
        };
        assert!(outcome(script, LONG).0.is_err());
        let end = rustix::io::read(&read, &mut [0; 1]).expect("the pipe");
        assert_eq!(end, 0, "the last copy is closed");
    }
}

/// What anybody may send to anybody on a bus: signals that are long, that bring descriptors, that have fields of their own.
fn noise() -> Vec<(Vec<u8>, Vec<OwnedFd>)> {
    let signal = Message { kind: 4, ..Message::REPLY };
    let long = Message { signature: "s", body: &vec![b'x'; 3 * LONGEST], ..signal }.bytes();
    let with_descriptors = Message { descriptors: 16, ..signal }.bytes();
    // Field 100 is an empty array of texts.
    let field = [100, 2, b'a', b's', 0, 0, 0, 0, 0, 0, 0, 0];
    let mut with_field = signal.bytes();
    with_field[12] = 12;
    with_field.extend(field);
    with_field.resize(with_field.len().next_multiple_of(8), 0);
    let call = Message { kind: 1, reply_serial: 2, ..Message::REPLY }.bytes();
    vec![
        (long, Vec::new()),
        (with_descriptors, (0..16).map(|_| life_line()).collect()),
        (with_field, Vec::new()),
        (call, (0..9).map(|_| life_line()).collect()),
    ]
}

#[test]
fn what_others_on_the_bus_send_is_passed_over_whatever_it_is() {
    let noisy = |_, seen: &Seen| {
        let (fd, mut messages) = (life_line(), noise());
        messages.push((peer::Session::of(4711).reply(seen, LE, &fd), vec![fd]));
        Act::SendAll(messages)
    };
    assert_eq!(opened(outcome(noisy, LONG).0).uid, 4711);
}

/// Reads a reply to call 1 as it would be read from a socket.
fn read(bytes: Vec<u8>, life_line: &OwnedFd) -> Result<Session, Failure> {
    let head = Head::parse(bytes.first_chunk().expect("a head"))?;
    let incoming = Incoming::parse(head, bytes, vec![life_line.try_clone().expect("a copy")])?;
    if incoming.answers(1) { session_of(incoming, Class::USER) } else { Err(Failure::Nonsense("answer")) }
}

#[test]
fn any_byte_of_a_reply_may_be_wrong_without_a_panic() {
    for endian in [LE, BE] {
        let fd = life_line();
        let good = peer::Session::of(4711).reply_to(1, "", endian, &fd);
        read(good.clone(), &fd).expect("a session");
        for at in 0..good.len() {
            for wrong in [0, 1, 4, 8, b'(', b'a', b'v', 0x7f, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = wrong;
                if let Ok(session) = read(bytes, &fd) {
                    assert!(session.id.as_str().bytes().all(|b| b.is_ascii_alphanumeric()));
                }
            }
        }
    }
}
