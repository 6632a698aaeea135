//! polkit: whether somebody may who is neither root nor the owner of what is asked about (polkit(8),
//! org.freedesktop.PolicyKit1.Authority).
//!
//! A question is a message on the system bus, and its answer another: the caller waits for it, nobody else does. The call is
//! kept as the event that it is, so what was asked about is what is done; whoever leaves meanwhile withdraws it.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::os::fd::{AsFd, OwnedFd};

use logind_api::error;
use logind_core::event::RequestId;
use logind_core::gate::Question;
use logind_core::names::Uid;
use tracing::warn;
use zbus::message::{Builder, Type};
use zbus::{Fd, Message, Variant};

use super::call::Called;
use super::complaints::{Complaints, complain};
use super::driver::DRIVER;
use super::fault::Fault;
use crate::processes::has_ended;

/// polkit's name on the bus.
pub(super) const NAME: &str = "org.freedesktop.PolicyKit1";

/// CheckAuthorization's flag `AllowUserInteraction`.
const ALLOW_INTERACTION: u32 = 1;

/// How many questions of one user may have no answer yet: polkit may ask that user's own agent, which need not answer.
pub(super) const MOST_OF_USER: usize = 32;

/// The questions that have no answer yet.
#[derive(Debug, Default)]
pub(super) struct Polkit {
    asked: HashMap<NonZeroU32, Asked>,
    last: u64,
    complaints: Complaints,
}

#[derive(Debug)]
struct Asked {
    case: Case,
    uid: Uid,
    /// The process that polkit was asked about, if it was asked so.
    process: Option<OwnedFd>,
    cancellation: String,
}

/// A call that is to be judged.
#[derive(Debug)]
pub(super) struct Case {
    /// What the answer to the call is known by.
    pub(super) request: RequestId,
    /// The call.
    pub(super) called: Box<Called>,
    /// What is asked.
    pub(super) question: Question,
    /// Whether polkit may ask the person for a password (D-Bus's ALLOW_INTERACTIVE_AUTHORIZATION).
    pub(super) is_interactive: bool,
}

/// Who called, as polkit can look up.
#[derive(Debug)]
pub(super) enum Subject<'a> {
    /// A peer of the system bus, by its unique name, which is never another's.
    BusName(&'a str),
    /// A process, by its pidfd, and the user it connected as. polkit takes that since 124, and refuses it before.
    Process(OwnedFd, Uid),
}

/// polkit's answer.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The call may be carried out.
    Open(Box<Called>),
    /// It may not.
    Shut(RequestId, Fault),
}

impl Polkit {
    /// Whether one more question of the user may wait for its answer.
    pub(super) fn has_room_for(&self, uid: Uid) -> bool {
        self.asked.values().filter(|asked| asked.uid == uid).count() < MOST_OF_USER
    }

    /// The message that asks polkit about `case`, a call of the user.
    ///
    /// # Errors
    /// If it cannot be written; the case is dropped.
    pub(super) fn ask(&mut self, case: Case, uid: Uid, subject: Subject<'_>) -> zbus::Result<Message> {
        self.last += 1;
        let cancellation = format!("session-rs-{}", self.last);
        let process = match &subject {
            Subject::Process(pidfd, _) => Some(pidfd.try_clone()?),
            Subject::BusName(_) => None,
        };
        let flags = if case.is_interactive { ALLOW_INTERACTION } else { 0 };
        let details = BTreeMap::<&str, &str>::new();
        let body = (described(subject), case.question.action, details, flags, cancellation.as_str());
        let message = to_polkit("CheckAuthorization").build(&body)?;
        let asked = Asked { case, uid, process, cancellation };
        self.asked.insert(message.primary_header().serial_num(), asked);
        Ok(message)
    }

    /// What `message` answers, if it is an answer to a question of ours from `owner`, who has polkit's name, or from the
    /// bus, which says that nobody has.
    pub(super) fn answered(&mut self, message: &Message, owner: Option<&str>) -> Option<Verdict> {
        let header = message.header();
        let (serial, sender) = (header.reply_serial()?, header.sender()?.as_str());
        let is_heard = match message.message_type() {
            Type::MethodReturn => Some(sender) == owner,
            Type::Error => Some(sender) == owner || sender == DRIVER,
            Type::MethodCall | Type::Signal => false,
        };
        if !is_heard {
            return None;
        }
        let Asked { case, process, .. } = self.asked.remove(&serial)?;
        let may = match message.message_type() {
            Type::MethodReturn => judged(message, case.is_interactive),
            _ if self.cannot_tell(message, process.as_ref()) && case.question.without_polkit => Ok(()),
            _ => Err(Fault::denied()),
        };
        Some(match may {
            Ok(()) => Verdict::Open(case.called),
            Err(fault) => Verdict::Shut(case.request, fault),
        })
    }

    /// Whether there is no polkit, or one from before 124 that is asked about a process by its pidfd. Any other error is a
    /// no: a polkit that is there but fails may have rules against it. Whoever calls and ends can bring such errors about,
    /// the one of an old polkit too; so that counts only while the process is there.
    fn cannot_tell(&mut self, message: &Message, process: Option<&OwnedFd>) -> bool {
        let header = message.header();
        let name = header.error_name().map(|name| name.as_str()).unwrap_or_default();
        let is_absent =
            ["org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner"].contains(&name);
        let is_there = process.is_some_and(|pidfd| !has_ended(pidfd.as_fd()));
        let is_old = is_there && name == "org.freedesktop.PolicyKit1.Error.Failed";
        if !is_absent && !is_old {
            complain!(self.complaints, "polkit cannot be asked: {}", name.escape_debug());
        }
        is_absent || is_old
    }

    /// Whether nothing waits for an answer.
    pub(super) fn is_idle(&self) -> bool {
        self.asked.is_empty()
    }

    /// Withdraws those of `requests` that wait for polkit: they, and the messages that tell it, so that no password is asked
    /// for any more.
    pub(super) fn withdraw(&mut self, requests: &[RequestId]) -> Vec<(RequestId, Option<Message>)> {
        let withdrawn = self.asked.extract_if(|_, asked| requests.contains(&asked.case.request));
        let cancel = |asked: Asked| {
            let message = to_polkit("CancelCheckAuthorization").build(&asked.cancellation);
            (asked.case.request, message.ok())
        };
        withdrawn.map(|(_, asked)| cancel(asked)).collect()
    }

    /// The bus is gone, and with it every answer: nobody may.
    pub(super) fn abandon(&mut self) -> Vec<Verdict> {
        let shut = |asked: Asked| Verdict::Shut(asked.case.request, Fault::denied());
        std::mem::take(&mut self.asked).into_values().map(shut).collect()
    }
}

fn to_polkit(member: &'static str) -> Builder<'static> {
    let authority = Message::method_call("/org/freedesktop/PolicyKit1/Authority", member).destination(NAME);
    authority.interface("org.freedesktop.PolicyKit1.Authority")
}

/// A subject as polkit has it: `(sa{sv})`.
fn described(subject: Subject<'_>) -> (&'static str, BTreeMap<&'static str, Variant<'_>>) {
    match subject {
        Subject::BusName(name) => ("system-bus-name", [("name", name.into())].into()),
        Subject::Process(pidfd, uid) => {
            let uid = Variant::from(uid.get().cast_signed());
            ("unix-process", [("pidfd", Fd::from(pidfd).into()), ("uid", uid)].into())
        }
    }
}

/// Whether polkit says yes: `(bba{ss})`, authorized and, if not, whether a password would do.
fn judged(message: &Message, is_interactive: bool) -> Result<(), Fault> {
    let answer = message.body().deserialize::<(bool, bool, HashMap<String, String>)>();
    match answer {
        Ok((true, _, _)) => Ok(()),
        Ok((false, true, _)) if !is_interactive => {
            let text = "Interactive authentication required.";
            Err(Fault::new(error::INTERACTIVE_AUTHORIZATION_REQUIRED, text))
        }
        Ok(_) => Err(Fault::denied()),
        Err(error) => {
            warn!("polkit gives an answer that is none: {error}");
            Err(Fault::denied())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use logind_core::Event;
    use logind_core::event::Target;

    use super::*;

    const OWNER: &str = ":1.9";

    fn asked(polkit: &mut Polkit, without_polkit: bool) -> Message {
        ask_about(polkit, without_polkit, Subject::BusName(":1.5"))
    }

    fn ask_about(polkit: &mut Polkit, without_polkit: bool, subject: Subject<'_>) -> Message {
        let request = RequestId(7);
        let event = Event::Terminate { request, target: Target::User(Uid::ROOT) };
        let called = Box::new(Called { event, leader: None });
        let question = Question { action: "org.freedesktop.login1.manage", without_polkit };
        let case = Case { request, called, question, is_interactive: false };
        polkit.ask(case, Uid::ROOT, subject).expect("a message")
    }

    fn yes(to: &Message, from: &'static str) -> Message {
        let body = ((true, false, BTreeMap::<&str, &str>::new()),);
        Message::method_return(&to.header()).sender(from).build(&body).expect("a message")
    }

    /// polkit fails, asked about a process that is there still, or is not.
    fn failed_about(is_alive: bool) -> Verdict {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("a process");
        let (pidfd, _) = crate::processes::pin(child.id()).expect("it runs");
        let mut polkit = Polkit::default();
        let question = ask_about(&mut polkit, true, Subject::Process(pidfd, Uid::ROOT));
        if !is_alive {
            child.kill().and_then(|()| child.wait()).expect("its end");
        }
        let failed = error(&question, OWNER, "org.freedesktop.PolicyKit1.Error.Failed");
        let verdict = polkit.answered(&failed, Some(OWNER)).expect("an answer");
        child.kill().and_then(|()| child.wait()).expect("its end");
        verdict
    }

    #[test]
    fn who_leaves_its_connection_to_another_and_ends_makes_no_new_polkit_an_old_one() {
        assert!(matches!(failed_about(true), Verdict::Open(_)), "it knows no pidfds");
        assert!(matches!(failed_about(false), Verdict::Shut(RequestId(7), _)), "there was nobody to know");
    }

    fn error(to: &Message, from: &'static str, name: &'static str) -> Message {
        Message::error(&to.header(), name).sender(from).build(&"").expect("a message")
    }

    #[test]
    fn only_the_owner_of_polkits_name_answers_for_it_and_once() {
        let mut polkit = Polkit::default();
        let question = asked(&mut polkit, false);
        for (owner, sender) in [(Some(OWNER), ":1.10"), (Some(OWNER), DRIVER), (None, ":1.9"), (None, DRIVER)] {
            assert!(polkit.answered(&yes(&question, sender), owner).is_none(), "{sender} for {owner:?}");
        }
        assert!(matches!(polkit.answered(&yes(&question, OWNER), Some(OWNER)), Some(Verdict::Open(_))));
        assert!(polkit.answered(&yes(&question, OWNER), Some(OWNER)).is_none());
        assert!(polkit.is_idle());
    }

    #[test]
    fn a_yes_that_is_none_and_an_error_that_somebody_else_sends_open_nothing() {
        let mut polkit = Polkit::default();
        let question = asked(&mut polkit, true);
        let absent = "org.freedesktop.DBus.Error.ServiceUnknown";
        assert!(polkit.answered(&error(&question, ":1.10", absent), Some(OWNER)).is_none());
        let odd = Message::method_return(&question.header()).sender(OWNER).build(&true).expect("a message");
        assert!(matches!(polkit.answered(&odd, Some(OWNER)), Some(Verdict::Shut(RequestId(7), _))));
    }

    #[test]
    fn only_a_polkit_that_is_not_there_leaves_the_answer_to_us() {
        let (unknown, no_owner) =
            ("org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner");
        for (name, is_ours) in [
            (unknown, true),
            (no_owner, true),
            ("org.freedesktop.DBus.Error.NoReply", false),
            ("org.freedesktop.DBus.Error.Spawn.ChildExited", false),
            ("org.freedesktop.PolicyKit1.Error.Failed", false),
        ] {
            for without_polkit in [true, false] {
                let mut polkit = Polkit::default();
                let question = asked(&mut polkit, without_polkit);
                let verdict = polkit.answered(&error(&question, DRIVER, name), None).expect("an answer");
                assert_eq!(matches!(verdict, Verdict::Open(_)), is_ours && without_polkit, "{name}");
            }
        }
    }
}
