//! What PAM's modules have said already, which is not to be said again.
//!
//! What was shown on this screen decides, not what a stack's configuration reads like: a module may be in the stack and
//! skipped, told to be quiet, or be another than the one we know.

/// The messages that modules have shown, each with a line's end behind it.
pub(crate) struct Said(Vec<u8>);

impl Said {
    pub(crate) fn new(messages: Vec<u8>) -> Self {
        Self(messages)
    }

    /// Whether `message` was shown, whatever blanks are around it.
    pub(super) fn contains(&self, message: &[u8]) -> bool {
        let message = message.trim_ascii();
        message.is_empty() || self.0.windows(message.len()).any(|shown| shown == message)
    }

    /// Whether the last login was told of: `pam_lastlog(8)`, `pam_lastlog2(8)`, and their like.
    pub(super) fn has_last_login(&self) -> bool {
        self.lines().any(|line| line.starts_with(b"Last login"))
    }

    /// Whether mail was told of, or that there is none: `pam_mail(8)` ("You have new mail in folder /var/mail/alice.").
    pub(super) fn has_mail(&self) -> bool {
        self.lines().any(|line| {
            let words = line.strip_prefix(b"You have ").or_else(|| line.strip_prefix(b"No "));
            words.is_some_and(|words| words.windows(4).any(|word| word == b"mail"))
        })
    }

    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(messages: &str) -> Said {
        Said::new(messages.as_bytes().to_vec())
    }

    #[test]
    fn what_a_module_showed_was_said_whatever_blanks_are_around_it() {
        let said = said("Linux box 6.1\n\nwelcome\nto the machine\n");
        assert!(said.contains(b"welcome\nto the machine\n\n") && said.contains(b"Linux box 6.1\n"));
        assert!(!said.contains(b"welcome to the machine\n"));
        assert!(said.contains(b"\n"), "there is nothing to say");
    }

    #[test]
    fn the_words_of_linux_pams_modules_are_known() {
        assert!(said("Last login: Sat Nov 21 22:12:10 UTC 2026 on pts/0\n").has_last_login());
        assert!(said("a\nLast login: Sat Nov 21 22:12:10 2026 from pc on pts/0\n").has_last_login());
        assert!(!said("Last logins are not told here\nThe Last login: no\n").has_mail());
        for words in ["You have new mail.", "You have no mail in folder /var/mail/alice.", "No mail.", "You have mail."]
        {
            assert!(said(words).has_mail(), "{words}");
        }
        assert!(!said("Mail is down today.\nYou have 3 updates.\nsend mail to root\n").has_mail());
    }
}
