//! What PAM modules ask and tell, and what may be answered (`pam_conv(3)`).

use zeroize::Zeroizing;

/// The other side of a PAM conversation: the person at the line.
pub(crate) trait Conversation {
    /// Puts a module's question to the person.
    ///
    /// # Errors
    /// If there is no answer. The conversation is over then; the module gets `PAM_CONV_ERR`.
    fn ask(&mut self, question: Question, text: &[u8]) -> Result<Answer, Unanswered>;

    /// Shows a module's message. It cannot fail: a message that nobody sees is no reason to refuse a login.
    fn tell(&mut self, notice: Notice, text: &[u8]);
}

/// What kind of answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// The user's name: visible, asked while `PAM_USER` is not set.
    Name,
    /// Anything else that may be seen while it is typed (`PAM_PROMPT_ECHO_ON`).
    Visible,
    /// A secret (`PAM_PROMPT_ECHO_OFF`).
    Hidden,
}

/// What kind of message is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// `PAM_TEXT_INFO`.
    Info,
    /// `PAM_ERROR_MSG`: a warning as often as a refusal, and never the end of a conversation.
    Error,
}

/// There was no answer: the line is gone, its end was typed, or what was typed cannot be an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unanswered;

/// What was typed. Wiped from memory when dropped; never printed.
pub(crate) struct Answer(Zeroizing<Vec<u8>>);

impl Answer {
    /// The longest answer in bytes: `PAM_MAX_RESP_SIZE` counts a terminating NUL.
    pub(crate) const MAX_LENGTH: usize = pam::ffi::PAM_MAX_RESP_SIZE as usize - 1;

    /// An answer of these bytes; none if PAM could not be given all of them (too long, or cut short by a NUL byte).
    pub(crate) fn new(bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        (bytes.len() <= Self::MAX_LENGTH && !bytes.contains(&0)).then_some(Self(bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_pam_would_see_cut_is_none() {
        let answer = |bytes: &[u8]| Answer::new(Zeroizing::new(bytes.to_vec()));
        assert!(answer(b"").is_some());
        assert!(answer(&[b'a'; 511]).is_some());
        assert!(answer(&[b'a'; 512]).is_none());
        assert!(answer(b"pass\0word").is_none());
    }
}
