//! The speeds that a serial line is tried at.

use std::os::fd::AsFd;

use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use thiserror::Error;

/// The speeds of the command line, in bits per second, in the order in which a BREAK goes round them.
///
/// Any speed that the hardware can do is one: the kernel is asked, not a table.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Speeds {
    list: Vec<u32>,
    current: usize,
}

impl Speeds {
    /// As many as agetty takes.
    const MOST: usize = 10;

    /// The speeds in `text`: `115200,57600,9600`. `0` stands for the speed that the line has.
    ///
    /// # Errors
    /// If it is no such list.
    pub(crate) fn parse(text: &str) -> Result<Self, NotSpeeds> {
        let list = text.split(',').map(parse_one).collect::<Result<Vec<_>, _>>()?;
        if list.len() > Self::MOST {
            return Err(NotSpeeds::TooMany);
        }
        Ok(Self { list: list.into_iter().filter(|&speed| speed != 0).collect(), current: 0 })
    }

    /// The first one to set, if any.
    pub(crate) fn first(&self) -> Option<u32> {
        self.list.first().copied()
    }

    /// The same list with the line's own speed before it (`--keep-baud`): a BREAK leads to the others.
    #[must_use]
    pub(crate) fn keeping(mut self, own: u32) -> Self {
        self.list.retain(|&speed| speed != own);
        self.list.insert(0, own);
        self
    }

    /// Whether a BREAK leads to another speed.
    pub(crate) fn has_others(&self) -> bool {
        self.list.len() > 1
    }

    /// The speed that a BREAK asks for; none if there is but one.
    pub(crate) fn next(&mut self) -> Option<u32> {
        if !self.has_others() {
            return None;
        }
        self.current = (self.current + 1) % self.list.len();
        self.list.get(self.current).copied()
    }
}

/// Why text is no list of speeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(crate) enum NotSpeeds {
    /// Not numbers with commas between them.
    #[error("a speed is a number of bits per second")]
    NotANumber,
    /// More than 10.
    #[error("more than {} speeds", Speeds::MOST)]
    TooMany,
}

/// The speeds that termios(3) has names for, as `--list-speeds` prints them. Others may be given.
pub(crate) const NAMED: [u32; 30] = [
    50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400,
    460_800, 500_000, 576_000, 921_600, 1_000_000, 1_152_000, 1_500_000, 2_000_000, 2_500_000, 3_000_000, 3_500_000,
    4_000_000,
];

/// The list that `--list-speeds` prints: one a line, in ten columns.
pub(crate) fn list() -> String {
    NAMED.iter().map(|speed| format!("{speed:10}\n")).collect()
}

/// The speed that a modem's message tells, of the form `CONNECT 9600`: its first number (`--extract-baud`).
///
/// None where it has no number, or one that is not finished or no speed of a line.
pub(crate) fn told_by_modem(message: &[u8]) -> Option<u32> {
    let seven_bits = message.iter().map(|byte| byte & 0x7f);
    let number = seven_bits.skip_while(|byte| !byte.is_ascii_digit()).collect::<Vec<_>>();
    let digits = number.iter().position(|byte| !byte.is_ascii_digit())?;
    let speed = str::from_utf8(number.get(..digits)?).ok()?.parse().ok()?;
    (MODEM_SPEEDS.contains(&speed)).then_some(speed)
}

/// What a modem can mean by a speed; other numbers in its message are something else.
const MODEM_SPEEDS: std::ops::RangeInclusive<u32> = 50..=4_000_000;

/// The speed of `line`.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn of(line: impl AsFd) -> rustix::io::Result<u32> {
    Ok(tcgetattr(line)?.output_speed())
}

/// Sets the speed of `line` in both directions.
///
/// # Errors
/// If the hardware cannot do it.
pub(crate) fn set(line: impl AsFd, speed: u32) -> rustix::io::Result<()> {
    let mut modes = tcgetattr(&line)?;
    modes.set_speed(speed)?;
    tcsetattr(&line, OptionalActions::Now, &modes)
}

fn parse_one(text: &str) -> Result<u32, NotSpeeds> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotSpeeds::NotANumber); // u32::parse takes "+9600"
    }
    text.parse().map_err(|_| NotSpeeds::NotANumber)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_break_goes_round_the_list() {
        let mut speeds = Speeds::parse("115200,57600,9600").unwrap();
        assert_eq!(speeds.first(), Some(115_200));
        assert_eq!([speeds.next(), speeds.next(), speeds.next()], [Some(57600), Some(9600), Some(115_200)]);
    }

    #[test]
    fn a_break_changes_nothing_where_there_is_but_one_speed() {
        assert_eq!(Speeds::parse("9600").unwrap().next(), None);
        assert_eq!(Speeds::default().next(), None);
    }

    #[test]
    fn zero_keeps_the_speed_of_the_line() {
        assert_eq!(Speeds::parse("0").unwrap().first(), None);
    }

    #[test]
    fn any_number_is_a_speed() {
        assert_eq!(Speeds::parse("250000").unwrap().first(), Some(250_000));
    }

    #[test]
    fn what_is_no_list_of_numbers_is_refused() {
        for text in ["", "9600,", ",", "+9600", "9600baud", "99999999999"] {
            assert_eq!(Speeds::parse(text), Err(NotSpeeds::NotANumber), "{text}");
        }
        assert_eq!(Speeds::parse("1,2,3,4,5,6,7,8,9,10,11"), Err(NotSpeeds::TooMany));
    }

    #[test]
    fn a_modem_tells_its_speed_in_the_first_number_of_its_message() {
        assert_eq!(told_by_modem(b"\r\nCONNECT 9600\r\n"), Some(9600));
        assert_eq!(told_by_modem(b"RING\r\nCONNECT 115200/ARQ/V34\r\n"), Some(115_200));
        assert_eq!(told_by_modem(b"CONNECT 96\xb00\r"), Some(9600), "with a parity bit");
        for message in [&b""[..], b"CONNECT\r\n", b"CONNECT 96", b"CONNECT 3\r", b"99999999999\r", b"0\r"] {
            assert_eq!(told_by_modem(message), None, "{message:?}");
        }
    }

    #[test]
    fn a_kept_speed_comes_first_and_once() {
        let mut speeds = Speeds::parse("115200,9600").unwrap().keeping(9600);
        assert_eq!(speeds.first(), Some(9600));
        assert_eq!([speeds.next(), speeds.next()], [Some(115_200), Some(9600)]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_list_of_at_most_ten_numbers_or_refused(text in "[0-9,]{0,60}|\\PC{0,20}") {
            if let Ok(speeds) = Speeds::parse(&text) {
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte == b','));
                prop_assert!(text.split(',').count() <= Speeds::MOST);
                prop_assert!(!speeds.list.contains(&0));
            }
        }

        #[test]
        fn as_many_breaks_as_there_are_speeds_lead_back(list in prop::collection::vec(1_u32.., 2..10), own in 1_u32..) {
            let text = list.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
            let mut speeds = Speeds::parse(&text).unwrap();
            let round: Vec<_> = (0..list.len()).map_while(|_| speeds.next()).collect();
            prop_assert_eq!(round.last(), list.first());
            prop_assert_eq!(&round[..list.len() - 1], &list[1..]);
            let kept = Speeds::parse(&text).unwrap().keeping(own);
            prop_assert_eq!(kept.first(), Some(own));
            prop_assert_eq!(kept.list.iter().filter(|&&speed| speed == own).count(), 1);
        }

        #[test]
        fn any_message_of_a_modem_tells_a_speed_of_lines_or_none(message in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some(speed) = told_by_modem(&message) {
                prop_assert!(MODEM_SPEEDS.contains(&speed));
            }
        }
    }
}
