//! The command line of `vm`.

use std::ffi::OsString;
use std::time::Duration;

use lexopt::prelude::{Long, Short, Value, ValueExt};

pub(crate) const HELP: &str = "\
usage: vm [--init INIT] [--go-on] [--within MINUTES] [NAME…]
       vm --play [--init INIT] [--without WHAT]
       vm --screen VT | --keys KEYS | --type TEXT | --run SCRIPT

Runs the scenarios whose names contain one of the NAMEs, or all, each on a Debian with the init it is about under QEMU.

  --init INIT     only those about it; --play: with it in place of sysvinit
  --go-on         after a failure use the machine as it is, and spare the next scenario a boot
  --within MINUTES
                  fail if it takes longer than that altogether
  --list          print the scenarios' names
  --play          boot the machine to play with: the terminal is its serial line
  --without WHAT  in it there is no: bus, udev, var, or disk to write to (root)
  --screen VT     what a virtual terminal of the machine being played with shows
  --keys KEYS     press keys at once, such as ctrl-alt-f2 or ret
  --type TEXT     press the keys for a text and the return key
  --run SCRIPT    run a script in it as root, outside any session
  -h, --help      this text
";

/// What was asked for.
#[derive(Debug)]
pub(crate) enum Request {
    Run { names: Vec<String>, init: Option<String>, goes_on: bool, within: Option<Duration> },
    Play { init: Option<String>, without: Vec<String> },
    Keys(String),
    Type(String),
    Screen(String),
    Script(String),
    List,
    Help,
}

impl Request {
    /// Reads the arguments that follow the program's name.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, lexopt::Error> {
        let (mut names, mut without, mut is_play, mut goes_on) = (Vec::new(), Vec::new(), false, false);
        let (mut within, mut init) = (None, None);
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("play") => is_play = true,
                Long("init") => init = Some(parser.value()?.string()?),
                Long("go-on") => goes_on = true,
                Long("within") => within = Some(Duration::from_secs(60 * parser.value()?.parse::<u64>()?)),
                Long("without") => without.push(parser.value()?.string()?),
                Long("keys") => return Ok(Self::Keys(parser.value()?.string()?)),
                Long("type") => return Ok(Self::Type(parser.value()?.string()?)),
                Long("screen") => return Ok(Self::Screen(parser.value()?.string()?)),
                Long("run") => return Ok(Self::Script(parser.value()?.string()?)),
                Long("list") => return Ok(Self::List),
                Long("help") | Short('h') => return Ok(Self::Help),
                Value(name) => names.push(name.string()?),
                other => return Err(other.unexpected()),
            }
        }
        match (is_play, names.is_empty(), without.is_empty()) {
            (true, true, _) => Ok(Self::Play { init, without }),
            (true, false, _) => Err("--play takes no names".into()),
            (false, _, true) => Ok(Self::Run { names, init, goes_on, within }),
            (false, _, false) => Err("--without goes with --play".into()),
        }
    }
}
