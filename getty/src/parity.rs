//! The parity of a terminal of seven bits, told from what is typed on it.

/// How the eighth bit of each byte is set by a terminal of seven bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Parity {
    /// So that the number of bits that are set is even.
    Even,
    /// So that it is odd.
    Odd,
}

impl Parity {
    /// The parity that every byte of `typed` has; the Enter that ends it may be among them.
    ///
    /// None without an eighth bit anywhere, for then there is nothing to do; none for what is UTF-8, whatever its bits,
    /// so that nobody's letters are taken for parity; none for what is short, or nothing that anybody types, as noise is.
    pub(crate) fn of(typed: &[u8]) -> Option<Self> {
        if typed.len() < SHORTEST || str::from_utf8(typed).is_ok() || !stripped(typed).into_iter().all(is_typed) {
            return None; // ASCII is UTF-8
        }
        let even = typed.iter().filter(|byte| byte.count_ones() % 2 == 0).count();
        match even {
            0 => Some(Self::Odd),
            all if all == typed.len() => Some(Self::Even),
            _ => None,
        }
    }

    /// Whether `byte` is the Enter of such a terminal, and cannot be another's: CR or LF with the eighth bit set, after
    /// `typed`.
    pub(crate) fn has_ended(typed: &[u8], byte: u8) -> bool {
        matches!(byte, 0x8d | 0x8a) && Self::of(&[typed, &[byte]].concat()).is_some()
    }
}

/// Noise of fewer bytes may well have a parity.
const SHORTEST: usize = 3;

/// Whether a name and its corrections have `byte` in them: what is printed, Backspace, Enter, `^U`, `^W`, DEL.
fn is_typed(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | 0x08 | b'\n' | b'\r' | 0x15 | 0x17 | 0x7f)
}

/// The seven bits of each byte that carry the character.
pub(crate) fn stripped(typed: &[u8]) -> Vec<u8> {
    typed.iter().map(|byte| byte & 0x7f).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `text` as a terminal of seven bits sends it.
    fn sent(text: &str, parity: Parity) -> Vec<u8> {
        let is_odd = |byte: u8| byte.count_ones() % 2 == 1;
        let bit = |byte: u8| if is_odd(byte) == (parity == Parity::Even) { 0x80 } else { 0 };
        text.bytes().map(|byte| byte | bit(byte)).collect()
    }

    #[test]
    fn a_name_tells_the_parity() {
        for parity in [Parity::Even, Parity::Odd] {
            for name in ["alice", "root", "bob", "user-1", "administrator"] {
                let enter = if parity == Parity::Even { "\r" } else { "\n" };
                let bytes = sent(&format!("{name}{enter}"), parity);
                assert_eq!(Parity::of(&bytes), Some(parity), "{name}");
                assert_eq!(stripped(&bytes), format!("{name}{enter}").as_bytes());
            }
        }
    }

    #[test]
    fn enter_with_the_eighth_bit_ends_a_line() {
        assert!(Parity::has_ended(&sent("alice", Parity::Even), 0x8d));
        assert!(Parity::has_ended(&sent("alice", Parity::Odd), 0x8a));
        assert!(!Parity::has_ended("zoë".as_bytes(), 0x8d), "this is no terminal of seven bits");
        assert!(!Parity::has_ended(b"alice\xe1\xb8", 0x8d), "a letter of three bytes ends so");
    }

    #[test]
    fn noise_has_no_parity() {
        for noise in [&b"\xff"[..], b"\xff\xff", b"\x80\x8d", b"alice\xff", b"\xfe\x01\xff", b"\x81\xe1\xe4\x81"] {
            assert_eq!(Parity::of(noise), None, "{noise:x?}");
        }
    }

    proptest! {
        #[test]
        fn no_utf8_has_a_parity(text in "\\PC{0,40}") {
            prop_assert_eq!(Parity::of(text.as_bytes()), None);
        }

        #[test]
        fn what_has_a_parity_is_ascii_without_it(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if Parity::of(&bytes).is_some() {
                prop_assert!(stripped(&bytes).is_ascii());
            }
        }
    }
}
