//! What PAM and the environment say of a login, each parsed; nothing decided yet.

use std::ffi::CStr;

use crate::limits::{self, Property};
use crate::names::{Class, Kind, SeatId, VtNumber, description};
use crate::sys::environment::secure_variable;
use crate::sys::pam::{Account, Handle, Item};

/// The facts a request is made of. An absent text is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inputs {
    pub(crate) uid: u32,
    pub(crate) service: String,
    pub(crate) tty: String,
    pub(crate) display: String,
    pub(crate) remote_user: String,
    pub(crate) remote_host: String,
    /// `XDG_SEAT`, as claimed.
    pub(crate) seat: Option<SeatId>,
    /// `XDG_VTNR`, as claimed.
    pub(crate) vt: Option<VtNumber>,
    /// `XDG_SESSION_TYPE`
    pub(crate) kind: Option<Kind>,
    /// `XDG_SESSION_CLASS`
    pub(crate) class: Option<Class>,
    /// `XDG_SESSION_DESKTOP`
    pub(crate) desktop: String,
    /// `XDG_SESSION_INCOMPLETE`: the home cannot be used yet.
    pub(crate) is_incomplete: bool,
    /// Resource limits that other modules left as PAM data.
    pub(crate) properties: Vec<Property>,
}

impl Inputs {
    /// Reads them for the owner of `account`, with a complaint for each value that cannot be used.
    pub(crate) fn read(handle: &Handle<'_>, account: Account) -> (Self, Vec<String>) {
        let mut read = Reader { handle, complaints: Vec::new() };
        let inputs = Self {
            uid: account.uid,
            service: read.item(Item::Service),
            tty: read.item(Item::Tty),
            display: read.item(Item::Display),
            remote_user: read.item(Item::RemoteUser),
            remote_host: read.item(Item::RemoteHost),
            seat: read.variable(c"XDG_SEAT", SeatId::parse),
            vt: read.variable(c"XDG_VTNR", VtNumber::parse),
            kind: read.variable(c"XDG_SESSION_TYPE", Kind::parse),
            class: read.variable(c"XDG_SESSION_CLASS", chosen_class),
            desktop: read.variable(c"XDG_SESSION_DESKTOP", |value| Some(description(value))).unwrap_or_default(),
            is_incomplete: read.variable(c"XDG_SESSION_INCOMPLETE", truth).unwrap_or(false),
            properties: read.properties(),
        };
        (inputs, read.complaints)
    }

    /// The same without what variables say; none if they say nothing.
    pub(crate) fn without_variables(&self) -> Option<Self> {
        let bare = Self {
            seat: None,
            vt: None,
            kind: None,
            class: None,
            desktop: String::new(),
            is_incomplete: false,
            ..self.clone()
        };
        (bare != *self).then_some(bare)
    }
}

struct Reader<'r, 'h> {
    handle: &'r Handle<'h>,
    complaints: Vec<String>,
}

impl Reader<'_, '_> {
    fn item(&self, item: Item) -> String {
        self.handle.item(item).map(|value| description(&value)).unwrap_or_default()
    }

    /// A variable of the PAM environment, else of the host's own unless its caller could have set that (CVE-2019-3842).
    fn variable<T>(&mut self, name: &CStr, parse: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        let of_pam = self.handle.variable(name).filter(|value| !value.is_empty());
        let value = of_pam.or_else(|| secure_variable(name)).filter(|value| !value.is_empty())?;
        let parsed = parse(&value);
        if parsed.is_none() {
            let name = name.to_string_lossy();
            self.complaints.push(format!("no usable {name}, ignored: {}", description(&value)));
        }
        parsed
    }

    fn properties(&mut self) -> Vec<Property> {
        let mut properties = Vec::new();
        for limit in &limits::ALL {
            let Some(value) = self.handle.text_data(limit.data).filter(|value| !value.is_empty()) else { continue };
            match (limit.parse)(&value) {
                Some(property) => properties.push(property),
                None => {
                    let name = limit.data.to_string_lossy();
                    self.complaints.push(format!("no usable {name}, ignored: {}", description(&value)));
                }
            }
        }
        properties
    }
}

/// A class that the environment may choose. pam_env(8) may have filled it from a file of the user's.
fn chosen_class(word: &[u8]) -> Option<Class> {
    Class::parse(word).filter(|class| !class.is_administrators_choice())
}

fn truth(word: &[u8]) -> Option<bool> {
    match word.to_ascii_lowercase().as_slice() {
        b"1" | b"yes" | b"y" | b"true" | b"t" | b"on" => Some(true),
        b"0" | b"no" | b"n" | b"false" | b"f" | b"off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_cannot_take_a_session_out_of_its_users_accounting() {
        for word in ["none", "manager", "manager-early", "king"] {
            assert_eq!(chosen_class(word.as_bytes()), None, "{word}");
        }
        assert_eq!(chosen_class(b"background"), Some(Class::BACKGROUND));
    }

    #[test]
    fn truth_has_many_spellings() {
        assert_eq!(truth(b"Yes"), Some(true));
        assert_eq!(truth(b"0"), Some(false));
        assert_eq!(truth(b"perhaps"), None);
    }
}
