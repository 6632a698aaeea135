//! The escapes of an issue file (agetty(8), ISSUE FILES).

/// An issue, parsed: text, and the facts that stand in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Template(Vec<Piece>);

/// A part of an issue.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    /// Shown as it is.
    Text(Vec<u8>),
    /// Shown as it is when the issue is shown.
    Fact(Fact),
}

/// Something that an escape stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fact {
    /// `\4`, `\4{interface}`.
    Ipv4(Option<String>),
    /// `\6`, `\6{interface}`.
    Ipv6(Option<String>),
    /// `\a`, `\a{interface}`: a line for each interface, with the addresses that people can be told.
    GoodAddresses(Option<String>),
    /// `\A`: a line for each interface, with all its addresses.
    AllAddresses,
    /// `\b`: the line's speed.
    Speed,
    /// `\d`: the date.
    Date,
    /// `\l`: the line.
    Line,
    /// `\m`: the machine's architecture.
    Machine,
    /// `\n`: the host's name.
    NodeName,
    /// `\o`: the NIS domain.
    NisDomain,
    /// `\O`: the DNS domain.
    DnsDomain,
    /// `\r`: the kernel's release.
    Release,
    /// `\s`: the kernel's name.
    System,
    /// `\S`, `\S{VARIABLE}`: from os-release(5).
    OsRelease(Option<String>),
    /// `\t`: the time.
    Time,
    /// `\u`: the number of logins.
    Users,
    /// `\U`: the number of logins with the word `user` or `users`.
    UsersInWords,
    /// `\v`: the kernel's version.
    Version,
}

impl Fact {
    /// Whether an address of this host is meant.
    pub(crate) fn is_address(&self) -> bool {
        matches!(self, Self::Ipv4(_) | Self::Ipv6(_) | Self::GoodAddresses(_) | Self::AllAddresses)
    }

    /// Whether it changes by itself, all the time.
    pub(crate) fn is_time(&self) -> bool {
        matches!(self, Self::Time | Self::Date)
    }
}

impl Template {
    /// The template that `bytes` spell. Every sequence of bytes spells one.
    pub(crate) fn parse(mut bytes: &[u8]) -> Self {
        let mut pieces = Vec::new();
        let mut text = Vec::new();
        while let Some((&byte, rest)) = bytes.split_first() {
            bytes = rest;
            match (byte, bytes.split_first()) {
                (b'\\', Some((&letter, rest))) => {
                    let (piece, rest) = escape(letter, rest);
                    bytes = rest;
                    match piece {
                        Piece::Text(more) => text.extend(more),
                        fact => pieces.extend([Piece::Text(std::mem::take(&mut text)), fact]),
                    }
                }
                _ => text.push(byte),
            }
        }
        pieces.push(Piece::Text(text));
        Self(pieces)
    }

    /// Whether a part of the issue is something that `is_meant` tells of.
    pub(crate) fn tells(&self, is_meant: impl Fn(&Fact) -> bool) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Fact(fact) if is_meant(fact)))
    }

    /// The issue, with what `tell` says of each fact.
    pub(crate) fn render(&self, tell: impl Fn(&Fact) -> Vec<u8>) -> Vec<u8> {
        let shown = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Fact(fact) => tell(fact),
        };
        self.0.iter().flat_map(shown).collect()
    }
}

/// What `\letter` and a possible `{argument}` at the start of `rest` stand for, and what follows.
fn escape(letter: u8, rest: &[u8]) -> (Piece, &[u8]) {
    let (argument, after) = argument(rest);
    let fact = match letter {
        b'4' => return (Piece::Fact(Fact::Ipv4(argument)), after),
        b'6' => return (Piece::Fact(Fact::Ipv6(argument)), after),
        b'a' => return (Piece::Fact(Fact::GoodAddresses(argument)), after),
        b'S' => return (Piece::Fact(Fact::OsRelease(argument)), after),
        b'e' => return (Piece::Text(argument.map_or(ESCAPE.to_vec(), |name| colour(&name))), after),
        b'A' => Fact::AllAddresses,
        b'b' => Fact::Speed,
        b'd' => Fact::Date,
        b'l' => Fact::Line,
        b'm' => Fact::Machine,
        b'n' => Fact::NodeName,
        b'o' => Fact::NisDomain,
        b'O' => Fact::DnsDomain,
        b'r' => Fact::Release,
        b's' => Fact::System,
        b't' => Fact::Time,
        b'u' => Fact::Users,
        b'U' => Fact::UsersInWords,
        b'v' => Fact::Version,
        other => return (Piece::Text(vec![other]), rest),
    };
    (Piece::Fact(fact), rest)
}

/// The argument in braces at the start of `bytes`, and what follows it. Braces that do not close are text.
fn argument(bytes: &[u8]) -> (Option<String>, &[u8]) {
    let Some(inner) = bytes.strip_prefix(b"{") else { return (None, bytes) };
    let Some(end) = inner.iter().position(|&byte| byte == b'}') else { return (None, bytes) };
    let (argument, after) = inner.split_at(end);
    (Some(String::from_utf8_lossy(argument).into_owned()), after.get(1..).unwrap_or_default())
}

const ESCAPE: &[u8] = b"\x1b";

/// The sequence of a colour or an attribute; nothing for a name that no terminal knows.
fn colour(name: &str) -> Vec<u8> {
    let code = match name {
        "black" => "30",
        "blink" => "5",
        "blue" => "34",
        "bold" => "1",
        "brown" => "33",
        "cyan" => "36",
        "darkgray" => "1;30",
        "gray" | "lightgray" => "37",
        "green" => "32",
        "halfbright" => "2",
        "lightblue" => "1;34",
        "lightcyan" => "1;36",
        "lightgreen" => "1;32",
        "lightmagenta" => "1;35",
        "lightred" => "1;31",
        "magenta" => "35",
        "red" => "31",
        "reset" => "0",
        "reverse" => "7",
        "white" => "1;37",
        "yellow" => "1;33",
        _ => return Vec::new(),
    };
    format!("\x1b[{code}m").into_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(issue: &str) -> String {
        let rendered = Template::parse(issue.as_bytes()).render(|fact| format!("<{fact:?}>").into_bytes());
        String::from_utf8(rendered).unwrap()
    }

    #[test]
    fn every_letter_stands_for_its_fact() {
        let facts = [
            ('A', "AllAddresses"),
            ('b', "Speed"),
            ('d', "Date"),
            ('l', "Line"),
            ('m', "Machine"),
            ('n', "NodeName"),
            ('o', "NisDomain"),
            ('O', "DnsDomain"),
            ('r', "Release"),
            ('s', "System"),
            ('t', "Time"),
            ('u', "Users"),
            ('U', "UsersInWords"),
            ('v', "Version"),
        ];
        for (letter, fact) in facts {
            assert_eq!(shown(&format!("a\\{letter}b")), format!("a<{fact}>b"));
            assert_eq!(shown(&format!("\\{letter}{{x}}")), format!("<{fact}>{{x}}"), "{letter} takes no argument");
        }
    }

    #[test]
    fn an_argument_stands_in_braces() {
        assert_eq!(shown(r"\4 \4{lo}x"), r#"<Ipv4(None)> <Ipv4(Some("lo"))>x"#);
        assert_eq!(shown(r"\6{eth0}"), r#"<Ipv6(Some("eth0"))>"#);
        assert_eq!(shown(r"\S\S{ID}"), r#"<OsRelease(None)><OsRelease(Some("ID"))>"#);
        assert_eq!(shown(r"\S{ID"), r"<OsRelease(None)>{ID");
    }

    #[test]
    fn colours_have_names() {
        assert_eq!(shown(r"\e{red}x\e{reset}"), "\x1b[31mx\x1b[0m");
        assert_eq!(shown(r"\e{no such}x\e[1m"), "x\x1b[1m");
    }

    #[test]
    fn what_is_no_escape_is_shown() {
        assert_eq!(shown(r"a\\b\q\"), "a\\bq\\");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_template(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let rendered = Template::parse(&bytes).render(|_| Vec::new());
            prop_assert!(rendered.len() <= bytes.len() * 2, "a colour is at most twice as long as its escape");
        }

        #[test]
        fn text_without_a_backslash_is_shown_as_it_is(bytes in prop::collection::vec(any::<u8>().prop_filter("", |b| *b != b'\\'), 0..200)) {
            prop_assert_eq!(Template::parse(&bytes).render(|_| b"fact".to_vec()), bytes);
        }

        #[test]
        fn a_doubled_backslash_shows_any_text(text in "\\PC{0,40}") {
            prop_assert_eq!(shown(&text.replace('\\', "\\\\")), text);
        }

        #[test]
        fn escapes_in_any_order_never_eat_each_other(letters in prop::collection::vec(prop::sample::select(b"46aAbdlmnoOrsStuUv".to_vec()), 0..30)) {
            let issue: Vec<u8> = letters.iter().flat_map(|&letter| [b'\\', letter, b'|']).collect();
            prop_assert_eq!(Template::parse(&issue).render(|_| b"x".to_vec()), b"x|".repeat(letters.len()));
        }
    }
}
