//! Numbers as decimal digits, from tables: a long list has millions of them.

/// The two digits of a number below 100.
#[inline]
pub(crate) const fn two(number: u32) -> [u8; 2] {
    const DIGITS: [[u8; 2]; 100] = {
        let mut digits = [[b'0'; 2]; 100];
        let mut number = 0;
        while number < 100 {
            digits[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
            number += 1;
        }
        digits
    };
    DIGITS[number as usize % 100]
}

/// Writes a byte's number behind `text`, and a dot.
#[inline]
pub(crate) fn write_dotted(text: &mut Vec<u8>, byte: u8) {
    const DOTTED: [([u8; 4], usize); 256] = {
        let mut dotted = [([b'.'; 4], 0); 256];
        let mut byte = 0;
        while byte < 256 {
            let [hundreds, tens, ones] =
                [b'0' + (byte / 100) as u8, b'0' + (byte / 10 % 10) as u8, b'0' + (byte % 10) as u8];
            dotted[byte] = match byte {
                0..10 => ([ones, b'.', 0, 0], 2),
                10..100 => ([tens, ones, b'.', 0], 3),
                _ => ([hundreds, tens, ones, b'.'], 4),
            };
            byte += 1;
        }
        dotted
    };
    let (digits, length) = DOTTED[usize::from(byte)];
    let end = text.len() + length;
    // All four, whose number the compiler knows, and then no more than there are.
    text.extend_from_slice(&digits);
    text.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_digits() {
        for number in 0..100 {
            assert_eq!(str::from_utf8(&two(number)), Ok(&format!("{number:02}")[..]));
        }
        for byte in 0..=255 {
            let mut text = b"a".to_vec();
            write_dotted(&mut text, byte);
            assert_eq!(str::from_utf8(&text), Ok(&format!("a{byte}.")[..]));
        }
    }
}
