//! The command line of last and lastb.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use chrono::{DateTime, Local};

use super::clock::Style;
use super::when;
use crate::encoding::{Encoding, UnknownEncoding};
use crate::flags::{self, Flag, Program, Takes, UsageError, Word};
use crate::paths;

const FORMATS: &[&str] = &["notime", "short", "full", "iso"];
/// The encodings a file may be said to have.
pub(crate) const ENCODINGS: &[&str] = &["384le", "384be", "400le", "400be"];

const fn flag(short: char, long: &'static str, takes: Takes, help: &'static str) -> Flag {
    Flag { short: Some(short), long, takes, help }
}

const fn long(long: &'static str, takes: Takes, help: &'static str) -> Flag {
    Flag { short: None, long, takes, help }
}

/// The options of both.
const FLAGS: &[Flag] = &[
    flag('a', "hostlast", Takes::Nothing, "display hostnames in the last column"),
    flag('d', "dns", Takes::Nothing, "translate the IP number back into a hostname"),
    flag('f', "file", Takes::File, "use a specific file instead of the system's; may be given again"),
    flag('F', "fulltimes", Takes::Nothing, "print full login and logout times and dates"),
    flag('i', "ip", Takes::Nothing, "display IP numbers in numbers-and-dots notation"),
    flag('n', "limit", Takes::Word("number"), "how many lines to show"),
    flag('p', "present", Takes::Word("time"), "display who were present at the specified time"),
    flag('R', "nohostname", Takes::Nothing, "don't display the hostname field"),
    flag('s', "since", Takes::Word("time"), "display the lines since the specified time"),
    flag('t', "until", Takes::Word("time"), "display the lines until the specified time"),
    flag('T', "tab-separated", Takes::Nothing, "separate the fields by tabs, and cut none off"),
    flag('w', "fullnames", Takes::Nothing, "display full user and domain names"),
    flag('x', "system", Takes::Nothing, "display system shutdown entries and run level changes"),
    long("time-format", Takes::OneOf("format", FORMATS), "show timestamps in the specified <format>:"),
    long("chart", Takes::Nothing, "draw who was on when"),
    long("json", Takes::Nothing, "print JSON, every field of each entry"),
    long("mark", Takes::Nothing, "mark a name that is cut off by *, and a boot that crashed"),
    long("encoding", Takes::OneOf("encoding", ENCODINGS), "how the file is encoded, instead of recognising it:"),
    flags::COMPLETION,
    flags::HELP,
    flags::VERSION,
];

/// last(1).
pub const LAST: Program = Program {
    name: "last",
    usage: &["[options] [<username>...] [<tty>...]"],
    about: "Show a listing of last logged in users.",
    flags: FLAGS,
    operands: Takes::User("username"),
    takes_digits: true,
    manual: "last(1)",
};

/// lastb(1).
pub const LASTB: Program = Program { name: "lastb", about: "Show a listing of refused logins.", ..LAST };

/// How the entries are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Show {
    Lines,
    Chart,
    Json,
}

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    /// lastb: every record is a login that was refused.
    pub(crate) refused: bool,
    pub(crate) show: Show,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) encoding: Option<Encoding>,
    /// Names, lines and numbers of lines to show; all if none.
    pub(crate) only: Vec<Vec<u8>>,
    pub(crate) limit: u32,
    /// Times in seconds; 0 if not asked for.
    pub(crate) since: i64,
    pub(crate) until: i64,
    pub(crate) present: i64,
    pub(crate) system: bool,
    pub(crate) host: bool,
    pub(crate) host_last: bool,
    pub(crate) names: bool,
    pub(crate) addresses: bool,
    pub(crate) whole: bool,
    pub(crate) tabs: bool,
    pub(crate) mark: bool,
    pub(crate) login_style: Style,
    pub(crate) logout_style: Style,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Asked {
    /// Print this.
    Print(String),
    /// Show a list.
    List(Box<Options>),
}

/// Why the command line makes no sense. The messages are util-linux's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error("mutually exclusive arguments: --fulltimes --time-format")]
    TwoFormats,
    #[error("failed to parse number: '{}'", .0.escape_debug())]
    Number(String),
    #[error("invalid time value \"{}\"", .0.escape_debug())]
    Time(String),
    #[error("unknown time format: {}", .0.escape_debug())]
    Format(String),
    #[error(transparent)]
    Encoding(#[from] UnknownEncoding),
    #[error("no completion for '{}': it is bash, zsh or fish", .0.escape_debug())]
    Shell(String),
}

impl Asked {
    /// Understands the command line of last, or of lastb if `refused`, given at `now`.
    pub(crate) fn parse(
        refused: bool,
        arguments: impl IntoIterator<Item = OsString>,
        now: DateTime<Local>,
    ) -> Result<Self, Wrong> {
        let program = if refused { LASTB } else { LAST };
        let mut options = Options::default_of(refused);
        let mut formats = [false; 2];
        for word in program.parse(arguments)? {
            match word {
                Word::Operand(name) => options.only.push(name.into_vec()),
                Word::Digit(digit) => options.limit = options.limit.wrapping_mul(10).wrapping_add(digit),
                Word::Flag("help", _) => return Ok(Self::Print(program.help())),
                Word::Flag("version", _) => {
                    return Ok(Self::Print(format!(
                        "{} from session-rs {}\n",
                        program.name,
                        env!("CARGO_PKG_VERSION")
                    )));
                }
                Word::Flag("completion", shell) => {
                    let shell = shell.to_string_lossy();
                    return program.completion(&shell).map(Self::Print).ok_or_else(|| Wrong::Shell(shell.into()));
                }
                Word::Flag(name, value) => {
                    formats[0] |= name == "fulltimes";
                    formats[1] |= name == "time-format";
                    options.set(name, value, now)?;
                }
            }
        }
        if formats == [true, true] {
            return Err(Wrong::TwoFormats);
        }
        if options.files.is_empty() {
            options.files.push(PathBuf::from(if refused { paths::BTMP } else { paths::WTMP }));
        }
        Ok(Self::List(Box::new(options)))
    }
}

impl Options {
    const fn default_of(refused: bool) -> Self {
        Self {
            refused,
            show: Show::Lines,
            files: Vec::new(),
            encoding: None,
            only: Vec::new(),
            limit: 0,
            since: 0,
            until: 0,
            present: 0,
            system: false,
            host: true,
            host_last: false,
            names: false,
            addresses: false,
            whole: false,
            tabs: false,
            mark: false,
            login_style: Style::Full,
            logout_style: Style::HoursMinutes,
        }
    }

    fn set(&mut self, name: &str, value: OsString, now: DateTime<Local>) -> Result<(), Wrong> {
        let text = || value.to_string_lossy().into_owned();
        let time = || when::parse(&text(), now).ok_or_else(|| Wrong::Time(text()));
        match name {
            "hostlast" => self.host_last = true,
            "dns" => self.names = true,
            "file" => self.files.push(value.into()),
            "fulltimes" => self.logout_style = Style::Full,
            "ip" => self.addresses = true,
            "limit" => self.limit = limit(&text())?,
            "present" => self.present = time()?,
            "nohostname" => self.host = false,
            "since" => self.since = time()?,
            "until" => self.until = time()?,
            "tab-separated" => self.tabs = true,
            "fullnames" => self.whole = true,
            "system" => self.system = true,
            "time-format" => (self.login_style, self.logout_style) = styles(&text())?,
            "chart" => self.show = Show::Chart,
            "json" => self.show = Show::Json,
            "mark" => self.mark = true,
            _ => self.encoding = Some(text().parse()?),
        }
        Ok(())
    }
}

fn styles(name: &str) -> Result<(Style, Style), Wrong> {
    match name {
        "notime" => Ok((Style::None, Style::None)),
        "short" => Ok((Style::Full, Style::HoursMinutes)),
        "full" => Ok((Style::Full, Style::Full)),
        "iso" => Ok((Style::Iso, Style::Iso)),
        _ => Err(Wrong::Format(name.to_owned())),
    }
}

/// A number of lines. util-linux counts without a sign: one below zero is more than there are.
fn limit(text: &str) -> Result<u32, Wrong> {
    let number: i32 = text.trim_start().parse().map_err(|_| Wrong::Number(text.to_owned()))?;
    Ok(number.cast_unsigned())
}
