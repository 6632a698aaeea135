//! What the system says about itself.

use std::net::IpAddr;
use std::path::Path;

use chrono::{DateTime, Local};

use super::template::Fact;
use super::{network, os_release, read_small};
use crate::paths;

/// What an issue may tell that the system does not say of itself.
pub(crate) struct Facts<'a> {
    /// The line's name.
    pub(crate) line: &'a str,
    /// The line's speed.
    pub(crate) speed: Option<u32>,
    /// The number of logins.
    pub(crate) users: usize,
    /// The time.
    pub(crate) now: DateTime<Local>,
}

impl Facts<'_> {
    /// What is to be shown for `fact`; without control characters, whoever set it (a name server names hosts).
    pub(crate) fn tell(&self, fact: &Fact) -> Vec<u8> {
        if let Fact::OsRelease(Some(variable)) = fact
            && variable == "ANSI_COLOR"
        {
            return ansi_colour();
        }
        let lines = match fact {
            Fact::GoodAddresses(interface) => network::good_addresses(interface.as_deref()),
            Fact::AllAddresses => network::all_addresses(),
            fact => return visible(&self.text(fact).unwrap_or_default()).into_bytes(),
        };
        lines.iter().flat_map(|line| format!("{}\n", visible(line)).into_bytes()).collect()
    }

    fn text(&self, fact: &Fact) -> Option<String> {
        let uname = rustix::system::uname();
        let own = |text: &std::ffi::CStr| Some(text.to_string_lossy().into_owned());
        match fact {
            Fact::Ipv4(interface) => address(interface.as_deref(), IpAddr::is_ipv4),
            Fact::Ipv6(interface) => address(interface.as_deref(), IpAddr::is_ipv6),
            Fact::Speed => self.speed.map(|speed| speed.to_string()),
            Fact::Date => Some(self.now.format("%a %b %-d  %Y").to_string()),
            Fact::Time => Some(self.now.format("%H:%M:%S").to_string()),
            Fact::Line => Some(self.line.to_owned()),
            Fact::Machine => own(uname.machine()),
            Fact::NodeName => own(uname.nodename()),
            Fact::NisDomain => own(uname.domainname()),
            Fact::DnsDomain => Some(dns_domain(&uname.nodename().to_string_lossy())),
            Fact::Release => own(uname.release()),
            Fact::System => own(uname.sysname()),
            Fact::Version => own(uname.version()),
            Fact::OsRelease(None) => os_release::value("PRETTY_NAME").or_else(|| own(uname.sysname())),
            Fact::OsRelease(Some(variable)) => os_release::value(variable),
            Fact::Users => Some(format!("{} ", self.users)), // the blank is agetty's
            Fact::GoodAddresses(_) | Fact::AllAddresses => None, // lines, not a text
            Fact::UsersInWords => Some(format!("{} user{}", self.users, if self.users == 1 { "" } else { "s" })),
        }
    }
}

/// An address of the wanted family, on `interface` or on any; where no interface has one, the host's own in hosts(5).
fn address(interface: Option<&str>, wanted: fn(&IpAddr) -> bool) -> Option<String> {
    let own = || hosts_address(&rustix::system::uname().nodename().to_string_lossy(), &hosts(), wanted);
    let found = network::address(interface, wanted);
    found.or_else(|| if interface.is_none() { own() } else { None }).map(|ip| ip.to_string())
}

/// The host's name up to its first dot, without control characters: what the prompt shows.
pub(crate) fn short_host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    visible(name.split('.').next().unwrap_or_default())
}

/// The host's full name: its own where that has a dot, else with its domain in hosts(5), if it is there.
pub(crate) fn long_host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let domain = if name.contains('.') { None } else { domain_of(&name, &hosts()) };
    visible(&domain.map_or(name.clone(), |domain| format!("{name}.{domain}")))
}

fn visible(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// The vendor's colour, as the sequence that sets it: digits and `;`, or nothing.
fn ansi_colour() -> Vec<u8> {
    match os_release::value("ANSI_COLOR") {
        Some(codes) if codes.bytes().all(|byte| byte.is_ascii_digit() || byte == b';') => {
            format!("\x1b[{codes}m").into_bytes()
        }
        _ => Vec::new(),
    }
}

/// The domain of `host`: after its first dot, else after the first dot of its full name in hosts(5).
///
/// No name server is asked: a prompt does not wait for the network.
fn dns_domain(host: &str) -> String {
    domain_of(host, &hosts()).unwrap_or_else(|| "unknown_domain".to_owned())
}

fn hosts() -> String {
    String::from_utf8_lossy(&read_small(Path::new(paths::HOSTS)).unwrap_or_default()).into_owned()
}

/// The address of `host` in hosts(5): of the first line that names it and has an address of the wanted family.
fn hosts_address(host: &str, hosts: &str, wanted: fn(&IpAddr) -> bool) -> Option<IpAddr> {
    let lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default().split_whitespace());
    lines
        .filter_map(|mut words| Some((words.next()?.parse().ok()?, words)))
        .find_map(|(ip, mut names)| (wanted(&ip) && names.any(|name| name == host)).then_some(ip))
}

fn domain_of(host: &str, hosts: &str) -> Option<String> {
    let is_full = |name: &&str| name.strip_prefix(host).is_some_and(|rest| rest.starts_with('.'));
    let full = match host.split_once('.') {
        Some((_, domain)) => return Some(domain.to_owned()),
        None => {
            hosts.lines().flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace()).find(is_full)
        }
    };
    full.and_then(|name| name.split_once('.')).map(|(_, domain)| domain.to_owned())
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn told(fact: &Fact, users: usize) -> String {
        let now = Local.with_ymd_and_hms(2039, 3, 5, 7, 8, 9).unwrap();
        let facts = Facts { line: "tty\x1b1", speed: Some(250_000), users, now };
        String::from_utf8(facts.tell(fact)).unwrap()
    }

    #[test]
    fn dates_and_times_are_agettys_also_after_2038() {
        assert_eq!(told(&Fact::Date, 0), "Sat Mar 5  2039");
        assert_eq!(told(&Fact::Time, 0), "07:08:09");
    }

    #[test]
    fn one_user_is_no_users() {
        assert_eq!([0, 1, 2].map(|n| told(&Fact::UsersInWords, n)), ["0 users", "1 user", "2 users"]);
        assert_eq!(told(&Fact::Users, 3), "3 ");
    }

    #[test]
    fn no_fact_steers_the_terminal() {
        assert_eq!(told(&Fact::Line, 0), "tty1");
    }

    #[test]
    fn a_speed_is_any_number() {
        assert_eq!(told(&Fact::Speed, 0), "250000");
    }

    #[test]
    fn a_host_without_an_interface_has_the_address_that_hosts_gives_it() {
        let hosts = "# 10.9.9.9 box\n127.0.0.1 localhost\n::1 box\nx box\n127.0.1.1 box.example box\n10.0.0.1 box\n";
        assert_eq!(hosts_address("box", hosts, IpAddr::is_ipv4), Some("127.0.1.1".parse().unwrap()));
        assert_eq!(hosts_address("box", hosts, IpAddr::is_ipv6), Some("::1".parse().unwrap()));
        assert_eq!(hosts_address("other", hosts, IpAddr::is_ipv4), None);
    }

    #[test]
    fn the_domain_is_in_the_name_or_in_hosts() {
        let hosts =
            "127.0.0.1 localhost\n10.0.0.1 box2.other.example box2 # box.no.example\n10.0.0.2 box.corp.example box\n";
        assert_eq!(domain_of("box.example", hosts).as_deref(), Some("example"));
        assert_eq!(domain_of("box", hosts).as_deref(), Some("corp.example"));
        assert_eq!(domain_of("none", hosts), None);
    }
}
