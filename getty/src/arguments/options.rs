//! What the options ask for.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::Parser;
use prompt::{ExtraKeys, LoginName};

use super::flag::Flag;
use super::value::{self, Host};
use super::{ArgumentError, Issue};
use crate::modes::Hardware;

/// The options of a getty that waits for a name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Options {
    /// `--autologin`
    pub(crate) autologin: Option<LoginName>,
    /// `--noclear`
    pub(crate) keep_screen: bool,
    /// `--local-line`, `--flow-control`, `--noreset`
    pub(crate) hardware: Hardware,
    /// `--8bits`
    pub(crate) is_eight_bits: bool,
    /// `--noissue`, `--issue-file`
    pub(crate) issue: Issue,
    /// `--login-program`
    pub(crate) login_program: Option<PathBuf>,
    /// `--login-options`
    pub(crate) login_options: Option<String>,
    /// `--skip-login`
    pub(crate) login_asks: bool,
    /// `--nonewline`
    pub(crate) no_newline: bool,
    /// `--login-pause`
    pub(crate) pause: bool,
    /// `--hangup`, `--nohangup`
    pub(crate) hang_up: HangUp,
    /// `--keep-baud`
    pub(crate) keep_speed: bool,
    /// `--timeout`
    pub(crate) timeout: Option<Duration>,
    /// `--wait-cr`
    pub(crate) await_enter: bool,
    /// `--nohostname`
    pub(crate) no_host: bool,
    /// `--long-hostname`
    pub(crate) long_host: bool,
    /// `--nohints`
    pub(crate) no_hints: bool,
    /// `--detect-case`
    pub(crate) detects_capitals: bool,
    /// `--erase-chars`, `--kill-chars`
    pub(crate) extra_keys: ExtraKeys,
    /// `--init-string`
    pub(crate) init_string: Vec<u8>,
    /// `--extract-baud`
    pub(crate) extracts_speed: bool,
    /// `--host`
    pub(crate) host: Option<Host>,
    /// `--remote`
    pub(crate) tells_host: bool,
    /// `--delay`
    pub(crate) delay: Option<Duration>,
    /// `--onifexists`
    pub(crate) only_if_exists: bool,
    /// `--onifconsole`
    pub(crate) only_if_console: bool,
    /// `--chroot`, `--chdir`, `--nice`
    pub(crate) place: Place,
}

/// When the line is hung up before it is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum HangUp {
    /// Unless somebody is logged in there who lives.
    #[default]
    UnlessLivedOn,
    /// In any case (`--hangup`).
    Always,
    /// Never (`--nohangup`, mingetty's).
    Never,
}

/// Where login shall begin.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Place {
    /// Its root folder.
    pub(crate) root: Option<PathBuf>,
    /// Its working folder, in that root.
    pub(crate) folder: Option<PathBuf>,
    /// What is added to its niceness.
    pub(crate) nice: i32,
}

impl Options {
    /// Takes `flag`, with its value from `parser` if it has one.
    pub(super) fn take(&mut self, flag: Flag, parser: &mut Parser) -> Result<(), ArgumentError> {
        match flag {
            Flag::DetectCapitals => self.detects_capitals = true,
            Flag::EightBits => self.is_eight_bits = true,
            Flag::ExtractSpeed => self.extracts_speed = true,
            Flag::FlowControl => self.hardware.flow_control = true,
            Flag::HangUp => self.hang_up = HangUp::Always,
            Flag::KeepModes => self.hardware.keep = true,
            Flag::KeepScreen => self.keep_screen = true,
            Flag::KeepSpeed => self.keep_speed = true,
            Flag::LongHost => self.long_host = true,
            Flag::NoHangUp => self.hang_up = HangUp::Never,
            Flag::NoHints => self.no_hints = true,
            Flag::NoHost => self.no_host = true,
            Flag::NoIssue => self.issue = Issue::None,
            Flag::NoNewline => self.no_newline = true,
            Flag::OnlyIfConsole => self.only_if_console = true,
            Flag::OnlyIfExists => self.only_if_exists = true,
            Flag::Pause => self.pause = true,
            Flag::SkipLogin => self.login_asks = true,
            Flag::TellHost => self.tells_host = true,
            Flag::WaitForEnter => self.await_enter = true,
            flag => self.take_with_value(flag, parser)?,
        }
        Ok(())
    }

    fn take_with_value(&mut self, flag: Flag, parser: &mut Parser) -> Result<(), ArgumentError> {
        match flag {
            Flag::Autologin => self.autologin = Some(value::name(&parser.value()?)?),
            Flag::ChangeDirectory => self.place.folder = Some(parser.value()?.into()),
            Flag::ChangeRoot => self.place.root = Some(parser.value()?.into()),
            Flag::Delay => self.delay = value::seconds(&parser.value()?)?,
            Flag::EraseKeys => self.extra_keys.erase = value::text(parser.value()?)?,
            Flag::Host => self.host = Some(Host::parse(parser.value()?)?),
            Flag::InitString => self.init_string = value::init_string(&parser.value()?),
            Flag::IssueFiles => self.take_issue(value::text(parser.value()?)?),
            Flag::KillKeys => self.extra_keys.kill = value::text(parser.value()?)?,
            Flag::LocalLine => self.hardware.local = value::local_line(parser.optional_value())?,
            Flag::LoginOptions => self.login_options = Some(value::text(parser.value()?)?),
            Flag::LoginProgram => self.login_program = Some(parser.value()?.into()),
            Flag::Nice => self.place.nice = value::nice(&parser.value()?)?,
            Flag::Timeout => self.timeout = value::seconds(&parser.value()?)?,
            _ => {} // asks for something else than to wait for a name
        }
        Ok(())
    }

    /// `--noissue` counts more than `--issue-file`, whichever comes first.
    fn take_issue(&mut self, files: String) {
        if self.issue != Issue::None {
            self.issue = Issue::Files(files);
        }
    }
}
