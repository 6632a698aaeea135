//! One method call: the message, who sent it, and what it may look at.

use std::cell::OnceCell;
use std::io;
use std::path::PathBuf;

use logind_api::error;
use logind_core::Caller;
use logind_core::Core;
use logind_core::event::{Event, RequestId};
use logind_core::gate::{Act, Gate, Question};
use logind_core::session::Session;
use logind_core::user::User;
use std::os::fd::OwnedFd;
use zbus::message::Body;
use zbus::wire::DynamicDeserialize;
use zbus::{DynamicType, Message};

use super::credentials::Credentials;
use super::fault::Fault;
use super::path;
use crate::processes::{Base, Place};

/// A call that changes the registry: what to feed the core. Its answer comes back by the event's request.
#[derive(Debug)]
pub(crate) struct Called {
    /// What happened.
    pub(crate) event: Event,
    /// For a login, its leader's pidfd, kept under the request until it is answered.
    pub(crate) leader: Option<OwnedFd>,
}

/// What a call came to.
pub(super) enum Outcome {
    /// It is answered.
    Answered(Message),
    /// It is for the core; the answer follows.
    Called(Box<Called>),
    /// It is for the core if polkit says so.
    Asked(Box<Called>, Question),
}

impl Outcome {
    /// The core is asked by `event`, with no descriptor along, once polkit has answered the question, if there is one.
    pub(super) fn asking(event: Event, question: Option<Question>) -> Self {
        let called = Box::new(Called { event, leader: None });
        match question {
            Some(question) => Self::Asked(called, question),
            None => Self::Called(called),
        }
    }
}

/// What is configured and told on the bus, but is no rule of the core's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Configured {
    /// RuntimeDirectorySize=, in bytes.
    pub(crate) runtime_directory_size: u64,
    /// RuntimeDirectoryInodesMax=.
    pub(crate) runtime_directory_inodes: u64,
}

/// What the bus asks of the system itself.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// Where a process runs.
    pub(crate) place_of: fn(&Base, u32) -> io::Result<Place>,
    /// Where the sessions are.
    pub(crate) base: Base,
    /// The file with this machine's identity (machine-id(5)).
    pub(crate) machine_id: PathBuf,
}

/// What a property may look at.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    /// The registry.
    pub(super) core: &'a Core,
    /// The configuration.
    pub(super) configured: &'a Configured,
}

/// One method call.
pub(super) struct Call<'a> {
    /// The registry and the configuration.
    pub(super) view: View<'a>,
    /// Who asks.
    caller: OnceCell<Caller>,
    /// The same as the kernel names it.
    pub(super) credentials: &'a Credentials,
    /// The system.
    pub(super) world: &'a World,
    /// The message.
    pub(super) message: &'a Message,
    /// What its answer is known by.
    pub(super) request: RequestId,
    /// Whether an answer can carry a descriptor.
    pub(super) takes_fds: bool,
    body: Body,
}

impl<'a> Call<'a> {
    /// The call that `message` makes.
    pub(super) fn new(
        view: View<'a>,
        world: &'a World,
        credentials: &'a Credentials,
        (message, request, takes_fds): (&'a Message, RequestId, bool),
    ) -> Self {
        Self { view, world, caller: OnceCell::new(), credentials, message, request, takes_fds, body: message.body() }
    }

    /// Who asks, and where that runs, which is found out when it is asked for first.
    pub(super) fn caller(&self) -> &Caller {
        let place_of = |pid| (self.world.place_of)(&self.world.base, pid);
        self.caller.get_or_init(|| self.credentials.caller(place_of))
    }

    /// The arguments.
    pub(super) fn arguments<'s, B: DynamicDeserialize<'s>>(&'s self) -> Result<B, Fault> {
        self.body.deserialize().map_err(|_| Fault::invalid("Invalid arguments"))
    }

    /// The signature of the arguments, without the parentheses of a structure around several.
    pub(super) fn signature(&self) -> String {
        self.body.signature().to_string_no_parens()
    }

    /// The method's name.
    pub(super) fn member(&self) -> String {
        self.message.header().member().map(|member| member.as_str().to_owned()).unwrap_or_default()
    }

    /// The answer `body`.
    pub(super) fn answer<B: serde::Serialize + DynamicType>(&self, body: &B) -> Result<Message, Fault> {
        let built = Message::method_return(&self.message.header()).build(body);
        built.map_err(|cause| Fault::unwritable(&self.member(), &cause))
    }

    /// Passes, or says why the caller may not. None of these acts is polkit's to judge.
    pub(super) fn may(&self, act: &Act<'_>) -> Result<(), Fault> {
        match self.gate(act) {
            Gate::Open => Ok(()),
            Gate::Ask(_) => Err(Fault::denied()),
            Gate::Shut(refusal) => Err(refusal.into()),
        }
    }

    /// Passes, or says what polkit is to be asked, or why the caller may not.
    pub(super) fn may_or_ask(&self, act: &Act<'_>) -> Result<Option<Question>, Fault> {
        match self.gate(act) {
            Gate::Open => Ok(None),
            Gate::Ask(question) => Ok(Some(question)),
            Gate::Shut(refusal) => Err(refusal.into()),
        }
    }

    /// Wherever root runs, it may: most calls are a login's, and need not ask for its place.
    fn gate(&self, act: &Act<'_>) -> Gate {
        let root = self.credentials.is_root().then(|| self.credentials.nowhere());
        self.view.core.gate(root.as_ref().unwrap_or_else(|| self.caller()), act)
    }

    /// The session in whose scope the caller runs.
    pub(super) fn own_session(&self) -> Result<&'a Session, Fault> {
        path::own_session(self.view.core, self.caller())
            .ok_or_else(|| Fault::new(error::NO_SESSION_FOR_PID, "Caller does not belong to any known session."))
    }

    /// The same, else its owner's display session.
    pub(super) fn auto_session(&self) -> Result<&'a Session, Fault> {
        path::auto_session(self.view.core, self.caller()).ok_or_else(|| {
            let text = "Caller does not belong to any known session and doesn't own any suitable session.";
            Fault::new(error::NO_SESSION_FOR_PID, text)
        })
    }

    /// The user in whose slice the caller runs.
    pub(super) fn own_user(&self) -> Result<&'a User, Fault> {
        path::own_user(self.view.core, self.caller()).ok_or_else(|| {
            let text = "Caller does not belong to any logged in or lingering user";
            Fault::new(error::NO_USER_FOR_PID, text)
        })
    }
}
