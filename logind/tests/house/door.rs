//! logind's own door, as a login sees it.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use futures_util::StreamExt;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use zbus::connection::Builder;
use zbus::message::Type;
use zbus::{Connection, DBusError as _, Message, MessageStream, Variant};

use super::{ALICE, Leader, PATIENCE};

const MANAGER: &str = "/org/freedesktop/login1";

/// A connection, and the signals that come through it.
pub(crate) struct Door {
    connection: Connection,
    signals: MessageStream,
}

/// What CreateSession answers.
pub(crate) struct Opened {
    /// The session.
    pub(crate) id: String,
    /// Its user's runtime directory.
    pub(crate) runtime_directory: String,
    /// Its life line.
    pub(crate) life_line: OwnedFd,
}

impl Door {
    /// Connects, and asks for every signal.
    pub(crate) async fn open(socket: &str) -> Self {
        let stream = UnixStream::connect(socket).expect("logind listens");
        let builder = Builder::unix_stream(stream).p2p();
        let connection = tokio::time::timeout(PATIENCE, builder.build()).await.expect("in time").expect("a connection");
        let door = Self { signals: MessageStream::from(&connection), connection };
        let rule = "type='signal'";
        let bus = "org.freedesktop.DBus";
        let call = door.connection.call_method(Some(bus), "/org/freedesktop/DBus", Some(bus), "AddMatch", &rule);
        tokio::time::timeout(PATIENCE, call).await.expect("in time").expect("a rule");
        door
    }

    async fn call<B: serde::Serialize + zbus::DynamicType>(&self, method: &str, body: &B) -> Message {
        tokio::time::timeout(PATIENCE, self.call_manager(method, body)).await.expect("in time").expect("an answer")
    }

    async fn call_manager<B: serde::Serialize + zbus::DynamicType>(
        &self,
        method: &str,
        body: &B,
    ) -> zbus::Result<Message> {
        let (name, interface) = (Some("org.freedesktop.login1"), Some("org.freedesktop.login1.Manager"));
        self.connection.call_method(name, MANAGER, interface, method, body).await
    }

    /// Asks for a session of `uid`, led by `leader`: the answer, or the name of the error.
    pub(crate) async fn ask_for_session(&self, uid: u32, leader: &Leader) -> Result<Message, String> {
        let pid = Pid::from_raw(i32::try_from(leader.0.id()).expect("a pid")).expect("a pid");
        let pidfd = zbus::Fd::from(pidfd_open(pid, PidfdFlags::empty()).expect("it runs"));
        let what = ("login", "tty", "user", "", "", 0u32, "pts/7", "");
        let (service, kind, class, desktop, seat, vt, tty, display) = what;
        let properties: Vec<(&str, Variant<'_>)> = Vec::new();
        let from = (false, "", "", 0u64, properties);
        let body =
            (uid, pidfd, service, kind, class, desktop, seat, vt, tty, display, from.0, from.1, from.2, from.3, from.4);
        let call = self.call_manager("CreateSessionWithPIDFD", &body);
        match tokio::time::timeout(PATIENCE, call).await.expect("in time") {
            Err(zbus::Error::FDO(error)) => Err(error.name().to_string()),
            answer => Ok(answer.expect("an answer")),
        }
    }

    /// Opens a session of alice's, led by `leader`.
    pub(crate) async fn create_session(&self, leader: &Leader) -> Opened {
        let answer = self.ask_for_session(ALICE, leader).await.expect("a session");
        let body = answer.body();
        let (id, _path, runtime_directory, life_line, uid, _seat, _vt, existing) = body
            .deserialize::<(String, zbus::OwnedObjectPath, String, zbus::OwnedFd, u32, String, u32, bool)>()
            .expect("soshusub");
        assert_eq!((uid, existing), (ALICE, false));
        Opened { id, runtime_directory, life_line: life_line.into() }
    }

    /// Ends a session by force.
    pub(crate) async fn terminate_session(&self, id: &str) {
        self.call("TerminateSession", &id).await;
    }

    /// Asks until a property of the manager has this value; there is no signal for those of the configuration.
    pub(crate) async fn says(&self, property: &str, value: u64) {
        let (path, interface) = (MANAGER, "org.freedesktop.DBus.Properties");
        let asked = ("org.freedesktop.login1.Manager", property);
        let said = async || {
            let name = Some("org.freedesktop.login1");
            let answer = self.connection.call_method(name, path, Some(interface), "Get", &asked).await;
            let answer = answer.expect("an answer");
            answer.body().deserialize::<Variant<'_>>().is_ok_and(|said| said == Variant::U64(value))
        };
        let changed = async { while !said().await {} };
        tokio::time::timeout(PATIENCE, changed).await.expect("in time");
    }

    /// Waits for a signal of this name.
    pub(crate) async fn heard(&mut self, member: &str) {
        self.heard_of(member, "").await;
    }

    /// Waits for a signal of this name whose first argument is `subject`; any, if that is empty.
    pub(crate) async fn heard_of(&mut self, member: &str, subject: &str) {
        let heard = async {
            while let Some(message) = self.signals.next().await {
                let message = message.expect("a message");
                let header = message.header();
                let is_it = message.message_type() == Type::Signal && header.member().is_some_and(|m| m == member);
                let first = || message.body().deserialize::<(String, zbus::OwnedObjectPath)>().map(|(first, _)| first);
                if is_it && (subject.is_empty() || first().is_ok_and(|first| first == subject)) {
                    return true;
                }
            }
            false
        };
        assert!(tokio::time::timeout(PATIENCE, heard).await.expect("in time"), "logind hung up");
    }
}
