//! The server's side of the D-Bus authentication protocol (D-Bus Specification, Authentication Protocol), EXTERNAL only:
//! the kernel has already said who the peer is, so all that is checked is that it does not claim to be somebody else.
//!
//! zbus has a server side too, but one that panics on a line feed as first byte, keeps whatever a peer sends without
//! bound, and asks the user database for the peer's groups.

use logind_core::names::Uid;

/// The longest line taken, with its end; libdbus takes 16 KiB, nobody sends a tenth of this.
pub(super) const LONGEST_LINE: usize = 1024;

/// How many lines a peer may need.
const MOST_LINES: u32 = 32;

/// A peer that is introducing itself.
#[derive(Debug)]
pub(super) struct Introduction {
    uid: Uid,
    guid: String,
    step: Step,
    lines: u32,
    takes_fds: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Nothing came yet, not even the NUL.
    First,
    /// AUTH is awaited.
    Auth,
    /// DATA is awaited.
    Data,
    /// The peer was let in, BEGIN is awaited.
    Accepted,
    /// Messages follow.
    Begun,
}

/// What came of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heard {
    /// How many of them were used up; the rest is an unfinished line, or messages.
    pub(super) used: usize,
    /// What to answer.
    pub(super) answer: String,
    /// The introduction is over: whether the peer takes descriptors.
    pub(super) begun: Option<bool>,
}

/// The peer does not speak the protocol.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the peer does not speak the D-Bus authentication protocol")]
pub(super) struct Gibberish;

impl Introduction {
    /// A peer that the kernel says is `uid`, met by the server `guid`.
    pub(super) fn new(uid: Uid, guid: String) -> Self {
        Self { uid, guid, step: Step::First, lines: 0, takes_fds: false }
    }

    /// Takes the complete lines at the front of `bytes`, up to BEGIN.
    ///
    /// # Errors
    /// If what came is no line of the protocol, or too many came.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Result<Heard, Gibberish> {
        let mut heard = Heard { used: 0, answer: String::new(), begun: None };
        if self.step == Step::First {
            match bytes.first() {
                None => return Ok(heard),
                Some(0) => (self.step, heard.used) = (Step::Auth, 1),
                Some(_) => return Err(Gibberish),
            }
        }
        while self.step != Step::Begun
            && let Some(end) = bytes[heard.used..].iter().position(|&byte| byte == b'\n')
        {
            let line = &bytes[heard.used..heard.used + end];
            heard.used += end + 1;
            self.lines += 1;
            let line = line.strip_suffix(b"\r").and_then(|line| str::from_utf8(line).ok());
            let line = line.filter(|_| self.lines <= MOST_LINES).ok_or(Gibberish)?;
            heard.answer.push_str(&self.answer(line)?);
        }
        heard.begun = (self.step == Step::Begun).then_some(self.takes_fds);
        Ok(heard)
    }

    fn answer(&mut self, line: &str) -> Result<String, Gibberish> {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match (self.step, command) {
            (Step::Auth, "AUTH") => match rest.split_once(' ').unwrap_or((rest, "")) {
                ("EXTERNAL", "") => {
                    self.step = Step::Data;
                    "DATA\r\n".into()
                }
                ("EXTERNAL", claim) => self.judge(claim),
                _ => self.rejected(),
            },
            (Step::Data, "DATA") => self.judge(rest),
            (Step::Data | Step::Accepted, "CANCEL" | "ERROR") | (Step::Auth, "ERROR") => self.rejected(),
            (Step::Accepted, "NEGOTIATE_UNIX_FD") => {
                self.takes_fds = true;
                "AGREE_UNIX_FD\r\n".into()
            }
            (Step::Accepted, "BEGIN") => {
                self.step = Step::Begun;
                String::new()
            }
            (_, "BEGIN") => return Err(Gibberish),
            _ => "ERROR\r\n".into(),
        })
    }

    /// Lets the peer in if it claims to be who it is: its uid's digits in hex, or nothing.
    fn judge(&mut self, claim: &str) -> String {
        let own: String = self.uid.to_string().bytes().map(|digit| format!("{digit:02x}")).collect();
        if !claim.is_empty() && claim != own {
            return self.rejected();
        }
        self.step = Step::Accepted;
        format!("OK {}\r\n", self.guid)
    }

    fn rejected(&mut self) -> String {
        (self.step, self.takes_fds) = (Step::Auth, false);
        "REJECTED EXTERNAL\r\n".into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GUID: &str = "0123456789abcdef0123456789abcdef";

    fn introduction() -> Introduction {
        Introduction::new(Uid::new(1000).expect("a uid"), GUID.into())
    }

    fn hear(bytes: &[u8]) -> Result<Heard, Gibberish> {
        introduction().hear(bytes)
    }

    #[test]
    fn every_library_s_way_in_is_understood() {
        let ok = format!("OK {GUID}\r\n");
        for (said, answer, fds) in [
            // libdbus, GDBus: asks for the mechanisms first.
            ("\0AUTH\r\nAUTH EXTERNAL 31303030\r\nBEGIN\r\n", format!("REJECTED EXTERNAL\r\n{ok}"), false),
            // zbus, older sd-bus.
            ("\0AUTH EXTERNAL 31303030\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n", format!("{ok}AGREE_UNIX_FD\r\n"), true),
            // newer sd-bus.
            (
                "\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n",
                format!("DATA\r\n{ok}AGREE_UNIX_FD\r\n"),
                true,
            ),
        ] {
            assert_eq!(hear(said.as_bytes()), Ok(Heard { used: said.len(), answer, begun: Some(fds) }));
        }
    }

    #[test]
    fn messages_behind_begin_are_left_alone() {
        let said = b"\0AUTH EXTERNAL 31303030\r\nBEGIN\r\nl\x01\n\n";
        assert_eq!(hear(said).map(|heard| heard.used), Ok(said.len() - 4));
    }

    #[test]
    fn who_claims_to_be_root_is_rejected() {
        let answer = hear(b"\0AUTH EXTERNAL 30\r\n").map(|heard| heard.answer);
        assert_eq!(answer.as_deref(), Ok("REJECTED EXTERNAL\r\n"));
        assert_eq!(hear(b"\0AUTH EXTERNAL 30\r\nBEGIN\r\n"), Err(Gibberish));
        assert_eq!(hear(b"\0AUTH ANONYMOUS\r\nBEGIN\r\n"), Err(Gibberish));
        assert_eq!(hear(b"\0AUTH EXTERNAL\r\nDATA 30\r\nBEGIN\r\n"), Err(Gibberish));
    }

    #[test]
    fn what_is_no_introduction_is_refused() {
        for said in [&b"\n"[..], b"AUTH\r\n", b"\0\n", b"\0AUTH\n", b"\0\xff\r\n", b"\0BEGIN\r\n"] {
            assert_eq!(hear(said), Err(Gibberish), "{said:?}");
        }
        assert_eq!(hear("\0AUTH\r\n".repeat(2).as_bytes()).map(|heard| heard.begun), Ok(None));
        assert_eq!(hear(format!("\0{}", "AUTH\r\n".repeat(33)).as_bytes()), Err(Gibberish));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_none_are_used_twice(chunks in prop::collection::vec(any::<Vec<u8>>(), 0..4)) {
            let mut introduction = introduction();
            for chunk in [b"\0".to_vec()].iter().chain(&chunks) {
                match introduction.hear(chunk) {
                    Ok(heard) => prop_assert!(heard.used <= chunk.len()),
                    Err(Gibberish) => break,
                }
            }
        }
    }
}
