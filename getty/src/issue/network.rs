//! The addresses of this host.

use std::net::IpAddr;

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::SockaddrStorage;

use crate::paths;

/// The first address of the wanted family: on `interface` if it is named, else on any that is up and no loopback.
///
/// An address that counts on its own link only is second to every other.
pub(crate) fn address(interface: Option<&str>, wanted: fn(&IpAddr) -> bool) -> Option<IpAddr> {
    let is_meant = |entry: &InterfaceAddress| match interface {
        Some(name) => entry.interface_name == name,
        None => entry.flags.contains(InterfaceFlags::IFF_UP) && !entry.flags.contains(InterfaceFlags::IFF_LOOPBACK),
    };
    let addresses = getifaddrs().ok()?.filter(is_meant).filter_map(|entry| entry.address.as_ref().and_then(ip));
    addresses.filter(wanted).min_by_key(is_link_local) // the first of the least
}

/// A line for each interface that is up and no loopback (or for `interface`): its addresses that people can be told, IPv4
/// before IPv6.
pub(crate) fn good_addresses(interface: Option<&str>) -> Vec<String> {
    lines(&found(interface), true)
}

/// The same with all addresses.
pub(crate) fn all_addresses() -> Vec<String> {
    lines(&found(None), false)
}

/// What an address is good for: the first kind is the best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Worth {
    /// It stays and is reached from elsewhere.
    Lasting,
    /// It is reached from elsewhere and goes (RFC 8981), or is on its way out.
    Passing,
    /// It counts on its own link only.
    Local,
}

/// An address of an interface.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Found {
    interface: String,
    address: IpAddr,
    worth: Worth,
}

fn found(interface: Option<&str>) -> Vec<Found> {
    let Ok(all) = getifaddrs() else { return Vec::new() };
    let passing = passing(&std::fs::read_to_string(paths::IPV6_ADDRESSES).unwrap_or_default());
    let is_meant = |entry: &InterfaceAddress| match interface {
        Some(name) => entry.interface_name == name,
        None => entry.flags.contains(InterfaceFlags::IFF_UP) && !entry.flags.contains(InterfaceFlags::IFF_LOOPBACK),
    };
    let found = |entry: InterfaceAddress| {
        let address = entry.address.as_ref().and_then(ip)?;
        let worth = match address {
            address if is_link_local(&address) => Worth::Local,
            address if passing.contains(&address) => Worth::Passing,
            _ => Worth::Lasting,
        };
        Some(Found { interface: entry.interface_name, address, worth })
    };
    all.filter(is_meant).filter_map(found).collect()
}

/// The addresses in `/proc/net/if_inet6` that are temporary or deprecated (`IFA_F_TEMPORARY`, `IFA_F_DEPRECATED` of
/// linux/if_addr.h).
fn passing(listed: &str) -> Vec<IpAddr> {
    let address = |line: &str| {
        let mut words = line.split_whitespace();
        let bits = u128::from_str_radix(words.next()?, 16).ok()?;
        let flags = u32::from_str_radix(words.nth(3)?, 16).ok()?;
        (flags & (0x01 | 0x20) != 0).then(|| IpAddr::V6(bits.into()))
    };
    listed.lines().filter_map(address).collect()
}

/// `INTERFACE: ADDRESS ADDRESS`; with `best_only`, the addresses of the best worth that the interface has, and of those
/// that pass only the first.
fn lines(found: &[Found], best_only: bool) -> Vec<String> {
    let mut interfaces: Vec<&str> = Vec::new();
    for one in found {
        if !interfaces.contains(&one.interface.as_str()) {
            interfaces.push(&one.interface);
        }
    }
    let line = |interface: &&str| {
        let own = found.iter().filter(|one| one.interface == *interface);
        let best = own.clone().map(|one| one.worth).min()?;
        let mut shown: Vec<_> = own.filter(|one| !best_only || one.worth == best).collect();
        shown.sort_by_key(|one| one.address.is_ipv6()); // stable: else the kernel's order
        if best_only && best == Worth::Passing {
            shown.truncate(1);
        }
        let addresses: Vec<_> = shown.iter().map(|one| one.text()).collect();
        Some(format!("{interface}: {}", addresses.join(" ")))
    };
    interfaces.iter().filter_map(line).collect()
}

impl Found {
    /// An IPv6 address of a link means nothing without the link.
    fn text(&self) -> String {
        match self.address {
            IpAddr::V6(v6) if self.worth == Worth::Local => format!("{v6}%{}", self.interface),
            address => address.to_string(),
        }
    }
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
}

fn is_link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_has_the_loopback_address() {
        assert_eq!(address(Some("lo"), IpAddr::is_ipv4), Some("127.0.0.1".parse().unwrap()));
    }

    fn one(interface: &str, address: &str, worth: Worth) -> Found {
        Found { interface: interface.to_owned(), address: address.parse().unwrap(), worth }
    }

    #[test]
    fn each_interface_shows_its_best_addresses() {
        let found = [
            one("eth0", "fe80::1", Worth::Local),
            one("eth0", "2001:db8::1", Worth::Lasting),
            one("eth0", "2001:db8::2", Worth::Passing),
            one("eth0", "192.0.2.1", Worth::Lasting),
            one("wlan0", "fe80::2", Worth::Local),
            one("tun0", "2001:db8::3", Worth::Passing),
            one("tun0", "2001:db8::4", Worth::Passing),
        ];
        assert_eq!(lines(&found, true), ["eth0: 192.0.2.1 2001:db8::1", "wlan0: fe80::2%wlan0", "tun0: 2001:db8::3"]);
        assert_eq!(
            lines(&found, false),
            [
                "eth0: 192.0.2.1 fe80::1%eth0 2001:db8::1 2001:db8::2",
                "wlan0: fe80::2%wlan0",
                "tun0: 2001:db8::3 2001:db8::4"
            ]
        );
        assert!(lines(&[], true).is_empty());
    }

    #[test]
    fn a_temporary_or_deprecated_address_passes() {
        let listed = "20010db8000000000000000000000001 02 40 00 80     eth0\n\
                      20010db8000000000000000000000002 02 40 00 01     eth0\n\
                      20010db8000000000000000000000003 02 40 00 a0     eth0\nx\n";
        let expected: Vec<IpAddr> = vec!["2001:db8::2".parse().unwrap(), "2001:db8::3".parse().unwrap()];
        assert_eq!(passing(listed), expected);
    }

    #[test]
    fn the_loopback_is_shown_where_it_is_asked_for_by_name() {
        assert!(good_addresses(Some("lo")).iter().any(|line| line.starts_with("lo: 127.0.0.1")));
        assert!(!all_addresses().iter().any(|line| line.starts_with("lo:")));
    }

    #[test]
    fn an_interface_that_is_not_there_has_none() {
        assert_eq!(address(Some("no such"), IpAddr::is_ipv4), None);
    }
}
