//! The order of file names with numbers in them: `2.issue` before `10.issue` (`strverscmp(3)`, `versionsort(3)`).

use std::cmp::Ordering;

/// Compares two names as strverscmp(3) does: bytes that differ within numbers make the numbers count, and a number that
/// begins with 0 is a fraction.
pub(super) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let Some(at) = (0..=a.len().max(b.len())).find(|&at| a.get(at) != b.get(at)) else { return Ordering::Equal };
    let common = a.get(..at).unwrap_or_default();
    // Where the number that holds the difference, or ends at it, begins.
    let start = common.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |before| before + 1);
    let begins_with = |name: &[u8]| name.get(start).copied().unwrap_or_default();
    let digits_from = |name: &[u8]| name.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
    let is_whole = |name| matches!(begins_with(name), b'1'..=b'9');
    if is_whole(a) && is_whole(b) {
        let by_length = digits_from(a).cmp(&digits_from(b));
        return by_length.then_with(|| a.get(at).cmp(&b.get(at)));
    }
    let are_zeros = common.iter().skip(start).all(|&byte| byte == b'0');
    let (next_a, next_b) = (a.get(at).copied().unwrap_or_default(), b.get(at).copied().unwrap_or_default());
    if are_zeros && start < at && (next_a.is_ascii_digit() || next_b.is_ascii_digit()) {
        // After the zeros of a fraction a digit comes before everything else.
        return next_a.wrapping_sub(b'0').cmp(&next_b.wrapping_sub(b'0'));
    }
    next_a.cmp(&next_b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_in_the_order_of_the_manual() {
        let order = ["000", "00", "01", "010", "09", "0", "1", "9", "10"];
        for (at, first) in order.iter().enumerate() {
            for second in &order[at + 1..] {
                assert_eq!(compare(first.as_bytes(), second.as_bytes()), Ordering::Less, "{first} {second}");
                assert_eq!(compare(second.as_bytes(), first.as_bytes()), Ordering::Greater, "{second} {first}");
            }
        }
        for (first, second) in
            [("2.issue", "10.issue"), ("a", "b"), ("a", "a1"), ("no digit", "no digits"), ("x99y", "x100y")]
        {
            assert_eq!(compare(first.as_bytes(), second.as_bytes()), Ordering::Less, "{first} {second}");
        }
    }

    proptest! {
        #[test]
        fn the_order_is_one(names in prop::collection::vec("[0-9a.]{0,6}", 3)) {
            let [a, b, c] = [&names[0], &names[1], &names[2]].map(|name| name.as_bytes());
            prop_assert_eq!(compare(a, b), compare(b, a).reverse());
            prop_assert_eq!(compare(a, b) == Ordering::Equal, a == b);
            if compare(a, b) != Ordering::Greater && compare(b, c) != Ordering::Greater {
                prop_assert!(compare(a, c) != Ordering::Greater, "{:?}", names);
            }
        }
    }
}
