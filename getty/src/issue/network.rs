//! The addresses of this host.

use std::net::IpAddr;

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::SockaddrStorage;

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

    #[test]
    fn an_interface_that_is_not_there_has_none() {
        assert_eq!(address(Some("no such"), IpAddr::is_ipv4), None);
    }
}
