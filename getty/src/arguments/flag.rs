//! The names of the options: agetty's, and those of mingetty's that it does not use for something else.

use super::ArgumentError;

/// An option, whatever it was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flag {
    Autologin,
    ChangeDirectory,
    ChangeRoot,
    Delay,
    DetectCapitals,
    EightBits,
    EraseKeys,
    ExtractSpeed,
    FlowControl,
    HangUp,
    Help,
    Host,
    InitString,
    IssueFiles,
    KeepModes,
    KeepScreen,
    KeepSpeed,
    KillKeys,
    Lines,
    LinesFrom,
    ListSpeeds,
    LocalLine,
    LoginOptions,
    LoginProgram,
    LongHost,
    Nice,
    NoHangUp,
    NoHints,
    NoHost,
    NoIssue,
    NoNewline,
    OnlyIfConsole,
    OnlyIfExists,
    Pause,
    ReadyFd,
    Reload,
    ShowIssue,
    SkipLogin,
    TellHost,
    Timeout,
    Version,
    WaitForEnter,
}

impl Flag {
    /// The option that `letter` stands for.
    pub(super) fn of_letter(letter: char) -> Result<Self, ArgumentError> {
        let found = TABLE.iter().find(|(own, ..)| *own == Some(letter));
        found.map(|(.., flag)| *flag).ok_or(ArgumentError::UnknownLetter(letter))
    }

    /// The option of this name, or the only one whose name begins so (`getopt_long(3)`).
    pub(super) fn of_name(name: &str) -> Result<Self, ArgumentError> {
        if let Some((.., flag)) = TABLE.iter().find(|(_, own, _)| *own == name) {
            return Ok(*flag);
        }
        let mut longer = TABLE.iter().filter(|(_, own, _)| !name.is_empty() && own.starts_with(name));
        match (longer.next(), longer.next()) {
            (Some((.., flag)), None) => Ok(*flag),
            (None, _) => Err(ArgumentError::UnknownName(name.to_owned())),
            (Some(_), Some(_)) => Err(ArgumentError::AmbiguousName(name.to_owned())),
        }
    }
}

/// Letter, name, option. The last three names are mingetty's.
pub(crate) const TABLE: [(Option<char>, &str, Flag); 44] = [
    (Some('8'), "8bits", Flag::EightBits),
    (Some('a'), "autologin", Flag::Autologin),
    (Some('c'), "noreset", Flag::KeepModes),
    (Some('C'), "chdir", Flag::ChangeDirectory),
    (Some('d'), "delay", Flag::Delay),
    (Some('E'), "remote", Flag::TellHost),
    (Some('f'), "issue-file", Flag::IssueFiles),
    (Some('h'), "flow-control", Flag::FlowControl),
    (Some('H'), "host", Flag::Host),
    (Some('i'), "noissue", Flag::NoIssue),
    (Some('I'), "init-string", Flag::InitString),
    (Some('J'), "noclear", Flag::KeepScreen),
    (Some('l'), "login-program", Flag::LoginProgram),
    (Some('L'), "local-line", Flag::LocalLine),
    (Some('m'), "extract-baud", Flag::ExtractSpeed),
    (Some('n'), "skip-login", Flag::SkipLogin),
    (Some('N'), "nonewline", Flag::NoNewline),
    (Some('o'), "login-options", Flag::LoginOptions),
    (Some('p'), "login-pause", Flag::Pause),
    (Some('P'), "nice", Flag::Nice),
    (Some('r'), "chroot", Flag::ChangeRoot),
    (Some('R'), "hangup", Flag::HangUp),
    (Some('s'), "keep-baud", Flag::KeepSpeed),
    (Some('t'), "timeout", Flag::Timeout),
    (Some('U'), "detect-case", Flag::DetectCapitals),
    (Some('w'), "wait-cr", Flag::WaitForEnter),
    (None, "erase-chars", Flag::EraseKeys),
    (None, "help", Flag::Help),
    (None, "kill-chars", Flag::KillKeys),
    (None, "lines", Flag::Lines),
    (None, "lines-from", Flag::LinesFrom),
    (None, "list-speeds", Flag::ListSpeeds),
    (None, "long-hostname", Flag::LongHost),
    (None, "nohints", Flag::NoHints),
    (None, "nohostname", Flag::NoHost),
    (None, "onifconsole", Flag::OnlyIfConsole),
    (None, "onifexists", Flag::OnlyIfExists),
    (None, "ready-fd", Flag::ReadyFd),
    (None, "reload", Flag::Reload),
    (None, "show-issue", Flag::ShowIssue),
    (None, "version", Flag::Version),
    (None, "loginpause", Flag::Pause),
    (None, "loginprog", Flag::LoginProgram),
    (None, "nohangup", Flag::NoHangUp),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_and_no_name_is_given_twice() {
        for (at, (letter, name, _)) in TABLE.iter().enumerate() {
            let later = &TABLE[at + 1..];
            assert!(!later.iter().any(|(other, ..)| letter.is_some() && other == letter), "{letter:?}");
            assert!(!later.iter().any(|(_, other, _)| other == name), "{name}");
        }
    }

    #[test]
    fn a_name_may_be_cut_as_long_as_it_is_one_options_name() {
        assert_eq!(Flag::of_name("auto").unwrap(), Flag::Autologin);
        assert_eq!(Flag::of_name("noc").unwrap(), Flag::KeepScreen);
        assert_eq!(Flag::of_name("keep").unwrap(), Flag::KeepSpeed);
        assert!(matches!(Flag::of_name("no"), Err(ArgumentError::AmbiguousName(_))));
        assert!(matches!(Flag::of_name("login"), Err(ArgumentError::AmbiguousName(_))));
        for name in ["", "x", "noclearer"] {
            assert!(matches!(Flag::of_name(name), Err(ArgumentError::UnknownName(_))), "{name}");
        }
    }
}
