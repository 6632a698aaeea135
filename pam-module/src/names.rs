//! The words and names of a session, parsed once at the edge.

/// A session's type (org.freedesktop.login1(5), `Type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(&'static str);

impl Kind {
    pub(crate) const UNSPECIFIED: Self = Self("unspecified");
    pub(crate) const TTY: Self = Self("tty");
    pub(crate) const X11: Self = Self("x11");
    const ALL: [Self; 6] = [Self::UNSPECIFIED, Self::TTY, Self::X11, Self("wayland"), Self("mir"), Self("web")];

    pub(crate) fn parse(word: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.0.as_bytes() == word)
    }

    pub(crate) fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether such a session draws.
    pub(crate) fn is_graphical(self) -> bool {
        matches!(self.0, "x11" | "wayland" | "mir")
    }
}

/// A session's class (pam_systemd(8), `class=`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Class(&'static str);

impl Class {
    pub(crate) const USER: Self = Self("user");
    pub(crate) const USER_EARLY: Self = Self("user-early");
    pub(crate) const USER_LIGHT: Self = Self("user-light");
    pub(crate) const USER_INCOMPLETE: Self = Self("user-incomplete");
    pub(crate) const BACKGROUND: Self = Self("background");
    pub(crate) const BACKGROUND_LIGHT: Self = Self("background-light");
    pub(crate) const MANAGER: Self = Self("manager");
    pub(crate) const MANAGER_EARLY: Self = Self("manager-early");
    /// Not registered at all.
    pub(crate) const NONE: Self = Self("none");
    const ALL: [Self; 12] = [
        Self::USER,
        Self::USER_EARLY,
        Self::USER_LIGHT,
        Self("user-early-light"),
        Self::USER_INCOMPLETE,
        Self("greeter"),
        Self("lock-screen"),
        Self::BACKGROUND,
        Self::BACKGROUND_LIGHT,
        Self::MANAGER,
        Self::MANAGER_EARLY,
        Self::NONE,
    ];

    pub(crate) fn parse(word: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.0.as_bytes() == word)
    }

    pub(crate) fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether the session is a user's service manager, whose children must not take it for their login.
    pub(crate) fn is_manager(self) -> bool {
        matches!(self, Self::MANAGER | Self::MANAGER_EARLY)
    }

    /// Whether only the administrator may choose it: such a session escapes its user's accounting.
    pub(crate) fn is_administrators_choice(self) -> bool {
        self.is_manager() || self == Self::NONE
    }
}

/// A seat's name: `seat`, then 1 to 251 of ASCII letters, digits, `-` and `_` (sd-login(3)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeatId(String);

impl SeatId {
    pub(crate) fn parse(name: &[u8]) -> Option<Self> {
        let name = str::from_utf8(name).ok()?;
        let rest = name.strip_prefix("seat")?;
        let fits = (1..=251).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fits.then(|| Self(name.to_owned()))
    }

    /// The machine's own screen and keyboard: the only seat with virtual terminals.
    pub(crate) fn seat0() -> Self {
        Self("seat0".to_owned())
    }

    pub(crate) fn is_seat0(&self) -> bool {
        self.0 == "seat0"
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A virtual terminal's number, 1 to 63 (`MAX_NR_CONSOLES` in linux/vt.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VtNumber(u8);

impl VtNumber {
    pub(crate) fn new(n: u32) -> Option<Self> {
        u8::try_from(n).ok().filter(|n| (1..=63).contains(n)).map(Self)
    }

    pub(crate) fn parse(digits: &[u8]) -> Option<Self> {
        if !digits.iter().all(u8::is_ascii_digit) {
            return None; // u32::parse takes "+3"
        }
        str::from_utf8(digits).ok()?.parse().ok().and_then(Self::new)
    }

    pub(crate) fn get(self) -> u8 {
        self.0
    }
}

/// A session's name: 1 to 64 ASCII letters and digits. It becomes a file's name elsewhere and a variable's value here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionId(String);

impl SessionId {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let fits = (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
        fits.then(|| Self(name.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Outside text that only describes (a host, a terminal, a service): UTF-8, at most [`DESCRIPTION_MAX`] bytes, what
/// could steer a terminal or break a line replaced by U+FFFD.
pub(crate) fn description(bytes: &[u8]) -> String {
    let mut text = String::new();
    for c in String::from_utf8_lossy(bytes).chars() {
        let c = if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        if text.len() + c.len_utf8() > DESCRIPTION_MAX {
            break;
        }
        text.push(c);
    }
    text
}

/// The longest description sent: a host name is at most 255 bytes long, a path 4096.
const DESCRIPTION_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_that_could_leave_its_folder_or_its_variable_is_none() {
        for name in ["", "../1", "c1/", "c 1", "c1\n", "é", "1=2", &"a".repeat(65)] {
            assert_eq!(SessionId::parse(name), None, "{name:?}");
        }
        assert!(SessionId::parse("c17").is_some());
        assert!(SessionId::parse("42").is_some());
    }

    #[test]
    fn a_seat_is_named_seat_something() {
        for name in ["", "seat", "seat/0", "Seat0", "seat0\0", "seat 0", "xseat0"] {
            assert_eq!(SeatId::parse(name.as_bytes()), None, "{name:?}");
        }
        assert!(SeatId::parse(b"seat0").is_some_and(|seat| seat.is_seat0()));
        assert!(SeatId::parse(b"seat-usb_2").is_some_and(|seat| !seat.is_seat0()));
    }

    #[test]
    fn a_virtual_terminal_is_1_to_63() {
        for digits in ["", "0", "64", "+3", "-1", "3 ", "0x3", "99999999999"] {
            assert_eq!(VtNumber::parse(digits.as_bytes()), None, "{digits:?}");
        }
        assert_eq!(VtNumber::parse(b"63").map(VtNumber::get), Some(63));
    }

    #[test]
    fn a_description_is_short_and_cannot_steer_a_terminal() {
        assert_eq!(description(b"pts/3"), "pts/3");
        assert_eq!(description(b"a\x1b[2J\n\xff"), "a\u{fffd}[2J\u{fffd}\u{fffd}");
        assert!(description(&[b'x'; 5000]).len() <= DESCRIPTION_MAX);
        assert!(description("é".repeat(3000).as_bytes()).len() <= DESCRIPTION_MAX);
    }
}
