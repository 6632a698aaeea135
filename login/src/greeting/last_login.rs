//! The line about the login before this one, as util-linux's login writes it.

use chrono::{DateTime, Local};
use utmp::LastLogin;

/// `Last login: Sat Nov 21 22:12:10 from pc.example.org`, or `on tty1` where it was from here; in the machine's time
/// zone.
pub(super) fn line(login: &LastLogin) -> Vec<u8> {
    let time = DateTime::from_timestamp(login.time.seconds, 0).unwrap_or_default();
    let time = time.with_timezone(&Local).format("%a %b %e %H:%M:%S");
    let (word, place) = match login.host.is_empty() {
        true => ("on", login.line.as_bytes()),
        false => ("from", login.host.as_bytes()),
    };
    format!("Last login: {time} {word} {}\r\n", printable(place)).into_bytes()
}

/// `text` without what could steer a terminal: who came from a host may have named it.
fn printable(text: &[u8]) -> String {
    text.iter().map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use utmp::{Text, Time};

    use super::*;

    fn told(line_name: &str, host: &str) -> String {
        let login = LastLogin { time: Time::from_seconds(1), line: Text::new(line_name), host: Text::new(host) };
        String::from_utf8(line(&login)).expect("ASCII")
    }

    #[test]
    fn a_login_was_from_a_host_or_on_a_line() {
        assert!(told("tty1", "").starts_with("Last login: ") && told("tty1", "").ends_with(" on tty1\r\n"));
        assert!(told("pts/0", "pc.example.org").ends_with(" from pc.example.org\r\n"));
    }

    #[test]
    fn a_hosts_name_steers_no_terminal() {
        assert!(told("pts/0", "pc\x1b[2J\u{9b}").ends_with(" from pc?[2J??\r\n"));
    }
}
