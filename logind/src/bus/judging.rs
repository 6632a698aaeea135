//! Calls that polkit has to allow: asked about, judged, withdrawn.

use logind_api::error;
use logind_core::event::RequestId;
use logind_core::gate::Question;
use zbus::Message;
use zbus::message::Flags;

use super::call::Called;
use super::fault::Fault;
use super::polkit::{Case, Subject, Verdict};
use super::service::{Bus, Peer, Waiting};

impl Bus {
    /// Asks polkit about a call that waits, where there is a bus to ask through.
    pub(super) fn ask_polkit(
        &mut self,
        request: RequestId,
        called: Box<Called>,
        question: Question,
        call: &Message,
    ) -> Option<Called> {
        let is_interactive = call.primary_header().flags().contains(Flags::ALLOW_INTERACTIVE_AUTH);
        let case = Case { request, called, question, is_interactive };
        if !self.system.is_up() {
            let verdict = match question.without_polkit {
                true => Verdict::Open(case.called),
                false => Verdict::Shut(request, Fault::denied()),
            };
            return self.judged(verdict);
        }
        let from = &self.waiting.get(&request)?.from;
        let credentials = match from {
            Peer::System(_) => self.system.sender(call)?,
            Peer::Private(id) => &self.private.connection(*id)?.credentials,
        };
        let uid = credentials.uid;
        if !self.polkit.has_room_for(uid) {
            let fault = Fault::new(error::LIMITS_EXCEEDED, "Too many calls of this user wait for polkit");
            return self.judged(Verdict::Shut(request, fault));
        }
        let subject = match from {
            Peer::System(name) => Subject::BusName(name),
            Peer::Private(_) => match credentials.pidfd() {
                Ok(pidfd) => Subject::Process(pidfd, uid),
                Err(error) => return self.judged(Verdict::Shut(request, error.into())),
            },
        };
        match self.polkit.ask(case, uid, subject) {
            Ok(message) => self.system.send(message),
            Err(cause) => return self.judged(Verdict::Shut(request, Fault::unwritable("CheckAuthorization", &cause))),
        }
        None
    }

    /// polkit's word on a call: it is carried out, or its caller is told why not.
    pub(super) fn judged(&mut self, verdict: Verdict) -> Option<Called> {
        match verdict {
            Verdict::Open(called) => return Some(*called),
            Verdict::Shut(request, fault) => {
                if let Some(Waiting { from, message }) = self.waiting.remove(&request) {
                    self.send(&from, &message, Err(fault));
                }
            }
        }
        None
    }

    /// Who left asks for nothing any more that has not been allowed yet.
    pub(super) fn left(&mut self, peer: &Peer) {
        if self.polkit.is_idle() {
            return;
        }
        let own = self.waiting.iter().filter(|(_, waiting)| waiting.from == *peer);
        let requests: Vec<RequestId> = own.map(|(&request, _)| request).collect();
        for (request, cancel) in self.polkit.withdraw(&requests) {
            self.waiting.remove(&request);
            if let Some(message) = cancel {
                self.system.send(message);
            }
        }
    }

    /// Who was shut out waits for nothing any more, nor does who called through a bus that is gone: on the next one the name
    /// may be another's. What polkit was asked through it gets no answer.
    pub(super) fn drop_what_is_in_vain(&mut self) {
        for id in self.private.shut_out() {
            self.left(&Peer::Private(id));
        }
        if !self.system.is_up() {
            for verdict in self.polkit.abandon() {
                self.judged(verdict);
            }
            self.waiting.retain(|_, waiting| matches!(waiting.from, Peer::Private(_)));
        }
    }
}
