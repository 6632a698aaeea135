//! What polkit is asked, and what its answers do: a stand-in for it on the system bus, and callers who are not root.

use std::collections::HashMap;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

use futures_util::StreamExt;
use logind_core::event::{Event, RequestId};
use logind_core::names::{SessionId, VtNumber};
use zbus::message::Type;
use zbus::{Connection, Message, MessageStream, OwnedVariant};

use super::super::polkit::MOST_OF_USER;
use super::client::{greeting, is_closed, on_bus, raw, runtime, say};
use super::house::{House, MANAGER, MANAGER_INTERFACE, PATIENCE, as_user, busctl, call, graphical, login_at, run};

/// Two users that every system has: dbus-daemon lets nobody in whom the user database does not know.
const ALICE: u32 = 1;
const BOB: u32 = 2;

/// What the stand-in does with a question.
#[derive(Clone, Copy)]
enum Answer {
    Yes,
    No,
    Challenge,
    /// An error of this name.
    Error(&'static str),
    /// Nothing.
    Silence,
}

/// polkit, as far as it is asked.
struct Judge {
    heard: mpsc::Receiver<Heard>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A question.
#[derive(Debug)]
struct Heard {
    subject: String,
    details: HashMap<String, OwnedVariant>,
    action: String,
    flags: u32,
    cancellation: String,
    is_cancelled: bool,
}

type Body = ((String, HashMap<String, OwnedVariant>), String, HashMap<String, String>, u32, String);

impl Judge {
    fn sit(house: &House, answer: Answer) -> Self {
        let (says, heard) = mpsc::channel();
        let (sits, is_there) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let address = house.bus_address();
        let thread = std::thread::spawn(move || {
            runtime().block_on(async {
                let client = on_bus(&address).await;
                let mut messages = MessageStream::from(&client);
                client.request_name("org.freedesktop.PolicyKit1").await.expect("the name is free");
                sits.send(()).expect("the test waits");
                let listen = async {
                    while let Some(Ok(message)) = messages.next().await {
                        if message.message_type() == Type::MethodCall {
                            judge(&client, &message, answer, &says).await;
                        }
                    }
                };
                tokio::select! { () = listen => {}, _ = stopped => {} }
            });
        });
        is_there.recv().expect("it sits");
        Self { heard, stop: Some(stop), thread: Some(thread) }
    }

    fn heard(&self) -> Heard {
        self.heard.recv_timeout(PATIENCE).expect("it is asked")
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        drop(self.stop.take());
        let joined = self.thread.take().is_some_and(|thread| thread.join().is_ok());
        assert!(joined || std::thread::panicking(), "the stand-in fell");
    }
}

async fn judge(client: &Connection, message: &Message, answer: Answer, says: &mpsc::Sender<Heard>) {
    let header = message.header();
    let body = message.body();
    if header.member().is_some_and(|member| member.as_str() == "CancelCheckAuthorization") {
        let cancellation = body.deserialize().expect("a name");
        let (subject, action) = (String::new(), String::new());
        let details = HashMap::new();
        let heard = Heard { subject, details, action, flags: 0, cancellation, is_cancelled: true };
        return says.send(heard).expect("the test listens");
    }
    let ((subject, details), action, _, flags, cancellation) = body.deserialize::<Body>().expect("a question");
    let result = |may: bool, might: bool| ((may, might, HashMap::<&str, &str>::new()),);
    let reply = match answer {
        Answer::Yes => Message::method_return(&header).build(&result(true, false)),
        Answer::No => Message::method_return(&header).build(&result(false, false)),
        Answer::Challenge => Message::method_return(&header).build(&result(false, true)),
        Answer::Error(name) => Message::error(&header, name).build(&"no"),
        Answer::Silence => Ok(message.clone()),
    };
    if !matches!(answer, Answer::Silence) {
        client.send(&reply.expect("an answer")).await.expect("it is sent");
    }
    // Nobody may listen any more when the test is over.
    let _ = says.send(Heard { subject, details, action, flags, cancellation, is_cancelled: false });
}

/// A house on a bus, with alice in front on tty2, bob behind on tty5, and alice's c3 on no seat.
fn house() -> House {
    let mut house = House::open();
    house.start_bus();
    house.login(login_at(2, ALICE, 72_001));
    house.login(login_at(5, BOB, 72_002));
    house.login(graphical(ALICE, 72_003));
    house.happen(Event::Foreground(VtNumber::new(2)));
    house
}

/// The same with a stand-in that answers so, once logind knows of it.
fn judged(answer: Answer) -> (House, Judge) {
    let house = house();
    let judge = Judge::sit(&house, answer);
    // What logind answers after it was told of the name's new owner, it answers knowing it.
    run(&mut call(&house.bus_address(), "ListSeats", &[])).expect("an answer");
    (house, judge)
}

/// bob calls.
fn bob(address: &str, is_interactive: bool, member: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = call(address, member, arguments);
    command.arg(format!("--allow-interactive-authorization={is_interactive}"));
    run(&mut as_user(command, BOB))
}

/// bob's connection to the private door, which says this and reads nothing.
fn bob_says(house: &House, messages: &[Message]) -> UnixStream {
    let socket = house.socket();
    let connected = std::thread::spawn(move || {
        let uid = rustix::process::Uid::from_raw(BOB);
        rustix::thread::set_thread_res_uid(uid, uid, uid).expect("root");
        raw(&socket)
    });
    let stream = connected.join().expect("a connection");
    let mut bytes = greeting();
    messages.iter().for_each(|message| bytes.extend_from_slice(message.data().bytes()));
    say(&stream, &bytes).expect("sent");
    stream
}

/// The call that ends alice's session.
fn terminate() -> Message {
    let call = Message::method_call(MANAGER, "TerminateSession").interface(MANAGER_INTERFACE);
    call.build(&"c1").expect("a message")
}

/// A caller of that, who waits.
fn waits(address: &str, uid: u32, id: &str) -> Child {
    let mut command = as_user(call(address, "TerminateSession", &["s", id]), uid);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("busctl")
}

#[test]
fn what_polkit_allows_is_done() {
    let (house, judge) = judged(Answer::Yes);
    for (member, arguments, action) in [
        ("ActivateSession", &["s", "c2"][..], "org.freedesktop.login1.chvt"),
        ("LockSession", &["s", "c1"], "org.freedesktop.login1.lock-sessions"),
        ("TerminateSession", &["s", "c3"], "org.freedesktop.login1.manage"),
    ] {
        bob(&house.bus_address(), false, member, arguments).expect(member);
        let heard = judge.heard();
        assert_eq!((heard.subject.as_str(), heard.action.as_str(), heard.flags), ("system-bus-name", action, 0));
        let name = format!("{:?}", heard.details.get("name"));
        assert!(name.contains("\":1."), "a unique name: {name}");
    }
    run(&mut call(&house.address(), "GetSession", &["s", "c3"])).expect_err("it is gone");
    let front = ["get-property", "org.freedesktop.login1", "/org/freedesktop/login1/seat/seat0"];
    let mut front = busctl(&house.address(), &front);
    let front = run(front.args(["org.freedesktop.login1.Seat", "ActiveSession"])).expect("a session");
    assert!(front.contains("\"c2\""), "{front}");
}

#[test]
fn polkits_no_is_ours_and_a_password_is_asked_for_only_if_the_caller_lets_it() {
    let (house, judge) = judged(Answer::No);
    let refused = bob(&house.bus_address(), true, "TerminateSession", &["s", "c1"]).expect_err("no");
    assert!(refused.contains("denied"), "{refused}");
    assert_eq!(judge.heard().flags, 1);
    drop((house, judge));
    let (house, judge) = judged(Answer::Challenge);
    let refused = bob(&house.bus_address(), false, "TerminateSession", &["s", "c1"]).expect_err("no");
    assert!(refused.contains("Interactive auth"), "{refused}");
    assert_eq!(judge.heard().flags, 0);
    let refused = bob(&house.bus_address(), true, "TerminateSession", &["s", "c1"]).expect_err("no");
    assert!(refused.contains("denied"), "{refused}");
    run(&mut call(&house.address(), "GetSession", &["s", "c1"])).expect("it is there");
}

#[test]
fn through_the_private_door_polkit_is_given_the_process_and_its_user() {
    let (house, judge) = judged(Answer::Yes);
    bob(&house.address(), false, "ActivateSession", &["s", "c2"]).expect("yes");
    let heard = judge.heard();
    assert_eq!(heard.subject, "unix-process");
    assert!(format!("{:?}", heard.details.get("uid")).contains("I32(2)"), "{heard:?}");
    assert!(format!("{:?}", heard.details.get("pidfd")).contains("Fd"), "{heard:?}");
    assert_eq!(heard.details.len(), 2, "no number that could be another's by then: {heard:?}");
}

#[test]
fn root_is_not_asked_about_and_neither_is_what_is_ones_own() {
    let (house, judge) = judged(Answer::No);
    for address in [house.address(), house.bus_address()] {
        run(&mut call(&address, "LockSession", &["s", "c1"])).expect("root");
        bob(&address, false, "LockSession", &["s", "c2"]).expect("his own");
    }
    assert!(judge.heard.try_recv().is_err(), "nobody was asked about");
}

#[test]
fn where_polkit_is_it_may_forbid_even_who_is_in_front() {
    let (house, _judge) = judged(Answer::No);
    for address in [house.address(), house.bus_address()] {
        let refused = run(&mut as_user(call(&address, "ActivateSession", &["s", "c2"]), ALICE)).expect_err("a kiosk");
        assert!(refused.contains("denied"), "{refused}");
    }
}

#[test]
fn without_polkit_or_with_one_that_knows_no_pidfds_it_is_root_and_own_only() {
    let activate = |address: &str, id: &str, uid| run(&mut as_user(call(address, "ActivateSession", &["s", id]), uid));
    let none = house();
    for address in [none.address(), none.bus_address()] {
        activate(&address, "c1", BOB).expect_err("she is in front");
        activate(&address, "c2", ALICE).expect("she is in front");
        none.happen(Event::Foreground(VtNumber::new(2)));
        let refused = bob(&address, true, "TerminateSession", &["s", "c1"]).expect_err("hers");
        assert!(refused.contains("denied"), "{refused}");
    }
    let (old, _judge) = judged(Answer::Error("org.freedesktop.PolicyKit1.Error.Failed"));
    activate(&old.address(), "c1", BOB).expect_err("she is in front");
    activate(&old.bus_address(), "c2", ALICE).expect_err("by her name polkit could have been asked, and failed");
    activate(&old.address(), "c2", ALICE).expect("she is in front");
}

#[test]
fn who_leaves_while_polkit_thinks_withdraws_the_question() {
    let (house, judge) = judged(Answer::Silence);
    for address in [house.address(), house.bus_address()] {
        let mut command = call(&address, "TerminateSession", &["s", "c1"]);
        let mut caller = command.uid(BOB).gid(BOB).stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("busctl");
        let asked = judge.heard();
        caller.kill().and_then(|()| caller.wait()).expect("its end");
        let withdrawn = judge.heard();
        assert!(withdrawn.is_cancelled);
        assert_eq!(withdrawn.cancellation, asked.cancellation);
    }
    run(&mut call(&house.address(), "GetSession", &["s", "c1"])).expect("it is there");
}

#[test]
fn a_bus_that_goes_while_polkit_thinks_is_a_no_to_who_came_through_the_private_door() {
    let (mut house, judge) = judged(Answer::Silence);
    let mut command = call(&house.address(), "TerminateSession", &["s", "c1"]);
    let caller = command.uid(BOB).gid(BOB).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let caller = caller.expect("busctl");
    judge.heard();
    house.kill_bus();
    let output = caller.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("denied"), "{said}");
}

#[test]
fn a_polkit_that_is_stopped_is_a_no() {
    let (house, mut judge) = judged(Answer::Silence);
    let mut command = call(&house.bus_address(), "ActivateSession", &["s", "c2"]);
    let caller = command.uid(ALICE).gid(ALICE).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("busctl");
    judge.heard();
    judge.stop.take().expect("it sits").send(()).expect("it listens");
    let output = caller.wait_with_output().expect("its end");
    assert!(!output.status.success(), "who is in front too: it may have had rules against it");
}

#[test]
fn who_is_dropped_for_not_reading_while_polkit_thinks_withdraws_the_question() {
    let (house, judge) = judged(Answer::Silence);
    let rule = Message::method_call("/org/freedesktop/DBus", "AddMatch").interface("org.freedesktop.DBus");
    let rule = rule.build(&"type='signal'").expect("a message");
    let stream = bob_says(&house, &[rule, terminate()]);
    let asked = judge.heard();
    let session = SessionId::new("c3").expect("a name");
    for number in 0..20_000 {
        house.happen(Event::IdleHint { request: RequestId(1 << 40), session, idle: number % 2 == 0 });
    }
    assert!(is_closed(&stream));
    let withdrawn = judge.heard();
    assert!(withdrawn.is_cancelled);
    assert_eq!(withdrawn.cancellation, asked.cancellation);
}

#[test]
fn a_bus_that_is_left_because_it_does_not_read_is_a_no_too() {
    let (house, judge) = judged(Answer::Silence);
    let caller = waits(&house.address(), BOB, "c1");
    judge.heard();
    let session = SessionId::new("c3").expect("a name");
    house.hold_bus(true);
    for number in 0..70_000 {
        house.happen(Event::IdleHint { request: RequestId(1 << 40), session, idle: number % 2 == 0 });
    }
    house.wait_for_bus(false);
    house.hold_bus(false);
    house.wait_for_bus(true);
    let output = caller.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("denied"), "{said}");
}

#[test]
fn one_user_has_not_more_than_a_few_questions_to_polkit_through_whatever_connections() {
    let (house, judge) = judged(Answer::Silence);
    let asking: Vec<Message> = (0..MOST_OF_USER).map(|_| terminate()).collect();
    let streams = asking.chunks(20).map(|messages| bob_says(&house, messages)).collect::<Vec<_>>();
    for _ in &asking {
        assert!(!judge.heard().is_cancelled);
    }
    for address in [house.address(), house.bus_address()] {
        let refused = bob(&address, false, "TerminateSession", &["s", "c1"]).expect_err("one too many");
        assert!(refused.contains("Too many"), "{refused}");
        let mut other = waits(&address, ALICE, "c2");
        assert!(!judge.heard().is_cancelled, "others are asked about");
        other.kill().and_then(|()| other.wait()).expect("its end");
        assert!(judge.heard().is_cancelled);
    }
    drop(streams);
    for _ in &asking {
        assert!(judge.heard().is_cancelled);
    }
    let mut next = waits(&house.bus_address(), BOB, "c1");
    assert!(!judge.heard().is_cancelled, "there is room again");
    next.kill().and_then(|()| next.wait()).expect("its end");
}
