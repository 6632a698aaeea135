//! Terminals that have capitals only: the line that was meant.

/// What `line` means if it was typed on a terminal that has no small letters: the same in small letters (iuclc in
/// termios(3) does it from then on).
///
/// None if it holds a small letter, or no capital, or anything but ASCII, which no such terminal has.
#[must_use]
pub fn lowered(line: &str) -> Option<String> {
    let has_capital = line.bytes().any(|byte| byte.is_ascii_uppercase());
    let has_small = line.bytes().any(|byte| byte.is_ascii_lowercase());
    (line.is_ascii() && has_capital && !has_small).then(|| line.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_of_capitals_means_small_letters() {
        assert_eq!(lowered("ROOT").as_deref(), Some("root"));
        assert_eq!(lowered("USER-1").as_deref(), Some("user-1"));
    }

    #[test]
    fn what_another_terminal_can_send_means_itself() {
        for line in ["", "root", "Root", "rooT", "123", "-", "ÄRGER", "ROOTé"] {
            assert_eq!(lowered(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_was_lowered_is_never_lowered_again(line in "\\PC{0,20}") {
            if let Some(small) = lowered(&line) {
                prop_assert_eq!(lowered(&small), None);
                prop_assert_eq!(small.to_ascii_uppercase(), line);
            }
        }
    }
}
