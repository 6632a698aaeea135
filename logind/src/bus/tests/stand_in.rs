//! A stand-in for the system bus, which may do what no bus daemon would do for a test.

use std::collections::HashMap;
use std::fs;
use std::num::NonZeroUsize;
use std::time::Duration;

use futures_util::StreamExt;
use logind_core::event::{Event, RequestId};
use tokio::net::UnixListener;
use tokio::time::timeout;
use zbus::connection::Builder;
use zbus::message::Type;
use zbus::{Connection, Message, MessageStream, OwnedVariant, Variant};

use super::client::{Idler, runtime};
use super::house::{House, MANAGER, MANAGER_INTERFACE, NEVER_FOUND, PATIENCE};

/// How many bytes of calls may be on their way, however many that is elsewhere.
const ROOM: usize = 64 * 1024;

const GUID: &str = "0123456789abcdef0123456789abcdef";

/// One connection of logind's to it.
struct Link {
    connection: Connection,
    messages: MessageStream,
}

impl Link {
    /// Lets logind in. Whoever calls is root, if logind asks.
    async fn accept(listener: &UnixListener) -> Self {
        let (stream, _) = listener.accept().await.expect("logind comes");
        rustix::net::sockopt::set_socket_send_buffer_size(&stream, ROOM).expect("it is ours");
        let stream = stream.into_std().expect("a socket");
        let connection = Builder::unix_stream(stream).server(GUID).p2p().max_queued(NonZeroUsize::MIN);
        let connection = connection.build().await.expect("it introduces itself");
        let mut link = Self { messages: MessageStream::from(&connection), connection };
        for wanted in ["Hello", "RequestName"] {
            link.asked(wanted).await;
        }
        link
    }

    /// Answers what logind asks of the bus, until it has asked this.
    async fn asked(&mut self, wanted: &str) {
        loop {
            let message = self.next().await;
            assert_eq!(message.message_type(), Type::MethodCall, "an answer to nobody: {message:?}");
            let header = message.header();
            let member = header.member().map(|member| member.to_string()).unwrap_or_default();
            let answer = Message::method_return(&header).sender("org.freedesktop.DBus");
            let root: HashMap<_, OwnedVariant> =
                [("UnixUserID", Variant::from(0_u32).try_into().expect("a value"))].into();
            let answer = match member.as_str() {
                "Hello" => answer.build(&":1.1"),
                "RequestName" => answer.build(&1_u32),
                "GetConnectionCredentials" => answer.build(&root),
                _ => continue,
            };
            self.send(&answer.expect("an answer")).await;
            if member == wanted {
                return;
            }
        }
    }

    async fn next(&mut self) -> Message {
        let next = timeout(PATIENCE, self.messages.next()).await.expect("in time");
        next.expect("logind is there").expect("a message")
    }

    async fn send(&self, message: &Message) {
        self.connection.send(message).await.expect("it is sent");
    }

    /// The next answer to a call that came through the bus.
    async fn answer(&mut self) -> Message {
        loop {
            let message = self.next().await;
            if matches!(message.message_type(), Type::MethodReturn | Type::Error) {
                return message;
            }
        }
    }
}

fn listen(house: &House) -> UnixListener {
    let folder = house.folder().join("bus");
    fs::create_dir(&folder).expect("a folder");
    UnixListener::bind(folder.join("socket")).expect("a socket")
}

fn introspect(sender: &'static str) -> Message {
    let call = Message::method_call(MANAGER, "Introspect").sender(sender);
    call.interface("org.freedesktop.DBus.Introspectable").build(&()).expect("a message")
}

#[test]
fn a_bus_that_brings_more_calls_than_it_takes_answers_is_not_listened_to_until_it_has_and_not_left() {
    const CALLS: usize = 5000;
    let house = House::open();
    runtime().block_on(async {
        let listener = listen(&house);
        let mut link = Link::accept(&listener).await;
        link.send(&introspect(":1.9")).await;
        link.asked("GetConnectionCredentials").await;
        let connection = link.connection.clone();
        let mut calls = tokio::spawn(async move {
            for _ in 1..CALLS {
                connection.send(&introspect(":1.9")).await.expect("logind has not left");
            }
        });
        // They are more than fit between the two, so this never ends as long as no answer is read.
        assert!(timeout(Duration::from_secs(3), &mut calls).await.is_err(), "logind reads on and on");
        for _ in 0..CALLS {
            link.answer().await;
        }
        calls.await.expect("all are sent");
        assert!(timeout(Duration::from_millis(50), listener.accept()).await.is_err(), "logind came again");
    });
}

#[test]
fn an_answer_to_a_call_through_a_bus_that_is_gone_goes_to_nobody_on_the_next() {
    let house = House::open();
    let leader = Idler::start();
    runtime().block_on(async {
        let listener = listen(&house);
        let mut link = Link::accept(&listener).await;
        let limits: Vec<(&str, OwnedVariant)> = Vec::new();
        let asked = (NEVER_FOUND, leader.pid(), "sshd", "", "", "", "", 0_u32, "", "", false, "", "", limits);
        let call = Message::method_call(MANAGER, "CreateSession").sender(":1.9").interface(MANAGER_INTERFACE);
        link.send(&call.build(&asked).expect("a message")).await;
        link.asked("GetConnectionCredentials").await;
        link.send(&introspect(":1.9")).await;
        link.answer().await;
        drop(link);

        let mut link = Link::accept(&listener).await;
        house.happen(Event::UserFound { request: RequestId(1), account: Err(libc::ENOENT) });
        link.send(&introspect(":1.8")).await;
        link.asked("GetConnectionCredentials").await;
        let answer = link.answer().await;
        assert_eq!(answer.header().destination().map(|name| name.to_string()).as_deref(), Some(":1.8"));
    });
}

#[test]
fn a_call_with_as_many_descriptors_as_a_message_can_bring_is_refused_and_the_bus_not_left() {
    const SCM_MAX_FD: usize = 253;
    let house = House::open();
    runtime().block_on(async {
        let listener = listen(&house);
        let mut link = Link::accept(&listener).await;
        let null = fs::File::open("/dev/null").expect("a file");
        for count in [9, 16, SCM_MAX_FD] {
            let bag: Vec<_> = (0..count).map(|_| zbus::Fd::from(&null)).collect();
            let call = Message::method_call(MANAGER, "GetSession").sender(":1.9").interface(MANAGER_INTERFACE);
            link.send(&call.build(&bag).expect("a message")).await;
            if count == 9 {
                link.asked("GetConnectionCredentials").await;
            }
            assert_eq!(link.answer().await.message_type(), Type::Error, "{count}");
        }
    });
}
