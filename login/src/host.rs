//! The name of the machine a login comes from, as the caller gives it.

use std::net::IpAddr;

use thiserror::Error;

/// A host's name or address: 1 to 255 bytes of visible ASCII, no leading `-`.
///
/// It is kept as it was given (CVE-2026-3184: a domain cut off here lets `pam_access` see another host), and what
/// could steer a terminal or break a record has no place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host(String);

/// Why bytes are no [`Host`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a host's name is 1 to 255 visible ASCII characters and does not begin with \"-\"")]
pub(crate) struct HostError;

impl Host {
    /// The longest name in bytes (RFC 1035 §2.3.4); `ut_host` has 256.
    const MAX_LENGTH: usize = 255;

    /// The host that `bytes` name.
    ///
    /// # Errors
    /// If they name none.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, HostError> {
        let is_host = (1..=Self::MAX_LENGTH).contains(&bytes.len())
            && !bytes.starts_with(b"-")
            && bytes.iter().all(u8::is_ascii_graphic);
        let text = str::from_utf8(bytes).map_err(|_| HostError)?;
        if is_host { Ok(Self(text.to_owned())) } else { Err(HostError) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The address, if one was given; names are not looked up (a resolver may hang).
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.0.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_kept_verbatim() {
        for host in ["pc", "pc.example.org", "192.0.2.7", "2001:db8::1", "fe80::1%eth0"] {
            assert_eq!(Host::parse(host.as_bytes()).map(|h| h.as_str().to_owned()).as_deref(), Ok(host));
        }
    }

    #[test]
    fn a_host_cannot_steer_a_terminal_or_be_an_option() {
        for host in ["", "-f", "a b", "a\x1b[2J", "a\n", "ho\u{308}st"] {
            assert_eq!(Host::parse(host.as_bytes()), Err(HostError), "{host:?}");
        }
        assert_eq!(Host::parse(&[b'a'; 256]), Err(HostError));
    }

    #[test]
    fn only_a_literal_address_is_an_address() {
        assert_eq!(Host("192.0.2.7".into()).address(), Some(IpAddr::from([192, 0, 2, 7])));
        assert_eq!(Host("pc".into()).address(), None);
    }
}
