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
        self.text(fact).unwrap_or_default().chars().filter(|c| !c.is_control()).collect::<String>().into_bytes()
    }

    fn text(&self, fact: &Fact) -> Option<String> {
        let uname = rustix::system::uname();
        let own = |text: &std::ffi::CStr| Some(text.to_string_lossy().into_owned());
        match fact {
            Fact::Ipv4(interface) => network::address(interface.as_deref(), IpAddr::is_ipv4).map(|ip| ip.to_string()),
            Fact::Ipv6(interface) => network::address(interface.as_deref(), IpAddr::is_ipv6).map(|ip| ip.to_string()),
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
            Fact::Users => Some(self.users.to_string()),
            Fact::UsersInWords => Some(format!("{} user{}", self.users, if self.users == 1 { "" } else { "s" })),
        }
    }
}

/// The host's name up to its first dot, without control characters: what the prompt shows.
pub(crate) fn short_host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    name.split('.').next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect()
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
    let hosts = read_small(Path::new(paths::HOSTS)).unwrap_or_default();
    domain_of(host, &String::from_utf8_lossy(&hosts)).unwrap_or_else(|| "unknown_domain".to_owned())
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
        assert_eq!(told(&Fact::Users, 3), "3");
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
    fn the_domain_is_in_the_name_or_in_hosts() {
        let hosts =
            "127.0.0.1 localhost\n10.0.0.1 box2.other.example box2 # box.no.example\n10.0.0.2 box.corp.example box\n";
        assert_eq!(domain_of("box.example", hosts).as_deref(), Some("example"));
        assert_eq!(domain_of("box", hosts).as_deref(), Some("corp.example"));
        assert_eq!(domain_of("none", hosts), None);
    }
}
