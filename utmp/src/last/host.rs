//! Where somebody came from, as an address or by its name.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Names kept in mind, at most.
const KEPT: usize = 4096;

/// Looks up names, each once.
#[derive(Default)]
pub(crate) struct Names {
    known: HashMap<[u8; 16], String>,
}

impl Names {
    /// The name of `address`, or the address where it has none.
    pub(crate) fn of(&mut self, address: &[u8; 16]) -> &str {
        if self.known.len() >= KEPT && !self.known.contains_key(address) {
            self.known.clear();
        }
        self.known.entry(*address).or_insert_with(|| {
            dns_lookup::getnameinfo(&SocketAddr::new(ip(address), 0), 0)
                .map_or_else(|_| text(address), |(host, _)| host)
        })
    }
}

/// The address a record holds: IPv4 in the first word or mapped into IPv6, else IPv6.
fn ip(address: &[u8; 16]) -> IpAddr {
    let [a, b, c, d, rest @ ..] = *address;
    if rest == [0; 12] {
        return Ipv4Addr::new(a, b, c, d).into();
    }
    Ipv6Addr::from(*address).to_canonical()
}

/// The address in numbers, as last(1) shows it.
pub(crate) fn text(address: &[u8; 16]) -> String {
    match ip(address) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => v6(address),
    }
}

/// As utmpdump(1) shows it, which leaves a mapped address in IPv6.
pub(crate) fn unmapped(address: &[u8; 16]) -> String {
    let [a, b, c, d, rest @ ..] = *address;
    if rest == [0; 12] { Ipv4Addr::new(a, b, c, d).to_string() } else { v6(Ipv6Addr::from(*address)) }
}

/// As inet_ntop(3) writes it: also an address of the first IPv4-in-IPv6 kind ends in IPv4's way.
fn v6(address: Ipv6Addr) -> String {
    let [first @ .., a, b, c, d] = address.octets();
    if first == [0; 12] && (a, b) != (0, 0) { format!("::{}", Ipv4Addr::new(a, b, c, d)) } else { address.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(address: &str) -> [u8; 16] {
        address.parse::<Ipv6Addr>().unwrap().octets()
    }

    #[test]
    fn an_address_is_written_as_libc_writes_it() {
        for (address, shown, dumped) in [
            ("102:304::", "1.2.3.4", "1.2.3.4"),
            ("::", "0.0.0.0", "0.0.0.0"),
            ("::1", "::1", "::1"),
            ("::1.2.3.4", "::1.2.3.4", "::1.2.3.4"),
            ("::ffff:1.2.3.4", "1.2.3.4", "::ffff:1.2.3.4"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::1"),
            ("1:0:0:2::3", "1:0:0:2::3", "1:0:0:2::3"),
            ("::ffff:0:102:304", "::ffff:0:102:304", "::ffff:0:102:304"),
            ("::2:0", "::0.2.0.0", "::0.2.0.0"),
            ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
        ] {
            assert_eq!(text(&bytes(address)), shown);
            assert_eq!(unmapped(&bytes(address)), dumped);
        }
    }

    #[test]
    fn an_address_without_a_name_is_shown_in_numbers() {
        assert_eq!(Names::default().of(&bytes("::")), "0.0.0.0");
    }
}
