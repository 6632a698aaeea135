//! Words of one line of text: blanks between them, quotes around those that hold blanks.

use thiserror::Error;

/// A quote was opened and not closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("a quote is not closed")]
pub(crate) struct Unclosed;

/// The words of `text`. What stands between two `quote` characters is (part of) one word, blanks and all; a `#` outside
/// of them begins a comment if `has_comments`. Nothing else has a meaning of its own, a backslash neither.
///
/// # Errors
/// If a quote is not closed.
pub(crate) fn split(text: &str, quote: char, has_comments: bool) -> Result<Vec<String>, Unclosed> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), None::<String>, false);
    for c in text.chars() {
        if c == quote {
            is_quoted = !is_quoted;
            word.get_or_insert_default();
        } else if is_quoted {
            word.get_or_insert_default().push(c);
        } else if c == '#' && has_comments {
            break;
        } else if matches!(c, ' ' | '\t') {
            words.extend(word.take());
        } else {
            word.get_or_insert_default().push(c);
        }
    }
    words.extend(word);
    if is_quoted { Err(Unclosed) } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blanks_part_words_and_quotes_hold_them_together() {
        let words = split("ttyS0\t\"-o '-p -- \\u' 9600\"  vt220 on # a \"comment", '"', true);
        assert_eq!(words.unwrap(), ["ttyS0", "-o '-p -- \\u' 9600", "vt220", "on"]);
        assert_eq!(split("-o '-p -- \\u' 9600", '\'', false).unwrap(), ["-o", "-p -- \\u", "9600"]);
    }

    #[test]
    fn an_empty_word_is_one_in_quotes() {
        assert_eq!(split("a \"\" b", '"', true).unwrap(), ["a", "", "b"]);
        assert_eq!(split(" \t ", '"', true).unwrap(), [""; 0]);
    }

    #[test]
    fn a_sign_in_quotes_begins_no_comment() {
        assert_eq!(split("a \"b # c\"", '"', true).unwrap(), ["a", "b # c"]);
        assert_eq!(split("a#b", '\'', false).unwrap(), ["a#b"]);
    }

    #[test]
    fn a_quote_that_is_not_closed_is_told() {
        assert_eq!(split("a \"b", '"', true), Err(Unclosed));
        assert_eq!(split("a # \"b", '"', true).unwrap(), ["a"]);
    }

    proptest! {
        #[test]
        fn words_that_were_quoted_come_back(words in prop::collection::vec("[^\"]*", 0..6)) {
            let text = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(split(&text, '"', true).unwrap(), words);
        }
    }
}
