//! From what PAM says to what logind is asked: the rules of pam_systemd(8), in their order.

use crate::arguments::Arguments;
use crate::inputs::Inputs;
use crate::limits::Property;
use crate::names::{Class, Kind, SeatId, VtNumber};

/// What logind is asked for, argument by argument (org.freedesktop.login1(5), `CreateSession`).
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) uid: u32,
    pub(crate) service: String,
    pub(crate) kind: Kind,
    pub(crate) class: Class,
    /// What to ask for if `class` is refused: it was our own choice, and daemons from before 258 do not know it.
    pub(crate) older_class: Option<Class>,
    pub(crate) desktop: String,
    seat: Option<SeatId>,
    vt: Option<VtNumber>,
    pub(crate) tty: String,
    pub(crate) display: String,
    pub(crate) is_remote: bool,
    pub(crate) remote_user: String,
    pub(crate) remote_host: String,
    pub(crate) properties: Vec<Property>,
}

impl Request {
    /// The seat claimed; empty for none.
    pub(crate) fn seat(&self) -> &str {
        self.seat.as_ref().map_or("", SeatId::as_str)
    }

    /// The virtual terminal claimed; 0 for none.
    pub(crate) fn vt(&self) -> u32 {
        self.vt.map_or(0, |vt| vt.get().into())
    }

    /// Makes the request. `vt_of_display` finds the virtual terminal of a display's X server.
    pub(crate) fn new(
        inputs: Inputs,
        arguments: &Arguments,
        vt_of_display: impl FnOnce(&str) -> Option<VtNumber>,
    ) -> Self {
        let Terminal { tty, display, kind, class } = Terminal::of(&inputs, arguments);
        let is_remote = !inputs.remote_host.is_empty() && !is_this_machine(&inputs.remote_host);
        let (seat, vt) = match Stand::of(&inputs.tty, &display, is_remote) {
            Stand::Terminal(vt) => (Some(SeatId::seat0()), Some(vt)),
            Stand::NoSeat => (None, None),
            Stand::Unknown => {
                place(inputs.seat, inputs.vt, || if display.is_empty() { None } else { vt_of_display(&display) })
            }
        };
        let kind = kind.unwrap_or_else(|| default_kind(&display, &tty));
        let chosen = class.unwrap_or(if kind == Kind::UNSPECIFIED { Class::BACKGROUND } else { Class::USER });
        let refined = if class.is_none() { refine(chosen, kind, inputs.uid) } else { chosen };
        let is_incomplete = inputs.is_incomplete && chosen == Class::USER;
        Self {
            uid: inputs.uid,
            service: inputs.service,
            kind,
            class: if is_incomplete { Class::USER_INCOMPLETE } else { refined },
            older_class: (!is_incomplete && refined != chosen).then_some(chosen),
            desktop: if inputs.desktop.is_empty() {
                arguments.desktop.clone().unwrap_or_default()
            } else {
                inputs.desktop
            },
            seat,
            vt,
            tty,
            display,
            is_remote,
            remote_user: inputs.remote_user,
            remote_host: inputs.remote_host,
            properties: inputs.properties,
        }
    }
}

/// What PAM_TTY turns out to mean. The environment's word comes before the administrator's, except where PAM_TTY itself
/// names a kind of login: there the administrator may still say otherwise, the environment not.
struct Terminal {
    tty: String,
    display: String,
    kind: Option<Kind>,
    class: Option<Class>,
}

impl Terminal {
    fn of(inputs: &Inputs, arguments: &Arguments) -> Self {
        let none = |kind: Kind, class: Class| Self {
            tty: String::new(),
            display: inputs.display.clone(),
            kind: Some(arguments.kind.unwrap_or(kind)),
            class: Some(arguments.class.unwrap_or(class)),
        };
        let plain = |tty: &str, display: &str| Self {
            tty: tty.to_owned(),
            display: display.to_owned(),
            kind: inputs.kind.or(arguments.kind),
            class: inputs.class.or(arguments.class),
        };
        match (&*inputs.service, &*inputs.tty) {
            ("systemd-user", _) if is_system_user(inputs.uid) => none(Kind::UNSPECIFIED, Class::MANAGER_EARLY),
            ("systemd-user", _) => none(Kind::UNSPECIFIED, Class::MANAGER),
            // An X display, put there to show up in utmp.
            (_, tty) if tty.contains(':') => plain("", if inputs.display.is_empty() { tty } else { &inputs.display }),
            (_, "cron") => none(Kind::UNSPECIFIED, Class::BACKGROUND),
            (_, "ssh") => none(Kind::TTY, Class::USER),
            (_, tty) => plain(tty.strip_prefix("/dev/").unwrap_or(tty), &inputs.display),
        }
    }
}

/// What the program that lets somebody in says of where they are. pam_env(8) may have filled the variables that claim a
/// seat from a file of theirs, so those count only where the program says nothing itself (CVE-2019-3842, CVE-2025-6018).
enum Stand {
    /// At a virtual terminal.
    Terminal(VtNumber),
    /// At no seat: on another machine, at a display of one, or on a pseudo terminal; or nobody is there.
    NoSeat,
    /// It does not say: display managers, and services without a terminal.
    Unknown,
}

impl Stand {
    fn of(tty: &str, display: &str, is_remote: bool) -> Self {
        // sshd says "localhost" of who came to the machine and went on from there.
        if is_remote || matches!(tty, "ssh" | "cron") {
            return Self::NoSeat;
        }
        let line = tty.strip_prefix("/dev/").unwrap_or(tty);
        let digits = line.strip_prefix("tty").filter(|digits| !digits.starts_with('0'));
        match digits.and_then(|digits| VtNumber::parse(digits.as_bytes())) {
            Some(vt) => Self::Terminal(vt),
            None if is_none_or_local(line) && is_none_or_local(display) => Self::Unknown,
            None => Self::NoSeat,
        }
    }
}

/// Whether there is no display, or one of this machine: `:0` (X(7), DISPLAY NAMES).
fn is_none_or_local(display: &str) -> bool {
    display.is_empty() || display.starts_with(':')
}

/// Where a local login sits that PAM does not place: on its X server's virtual terminal, which is the kernel's word; else
/// where it claims to. Only seat0 has virtual terminals.
fn place(
    seat: Option<SeatId>,
    vt: Option<VtNumber>,
    vt_of_display: impl FnOnce() -> Option<VtNumber>,
) -> (Option<SeatId>, Option<VtNumber>) {
    if let Some(found) = vt_of_display() {
        return (Some(SeatId::seat0()), Some(found));
    }
    let may_have_vt = seat.as_ref().is_none_or(SeatId::is_seat0);
    (seat, vt.filter(|_| may_have_vt))
}

fn default_kind(display: &str, tty: &str) -> Kind {
    if !display.is_empty() {
        Kind::X11
    } else if !tty.is_empty() {
        Kind::TTY
    } else {
        Kind::UNSPECIFIED
    }
}

/// The class for who is no person: root logs in before the machine is up for all, a service account needs no service
/// manager (pam_systemd(8), since 258).
fn refine(class: Class, kind: Kind, uid: u32) -> Class {
    match class {
        Class::USER if uid == 0 => Class::USER_EARLY,
        Class::USER if is_system_user(uid) && !kind.is_graphical() => Class::USER_LIGHT,
        Class::BACKGROUND if is_system_user(uid) => Class::BACKGROUND_LIGHT,
        class => class,
    }
}

/// Whether a uid is no person's: system users, nobody, and those made for a service while it runs (systemd's
/// UIDS-GIDS.md; login.defs(5), `SYS_UID_MAX`).
fn is_system_user(uid: u32) -> bool {
    matches!(uid, 0..=999 | 61184..=65519 | 65534)
}

/// Whether a host name is this machine's own for certain: nothing that ends in `.localhost`, because such a name can
/// come from somebody else's DNS.
fn is_this_machine(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    ["localhost", "localhost.localdomain"].iter().any(|name| host.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: u32 = 1000;

    fn person() -> Inputs {
        Inputs { uid: PERSON, service: "login".into(), ..Inputs::default() }
    }

    fn arguments(line: &str) -> Arguments {
        let (arguments, complaints) = Arguments::parse(line.split_ascii_whitespace().map(str::as_bytes));
        assert_eq!(complaints, [""; 0]);
        arguments
    }

    fn request(inputs: Inputs) -> Request {
        Request::new(inputs, &Arguments::default(), |_| None)
    }

    /// Type, class, tty and display of the request.
    fn shape(request: &Request) -> (&str, &str, &str, &str) {
        (request.kind.as_str(), request.class.as_str(), &request.tty, &request.display)
    }

    fn class(word: &str) -> Option<Class> {
        Class::parse(word.as_bytes())
    }

    #[test]
    fn a_line_is_named_without_dev() {
        for (tty, line) in [("/dev/tty3", "tty3"), ("tty3", "tty3"), ("/dev/pts/4", "pts/4"), ("console", "console")] {
            let request = request(Inputs { tty: tty.into(), ..person() });
            assert_eq!(shape(&request), ("tty", "user", line, ""), "{tty}");
        }
    }

    #[test]
    fn a_tty_with_a_colon_is_a_display() {
        let of_tty = request(Inputs { tty: ":0".into(), ..person() });
        assert_eq!(shape(&of_tty), ("x11", "user", "", ":0"));
        let both = request(Inputs { tty: ":0".into(), display: ":7".into(), ..person() });
        assert_eq!(shape(&both), ("x11", "user", "", ":7"));
    }

    #[test]
    fn cron_and_ssh_are_no_lines() {
        let cron = request(Inputs { tty: "cron".into(), ..person() });
        assert_eq!(shape(&cron), ("unspecified", "background", "", ""));
        let ssh = request(Inputs { tty: "ssh".into(), ..person() });
        assert_eq!(shape(&ssh), ("tty", "user", "", ""));
    }

    #[test]
    fn without_a_terminal_a_session_is_in_the_background() {
        assert_eq!(shape(&request(person())), ("unspecified", "background", "", ""));
    }

    #[test]
    fn a_service_manager_has_no_line() {
        let manager =
            |uid| Inputs { uid, service: "systemd-user".into(), tty: "/dev/tty1".into(), ..Inputs::default() };
        assert_eq!(shape(&request(manager(PERSON))), ("unspecified", "manager", "", ""));
        assert_eq!(shape(&request(manager(33))), ("unspecified", "manager-early", "", ""));
    }

    #[test]
    fn the_environment_comes_before_the_line_and_the_line_before_the_rule() {
        let line = arguments("class=greeter type=wayland desktop=KDE");
        let tty = || Inputs { tty: "tty1".into(), ..person() };
        let of_line = Request::new(tty(), &line, |_| None);
        assert_eq!((shape(&of_line), &*of_line.desktop), (("wayland", "greeter", "tty1", ""), "KDE"));
        let set = Inputs { kind: Some(Kind::X11), class: class("lock-screen"), desktop: "sway".into(), ..tty() };
        let of_environment = Request::new(set, &line, |_| None);
        assert_eq!((shape(&of_environment), &*of_environment.desktop), (("x11", "lock-screen", "tty1", ""), "sway"));
    }

    #[test]
    fn what_ssh_and_cron_are_only_the_line_can_change() {
        for tty in ["ssh", "cron"] {
            let hostile = || Inputs { tty: tty.into(), kind: Some(Kind::X11), class: class("greeter"), ..person() };
            assert_ne!(request(hostile()).class.as_str(), "greeter");
            assert_ne!(request(hostile()).kind, Kind::X11);
            let line = arguments("class=user-light type=web");
            assert_eq!(shape(&Request::new(hostile(), &line, |_| None)), ("web", "user-light", "", ""));
        }
    }

    #[test]
    fn who_is_no_person_gets_a_lighter_class_that_an_old_daemon_need_not_know() {
        let of = |uid, tty: &str| {
            let request = request(Inputs { uid, tty: tty.into(), ..person() });
            (request.class.as_str(), request.older_class.map(Class::as_str))
        };
        assert_eq!(of(0, "tty1"), ("user-early", Some("user")));
        assert_eq!(of(33, "tty1"), ("user-light", Some("user")));
        assert_eq!(of(33, ""), ("background-light", Some("background")));
        assert_eq!(of(0, "cron"), ("background", None));
        assert_eq!(of(PERSON, "tty1"), ("user", None));
        assert_eq!(of(PERSON, ""), ("background", None));
        let gdm = request(Inputs { uid: 120, kind: Some(Kind::X11), ..person() });
        assert_eq!((gdm.class, gdm.older_class), (Class::USER, None));
    }

    #[test]
    fn an_unopened_home_makes_a_session_incomplete() {
        let home =
            |word: Option<Class>| request(Inputs { tty: "tty1".into(), is_incomplete: true, class: word, ..person() });
        assert_eq!(home(None).class, Class::USER_INCOMPLETE);
        assert_eq!(home(class("greeter")).class.as_str(), "greeter");
    }

    fn claim(inputs: Inputs) -> (String, u32) {
        let claims = Inputs { seat: Some(SeatId::seat0()), vt: VtNumber::new(2), ..inputs };
        let request = Request::new(claims, &Arguments::default(), |_| VtNumber::new(7));
        (request.seat().to_owned(), request.vt())
    }

    #[test]
    fn cve_2025_6018_who_comes_from_elsewhere_can_claim_no_seat() {
        for host in ["192.0.2.1", "evil.localhost", "localhost.evil.example", "127.0.0.1", "::1", "x"] {
            assert_eq!(claim(Inputs { remote_host: host.into(), ..person() }), (String::new(), 0), "{host}");
            let with_display = Inputs { remote_host: host.into(), display: ":0".into(), ..person() };
            assert_eq!(claim(with_display), (String::new(), 0), "{host}");
        }
        let through_localhost = Inputs { remote_host: "localhost".into(), tty: "ssh".into(), ..person() };
        assert_eq!(claim(through_localhost), (String::new(), 0));
    }

    #[test]
    fn who_looks_at_a_display_of_another_machine_can_claim_no_seat() {
        for display in ["ws3.example:0", "192.0.2.1:0", "localhost:10.0", "[2001:db8::1]:0"] {
            assert_eq!(claim(Inputs { tty: display.into(), ..person() }), (String::new(), 0), "{display}");
            assert_eq!(claim(Inputs { display: display.into(), ..person() }), (String::new(), 0), "{display}");
            let with_line = Inputs { tty: ":0".into(), display: display.into(), ..person() };
            assert_eq!(claim(with_line), (String::new(), 0), "{display}");
        }
    }

    #[test]
    fn who_is_here_may_claim_and_logind_decides() {
        for host in ["", "localhost", "LOCALHOST.", "localhost.localdomain"] {
            assert_eq!(claim(Inputs { remote_host: host.into(), tty: "tty2".into(), ..person() }), ("seat0".into(), 2));
        }
        assert!(request(Inputs { remote_host: "192.0.2.1".into(), ..person() }).is_remote);
        assert!(!request(Inputs { remote_host: "localhost".into(), ..person() }).is_remote);
    }

    #[test]
    fn cve_2025_6018_a_users_own_variables_move_nobody_from_the_terminal_that_pam_names() {
        for tty in ["tty5", "/dev/tty5"] {
            assert_eq!(claim(Inputs { tty: tty.into(), ..person() }), ("seat0".into(), 5), "{tty}");
        }
        for tty in ["pts/3", "/dev/pts/3", "ttyS0", "tty0", "tty64", "tty05", "console", "cron", "ssh"] {
            assert_eq!(claim(Inputs { tty: tty.into(), ..person() }), (String::new(), 0), "{tty}");
            let with_display = Inputs { tty: tty.into(), display: ":0".into(), ..person() };
            assert_eq!(claim(with_display), (String::new(), 0), "{tty}");
        }
    }

    #[test]
    fn only_seat0_has_virtual_terminals() {
        let second = Inputs { seat: SeatId::parse(b"seat1"), vt: VtNumber::new(2), display: ":1".into(), ..person() };
        let request = Request::new(second, &Arguments::default(), |_| None);
        assert_eq!((request.seat(), request.vt()), ("seat1", 0));
    }

    #[test]
    fn cve_2025_6018_no_variable_moves_a_display_from_the_virtual_terminal_of_its_server() {
        let place = |seat: &[u8], vt, of_server: Option<u32>| {
            let inputs = Inputs { display: ":1".into(), seat: SeatId::parse(seat), vt, ..person() };
            let request = Request::new(inputs, &Arguments::default(), |display| {
                assert_eq!(display, ":1");
                of_server.and_then(VtNumber::new)
            });
            (request.seat().to_owned(), request.vt())
        };
        for (seat, vt) in [("", None), ("", VtNumber::new(2)), ("seat0", VtNumber::new(2)), ("seat1", None)] {
            assert_eq!(place(seat.as_bytes(), vt, Some(7)), ("seat0".into(), 7), "{seat} {vt:?}");
        }
        // A server that runs on no terminal, as that of another seat or a rootless one's, says nothing.
        assert_eq!(place(b"seat0", VtNumber::new(2), None), ("seat0".into(), 2));
        assert_eq!(place(b"", None, None), (String::new(), 0));
    }
}
