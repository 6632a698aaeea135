//! The command line.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use utmp::flags::{self, Flag, Program, Takes, Word};

/// utmp-record(8).
pub(crate) const PROGRAM: Program = Program {
    name: "utmp-record",
    usage: &[
        "[--root DIR] [--utmp-only] boot",
        "[--root DIR] runlevel LEVEL",
        "[--root DIR] shutdown",
        "[--root DIR] [--wait] clock-change",
        "[--root DIR] dead LINE",
    ],
    about: "Write the records an init leaves in utmp and wtmp: the system came up, its
run level is now LEVEL (0 to 9 or S), the system goes down, the clock was set,
the process on LINE ended.

Exit status: 0 done, 1 a record could not be written, 2 wrong usage.",
    flags: &[
        Flag { short: None, long: "root", takes: Takes::File, help: "the files are those of the system under it" },
        Flag { short: None, long: "utmp-only", takes: Takes::Nothing, help: "leave the boot in wtmp to the init" },
        Flag { short: None, long: "wait", takes: Takes::Nothing, help: "wait until the clock is set" },
        flags::COMPLETION,
        flags::HELP,
        flags::VERSION,
    ],
    operands: Takes::OneOf("verb", VERBS),
    takes_digits: false,
    manual: "utmp-record(8)",
};

const VERBS: &[&str] = &["boot", "runlevel", "shutdown", "clock-change", "dead"];
/// Bytes of a line's name that leave room for the NUL behind it.
const LINE: usize = 31;

/// What to do.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Command {
    /// Print this.
    Print(String),
    /// Write records.
    Record {
        /// Which.
        act: Act,
        /// Of which system.
        root: PathBuf,
    },
}

/// What happened to the system.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Act {
    /// It came up.
    Boot {
        /// The init records that in wtmp itself, sooner or later.
        utmp_only: bool,
    },
    /// Its run level is now this one, as ASCII.
    RunLevel(u8),
    /// It goes down.
    Shutdown,
    /// Its clock was set.
    ClockChange {
        /// Or will be, and that is to be waited for.
        wait: bool,
    },
    /// The process on this line ended.
    Dead(Vec<u8>),
}

/// Why the command line was not understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    /// An option it does not know, or with too much or too little behind it.
    #[error(transparent)]
    Options(#[from] flags::UsageError),
    /// A word behind those of the verb.
    #[error("unexpected argument '{}'", .0.to_string_lossy().escape_debug())]
    TooMuch(OsString),
    /// No verb.
    #[error("what is to be recorded? boot, runlevel LEVEL, shutdown, clock-change or dead LINE (see --help)")]
    NoVerb,
    /// A verb it does not know.
    #[error("'{}' is not one of boot, runlevel, shutdown, clock-change, dead", .0.to_string_lossy().escape_debug())]
    Verb(OsString),
    /// No level, or one that no init has.
    #[error("a run level is one of 0 to 9 and S")]
    Level,
    /// No line, or none that a terminal has.
    #[error("a line is the name of a terminal, with or without /dev/")]
    Line,
    /// To wait for something else than the clock.
    #[error("--wait belongs to clock-change")]
    Wait,
    /// To leave something else than the boot to the init.
    #[error("--utmp-only belongs to boot")]
    UtmpOnly,
    /// A shell it does not know.
    #[error("no completion for '{}': it is bash, zsh or fish", .0.escape_debug())]
    Shell(String),
}

impl Command {
    /// Understands `arguments`, the program's name not among them.
    ///
    /// # Errors
    /// If they are not what `--help` says.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, UsageError> {
        let mut root = PathBuf::from("/");
        let (mut words, mut wait, mut utmp_only) = (Vec::new(), false, false);
        for word in PROGRAM.parse(arguments)? {
            match word {
                Word::Operand(word) => words.push(word),
                Word::Flag("root", value) => root = value.into(),
                Word::Flag("wait", _) => wait = true,
                Word::Flag("utmp-only", _) => utmp_only = true,
                Word::Flag("completion", shell) => {
                    let shell = shell.to_string_lossy();
                    return PROGRAM.completion(&shell).map(Self::Print).ok_or_else(|| UsageError::Shell(shell.into()));
                }
                Word::Flag("version", _) => {
                    return Ok(Self::Print(
                        concat!("utmp-record from session-rs ", env!("CARGO_PKG_VERSION"), "\n").to_owned(),
                    ));
                }
                Word::Flag(..) | Word::Digit(_) => return Ok(Self::Print(PROGRAM.help())),
            }
        }
        let act = match Act::parse(words)? {
            Act::ClockChange { .. } if !utmp_only => Act::ClockChange { wait },
            Act::Boot { .. } if !wait => Act::Boot { utmp_only },
            _ if wait => return Err(UsageError::Wait),
            _ if utmp_only => return Err(UsageError::UtmpOnly),
            act => act,
        };
        Ok(Self::Record { act, root })
    }
}

impl Act {
    fn parse(words: Vec<OsString>) -> Result<Self, UsageError> {
        let mut words = words.into_iter();
        let verb = words.next().ok_or(UsageError::NoVerb)?;
        let act = match verb.to_str() {
            Some("boot") => Self::Boot { utmp_only: false },
            Some("runlevel") => Self::RunLevel(level(&words.next().ok_or(UsageError::Level)?)?),
            Some("shutdown") => Self::Shutdown,
            Some("clock-change") => Self::ClockChange { wait: false },
            Some("dead") => Self::Dead(line(words.next().ok_or(UsageError::Line)?)?),
            _ => return Err(UsageError::Verb(verb)),
        };
        match words.next() {
            None => Ok(act),
            Some(word) => Err(UsageError::TooMuch(word)),
        }
    }
}

/// The levels of sysvinit's init(8), whose `s` is `S`.
fn level(word: &OsString) -> Result<u8, UsageError> {
    match word.as_bytes() {
        [digit @ b'0'..=b'9'] => Ok(*digit),
        b"S" | b"s" => Ok(b'S'),
        _ => Err(UsageError::Level),
    }
}

/// A name without `/dev/`, as the records have it.
fn line(word: OsString) -> Result<Vec<u8>, UsageError> {
    let word = word.into_vec();
    let name = word.strip_prefix(b"/dev/").unwrap_or(&word);
    let is_name = (1..=LINE).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic) && name != b"~";
    if is_name { Ok(name.to_owned()) } else { Err(UsageError::Line) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, UsageError> {
        Command::parse(line.split_whitespace().map(OsString::from))
    }

    fn record(act: Act, root: &str) -> Command {
        Command::Record { act, root: root.into() }
    }

    #[test]
    fn the_root_may_stand_before_and_behind_the_verb() {
        assert_eq!(parse("boot").unwrap(), record(Act::Boot { utmp_only: false }, "/"));
        assert_eq!(parse("--root /mnt shutdown").unwrap(), record(Act::Shutdown, "/mnt"));
        assert_eq!(parse("runlevel 2 --root=/mnt").unwrap(), record(Act::RunLevel(b'2'), "/mnt"));
    }

    #[test]
    fn the_single_user_level_has_one_name_in_the_record() {
        assert_eq!(parse("runlevel s").unwrap(), record(Act::RunLevel(b'S'), "/"));
    }

    #[test]
    fn a_line_may_be_named_by_its_path() {
        for name in ["pts/3", "/dev/pts/3"] {
            assert_eq!(parse(&format!("dead {name}")).unwrap(), record(Act::Dead(b"pts/3".to_vec()), "/"));
        }
    }

    #[test]
    fn a_change_of_the_clock_can_be_waited_for() {
        assert_eq!(parse("clock-change").unwrap(), record(Act::ClockChange { wait: false }, "/"));
        assert_eq!(parse("clock-change --wait").unwrap(), record(Act::ClockChange { wait: true }, "/"));
    }

    #[test]
    fn the_boot_in_wtmp_can_be_left_to_the_init() {
        assert_eq!(parse("--utmp-only boot").unwrap(), record(Act::Boot { utmp_only: true }, "/"));
    }

    #[test]
    fn what_no_init_knows_is_refused() {
        for line in [
            "",
            "reboot",
            "boot now",
            "runlevel",
            "runlevel 10",
            "runlevel N",
            "runlevel default",
            "runlevel 2 3",
            "--lines boot",
            "-x",
            "boot --root",
            "shutdown -r",
            "clock-change now",
            "--wait boot",
            "--utmp-only shutdown",
            "--utmp-only clock-change",
            "--utmp-only --wait clock-change",
            "dead",
            "dead /dev/",
            "dead ~",
            "dead tty\x1b",
            "dead a-name-of-more-than-thirty-one-bytes",
            "dead tty1 tty2",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
