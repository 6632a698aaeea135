//! The kernel's audit trail: who logged in or was refused, as AUDIT_USER_LOGIN (linux/audit.h, libaudit's
//! audit_log_acct_message(3)).

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};
use tracing::warn;

use crate::host::Host;
use crate::line::LineName;

/// `AUDIT_USER_LOGIN` of linux/audit.h: the type of the message.
const USER_LOGIN: u16 = 1112;
/// `NLM_F_REQUEST | NLM_F_ACK` of linux/netlink.h.
const REQUEST_AND_ACK: u16 = 1 | 4;
/// `NLMSG_ERROR` of linux/netlink.h: the answer, also to what went well.
const ANSWER: u16 = 2;
/// The bytes of a `struct nlmsghdr`.
const HEADER: usize = 16;

/// Whose login it was.
pub(super) enum Who<'a> {
    /// An account.
    Uid(u32),
    /// A name, which may be anything that was typed.
    Name(&'a str),
}

/// What became of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome {
    Success,
    Failed,
}

/// Tells the kernel of a login on `line` from `host`. A kernel or a container without an audit trail is passed over in
/// silence; any other failure is worth a line.
pub(super) fn tell(who: &Who<'_>, line: &LineName, host: Option<&Host>, outcome: Outcome) {
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("login"));
    match send(&text(who, &program, line, host, outcome)) {
        Ok(()) => {}
        // No audit in this kernel, and no audit for this user namespace.
        Err(Errno::PROTONOSUPPORT | Errno::AFNOSUPPORT | Errno::INVAL | Errno::CONNREFUSED) => {}
        Err(error) => warn!(error = %io::Error::from(error), "cannot tell the audit trail of a login"),
    }
}

/// The words of the message, which are the peers'. What others may have chosen is quoted, or in hexadecimal digits where
/// it could pose as another word (CVE-2008-1926).
fn text(who: &Who<'_>, program: &Path, line: &LineName, host: Option<&Host>, outcome: Outcome) -> String {
    let who = match who {
        Who::Uid(uid) => format!("id={uid}"),
        Who::Name(name) => format!("acct={}", encoded(name.as_bytes())),
    };
    let program = encoded(program.as_os_str().as_encoded_bytes());
    let address = host.and_then(Host::address).map_or_else(|| "?".to_owned(), |address| address.to_string());
    let host = host.map_or("?", Host::as_str);
    let outcome = match outcome {
        Outcome::Success => "success",
        Outcome::Failed => "failed",
    };
    format!("op=login {who} exe={program} hostname={host} addr={address} terminal={line} res={outcome}")
}

/// As audit_encode_nv_string(3): in quotes, or in hexadecimal digits if there is a quote, a blank, or a byte that is no
/// printable ASCII.
fn encoded(value: &[u8]) -> String {
    if value.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'"') {
        format!("\"{}\"", String::from_utf8_lossy(value))
    } else {
        value.iter().map(|byte| format!("{byte:02X}")).collect()
    }
}

fn send(text: &str) -> Result<(), Errno> {
    let kind = netlink::AUDIT;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(kind))?;
    sendto(&socket, &message(text), SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    answer(&socket)
}

/// A `struct nlmsghdr` and the text with its NUL.
fn message(text: &str) -> Vec<u8> {
    let length = u32::try_from(HEADER + text.len() + 1).unwrap_or(u32::MAX);
    let mut message = Vec::with_capacity(HEADER + text.len() + 1);
    message.extend(length.to_ne_bytes());
    message.extend(USER_LOGIN.to_ne_bytes());
    message.extend(REQUEST_AND_ACK.to_ne_bytes());
    message.extend(1_u32.to_ne_bytes()); // our only message
    message.extend(0_u32.to_ne_bytes()); // the kernel fills in who asks
    message.extend(text.as_bytes());
    message.push(0);
    message
}

/// What the kernel made of the message: it answers while it takes it, so there is nothing to wait for.
fn answer(socket: &OwnedFd) -> Result<(), Errno> {
    let mut answer = [0; 256];
    let (length, _) = recv(socket, &mut answer, RecvFlags::DONTWAIT)?;
    outcome(&answer[..length.min(256)])
}

/// The error in a `struct nlmsgerr`, or none.
fn outcome(answer: &[u8]) -> Result<(), Errno> {
    let kind = answer.get(4..6).and_then(|bytes| bytes.try_into().ok()).map(u16::from_ne_bytes);
    let code = answer.get(HEADER..HEADER + 4).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
    match (kind, code) {
        (Some(ANSWER), Some(0)) => Ok(()),
        (Some(ANSWER), Some(code @ -4095..=-1)) => Err(Errno::from_raw_os_error(-code)),
        _ => Err(Errno::BADMSG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::tests::named;

    fn told(who: &Who<'_>, host: Option<&str>, outcome: Outcome) -> String {
        let host = host.map(|host| Host::parse(host.as_bytes()).expect("a host"));
        text(who, Path::new("/bin/login"), &named("tty1"), host.as_ref(), outcome)
    }

    #[test]
    fn the_words_are_libaudits() {
        assert_eq!(
            told(&Who::Uid(1000), None, Outcome::Success),
            r#"op=login id=1000 exe="/bin/login" hostname=? addr=? terminal=tty1 res=success"#
        );
        assert_eq!(
            told(&Who::Name("alice"), Some("192.0.2.7"), Outcome::Failed),
            r#"op=login acct="alice" exe="/bin/login" hostname=192.0.2.7 addr=192.0.2.7 terminal=tty1 res=failed"#
        );
    }

    #[test]
    fn a_name_cannot_pose_as_another_word_cve_2008_1926() {
        for name in ["a\" addr=1.2.3.4", "a b", "zo\u{eb}", "a\nb", "\""] {
            let told = told(&Who::Name(name), None, Outcome::Failed);
            let words: Vec<_> = told.split(' ').map(|word| word.split('=').next().unwrap_or_default()).collect();
            assert_eq!(words, ["op", "acct", "exe", "hostname", "addr", "terminal", "res"], "{told}");
            assert!(told.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{told}");
        }
        assert_eq!(encoded(b"a b"), "612062");
    }

    #[test]
    fn a_message_is_a_header_of_the_kernels_and_a_string() {
        let message = message("op=login");
        assert_eq!(message.len(), 25);
        assert_eq!(message[..4], 25_u32.to_ne_bytes());
        assert_eq!(message[4..6], 1112_u16.to_ne_bytes());
        assert_eq!(&message[16..], b"op=login\0");
    }

    #[test]
    fn an_answer_is_an_error_or_none() {
        let answer = |kind: u16, code: i32| {
            [&36_u32.to_ne_bytes()[..], &kind.to_ne_bytes(), &[0; 10], &code.to_ne_bytes()].concat()
        };
        assert_eq!(outcome(&answer(2, 0)), Ok(()));
        assert_eq!(outcome(&answer(2, -1)), Err(Errno::PERM));
        for (kind, code) in [(2, 1), (2, -4096), (2, i32::MIN), (3, 0)] {
            assert_eq!(outcome(&answer(kind, code)), Err(Errno::BADMSG));
        }
        for length in 0..20 {
            assert_eq!(outcome(&answer(2, 0)[..length]), Err(Errno::BADMSG));
        }
    }
}
