//! A program's options, once: its command line is read by them, and `--help` and the shells' completions are made of them.
//!
//! Read as getopt_long(3) reads them, whose manual people know: options and operands mixed, several letters behind one
//! dash, a long name cut short where only one begins so.

use std::ffi::OsString;
use std::fmt::Write;

use lexopt::{Arg, Parser};

/// What stands behind an option, or is an operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A word of this name.
    Word(&'static str),
    /// The name of a file.
    File,
    /// One of these.
    OneOf(&'static str, &'static [&'static str]),
    /// A user's name.
    User(&'static str),
}

/// An option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flag {
    /// Its letter.
    pub short: Option<char>,
    /// Its name.
    pub long: &'static str,
    /// What stands behind it.
    pub takes: Takes,
    /// What it does, in a line.
    pub help: &'static str,
}

/// A program, as its user sees it.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// What may stand behind the name, a line each.
    pub usage: &'static [&'static str],
    /// What it does, in a line.
    pub about: &'static str,
    /// Its options, in the order of the help.
    pub flags: &'static [Flag],
    /// What its operands are.
    pub operands: Takes,
    /// Whether a number is an option too, as in `-10`.
    pub takes_digits: bool,
    /// The manual page, as in `last(1)`.
    pub manual: &'static str,
}

/// An element of a command line.
#[derive(PartialEq, Eq, Debug)]
pub enum Word {
    /// An option by its long name, with what stands behind it.
    Flag(&'static str, OsString),
    /// A digit as an option.
    Digit(u32),
    /// An operand.
    Operand(OsString),
}

/// Why a command line was not understood; reads as getopt(3)'s own messages.
#[derive(PartialEq, Eq, Debug, thiserror::Error)]
pub enum UsageError {
    /// A letter that is no option.
    #[error("invalid option -- '{}'", .0.escape_debug())]
    Letter(char),
    /// A name that is no option.
    #[error("unrecognized option '--{}'", .0.escape_debug())]
    Name(String),
    /// A name that several options begin with.
    #[error("option '--{}' is ambiguous; possibilities:{}", .0.escape_debug(), .1)]
    Ambiguous(String, String),
    /// Nothing behind an option that needs something.
    #[error("option '--{0}' requires an argument")]
    Missing(&'static str),
    /// The same, of a letter.
    #[error("option requires an argument -- '{0}'")]
    MissingLetter(char),
    /// Something behind an option that takes nothing.
    #[error("option '--{0}' doesn't allow an argument")]
    Unwanted(&'static str),
}

/// Every program prints its completion, its help and its version.
pub const COMPLETION: Flag = Flag {
    short: None,
    long: "completion",
    takes: Takes::OneOf("shell", &["bash", "zsh", "fish"]),
    help: "print the completion for a shell",
};
/// See [`COMPLETION`].
pub const HELP: Flag = Flag { short: Some('h'), long: "help", takes: Takes::Nothing, help: "display this help" };
/// See [`COMPLETION`].
pub const VERSION: Flag = Flag { short: Some('V'), long: "version", takes: Takes::Nothing, help: "display version" };

impl Takes {
    /// How the help shows it.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Word(name) | Self::OneOf(name, _) | Self::User(name) => Some(name),
            Self::File => Some("file"),
        }
    }
}

impl Program {
    /// Understands `arguments`, the program's name not among them.
    ///
    /// # Errors
    /// If an option is unknown, or has too much or too little behind it.
    pub fn parse(&self, arguments: impl IntoIterator<Item = OsString>) -> Result<Vec<Word>, UsageError> {
        let mut parser = Parser::from_args(arguments);
        let mut words = Vec::new();
        let mut last = "";
        loop {
            let mut given = None;
            let flag = match parser.next() {
                Ok(None) => return Ok(words),
                Ok(Some(Arg::Value(operand))) => {
                    words.push(Word::Operand(operand));
                    continue;
                }
                Ok(Some(Arg::Short(letter))) => {
                    if let Some(digit) = letter.to_digit(10).filter(|_| self.takes_digits) {
                        words.push(Word::Digit(digit));
                        continue;
                    }
                    given = Some(letter);
                    self.by_letter(letter).ok_or(UsageError::Letter(letter))?
                }
                Ok(Some(Arg::Long(name))) => self.by_name(name)?,
                Err(_) => return Err(UsageError::Unwanted(last)),
            };
            last = flag.long;
            let value = match flag.takes {
                Takes::Nothing => OsString::new(),
                _ => {
                    let missing = given.map_or(UsageError::Missing(flag.long), UsageError::MissingLetter);
                    parser.value().map_err(|_| missing)?
                }
            };
            words.push(Word::Flag(flag.long, value));
        }
    }

    fn by_letter(&self, letter: char) -> Option<&'static Flag> {
        self.flags.iter().find(|flag| flag.short == Some(letter))
    }

    /// By its whole name, or by the start of no other.
    fn by_name(&self, name: &str) -> Result<&'static Flag, UsageError> {
        if let Some(flag) = self.flags.iter().find(|flag| flag.long == name) {
            return Ok(flag);
        }
        let begins: Vec<_> = self.flags.iter().filter(|flag| flag.long.starts_with(name)).collect();
        match begins[..] {
            [flag] => Ok(flag),
            [] => Err(UsageError::Name(name.to_owned())),
            _ => {
                let possible = begins.iter().map(|flag| format!(" '--{}'", flag.long)).collect();
                Err(UsageError::Ambiguous(name.to_owned(), possible))
            }
        }
    }

    /// What `--help` prints.
    pub fn help(&self) -> String {
        let mut help = String::from("\nUsage:\n");
        for usage in self.usage {
            help += &format!(" {} {usage}\n", self.name);
        }
        help += &format!("\n{}\n\nOptions:\n", self.about);
        if self.takes_digits {
            help += " -<number>            how many lines to show\n";
        }
        for flag in self.flags {
            let left = match (flag.short, flag.takes.name()) {
                (Some(letter), None) => format!(" -{letter}, --{}", flag.long),
                (Some(letter), Some(value)) => format!(" -{letter}, --{} <{value}>", flag.long),
                (None, None) => format!("     --{}", flag.long),
                (None, Some(value)) => format!("     --{} <{value}>", flag.long),
            };
            // A String takes all that is written into it.
            let _ = writeln!(help, "{left:<21} {}", flag.help);
            if let Takes::OneOf(_, words) = flag.takes {
                let _ = writeln!(help, "{:24}{}", "", words.join("|"));
            }
        }
        help + &format!("\nFor more details see {}.\n", self.manual)
    }

    /// What makes a shell complete this program's options; none for a shell that is not known.
    pub fn completion(&self, shell: &str) -> Option<String> {
        match shell {
            "bash" => Some(self.bash()),
            "zsh" => Some(self.zsh()),
            "fish" => Some(self.fish()),
            _ => None,
        }
    }

    /// Whose completion it is: what installs it knows it again.
    fn completed(&self) -> String {
        format!("The completion of {} of session-rs.", self.manual)
    }

    fn bash(&self) -> String {
        let name = self.name;
        let function = name.replace('-', "_");
        let mut script = format!("# {}\n", self.completed());
        script +=
            &format!("_{function}() {{\n\tlocal cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}}\n");
        script += "\tlocal IFS=$'\\n'\n\tCOMPREPLY=()\n\tcase $prev in\n";
        for flag in self.flags.iter().filter(|flag| flag.takes != Takes::Nothing) {
            let letter = flag.short.map(|letter| format!("-{letter}|")).unwrap_or_default();
            script += &format!("\t{letter}--{}) {}; return ;;\n", flag.long, bash_values(flag.takes));
        }
        let names: Vec<_> = self.flags.iter().map(|flag| format!("--{}", flag.long)).collect();
        script += &format!(
            "\tesac\n\tcase $cur in\n\t-*) COMPREPLY=($(compgen -W $'{}' -- \"$cur\")); return ;;\n\tesac\n",
            names.join("\\n")
        );
        script + &format!("\t{}\n}}\ncomplete -F _{function} {name}\n", bash_values(self.operands))
    }

    fn zsh(&self) -> String {
        let mut script = format!("#compdef {}\n# {}\n_arguments -s \\\n", self.name, self.completed());
        for flag in self.flags {
            let help = flag.help.replace('\'', "'\\''").replace(['[', ']', ':'], " ");
            let value = flag.takes.name().map(|name| format!(":{name}:{}", zsh_values(flag.takes))).unwrap_or_default();
            match flag.short {
                Some(letter) => {
                    script += &format!("\t'*'{{-{letter},--{}}}'[{help}]{value}' \\\n", flag.long);
                }
                None => script += &format!("\t'*--{}[{help}]{value}' \\\n", flag.long),
            }
        }
        script + &format!("\t'*:operand:{}'\n", zsh_values(self.operands))
    }

    fn fish(&self) -> String {
        let name = self.name;
        let mut script = format!("# {}\n", self.completed());
        if self.operands != Takes::File {
            script += &format!("complete -c {name} -f{}\n", fish_values(self.operands));
        }
        for flag in self.flags {
            let letter = flag.short.map(|letter| format!(" -s {letter}")).unwrap_or_default();
            let help = flag.help.replace('\'', "\\'");
            script += &format!("complete -c {name}{letter} -l {}{} -d '{help}'\n", flag.long, fish_values(flag.takes));
        }
        script
    }
}

fn bash_values(takes: Takes) -> String {
    match takes {
        Takes::File => "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))".to_owned(),
        Takes::OneOf(_, words) => format!("COMPREPLY=($(compgen -W $'{}' -- \"$cur\"))", words.join("\\n")),
        Takes::User(_) => "COMPREPLY=($(compgen -u -- \"$cur\"))".to_owned(),
        Takes::Nothing | Takes::Word(_) => ":".to_owned(),
    }
}

fn zsh_values(takes: Takes) -> String {
    match takes {
        Takes::File => "_files".to_owned(),
        Takes::OneOf(_, words) => format!("({})", words.join(" ")),
        Takes::User(_) => "_users".to_owned(),
        Takes::Nothing | Takes::Word(_) => " ".to_owned(),
    }
}

fn fish_values(takes: Takes) -> String {
    match takes {
        Takes::File => " -r -F".to_owned(),
        Takes::OneOf(_, words) => format!(" -x -a '{}'", words.join(" ")),
        Takes::User(_) => " -x -a '(__fish_complete_users)'".to_owned(),
        Takes::Word(_) => " -x".to_owned(),
        Takes::Nothing => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: Program = Program {
        name: "any",
        usage: &["[options]"],
        about: "Do anything.",
        flags: &[
            Flag { short: Some('n'), long: "limit", takes: Takes::Word("number"), help: "how many" },
            Flag { short: None, long: "list", takes: Takes::Nothing, help: "list them" },
            HELP,
        ],
        operands: Takes::File,
        takes_digits: true,
        manual: "any(1)",
    };

    fn parse(line: &str) -> Result<Vec<Word>, String> {
        PROGRAM.parse(line.split(' ').map(OsString::from)).map_err(|e| e.to_string())
    }

    fn flag(name: &'static str, value: &str) -> Word {
        Word::Flag(name, value.into())
    }

    #[test]
    fn a_value_stands_behind_beside_or_within_the_option() {
        for line in ["-n 5", "-n5", "-n=5", "--limit 5", "--limit=5", "--lim=5"] {
            assert_eq!(parse(line).unwrap(), [flag("limit", "5")], "{line}");
        }
    }

    #[test]
    fn options_and_operands_are_mixed_until_two_dashes() {
        let operand = |word: &str| Word::Operand(word.into());
        assert_eq!(
            parse("a -h -12 -- -n").unwrap(),
            [operand("a"), flag("help", ""), Word::Digit(1), Word::Digit(2), operand("-n")]
        );
    }

    #[test]
    fn what_is_wrong_is_told_as_getopt_tells_it() {
        for (line, told) in [
            ("-z", "invalid option -- 'z'"),
            ("--foo", "unrecognized option '--foo'"),
            ("--li", "option '--li' is ambiguous; possibilities: '--limit' '--list'"),
            ("--limit", "option '--limit' requires an argument"),
            ("-n", "option requires an argument -- 'n'"),
            ("--help=5", "option '--help' doesn't allow an argument"),
        ] {
            assert_eq!(parse(line).unwrap_err(), told);
        }
    }

    #[test]
    fn every_shell_is_told_of_every_option() {
        for shell in ["bash", "zsh", "fish"] {
            let script = PROGRAM.completion(shell).unwrap();
            for name in ["limit", "list", "help"] {
                assert!(script.contains(name), "{shell}: {script}");
            }
        }
        assert_eq!(PROGRAM.completion("tcsh"), None);
    }
}
