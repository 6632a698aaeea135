//! Which key of a keyboard for the United States, by QEMU's names, gives a character.

const SHIFTED: &str = "~!@#$%^&*()_+{}|:\"<>?";
const PLAIN: &str = "`1234567890-=[]\\;',./";

/// The key, with shift where it takes that.
pub(super) fn of(letter: char) -> Option<String> {
    if let Some(at) = SHIFTED.find(letter) {
        return Some(format!("shift-{}", of(PLAIN[at..].chars().next()?)?));
    }
    let name = match letter {
        'a'..='z' | '0'..='9' => return Some(letter.to_string()),
        'A'..='Z' => return Some(format!("shift-{}", letter.to_ascii_lowercase())),
        '\n' => "ret",
        '\t' => "tab",
        '\u{4}' => "ctrl-d",
        ' ' => "spc",
        '`' => "grave_accent",
        '-' => "minus",
        '=' => "equal",
        '[' => "bracket_left",
        ']' => "bracket_right",
        '\\' => "backslash",
        ';' => "semicolon",
        '\'' => "apostrophe",
        ',' => "comma",
        '.' => "dot",
        '/' => "slash",
        _ => return None,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{PLAIN, SHIFTED, of};

    #[test]
    fn every_printable_character_has_a_key_and_others_have_none() {
        assert_eq!(PLAIN.len(), SHIFTED.len());
        assert!((' '..='~').all(|letter| of(letter).is_some()));
        assert_eq!(of('|').as_deref(), Some("shift-backslash"));
        assert_eq!(of('é'), None);
    }
}
