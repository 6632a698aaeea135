//! The names and numbers of the registry, parsed once at the edge.

use alloc::boxed::Box;
use core::fmt;

/// A user id. `u32::MAX` (the kernel's "no change") and 65535 (its 16-bit form) are no users (`uid_is_valid`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(u32);

impl Uid {
    /// The administrator.
    pub const ROOT: Self = Self(0);

    /// The user id `n`, if it is one.
    pub const fn new(n: u32) -> Option<Self> {
        if n == u32::MAX || n == 0xffff { None } else { Some(Self(n)) }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A session's name: ASCII letters and digits, 1 to 15 of them (`session_id_valid` allows any length; a file name and
/// a cgroup are made of it). An audit session's number, or `c` and a counter. It stands in every table that finds the
/// session, so it is kept in place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    /// Filled up with zeros, which sort before every letter.
    letters: [u8; Self::MAX],
    length: u8,
}

impl SessionId {
    /// The longest name taken.
    pub const MAX: usize = 15;

    /// What sorts before every name, and is none.
    pub(crate) const BEFORE_ALL: Self = Self { letters: [0; Self::MAX], length: 0 };

    /// The name `s`, if it is one.
    pub fn new(s: &str) -> Option<Self> {
        let mut letters = [0; Self::MAX];
        letters.get_mut(..s.len())?.copy_from_slice(s.as_bytes());
        let length = u8::try_from(s.len()).ok()?;
        (length > 0 && s.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(Self { letters, length })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default() // it is ASCII
    }

    /// The letters of the name.
    pub fn as_bytes(&self) -> &[u8] {
        &self.letters[..usize::from(self.length)]
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A seat's name: `seat`, then 1 to 251 of ASCII letters, digits, `-` and `_` (`seat_name_is_valid`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeatId(Box<str>);

impl SeatId {
    /// The name `s`, if it is one.
    pub fn new(s: &str) -> Option<Self> {
        let rest = s.strip_prefix("seat")?;
        let fits = (1..=251).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fits.then(|| Self(s.into()))
    }

    /// The seat of the machine's own screen and keyboard, the only one with virtual terminals.
    pub fn seat0() -> Self {
        Self("seat0".into())
    }

    /// Whether this is `seat0`.
    pub fn is_seat0(&self) -> bool {
        &*self.0 == "seat0"
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SeatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A virtual terminal's number, 1 to 63 (`MAX_NR_CONSOLES` in linux/vt.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VtNumber(u8);

impl VtNumber {
    /// The virtual terminal `n`, if there can be one.
    pub fn new(n: u32) -> Option<Self> {
        u8::try_from(n).ok().filter(|n| (1..=63).contains(n)).map(Self)
    }

    /// The number in a line's name: `tty3` gives 3; `tty0`, `ttyS0` and `pts/1` give none.
    pub fn from_line(line: &str) -> Option<Self> {
        let digits = line.strip_prefix("tty")?;
        if digits.starts_with('0') || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None; // u8::parse takes "+3" and "03"
        }
        digits.parse().ok().and_then(Self::new)
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Implements `from_name`, `name` and `ALL` for an enum whose variants are words of the protocol.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every word, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The variant that `word` names.
            pub fn from_name(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            /// The protocol's word.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

words! {
    /// What a session shows itself on (sd_session_get_type(3)).
    Type {
        /// No terminal and no display: cron.
        Unspecified = "unspecified",
        /// A text terminal.
        Tty = "tty",
        /// An X11 display.
        X11 = "x11",
        /// A Wayland compositor.
        Wayland = "wayland",
        /// A Mir compositor.
        Mir = "mir",
        /// A browser.
        Web = "web",
    }
}

impl Type {
    /// Whether sessions of this type draw, so say themselves when they are idle.
    pub const fn is_graphical(self) -> bool {
        matches!(self, Self::X11 | Self::Wayland | Self::Mir)
    }
}

words! {
    /// What a session is for (sd_session_get_class(3), pam_systemd(8)).
    Class {
        /// A person.
        User = "user",
        /// A person who may come before the machine is up for all; root.
        UserEarly = "user-early",
        /// A person whose home is not open yet.
        UserIncomplete = "user-incomplete",
        /// A person, without a service manager.
        UserLight = "user-light",
        /// As `user-light`, and early.
        UserEarlyLight = "user-early-light",
        /// A display manager's login screen.
        Greeter = "greeter",
        /// A lock screen.
        LockScreen = "lock-screen",
        /// No person at it: cron, ftp.
        Background = "background",
        /// As `background`, without a service manager.
        BackgroundLight = "background-light",
        /// A user's service manager.
        Manager = "manager",
        /// The service manager of a system user.
        ManagerEarly = "manager-early",
    }
}

impl Class {
    /// Whether the session's processes live in a scope of their own.
    pub const fn has_scope(self) -> bool {
        !matches!(self, Self::Manager | Self::ManagerEarly)
    }

    /// Whether the session takes part in idle tracking.
    pub const fn can_idle(self) -> bool {
        self.is_person() || matches!(self, Self::Greeter)
    }

    /// Whether the session has a lock screen to raise.
    pub const fn can_lock(self) -> bool {
        self.is_person()
    }

    /// Whether the session may be its user's display session.
    pub const fn can_display(self) -> bool {
        self.is_person() || matches!(self, Self::Greeter)
    }

    const fn is_person(self) -> bool {
        matches!(self, Self::User | Self::UserEarly | Self::UserLight | Self::UserEarlyLight)
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_line_that_is_no_virtual_terminal_has_no_number() {
        for line in ["tty0", "ttyS0", "pts/1", "tty", "tty64", "tty03", "tty+3", "console", "tty 3"] {
            assert_eq!(VtNumber::from_line(line), None, "{line}");
        }
        assert_eq!(VtNumber::from_line("tty63").map(VtNumber::get), Some(63));
    }

    #[test]
    fn a_name_that_could_leave_its_directory_is_no_session() {
        for name in ["", ".", "..", "a/b", "1.ref", "c1\n", "é"] {
            assert_eq!(SessionId::new(name), None, "{name}");
        }
        assert_eq!(SessionId::new("c17").as_ref().map(SessionId::as_str), Some("c17"));
    }

    #[test]
    fn names_of_any_length_that_fits_sort_as_texts_do() {
        let longest = "c".to_owned() + &"9".repeat(SessionId::MAX - 1);
        let names = ["1", "10", "2", "4294967295", "c1", "c10", "c2", &longest];
        let ids = names.map(|name| SessionId::new(name).expect("a name"));
        assert_eq!(ids.map(|id| id.to_string()), names);
        assert!(ids.is_sorted());
        assert_eq!(SessionId::new(&(longest + "9")), None);
    }

    #[test]
    fn every_word_names_its_variant() {
        assert!(Class::ALL.iter().all(|&c| Class::from_name(c.name()) == Some(c)));
        assert!(Type::ALL.iter().all(|&t| Type::from_name(t.name()) == Some(t)));
    }
}
