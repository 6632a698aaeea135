//! A record's texts, eight bytes looked at at once: a long file has three of them a record.

/// Up to the first NUL.
#[inline]
pub(crate) fn text<const N: usize>(field: &[u8; N]) -> &[u8] {
    for (number, word) in words(field).enumerate() {
        if let Some(length) = first_nul(word) {
            return &field[..number * 8 + length];
        }
    }
    field
}

/// Whether only NUL follows the first NUL.
#[inline]
pub(crate) fn is_padded<const N: usize>(field: &[u8; N]) -> bool {
    let mut words = words(field);
    while let Some(word) = words.next() {
        if let Some(length) = first_nul(word) {
            return words.fold(word >> (8 * length), |any, word| any | word) == 0;
        }
    }
    true
}

/// Whether a field's text has nothing but what ASCII prints: no byte of it does anything to a terminal. Says no as well where
/// strange bytes stand close behind its end.
#[inline]
pub(crate) fn is_plain<const N: usize>(field: &[u8; N]) -> bool {
    used(field).fold(0, |strange, word| strange | not_plain(word)) == 0
}

/// Whether `byte` is in a field's text, or close behind its end.
#[inline]
pub(crate) fn has<const N: usize>(field: &[u8; N], byte: u8) -> bool {
    let byte = ONES * u64::from(byte);
    used(field).fold(0, |found, word| found | zeros(word ^ byte)) != 0
}

/// The words that the text may reach into: a text ends before a word that is all NUL.
#[inline]
fn used<const N: usize>(field: &[u8; N]) -> impl Iterator<Item = u64> {
    words(field).take_while(|word| *word != 0)
}

/// What is behind a multiple of eight bytes is no field's.
#[inline]
fn words<const N: usize>(field: &[u8; N]) -> impl Iterator<Item = u64> {
    const { assert!(N.is_multiple_of(8)) };
    field.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word))
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = ONES << 7;

/// Which of the eight bytes of `word`, whose first is the lowest, is the first NUL.
#[inline]
const fn first_nul(word: u64) -> Option<usize> {
    let zeros = zeros(word);
    if zeros == 0 { None } else { Some(zeros.trailing_zeros() as usize / 8) }
}

/// Not zero if a byte is; its lowest bit is then the top one of the first of them.
#[inline]
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & TOPS
}

/// Not zero if a byte is neither NUL nor printed. Where none has its top bit, no sum carries into the next.
#[inline]
const fn not_plain(word: u64) -> u64 {
    let is_set = word.wrapping_add(ONES * 0x7f);
    let is_blank_or_above = word.wrapping_add(ONES * (0x80 - b' ' as u64));
    let is_delete = word.wrapping_add(ONES);
    (is_set & !is_blank_or_above | is_delete | word) & TOPS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_plain_text(text: &[u8]) -> bool {
        text.iter().all(|byte| *byte == 0 || (b' '..=b'~').contains(byte))
    }

    proptest! {
        #[test]
        fn eight_bytes_at_once_are_as_one_after_the_other(
            bytes in prop::array::uniform32(prop_oneof![4 => Just(0_u8), 8 => b' '..=b'~', 1 => any::<u8>()]),
        ) {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(32);
            prop_assert_eq!(text(&bytes), &bytes[..end]);
            prop_assert_eq!(is_padded(&bytes), bytes[end..].iter().all(|byte| *byte == 0));
            prop_assert!(!is_plain(&bytes) || is_plain_text(&bytes[..end]));
            prop_assert!(has(&bytes, b'[') || !bytes[..end].contains(&b'['));
            if is_padded(&bytes) {
                prop_assert_eq!(is_plain(&bytes), is_plain_text(&bytes));
                prop_assert_eq!(has(&bytes, b'['), bytes.contains(&b'['));
            }
        }
    }

    #[test]
    fn each_byte_in_each_place_is_plain_or_not_whatever_stands_beside() {
        for (byte, place) in (0..=255).flat_map(|byte| (0..8).map(move |place| (byte, place))) {
            for beside in [1, b'a', b'~', 127, 128, 255] {
                let mut field = [beside; 8];
                field[place] = byte;
                assert_eq!(is_plain(&field), is_plain_text(&field), "{byte} at {place} beside {beside}");
            }
        }
    }
}
