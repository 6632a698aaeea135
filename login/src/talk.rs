//! The conversation between PAM and the person at the line.

use nix::sys::signal::Signal;
use prompt::{LoginName, Refusal};
use tracing::warn;

use crate::pam::{Answer, Conversation, Notice, Question, Unanswered};
use crate::sys;
use crate::terminal::{Reply, Terminal};

/// More of what modules said than this is not remembered.
const SAID_MAX: usize = 64 << 10;

/// Puts PAM's questions to the person, and shows them its messages.
pub(crate) struct Talk {
    terminal: Terminal,
    /// What modules have told, a line's end behind each message: what they have shown, login need not show again.
    said: Vec<u8>,
    /// How many more impossible names are worth asking again.
    patience: u32,
    has_answered: bool,
    is_over: bool,
}

impl Talk {
    /// A conversation on `terminal` that ends after `tries` names that can be nobody's.
    pub(crate) fn new(terminal: Terminal, tries: u32) -> Self {
        Self { terminal, said: Vec::new(), patience: tries, has_answered: false, is_over: false }
    }

    /// Whether the person has left: nobody will answer any more.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether a question other than that for the name was answered, since this was last asked.
    pub(crate) fn has_answered(&mut self) -> bool {
        std::mem::take(&mut self.has_answered)
    }

    /// What modules have told so far. It is forgotten here.
    pub(crate) fn take_said(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.said)
    }

    /// Asks for the user's name until it can be one; what cannot be a name never reaches a module.
    fn ask_name(&mut self, text: &[u8]) -> Result<Answer, Unanswered> {
        loop {
            let refusal = match self.heard(self.terminal.ask_visible(text))? {
                None => Refusal::TooLong,
                Some(answer) => match LoginName::parse(answer.as_bytes()) {
                    Ok(_) => return Ok(answer),
                    Err(Refusal::Empty) => continue,
                    Err(refusal) => refusal,
                },
            };
            warn!(reason = %refusal, "refused a name typed at the prompt");
            self.tell(Notice::Error, b"Login incorrect\n");
            self.patience = self.patience.saturating_sub(1);
            if self.patience == 0 {
                self.is_over = true;
                return Err(Unanswered);
            }
        }
    }

    /// What was answered; nothing if it is unusable.
    fn heard(&mut self, reply: std::io::Result<Reply>) -> Result<Option<Answer>, Unanswered> {
        match reply {
            Ok(Reply::Answer(answer)) => Ok(Some(answer)),
            Ok(Reply::Unusable) => Ok(None),
            Ok(Reply::Over) | Err(_) => {
                self.is_over = true; // a line that cannot be read has nobody on it
                Err(Unanswered)
            }
        }
    }
}

/// The prompt for the name, with this machine's short name before it unless `is_plain`.
pub(crate) fn prompt(is_plain: bool) -> String {
    let host = nix::unistd::gethostname().unwrap_or_default();
    match short(&host.to_string_lossy()) {
        short if !is_plain && !short.is_empty() => format!("{short} login: "),
        _ => "login: ".to_owned(),
    }
}

/// A host's name up to its first dot, without control characters: a name server may have given it.
fn short(host: &str) -> String {
    host.split('.').next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect()
}

impl Conversation for Talk {
    fn ask(&mut self, question: Question, text: &[u8]) -> Result<Answer, Unanswered> {
        if self.is_over {
            return Err(Unanswered); // the stack goes on to its next module, the person does not
        }
        let terminal = self.terminal;
        let ask = || match question {
            Question::Hidden => terminal.ask_hidden(text),
            _ => terminal.ask_visible(text),
        };
        let reply = match question {
            Question::Name => return self.ask_name(text),
            // The end of the line is an end of input too, and an attempt that is left so is still to be recorded.
            _ if self.has_answered => sys::unmoved_by(Signal::SIGHUP, ask),
            _ => ask(),
        };
        let answer = self.heard(reply)?;
        self.has_answered = true;
        answer.ok_or(Unanswered)
    }

    fn tell(&mut self, notice: Notice, text: &[u8]) {
        let room = SAID_MAX.saturating_sub(self.said.len());
        if notice == Notice::Info && text.len() < room {
            self.said.extend_from_slice(text);
            self.said.push(b'\n');
        }
        let shown = self.terminal.show(text).and_then(|()| self.terminal.show(b"\n"));
        if let Err(error) = shown {
            warn!(%error, "a message of PAM could not be shown");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosts_name_in_the_prompt_is_short_and_steers_no_terminal() {
        for (host, shown) in [("box.corp.example", "box"), ("b\x1b[2Jo\u{9b}x\n", "b[2Jox"), (".x", ""), ("", "")] {
            assert_eq!(short(host), shown);
        }
    }
}
